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

#[test]
fn broken_lines_are_named_with_their_place() {
    for (text, line) in
        [("x = 1\n", 1), ("[a\n", 1), ("[a]\nnonsense\n", 2), ("[a]\n = 1", 2), ("[a]\n  b = 1\n", 2)]
    {
        let error = Document::parse(Path::new("/c"), text).expect_err(text);
        assert!(error.to_string().starts_with(&format!("/c:{line}: ")), "{error}");
    }
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
    assert!(Document::load(&path).expect_err("refused").to_string().ends_with("config:2: not valid UTF-8"));
}
