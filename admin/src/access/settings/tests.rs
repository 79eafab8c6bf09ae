use super::*;
use crate::access_file::AccessFile;

const FILE: &str = r#"version = 1
[realm]
url = "https://sso.example.com"
name = "corp"
client_id = "kcaws-admin"
[identity_center]
region = "eu-central-1"
instance = "ssoins-1234567890abcdef"

[permission_sets.PowerUser]
description = "Everything but IAM"
session = "4h"
relay_state = "https://eu-central-1.console.aws.amazon.com/"
managed = ["PowerUserAccess"]
customer = [{ name = "team-guard", path = "/security/" }]
inline = "power-user.json"
boundary = { customer = "limit", path = "/" }
tags = { owner = "platform" }

[permission_sets.Reader]
inline = { Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:Get*", Resource = "*" }] }

[permission_sets.AWSReadOnlyAccess]
existing = true

[accounts]
workloads = ["ou:/Workloads/**", "!tag:lifecycle=retired"]
prod = ["ou:/Workloads/Prod/**"]

[[assign]]
set = "PowerUser"
groups = ["/aws/PowerUser", "idc:Break glass"]
accounts = ["@workloads", "!@prod", "012345678901", "name:sandbox-*"]

[[assign]]
role = "arn:aws:iam::111122223333:role/team/Developer"
groups = ["/aws/Developers", "idc:Break glass"]

[unlisted]
assignments = "remove"
"#;

fn parse(text: &str) -> Result<AccessSettings, String> {
    AccessFile::parse(Path::new("access.toml"), text)
        .map(|file| file.access)
        .map_err(|error| error.to_string())
}

#[test]
fn the_parts_about_access_are_read() {
    let settings = parse(FILE).expect("reads");
    let folder = tempfile::tempdir().expect("a folder");
    let error = settings.wanted_sets(folder.path()).expect_err("the file is missing");
    assert!(error.to_string().contains("PowerUser"), "{error}");
    let policy = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    std::fs::write(folder.path().join("power-user.json"), policy).expect("writes");
    let wanted = settings.wanted_sets(folder.path()).expect("reads");
    assert_eq!(wanted["AWSReadOnlyAccess"], WantedSet::Existing);
    let WantedSet::Defined(power) = &wanted["PowerUser"] else { panic!("defined") };
    assert_eq!(power.head.session.iso(), "PT4H");
    assert_eq!(power.inline, PolicyDocument::parse(policy).ok());
    let WantedSet::Defined(reader) = &wanted["Reader"] else { panic!("defined") };
    assert!(reader.inline.is_some());
    let groups = ["/aws/PowerUser", "idc:Break glass"].map(|text| text.parse().expect("a group"));
    assert_eq!(settings.assign[0].groups, groups);
    assert_eq!(settings.roles[0].role_arn, "arn:aws:iam::111122223333:role/team/Developer");
    assert_eq!(settings.roles[0].groups.len(), 2);
    assert_eq!(settings.unlisted.entitlements, UnlistedAction::Report);
    assert_eq!(settings.unlisted.assignments, UnlistedAction::Remove);
    assert_eq!(settings.unlisted.permission_sets, UnlistedAction::Report);
}

#[test]
fn an_inline_policy_in_a_file_is_held_against_the_limits() {
    let settings = parse(FILE).expect("reads");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("power-user.json"), "{}").expect("writes");
    let error = settings.wanted_sets(folder.path()).expect_err("is no policy");
    assert!(matches!(error, InlineFileError::Refused { source: PolicyError::NotAPolicy, .. }), "{error}");
}

#[test]
fn a_mistake_is_reported_with_its_line() {
    let long = "x".repeat(33);
    let many: Vec<String> = (0..20).map(|number| format!("\"P{number}\"")).collect();
    let policies = format!("managed = [{}]", many.join(", "));
    for (from, to, line, word) in [
        ("[permission_sets.Reader]", &*format!("[permission_sets.{long}]"), 20, "33 characters"),
        ("[permission_sets.Reader]", "[permission_sets.\"a b\"]", 20, "not a name"),
        ("session = \"4h\"", "session = \"13h\"", 12, "12 hours"),
        ("session = \"4h\"", "sesion = \"4h\"", 12, "sesion"),
        ("\"Everything but IAM\"", "\"Łódź\"", 11, "Latin-1"),
        ("\"Everything but IAM\"", "\"\"", 11, "700"),
        ("\"https://eu-central-1.console.aws.amazon.com/\"", "\"<x>\"", 13, "relay state"),
        ("managed = [\"PowerUserAccess\"]", "managed = [\"arn:aws:iam::1:policy/x\"]", 14, "policy of AWS"),
        ("managed = [\"PowerUserAccess\"]", &policies, 10, "21 policies"),
        ("path = \"/security/\"", "path = \"security\"", 15, "path of policies"),
        ("boundary = { customer = \"limit\", path = \"/\" }", "boundary = { path = \"/\" }", 17, "boundary"),
        ("tags = { owner", "tags = { \"aws:x\"", 18, "key of a tag"),
        (
            "tags = { owner",
            &*format!("tags = {{ \"{OWNER}\"", OWNER = crate::access::plan::OWNER_TAG),
            18,
            "itself",
        ),
        ("existing = true", "existing = true\nsession = \"4h\"", 23, "never changed"),
        ("Action = \"s3:Get*\", Resource", "Sid = \"…\", Resource", 21, "Latin-1"),
        ("\"ou:/Workloads/**\"", "\"ou:Workloads\"", 27, "begins with"),
        ("\"ou:/Workloads/Prod/**\"", "\"@workload\"", 28, "no list `workload`"),
        ("\"ou:/Workloads/Prod/**\"", "\"@prod\"", 28, "itself"),
        ("\"ou:/Workloads/Prod/**\"", "\"!@workloads\"", 28, "at least one"),
        ("set = \"PowerUser\"", "set = \"Admin\"", 31, "[permission_sets.Admin]"),
        ("\"/aws/PowerUser\"", "\"aws/PowerUser\"", 32, "not a group"),
        ("\"012345678901\"", "\"12345678901\"", 33, "12 digits"),
        ("\"!@prod\"", "\"!@prdo\"", 33, "no list `prdo`"),
        ("\"012345678901\"", "12345678901", 33, "string"),
        ("\"remove\"", "\"delete\"", 40, "delete"),
        ("set = \"PowerUser\"", "", 32, "`set`, or `role`"),
        ("accounts = [\"@workloads\", ", "allow_empty = false\nx = [\"", 34, "x"),
        ("role = \"arn", "set = \"PowerUser\"\nrole = \"arn", 37, "not both"),
        ("\"idc:Break glass\"]\n\n[un", "]\naccounts = [\"@prod\"]\n[un", 38, "its account"),
        ("\"idc:Break glass\"]\n\n[un", "]\nallow_empty = true\n[un", 38, "goes with `set`"),
        ("role/team/Developer", "role/team/", 36, "whole ARN"),
        ("arn:aws:iam::111122223333:role/team/Developer", "Developer", 36, "whole ARN"),
        ("[\"/aws/Developers\"", "[\"aws/Developers\"", 37, "not a group"),
    ] {
        let text = FILE.replacen(from, to, 1);
        assert_ne!(text, FILE, "{from}");
        let error = parse(&text).expect_err(to);
        assert!(error.starts_with(&format!("access.toml:{line}: ")), "{to}: {error}");
        assert!(error.contains(word), "{to}: {error}");
    }
}
