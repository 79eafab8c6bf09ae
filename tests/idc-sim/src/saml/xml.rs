//! Reading XML that somebody else wrote: no document types, no guesses about names, no text with holes.

use bergshamra::xml::uppsala::{Document, NodeId, NodeKind, Parser};

/// SAML messages are flat; what is deeper is an attack on the stack.
const MAX_DEPTH: u32 = 64;

/// Why a text is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// It has a document type declaration, and with it perhaps entities.
    DocumentType,
    /// It is not well-formed.
    Malformed,
}

pub(super) fn parse(text: &str) -> Result<Document<'_>, Broken> {
    let parser = Parser::new().with_forbid_dtd(true).with_max_depth(MAX_DEPTH);
    parser
        .parse(text)
        .map_err(|_| if text.contains("<!DOCTYPE") { Broken::DocumentType } else { Broken::Malformed })
}

pub(super) fn is(document: &Document<'_>, node: NodeId, namespace: &str, name: &str) -> bool {
    document.element(node).is_some_and(|element| element.matches_name_ns(namespace, name))
}

/// An attribute without a namespace, as all of SAML's are.
pub(super) fn attribute<'a>(document: &'a Document<'_>, node: NodeId, name: &str) -> Option<&'a str> {
    let attributes = &document.element(node)?.attributes;
    let found = attributes.iter().find(|known| known.name.matches(None, name));
    found.map(|known| &*known.value)
}

pub(super) fn children(document: &Document<'_>, node: NodeId, namespace: &str, name: &str) -> Vec<NodeId> {
    document.children_iter(node).filter(|child| is(document, *child, namespace, name)).collect()
}

/// Every element of this name, however deep.
pub(super) fn everywhere(document: &Document<'_>, namespace: &str, name: &str) -> Vec<NodeId> {
    let nodes = document.descendants(document.root());
    nodes.into_iter().filter(|node| is(document, *node, namespace, name)).collect()
}

/// There is more than one where only one may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Several;

/// The child of this name.
pub(super) fn child(
    document: &Document<'_>,
    node: NodeId,
    namespace: &str,
    name: &str,
) -> Result<Option<NodeId>, Several> {
    match children(document, node, namespace, name)[..] {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        _ => Err(Several),
    }
}

/// The text of an element that has nothing but text; `None` if it has something else. A comment would be one: what is
/// signed is the text without it, and a reader that stops there reads another name than the one that was signed
/// (CVE-2017-11427 and its relatives).
pub(super) fn text(document: &Document<'_>, node: NodeId) -> Option<String> {
    let pieces = document.children_iter(node).map(|child| match document.node_kind(child) {
        Some(NodeKind::Text(piece)) => Some(piece.to_string()),
        _ => None,
    });
    pieces.collect()
}

/// For text and attribute values that we write.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_no_holes() {
        for (xml, expected) in [
            ("<a>x &amp; y</a>", Some("x & y")),
            ("<a/>", Some("")),
            ("<a>alice@example.com<!-- -->.evil.example</a>", None),
            ("<a>alice<?p i?>x</a>", None),
            ("<a>alice<![CDATA[x]]></a>", None),
            ("<a><b>alice</b></a>", None),
        ] {
            let document = parse(xml).expect("well-formed");
            let root = document.document_element().expect("a root");
            assert_eq!(text(&document, root).as_deref(), expected, "{xml}");
        }
    }

    #[test]
    fn nothing_with_a_document_type_is_read() {
        for xml in [
            "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
            "<!DOCTYPE a SYSTEM \"http://127.0.0.1/x.dtd\"><a/>",
        ] {
            assert_eq!(parse(xml).err(), Some(Broken::DocumentType), "{xml}");
        }
        for xml in ["", "<a>", "<a>&x;</a>", "<a></b>", "<a/><b/>", "text", "<p:a/>"] {
            assert_eq!(parse(xml).err(), Some(Broken::Malformed), "{xml}");
        }
        let deep = "<a>".repeat(100) + &"</a>".repeat(100);
        assert_eq!(parse(&deep).err(), Some(Broken::Malformed));
    }

    #[test]
    fn names_count_with_their_namespace() {
        let document = parse("<a xmlns:p='urn:p' p:ID='1'><p:b/><b/></a>").expect("well-formed");
        let root = document.document_element().expect("a root");
        assert_eq!(attribute(&document, root, "ID"), None);
        assert_eq!(children(&document, root, "urn:p", "b").len(), 1);
        assert_eq!(everywhere(&document, "urn:p", "b").len(), 1);
    }

    #[test]
    fn escaped_text_reads_as_it_was() {
        let hostile = "a\"b<c>&d";
        let xml = format!("<a>{}</a>", escaped(hostile));
        let document = parse(&xml).expect("well-formed");
        assert_eq!(text(&document, document.document_element().expect("a root")).as_deref(), Some(hostile));
    }
}
