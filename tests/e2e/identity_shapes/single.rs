//! Profiles with sources of their own, and roles of one step.

use kcaws_test_kit::Client;

use super::Outcome::{NoLine, Refused, Same};
use super::{Shape, but_for, chosen, shape};

pub(super) const SHAPES: &[Shape] = &[
    // One source.
    shape("a line of kcaws", "[profile p]\n@line@", "", Same),
    shape(
        "a line of kcaws in the default profile's section",
        "[default]\n@line@[profile p]\n@other_line@",
        "",
        Same,
    ),
    shape(
        "a line that names a profile",
        "[profile p]\ncredential_process = @kcaws@ --profile q\n[profile q]\n@line@",
        "",
        Same,
    ),
    shape(
        "a line that names a profile with keys of a session",
        "[profile p]\ncredential_process = @kcaws@ --profile q\n[profile q]\n@sso@",
        "",
        Same,
    ),
    shape("keys of a session", "[profile p]\n@sso@", "", Same),
    shape("keys of a session in the old form", "[profile p]\n@legacy@", "", Same),
    shape("keys that STS does not know", "[profile p]\n@keys@", "", Refused),
    shape("keys that STS knows", "[profile p]\n@known_keys@", "", Refused),
    shape(
        "keys that STS knows in the credentials file",
        "[profile p]\nregion = eu-west-1\n",
        "[p]\n@known_keys@",
        Refused,
    ),
    shape("keys that STS knows in the credentials file alone", "", "[p]\n@known_keys@", NoLine),
    shape("nothing but a region", "[profile p]\nregion = eu-west-1\n", "", Refused),
    shape("no such profile", "[profile q]\n@line@", "", NoLine),
    shape("a profile without the prefix", "[p]\n@line@", "", NoLine),
    shape("someone else's program", "[profile p]\ncredential_process = /bin/false\n", "", Refused),
    // Two sources in one profile.
    shape("a line and keys of the same permission set", "[profile p]\n@line@@sso@", "", Same),
    shape("a line and keys of another permission set", "[profile p]\n@line@@other_sso@", "", Refused),
    shape("a line and keys that STS knows", "[profile p]\n@line@@known_keys@", "", Refused),
    shape(
        "a line, and keys that STS knows in the credentials file",
        "[profile p]\n@line@",
        "[p]\n@known_keys@",
        Refused,
    ),
    shape(
        "a line, and a role in the section that Python adds to all",
        "[DEFAULT]\n@deploy@source_profile = q\n[profile p]\n@line@[profile q]\nregion = x\n",
        "",
        Refused,
    ),
    shape(
        "a line, and a region in the section that Python adds to all",
        "[DEFAULT]\nregion = eu-west-1\n[profile p]\n@line@",
        "",
        Same,
    ),
    shape("a line, and unknown keys in the credentials file", "[profile p]\n@line@", "[p]\n@keys@", Refused),
    shape(
        "keys of a session, and keys that STS knows in the credentials file",
        "[profile p]\n@sso@",
        "[p]\n@known_keys@",
        Refused,
    ),
    shape("keys of a session and keys that STS knows", "[profile p]\n@sso@@known_keys@", "", Refused),
    shape(
        "a line and a role without an account",
        "[profile p]\n@line@sso_role_name = PowerUserAccess\n",
        "",
        Refused,
    ),
    shape("a line and the name of a session", "[profile p]\n@line@sso_session = corp\n", "", Refused),
    shape("a line in both files", "[profile p]\n@line@", "[p]\n@other_line@", Refused),
    shape(
        "a line in the credentials file alone",
        "[profile p]\nregion = eu-west-1\n",
        "[p]\n@line@",
        Refused,
    ),
    but_for(&[Client::Boto3], shape("a line twice", "[profile p]\n@line@@other_line@", "", Same)),
    but_for(
        &[Client::Boto3],
        shape("a section twice", "[profile p]\n@line@[profile p]\nregion = us-east-1\n", "", Same),
    ),
    // Other ways to a role.
    shape("a web identity", "[profile p]\n@web@web_identity_token_file = @token@\n", "", Refused),
    shape(
        "a web identity beside a line",
        "[profile p]\n@line@@web@web_identity_token_file = @token@\n",
        "",
        Refused,
    ),
    shape(
        "a web identity and a source",
        "[profile p]\n@web@web_identity_token_file = @token@\nsource_profile = q\n[profile q]\n@line@",
        "",
        Refused,
    ),
    shape(
        "a token file without a role beside a line",
        "[profile p]\n@line@web_identity_token_file = @token@\n",
        "",
        Refused,
    ),
    shape(
        "a role by a web identity",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@web@web_identity_token_file = @token@\n",
        "",
        Refused,
    ),
    shape(
        "a source of the environment",
        "[profile p]\n@deploy@credential_source = Environment\n",
        "",
        Refused,
    ),
    shape(
        "a source of the environment and a profile",
        "[profile p]\n@deploy@credential_source = Environment\nsource_profile = q\n[profile q]\n@line@",
        "",
        Refused,
    ),
    but_for(
        &[Client::Go, Client::Rust],
        shape(
            "a source of the environment beside a line",
            "[profile p]\n@line@credential_source = Environment\n",
            "",
            Same,
        ),
    ),
    // Broken references.
    shape("a source that is not there", "[profile p]\n@deploy@source_profile = nosuch\n", "", Refused),
    shape(
        "a source that is not there beside a line",
        "[profile p]\n@deploy@source_profile = nosuch\n@line@",
        "",
        Refused,
    ),
    shape("a circle of one", "[profile p]\n@deploy@source_profile = p\n", "", Refused),
    shape(
        "a circle of one with keys of a session",
        "[profile p]\n@deploy@source_profile = p\n@sso@",
        "",
        Refused,
    ),
    shape("a circle of one with a line", "[profile p]\n@deploy@source_profile = p\n@line@", "", Refused),
    shape("a circle of one with keys", "[profile p]\n@deploy@source_profile = p\n@known_keys@", "", Refused),
    shape(
        "a circle of one with keys in the credentials file",
        "[profile p]\n@deploy@source_profile = p\n",
        "[p]\n@known_keys@",
        Refused,
    ),
    shape(
        "a circle of two",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@hop@source_profile = p\n",
        "",
        Refused,
    ),
    shape(
        "a circle of two with a line",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@hop@source_profile = p\n@line@",
        "",
        Refused,
    ),
    shape(
        "a source without anything",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\nregion = eu-west-1\n",
        "",
        Refused,
    ),
    shape(
        "a role of no form",
        "[profile p]\nrole_arn = Deploy\nsource_profile = q\n[profile q]\n@line@",
        "",
        Refused,
    ),
    // The environment.
    chosen("AWS_PROFILE of the default profile", &[("AWS_PROFILE", "default")], &[]),
    chosen("AWS_PROFILE", &[("AWS_PROFILE", "p")], &[]),
    chosen("AWS_PROFILE of a chained profile", &[("AWS_PROFILE", "q")], &[]),
    // JavaScript knows no such variable.
    chosen("AWS_DEFAULT_PROFILE", &[("AWS_DEFAULT_PROFILE", "q")], &[Client::JavaScript]),
    // boto3 takes the second one first; `doctor` says so.
    chosen("both variables", &[("AWS_PROFILE", "p"), ("AWS_DEFAULT_PROFILE", "q")], &[Client::Boto3]),
    chosen("both variables alike", &[("AWS_PROFILE", "q"), ("AWS_DEFAULT_PROFILE", "q")], &[]),
];
