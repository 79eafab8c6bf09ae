use super::*;

fn parse(text: &str) -> Document {
    Document::parse(Path::new("config"), text).expect("parses")
}

fn profile(document: &Document, name: &str, key: &str) -> Option<String> {
    document.section(&Heading::Profile(name.into()))?.get(key).map(str::to_owned)
}

#[test]
fn sections_keys_and_values_are_found() {
    let document = parse(
        "# top\n[default]\nregion=eu-central-1\n\n[profile dev] # mine\nRegion = us-east-1 ; near\nurl = a#b\r\n\
         [profile 'q u']\nx = 1\n[sso-session corp]\nsso_region = eu-west-1\n[plugins]\ny = 2\n",
    );
    assert_eq!(profile(&document, "default", "region").as_deref(), Some("eu-central-1"));
    assert_eq!(profile(&document, "dev", "region").as_deref(), Some("us-east-1"));
    assert_eq!(profile(&document, "dev", "url").as_deref(), Some("a#b"));
    assert_eq!(profile(&document, "q u", "x").as_deref(), Some("1"));
    assert!(document.section(&Heading::SsoSession("corp".into())).is_some());
    let dev = document.section(&Heading::Profile("dev".into())).expect("is there");
    assert_eq!(dev.place().line, 5);
    assert_eq!(dev.place_of("region").to_string(), "config:6");
}

#[test]
fn duplicates_are_merged_and_later_keys_win_but_profile_default_hides_default() {
    let document = parse("[profile x]\na = 1\nb = 1\n[profile x]\na = 2\n");
    assert_eq!(profile(&document, "x", "a").as_deref(), Some("2"));
    assert_eq!(profile(&document, "x", "b").as_deref(), Some("1"));
    let document = parse("[profile default]\na = 2\n[default]\na = 1\nb = 1\n");
    assert_eq!(profile(&document, "default", "a").as_deref(), Some("2"));
    assert_eq!(profile(&document, "default", "b"), None);
    assert_eq!(document.profile_names(), ["default"]);
}

#[test]
fn nested_blocks_belong_to_their_key() {
    let document =
        parse("[services s]\nsso =\n  endpoint_url = http://127.0.0.1:1\nsts =\n\tendpoint_url = x\n");
    let services = document.section(&Heading::Services("s".into())).expect("is there");
    assert_eq!(services.nested("sso", "endpoint_url"), Some("http://127.0.0.1:1"));
    assert_eq!(services.nested("sts", "endpoint_url"), Some("x"));
    assert_eq!(services.nested("ec2", "endpoint_url"), None);
}

fn unreadable(document: &Document) -> Vec<String> {
    document.unreadable_lines().map(|error| error.to_string()).collect()
}

#[test]
fn unreadable_lines_are_named_with_their_place_and_edits_are_refused() {
    for (text, line) in [("x = 1\n", 1), ("[a\n", 1), ("[a]\nnonsense\n", 2), ("[a]\n = 1", 2)] {
        let document = parse(text);
        let lines = unreadable(&document);
        assert!(lines.len() == 1 && lines[0].starts_with(&format!("config:{line}: ")), "{lines:?}");
        assert!(document.check_for_every_tool().is_err(), "{text}");
    }
}

#[test]
fn what_botocore_reads_and_other_sdks_do_not_is_read() {
    let document = parse(
        "[profile a]\n    region = r\n    output = o\n[profile b]\nregion: r\nurl: https://x?a=b\n[profile c]\n\
         \x20 [profile d]\n\tregion = r\n\t [profile e]\n\t[profile f]\nregion = r\n   [profile g]\n",
    );
    assert_eq!(document.profile_names(), ["a", "b", "c", "d", "f"]);
    for name in ["a", "b", "d", "f"] {
        assert_eq!(profile(&document, name, "region").as_deref(), Some("r"), "{name}");
    }
    assert_eq!(profile(&document, "a", "output").as_deref(), Some("o"));
    assert_eq!(profile(&document, "b", "url").as_deref(), Some("https://x?a=b"));
    assert_eq!(unreadable(&document), [""; 0]);
}

#[test]
fn an_unreadable_line_damages_its_own_section_only() {
    let document = parse(
        "x = 1\n[profile a]\nregion = r\n[profile b\nregion = s\n[profile c]\nnonsense\n\u{feff}[profile d]\n\
         region = t\n[profile e]\n",
    );
    let damage = |name: &str| {
        let section = document.section(&Heading::Profile(name.into())).expect(name);
        section.damage().map(|error| error.to_string())
    };
    assert_eq!((damage("a"), damage("e")), (None, None));
    for (name, line) in [("b", 4), ("c", 7), ("d", 8)] {
        assert!(damage(name).is_some_and(|what| what.starts_with(&format!("config:{line}: "))), "{name}");
    }
    assert_eq!(profile(&document, "a", "region").as_deref(), Some("r"));
    assert_eq!(profile(&document, "c", "region"), None);
}

#[test]
fn a_missing_file_is_empty_and_bad_bytes_have_a_line() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let path = folder.path().join("config");
    assert!(Document::load(&path).expect("empty").names(|_| Some("x")).is_empty());
    std::io::Write::write_all(
        &mut tempfile::NamedTempFile::new_in(folder.path())
            .and_then(|f| Ok(f.persist(&path)?))
            .expect("creates"),
        b"[a]\nb = \xff\n",
    )
    .expect("writes");
    let document = Document::load(&path).expect("the rest is read");
    let lines = unreadable(&document);
    assert!(lines.len() == 1 && lines[0].ends_with("config:2: not valid UTF-8"), "{lines:?}");
    assert!(document.check_for_every_tool().is_err());
}
