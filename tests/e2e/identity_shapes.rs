//! The shapes of `~/.aws/config`, `~/.aws/credentials` and the environment that all SDKs are asked about.

use kcaws_test_kit::Client;

/// One way to write a profile, and what has to come of it. The profile is `p` where the environment chooses none.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    /// Follows `[sso-session corp]`.
    pub(crate) config: &'static str,
    pub(crate) credentials: &'static str,
    /// Chooses the profile where there is any: no command names one then.
    pub(crate) env: &'static [(&'static str, &'static str)],
    pub(crate) outcome: Outcome,
    /// SDKs that see another caller, which kcaws documents.
    pub(crate) except: &'static [Client],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All SDKs are one caller, and so is kcaws.
    Same,
    /// kcaws refuses and names file and line.
    Refused,
    /// kcaws refuses; there is no line to name: no profile, no login under the session's name, or STS itself refuses.
    NoLine,
}
use Outcome::{NoLine, Refused, Same};

const fn shape(
    name: &'static str,
    config: &'static str,
    credentials: &'static str,
    outcome: Outcome,
) -> Shape {
    Shape { name, config, credentials, env: &[], outcome, except: &[] }
}

/// These SDKs refuse such a profile: they act as no one else.
const fn but_for(except: &'static [Client], shape: Shape) -> Shape {
    Shape { except, ..shape }
}

const fn chosen(
    name: &'static str,
    env: &'static [(&'static str, &'static str)],
    except: &'static [Client],
) -> Shape {
    let config = "[default]\n@other_line@[profile p]\n@line@[profile q]\n@deploy@source_profile = p\n";
    Shape { name, config, credentials: "", env, outcome: Same, except }
}

/// `@name@` is filled in: `line` and `other_line` run kcaws for two permission sets, `sso` and `other_sso` are the keys
/// of the same two, `known_keys` are keys that STS knows, `keys` are some that it does not, `deploy`, `hop`, `team` and
/// `web` are `role_arn` lines; `token` is the file that `web` accepts.
pub(crate) const SHAPES: &[Shape] = &[
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
    shape("somebody else's program", "[profile p]\ncredential_process = /bin/false\n", "", Refused),
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
    // Chains.
    shape("a role by a line", "[profile p]\n@deploy@source_profile = q\n[profile q]\n@line@", "", Same),
    shape(
        "a role by keys of a session",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@sso@",
        "",
        Same,
    ),
    shape(
        "a role by the default profile",
        "[default]\n@line@[profile p]\n@deploy@source_profile = default\n",
        "",
        Same,
    ),
    shape(
        "two roles",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@hop@source_profile = r\n[profile r]\n@line@",
        "",
        Same,
    ),
    shape(
        "three roles",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@hop@source_profile = r\n[profile r]\n@deploy@source_profile = s\n[profile s]\n@sso@",
        "",
        Same,
    ),
    shape(
        "a role with an external id, a session's name and a length",
        "[profile p]\n@team@source_profile = q\nexternal_id = team-7\nrole_session_name = build-7\nduration_seconds = 900\n[profile q]\n@line@",
        "",
        Same,
    ),
    shape(
        "a role with a session's name",
        "[profile p]\n@deploy@source_profile = q\nrole_session_name = build-8\n[profile q]\n@line@",
        "",
        Same,
    ),
    shape(
        "a role and keys of a session in one profile",
        "[profile p]\n@deploy@source_profile = q\n@sso@[profile q]\n@line@",
        "",
        Same,
    ),
    but_for(
        &[Client::Go],
        shape(
            "a role and a line in one profile",
            "[profile p]\n@deploy@source_profile = q\n@other_line@[profile q]\n@line@",
            "",
            Same,
        ),
    ),
    but_for(
        &[Client::Go],
        shape(
            "a role, a line and keys of a session in one profile",
            "[profile p]\n@deploy@source_profile = q\n@line@@sso@[profile q]\n@line@",
            "",
            Same,
        ),
    ),
    shape("a role alone beside keys of a session", "[profile p]\n@deploy@@sso@", "", Refused),
    shape("a role alone beside a line", "[profile p]\n@deploy@@line@", "", Refused),
    shape(
        "a role and known keys beside it",
        "[profile p]\n@deploy@source_profile = q\n@known_keys@[profile q]\n@line@",
        "",
        Refused,
    ),
    shape(
        "a role, and known keys in the credentials file",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@line@",
        "[p]\n@known_keys@",
        Refused,
    ),
    shape(
        "a role by a profile with a line and known keys",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@line@@known_keys@",
        "",
        Refused,
    ),
    shape(
        "a role by a profile with known keys in the credentials file",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@line@",
        "[q]\n@known_keys@",
        Refused,
    ),
    shape(
        "a role by a profile with known keys",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@known_keys@",
        "",
        Refused,
    ),
    shape(
        "a role by a profile of the credentials file",
        "[profile p]\n@deploy@source_profile = q\n",
        "[q]\n@known_keys@",
        Refused,
    ),
    shape(
        "a role by a line of the credentials file",
        "[profile p]\n@deploy@source_profile = q\n",
        "[q]\n@line@",
        Refused,
    ),
    shape(
        "a role by a profile with another line in the credentials file",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@line@",
        "[q]\n@other_line@",
        Refused,
    ),
    shape(
        "a role in the credentials file",
        "[profile p]\n@line@[profile q]\n@line@",
        "[p]\n@deploy@source_profile = q\n",
        Refused,
    ),
    shape(
        "a source in the credentials file, a role in the config",
        "[profile p]\n@deploy@[profile q]\n@line@",
        "[p]\nsource_profile = q\n",
        Refused,
    ),
    shape(
        "another source in the credentials file",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@line@[profile r]\n@keys@",
        "[p]\nsource_profile = r\n",
        Refused,
    ),
    shape(
        "another role in the credentials file",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@line@",
        "[p]\n@hop@",
        Refused,
    ),
    but_for(
        &[Client::Go],
        shape(
            "a source without a role beside a line",
            "[profile p]\n@line@source_profile = q\n[profile q]\n@other_line@",
            "",
            Same,
        ),
    ),
    shape(
        "a role by a profile with two sources of one caller",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@line@@sso@",
        "",
        Same,
    ),
    shape(
        "a role by a profile with two sources of two callers",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@line@@other_sso@",
        "",
        Refused,
    ),
    shape(
        "a role that does not trust the caller",
        "[profile p]\n@team@source_profile = q\n[profile q]\n@line@",
        "",
        NoLine,
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
