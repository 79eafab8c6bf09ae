use super::*;

fn settings(text: &str) -> Result<DirectorySettings, String> {
    toml::from_str(text).map_err(|error| error.message().to_owned())
}

fn valid(text: &str) -> DirectorySettings {
    settings(text).expect("settings")
}

#[test]
fn a_table_with_groups_alone_has_careful_defaults() {
    let settings = valid("groups = [\"/aws/**\"]");
    assert_eq!(settings.leavers, Leavers::Disable);
    assert_eq!(settings.max_removals, MaxRemovals::Percent(5));
    assert_eq!((settings.nested, settings.user_name.clone()), (Nested::Direct, Field::Email));
    assert!(!settings.allow_empty && settings.detail() == Detail::Brief);
}

#[test]
fn every_key_is_read() {
    let settings = valid(
        "groups = [\"/aws/**\", \"!/aws/archive/**\"]\nallow_empty = true\ngroup_name = \"{path}\"\n\
         nested = \"inherit\"\nuser_name = \"attribute:upn\"\nprotect = [\"AWS*\"]\nleavers = \"delete\"\n\
         after = \"30d\"\nmax_removals = 7\nattributes = { department = \"attribute:dept\", title = \"username\" }",
    );
    assert_eq!(settings.leavers, Leavers::Delete { after: Duration::from_secs(30 * 86_400) });
    assert_eq!((settings.group_name, settings.max_removals), (GroupName::Path, MaxRemovals::Count(7)));
    assert!(settings.owns(Attribute::Department) && !settings.owns(Attribute::Locale));
    assert_eq!(settings.detail(), Detail::WithAttributes);
    assert!(settings.selects(&["aws", "x"]) && !settings.selects(&["aws", "archive", "x"]));
    assert!(settings.excludes(&["aws", "archive", "x"]) && !settings.excludes(&["other"]));
}

#[test]
fn mistakes_are_explained() {
    for (text, part) in [
        ("groups = []", "selects nothing"),
        ("groups = [\"!/a\"]", "selects nothing"),
        ("groups = [\"a\"]", "does not begin with `/`"),
        ("groups = [\"/a\"]\ngruops = 1", "unknown field `gruops`"),
        ("groups = [\"/a\"]\nleavers = \"delete\"", "needs `after`"),
        ("groups = [\"/a\"]\nafter = \"30d\"", "only used with"),
        ("groups = [\"/a\"]\nleavers = \"delete\"\nafter = \"soon\"", "`soon` is not a time span"),
        ("groups = [\"/a\"]\nuser_name = \"first_name\"", "`user_name` is one of"),
        ("groups = [\"/a\"]\nuser_name = \"attribute:\"", "none of"),
        ("groups = [\"/a\"]\nmax_removals = \"150%\"", "percentage"),
        ("groups = [\"/a\"]\nattributes = { user_name = \"email\" }", "set by `user_name`"),
        ("groups = [\"/a\"]\nattributes = { shoe_size = \"email\" }", "unknown variant"),
    ] {
        let error = settings(text).expect_err(text);
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn a_record_has_what_aws_requires_and_what_is_mapped() {
    let settings = valid(
        "groups = [\"/a\"]\nattributes = { department = \"attribute:dept\", locale = \"attribute:x\" }",
    );
    let user = RealmUser {
        user_name: "alice".to_owned(),
        email: Some(" alice@example.com ".to_owned()),
        first_name: Some("Alice".to_owned()),
        last_name: Some("Doe".to_owned()),
        attributes: vec![("dept".to_owned(), "R&D".to_owned())],
        ..RealmUser::default()
    };
    let (record, faults) = settings.record(&user);
    assert!(faults.is_empty());
    let values: Vec<_> = record.values().collect();
    assert_eq!(
        values,
        [
            (Attribute::UserName, "alice@example.com"),
            (Attribute::GivenName, "Alice"),
            (Attribute::FamilyName, "Doe"),
            (Attribute::DisplayName, "Alice Doe"),
            (Attribute::Email, "alice@example.com"),
            (Attribute::Department, "R&D"),
        ]
    );
}

#[test]
fn a_user_without_an_address_or_a_name_has_faults() {
    let settings = valid("groups = [\"/a\"]");
    let user = RealmUser { first_name: Some("Alice".to_owned()), ..RealmUser::default() };
    let (_, faults) = settings.record(&user);
    let missing: Vec<_> =
        faults.into_iter().map(|(attribute, fault)| (attribute, fault == ValueFault::Missing)).collect();
    assert_eq!(
        missing,
        [(Attribute::UserName, true), (Attribute::FamilyName, true), (Attribute::Email, true)]
    );
}
