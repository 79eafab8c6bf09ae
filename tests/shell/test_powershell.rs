//! What is PowerShell, read by a grammar: tree-sitter-powershell, which is not Microsoft's parser, and runs nothing.

use kcaws::shell::Format;
use tree_sitter::{Node, Parser, Tree};

use crate::fixture::LoginFixture;

fn parsed(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
    parser.parse(text, None).unwrap()
}

#[track_caller]
fn is_read(what: &str, text: &str) {
    let tree = parsed(text);
    let mut wrong = Vec::new();
    each(tree.root_node(), &mut |node| {
        if node.is_error() || node.is_missing() {
            wrong.push(format!("line {}: {:?}", node.start_position().row + 1, &text[node.byte_range()]));
        }
    });
    assert!(wrong.is_empty(), "{what}: {wrong:#?}");
    assert!(!tree.root_node().has_error(), "{what}");
}

fn each<'a>(node: Node<'a>, look: &mut impl FnMut(Node<'a>)) {
    look(node);
    for at in 0..node.child_count() {
        if let Some(child) = node.child(at) {
            each(child, look);
        }
    }
}

#[test]
fn the_hook_and_the_completion_are_powershell() {
    let fixture = LoginFixture::new();
    for line in ["init powershell", "completions powershell"] {
        let text = fixture.run(line).expect_ok().stdout_text();
        is_read(line, &text);
        // The same with a mistake in it is refused.
        assert!(parsed(&text.replacen(") {", ") {{ (", 1)).root_node().has_error(), "{line}");
    }
}

/// A value is one string, and nothing in it is anything else.
#[test]
fn hostile_values_are_strings_and_no_code() {
    for value in [
        "plain",
        "it's",
        "$(touch pwned)",
        "`touch`; touch & | > x",
        "a\nb'; touch pwned #",
        "\u{2019}; touch pwned; \u{2018}",
    ] {
        let text = Format::Powershell.set(&[("A", value), ("B", "second")]).unwrap();
        is_read(value, &text);
        let tree = parsed(&text);
        let (mut strings, mut commands, mut assignments) = (Vec::new(), 0, 0);
        each(tree.root_node(), &mut |node| match node.kind() {
            "string_literal" => strings.push(&text[node.byte_range()]),
            "command" => commands += 1,
            "assignment_expression" => assignments += 1,
            _ => {}
        });
        assert_eq!((strings.len(), commands, assignments), (2, 0, 2), "{value}: {strings:?}");
    }
}
