//! Checks the files as written.

use super::context::DoctorContext;
use super::finding::Finding;
use super::some;
use crate::app::App;
use crate::app::resolve;
use crate::cli::error::{CommandError, Situation};
use crate::console::regions;
use crate::platform::folders::oddity_of_name;
use crate::platform::foreign_file;
use crate::profile::botocore::differences::{Difference, Kind, What, oddities};
use crate::profile::{ConfigError, Document, Place, invisible};
use crate::session::start_url;

pub(super) fn config_file(context: &DoctorContext<'_>) -> Vec<Finding> {
    let path = match context.app.config_path() {
        Ok(path) => path,
        Err(error) => return vec![failed("", &error.into())],
    };
    let subject = path.display().to_string();
    let one = match context.app.document() {
        Ok(document) if document.is_missing() => match oddity_of_name(&path) {
            Some(odd) => Finding::error(
                subject,
                format!("no such file: {odd}"),
                "correct AWS_CONFIG_FILE, or `unset AWS_CONFIG_FILE` for ~/.aws/config",
            ),
            None => Finding::error(subject, "no such file", "run `kcaws configure`"),
        },
        Ok(document) if document.session_names().is_empty() => {
            Finding::error(subject, "contains no [sso-session …]", "run `kcaws configure`")
        }
        Ok(document) => Finding::ok(
            subject,
            format!(
                "{}, {}",
                some(document.session_names().len(), "session"),
                some(document.profile_names().len(), "profile")
            ),
        ),
        Err(error) => failed(&subject, &error.into()),
    };
    let damage = context.app.document().ok().map(unreadable_lines);
    let damage = damage.unwrap_or_default();
    if damage.is_empty() { vec![one] } else { damage }
}

/// Reports lines that no tool can read: kcaws skips them, the AWS CLI refuses the whole file.
fn unreadable_lines(document: &Document) -> Vec<Finding> {
    let lines = document.unreadable_lines();
    let finding = |error: ConfigError| {
        Finding::error(
            document.path().display().to_string(),
            format!("{error}: kcaws skips that section, the AWS CLI and Python refuse the whole file"),
            "fix that line",
        )
    };
    lines.map(finding).collect()
}

/// Checks that the credentials file can be read; keys in it that hide the config file are reported by `shadowing`.
pub(super) fn credentials_file(context: &DoctorContext<'_>) -> Vec<Finding> {
    match context.credentials() {
        None => Vec::new(),
        Some(Ok(document)) => {
            let damage = unreadable_lines(document);
            if damage.is_empty() {
                return vec![Finding::ok(document.path().display().to_string(), "readable")];
            }
            damage
        }
        Some(Err(ConfigError::Unreadable { path, source })) => vec![Finding::error(
            path.display().to_string(),
            format!("cannot be read: {source}"),
            "make the file readable, or correct AWS_SHARED_CREDENTIALS_FILE; the AWS CLI fails on it",
        )],
        Some(Err(error)) => vec![Finding::error(
            context.credentials_path().unwrap_or_default().display().to_string(),
            error.to_string(),
            "fix that line; the AWS CLI reads this file on every call",
        )],
    }
}

/// Reports lines that botocore, Rust, Go and JavaScript read in different ways.
pub(super) fn dialects(context: &DoctorContext<'_>) -> Vec<Finding> {
    let config = context.app.config_path().ok().map(|path| (path, Kind::Config));
    let credentials = context.credentials_path().map(|path| (path, Kind::Credentials));
    let mut findings = Vec::new();
    for (path, kind) in config.into_iter().chain(credentials) {
        // Missing or unreadable files are reported by the two checks above.
        let Ok(bytes) = foreign_file::read(&path).map(zeroize::Zeroizing::new) else { continue };
        let Ok(text) = std::str::from_utf8(&bytes) else { continue };
        let odd = oddities(&path, text, kind);
        if odd.is_empty() {
            findings.push(Finding::ok(path.display().to_string(), "all tools read it the same way"));
        }
        findings.extend(odd.into_iter().map(oddity));
    }
    findings
}

fn oddity(Difference { place, what }: Difference) -> Finding {
    let subject = place.to_string();
    let there = |line: usize| Place { path: place.path.clone(), line };
    let refused = "the AWS CLI and Python refuse the whole file";
    let (why, fix) = match &what {
        What::ByteOrderMark => {
            (format!("a byte order mark: {refused}"), "save the file as UTF-8 without BOM".to_owned())
        }
        What::DuplicateSection { title, first } => (
            format!("[{title}] is already defined at line {first}: {refused}"),
            format!("move its lines to {} and remove this header", there(*first)),
        ),
        What::DuplicateKey { key, first } => (
            format!("`{key}` is already set at line {first}: {refused}"),
            "remove one of the two lines".to_owned(),
        ),
        What::NoSetting => {
            (format!("neither a [section] nor `key = value`: {refused}"), "fix that line".to_owned())
        }
        What::Colon { key } => {
            (
                format!("`{key}: …` is a setting for the AWS CLI and Python only; Rust refuses the whole file"),
                format!("write `{key} = …`"),
            )
        }
        What::Indented => (
            "an indented line that does not continue a setting: the AWS CLI, Python and JavaScript read it; Rust, \
             Java and Ruby refuse the file or skip the line"
                .to_owned(),
            "remove the leading spaces".to_owned(),
        ),
        What::NestedNoSetting => (
            format!("neither empty nor `key = value` below an empty setting: {refused}"),
            "write `key = value` there, or put the value on the same line as its key".to_owned(),
        ),
        What::Invisible { letter } => (
            format!("it contains {}, which tools read differently", invisible::name(*letter)),
            "type that line again, or remove the character".to_owned(),
        ),
        What::BlankInName { title } => (
            format!("[{title}]: Rust and JavaScript do not support names with spaces and skip the section"),
            "rename it, with `-` instead of the space".to_owned(),
        ),
        What::Unread { title } => (
            format!("[{title}]: the AWS CLI and Python do not accept this form and skip the section"),
            "write one word and the name, such as `[profile dev]`, and put quotes around a name with spaces"
                .to_owned(),
        ),
        What::ReadByBotocore { title } => (
            format!("[{title}] is a section for the AWS CLI and Python only"),
            "the first word must be `profile`, `sso-session` or `services`".to_owned(),
        ),
        What::Unprefixed { title } => (
            format!("[{title}] is not a profile in this file and all tools ignore it"),
            format!("if you meant a profile, write `[profile {title}]`"),
        ),
        What::AddedByPython => (
            "[DEFAULT]: the AWS CLI and Python add its settings to every section, and other tools ignore it"
                .to_owned(),
            "if you meant the default profile, write `[default]`; otherwise move its settings where they belong"
                .to_owned(),
        ),
        What::BothDefaults { first } => (
            format!(
                "[default] and [profile default] (line {first}): one hides the other, and which one depends on the tool"
            ),
            "keep one of them, [default]".to_owned(),
        ),
        What::Prefixed { title } => (
            format!("[{title}]: sections of this file have no prefix, so all tools ignore it"),
            "if you meant a profile, write just the name".to_owned(),
        ),
        What::InlineComment { key } => (
            format!("the AWS CLI and Python treat the comment after `{key}` as part of the value"),
            "put the comment on its own line".to_owned(),
        ),
    };
    if what.stops_botocore() {
        Finding::error(subject, why, fix)
    } else {
        Finding::warning(subject, why, fix)
    }
}

/// Checks kcaws's own `config.toml` and variables.
pub(super) fn settings(context: &DoctorContext<'_>) -> Vec<Finding> {
    match context.app.settings() {
        Ok(_) => vec![Finding::ok("", "kcaws's own settings are valid")],
        Err(error) => vec![failed("", &error.into())],
    }
}

/// Checks that each session is complete and its Region matches the start URL.
pub(super) fn sso_session(context: &DoctorContext<'_>) -> Vec<Finding> {
    context.session_names().into_iter().map(|name| session(context.app, &name)).collect()
}

fn session(app: &App, name: &str) -> Finding {
    let session = match resolve::session_named(app, name) {
        Ok(session) => session,
        Err(error) => return failed(name, &error.into()),
    };
    let region = &session.region;
    if region.is_empty() {
        return Finding::ok(name, format!("{}, in the Region that it redirects to", session.start_url));
    }
    if let Err(error) = regions::parse(region) {
        let fix = match error.near {
            Some(near) => format!("if you meant that, write `sso_region = {near}`"),
            None => "write the Region of your Identity Center, such as eu-central-1".to_owned(),
        };
        return Finding::error(name, format!("`{region}` (sso_region) does not look like a Region"), fix);
    }
    match start_url::region_of(&session.start_url) {
        Some(in_url) if &in_url != region => Finding::error(
            name,
            format!(
                "sso_region is {region}, but the start URL belongs to {in_url}: a login would fail with `invalid_grant` in the browser"
            ),
            format!("write `sso_region = {in_url}`"),
        ),
        _ => Finding::ok(name, format!("{} in {region}", session.start_url)),
    }
}

/// Returns a command's error as a finding.
pub(super) fn failed(subject: &str, error: &CommandError) -> Finding {
    Finding::error(subject, error.with_cause(), error.hint_in(Situation::default()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TestDoctor, states};
    use super::*;

    const GOOD: &str =
        "[sso-session corp]\nsso_start_url = https://d-1.awsapps.com/start\nsso_region = eu-central-1\n";

    #[test]
    fn a_config_file_is_there_and_can_be_read() {
        assert_eq!(states(&TestDoctor::new().config(GOOD).look(config_file)), ["ok"]);
        let missing = TestDoctor::new().look(config_file);
        assert!(missing[0].reason.contains("no such file"), "{missing:?}");
        let garbled = TestDoctor::new().env("AWS_CONFIG_FILE", "$HOME/.aws/config").look(config_file);
        assert!(garbled[0].reason.contains("no shell replaced"), "{garbled:?}");
        let broken = TestDoctor::new().config("[a\n").look(config_file);
        assert_eq!(states(&broken), ["error"]);
        assert!(broken[0].reason.contains("config:1"), "{broken:?}");
        assert_eq!(states(&TestDoctor::new().config("[profile a]\n").look(config_file)), ["error"]);
    }

    #[test]
    fn a_credentials_file_is_looked_at_where_there_is_one() {
        assert!(TestDoctor::new().look(credentials_file).is_empty());
        assert_eq!(states(&TestDoctor::new().credentials("[dev]\n").look(credentials_file)), ["ok"]);
        assert_eq!(states(&TestDoctor::new().credentials("x\n").look(credentials_file)), ["error"]);
        let folder = TestDoctor::new().file(".aws/credentials/x", "").look(credentials_file);
        assert_eq!(states(&folder), ["error"]);
        assert!(
            folder[0].fix.as_deref().is_some_and(|fix| fix.starts_with("make the file readable")),
            "{folder:?}"
        );
        #[cfg(unix)]
        {
            let doctor = TestDoctor::new().config("");
            std::os::unix::fs::symlink("credentials", doctor.path(".aws/credentials")).expect("ours");
            assert_eq!(states(&doctor.look(credentials_file)), ["error"]);
        }
    }

    #[test]
    fn what_stops_the_aws_cli_is_an_error_with_its_line_and_the_rest_a_warning() {
        assert_eq!(states(&TestDoctor::new().config(GOOD).look(dialects)), ["ok"]);
        let twice = TestDoctor::new().config(&format!("{GOOD}[sso-session corp]\n")).look(dialects);
        assert_eq!(states(&twice), ["error"]);
        assert!(twice[0].subject.ends_with("config:4"), "{twice:?}");
        assert_eq!(states(&TestDoctor::new().config("[dev]\n").look(dialects)), ["warning"]);
        let secret = TestDoctor::new().config("[dev]\nhunter2\n").look(dialects);
        assert!(!format!("{secret:?}").contains("hunter2"), "{secret:?}");
    }

    #[test]
    fn settings_are_understood_or_named() {
        assert_eq!(states(&TestDoctor::new().look(settings)), ["ok"]);
        let wrong = TestDoctor::new().env("KCAWS_KEYRING", "floppy").look(settings);
        assert!(wrong[0].reason.contains("floppy"), "{wrong:?}");
    }

    #[test]
    fn a_session_is_complete_and_in_the_region_of_its_portal() {
        assert_eq!(states(&TestDoctor::new().config(GOOD).look(sso_session)), ["ok"]);
        for (from, to) in [
            ("sso_region = eu-central-1", ""),
            ("eu-central-1", "central"),
            ("d-1.awsapps.com/start", "ssoins-1.us-east-1.portal.amazonaws.com"),
        ] {
            let found = TestDoctor::new().config(&GOOD.replace(from, to)).look(sso_session);
            assert_eq!(states(&found), ["error"], "{to}");
        }
    }
}
