use std::path::Path;

use super::*;

fn edited(text: &str, edit: impl FnOnce(&mut Draft<'_>)) -> String {
    let document = Document::parse(Path::new("/c"), text).expect("parses");
    let mut draft = Draft::of(&document).expect("every tool reads it");
    edit(&mut draft);
    draft.finish().expect("can be written").text().to_owned()
}

fn profile(name: &str) -> Heading {
    Heading::Profile(name.to_owned())
}

fn set(text: &str, name: &str, keys: &[(&str, &str)]) -> String {
    edited(text, |draft| _ = draft.set(&profile(name), keys).expect("can be set"))
}

fn without(text: &str, names: &[&str]) -> String {
    edited(text, |draft| {
        for name in names {
            assert!(draft.remove(&profile(name)).expect("can be removed"), "{name}");
        }
    })
}

#[test]
fn an_untouched_draft_is_the_file() {
    for text in ["", "\n", "# x", "[default]\r\na=1\r\n\r\n", "[x]\ns3 =\n  a = b\n\n\n", " \t\n; y\n[a]"] {
        assert_eq!(edited(text, |_| ()), text);
    }
}

#[test]
fn a_value_changes_in_its_place_and_nothing_else_does() {
    let text = "# top\n[profile a]\nregion   =   eu-west-1\n# mine\noutput = json\n[profile b]\nregion = x\n";
    assert_eq!(set(text, "a", &[("region", "us-east-1")]), text.replace("eu-west-1", "us-east-1"));
    assert_eq!(set(text, "a", &[("region", "eu-west-1")]), text);
}

#[test]
fn new_keys_stand_below_the_last_setting_as_that_one_is_written() {
    assert_eq!(
        set("[profile a]\r\nx=1\r\n# end\r\n\r\n[b]\r\n", "a", &[("region", "r")]),
        "[profile a]\r\nx=1\r\nregion=r\r\n# end\r\n\r\n[b]\r\n"
    );
    assert_eq!(
        set("[profile a]\ns3 =\n  x = 1\n", "a", &[("region", "r")]),
        "[profile a]\ns3 =\n  x = 1\nregion = r\n"
    );
    assert_eq!(set("[profile a]", "a", &[("region", "r")]), "[profile a]\nregion = r");
}

#[test]
fn an_inline_comment_gets_a_line_of_its_own() {
    assert_eq!(
        set("[profile a]\nregion = r ; near\n", "a", &[("region", "s")]),
        "[profile a]\n; near\nregion = s\n"
    );
    assert_eq!(
        set("[profile a]\nregion = # none\n", "a", &[("region", "s")]),
        "[profile a]\n# none\nregion = s\n"
    );
}

#[test]
fn a_block_that_becomes_a_value_goes_with_all_its_lines() {
    assert_eq!(
        set("[profile a]\nregion =\n  x = 1\n\n  y = 2\nz = 3\n", "a", &[("region", "s")]),
        "[profile a]\nregion = s\nz = 3\n"
    );
}

#[test]
fn a_new_section_goes_to_the_end_behind_a_blank_line() {
    let keys = [("region", "r")];
    assert_eq!(set("", "a", &keys), "[profile a]\nregion = r\n");
    assert_eq!(set("", "default", &keys), "[default]\nregion = r\n");
    assert_eq!(set("[x]\n", "a", &keys), "[x]\n\n[profile a]\nregion = r\n");
    assert_eq!(set("[x]\n\n", "a", &keys), "[x]\n\n[profile a]\nregion = r\n");
    assert_eq!(set("[x]\r\ny = 1", "a", &keys), "[x]\r\ny = 1\r\n\r\n[profile a]\r\nregion = r");
}

#[test]
fn adding_and_removing_leaves_no_trace() {
    for text in ["[x]\ny = 1\n", "[x]\r\ny = 1", "# c\n", "[x]\n", "[x]\ns =\n a = 1\n# end\n"] {
        let added = edited(text, |draft| {
            for name in ["a", "b"] {
                draft.set(&profile(name), &[("region", "r")]).expect("is new");
            }
        });
        assert_eq!(without(&added, &["a", "b"]), text, "{added:?}");
        assert_eq!(without(&without(&added, &["a"]), &["b"]), text, "{added:?}");
    }
}

#[test]
fn removing_keeps_the_comments_behind_and_one_blank_line_between() {
    assert_eq!(without("[x]\n\n[profile a]\nr = 1\n# about y\n[y]\n", &["a"]), "[x]\n\n# about y\n[y]\n");
    assert_eq!(without("[x]\n\n[profile a]\nr = 1\n\n[y]\n", &["a"]), "[x]\n\n[y]\n");
    assert_eq!(without("[profile a]\nr = 1\n\n[y]\n", &["a"]), "[y]\n");
    assert_eq!(without("[x]\n[profile a]\nr = 1\n[y]\n", &["a"]), "[x]\n[y]\n");
    assert_eq!(
        edited("[a]\nx = 1\nr =\n  y = 2\nz = 3\n", |draft| {
            assert_eq!(draft.unset_all(&Heading::Other("a".into()), |key| key == "r").expect("fine"), 1);
        }),
        "[a]\nx = 1\nz = 3\n"
    );
}

#[test]
fn names_and_values_that_tools_read_differently_are_not_written() {
    let document = Document::parse(Path::new("/c"), "").expect("parses");
    let mut draft = Draft::of(&document).expect("fine");
    for name in ["", "a b", "a]", "ä", "a\nb", "'a'", "a#b"] {
        assert!(matches!(draft.set(&profile(name), &[]), Err(ConfigError::BadName { .. })), "{name:?}");
    }
    for value in ["", " x", "a\nb", "a #b", "a\t;b", "#", "\u{1b}"] {
        let refused = draft.set(&profile("a"), &[("region", value)]);
        assert!(matches!(refused, Err(ConfigError::CannotBeWritten { .. })), "{value:?}");
    }
    assert_eq!(draft.finish().expect("nothing happened").text(), "");
}
