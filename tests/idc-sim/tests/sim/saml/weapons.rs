//! Responses that attack the reader: XML as a weapon.

use super::corpus::{BOTH, Case, Judges};
use crate::client::ALICE;

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "a document type",
        message: "Response contains a document type declaration",
        judges: BOTH,
        make: |good| format!("<!DOCTYPE Response>{}", good.xml()),
    },
    Case {
        name: "an entity for a NameID",
        message: "Response contains a document type declaration",
        // xmlsec1 hashes the reference, bergshamra what it stands for, as canonical XML wants it.
        judges: Judges::Differ { bergshamra: Some(&[true, true]), xmlsec1: Some(&[false, false]) },
        make: |good| {
            let named = good.xml().replace(&format!(">{ALICE}<"), ">&who;<");
            format!(r#"<!DOCTYPE Response [<!ENTITY who "{ALICE}">]>{named}"#)
        },
    },
    Case {
        name: "an entity from a file",
        message: "Response contains a document type declaration",
        // bergshamra does not read it, xmlsec1 leaves the reference alone.
        judges: Judges::Differ { bergshamra: None, xmlsec1: Some(&[false, false]) },
        make: |good| {
            let named = good.xml().replace(&format!(">{ALICE}<"), ">&who;<");
            format!(r#"<!DOCTYPE Response [<!ENTITY who SYSTEM "file:///etc/hostname">]>{named}"#)
        },
    },
    Case {
        name: "entities that multiply",
        message: "Response contains a document type declaration",
        // bergshamra does not read it, xmlsec1 leaves the reference alone.
        judges: Judges::Differ { bergshamra: None, xmlsec1: Some(&[false, false]) },
        make: |good| {
            let level = |level: usize| {
                let inner = format!("&a{level};").repeat(10);
                format!(r#"<!ENTITY a{} "{inner}">"#, level + 1)
            };
            let levels: Vec<_> = (0..11).map(level).collect();
            let declarations = r#"<!ENTITY a0 "lollollollol">"#.to_owned() + &levels.concat();
            format!(
                "<!DOCTYPE Response [{declarations}]>{}",
                good.xml().replace(&format!(">{ALICE}<"), ">&a11;<")
            )
        },
    },
    Case {
        name: "broken XML",
        message: "Response is not well-formed XML",
        judges: Judges::Unreadable,
        make: |good| good.xml().replace("</samlp:Response>", ""),
    },
    Case {
        name: "no XML",
        message: "Response is not well-formed XML",
        judges: Judges::Unreadable,
        make: |_| "hello".into(),
    },
    Case {
        name: "nothing",
        message: "Response is not well-formed XML",
        judges: Judges::Unreadable,
        make: |_| String::new(),
    },
    Case {
        name: "huge",
        message: "Response is too large",
        judges: BOTH,
        make: |good| good.xml() + "<!--" + &"x".repeat(300_000) + "-->",
    },
];
