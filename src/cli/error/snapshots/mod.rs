//! What is printed for each error, compared with `tests/cli/snapshots/errors.txt`.

mod machine;
mod remote;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::ErrorKind::{self};
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use snapbox::assert::Action;
use snapbox::{Assert, Data};

use super::{CommandError, Doing, ErrorCode, Situation};
use crate::cli::Global;
use crate::cli::ui::Ui;
use crate::console::regions::NotARegion;
use crate::platform::terminal::Terminal;
use crate::profile::Place;
use crate::profile::Role;

/// Codes of errors that a command makes where it reports them. `tests/cli` has these.
const OF_ONE_COMMAND: &[ErrorCode] = &[
    ErrorCode::CommandCannotRun,
    ErrorCode::CommandNotFound,
    ErrorCode::CopyLeft,
    ErrorCode::DefaultFirst,
    ErrorCode::InputNeeded,
    ErrorCode::LogoutIncomplete,
    ErrorCode::MustAsk,
    ErrorCode::NoBrowser,
    ErrorCode::NoHook,
    ErrorCode::NoLogoutFirst,
    ErrorCode::NoMatch,
    ErrorCode::NoProfiles,
    ErrorCode::NoShellLine,
    ErrorCode::NothingBefore,
    ErrorCode::OnlyFederation,
    ErrorCode::OwnPath,
    ErrorCode::Partial,
    ErrorCode::SomeFailed,
    ErrorCode::TooShort,
    ErrorCode::Unhealthy,
    ErrorCode::UnknownShell,
    ErrorCode::UnknownTopic,
    ErrorCode::Unquotable,
    ErrorCode::Usage,
    ErrorCode::WhichProfile,
    ErrorCode::WhichSession,
];

fn io(kind: ErrorKind) -> std::io::Error {
    kind.into()
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn config_path() -> PathBuf {
    "/home/alice/.aws/config".into()
}

fn place() -> Place {
    Place { path: config_path(), line: 7 }
}

fn iam_role() -> Role {
    Role { role_name: "arn:aws:iam::111122223333:role/team/Deploy".into(), ..role() }
}

fn role() -> Role {
    Role { account_id: text("111122223333"), role_name: "PowerUserAccess".into() }
}

fn no_region() -> NotARegion {
    NotARegion { given: text("eu-centrl-1"), near: Some("eu-central-1") }
}

fn time() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_608_000, 0).expect("a time")
}

/// Errors of one type, as commands meet them.
fn all<E: Into<CommandError>>(errors: impl IntoIterator<Item = E>) -> Vec<CommandError> {
    errors.into_iter().map(Into::into).collect()
}

/// What a person reads, below the code and the exit code, with the hints that other commands give.
fn printed(error: &CommandError) -> String {
    let (terminal, _, stderr) = Terminal::captured();
    let global = Global { quiet: false, verbose: 0, no_color: true, no_input: false };
    Ui::new(terminal, &global).error(error, false);
    let mut text = format!("{} (exit code {})\n{}", error.code().as_str(), error.exit_code(), stderr.text());
    let usual = error.hint_in(Situation::default());
    for doing in [Doing::Login, Doing::Move, Doing::Logout] {
        for attended in [true, false] {
            let hint = error.hint_in(Situation { doing, attended });
            if let Some(hint) = hint.filter(|hint| usual.as_ref() != Some(hint)) {
                let who = if attended { "attended" } else { "unattended" };
                let _ = writeln!(text, "{doing:?}, {who}: {hint}");
            }
        }
    }
    text
}

/// Codes of `kcaws admin`, whose errors are in that program.
const OF_ADMINISTRATORS: &[ErrorCode] = &[
    ErrorCode::AccessFile,
    ErrorCode::AwsCredentials,
    ErrorCode::AwsDenied,
    ErrorCode::Keycloak,
    ErrorCode::KeycloakDenied,
    ErrorCode::Metadata,
    ErrorCode::NoSecret,
    ErrorCode::OtherInstance,
    ErrorCode::Scim,
    ErrorCode::Unsafe,
];

#[test]
#[expect(clippy::disallowed_methods, reason = "whether to rewrite the file is no setting of kcaws")]
fn what_is_printed_for_each_error_is_as_noted() {
    let parts = [
        machine::of_config(),
        machine::of_config_file(),
        machine::of_settings(),
        machine::of_team_and_project(),
        machine::of_state(),
        machine::of_keyring(),
        remote::of_session(),
        remote::of_start_url(),
        remote::of_service(),
        remote::of_credentials(),
        remote::of_network(),
        machine::of_console(),
        remote::of_app(),
    ];
    let errors: Vec<CommandError> = parts.into_iter().flatten().collect();
    let text: Vec<String> = errors.iter().map(printed).collect();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/snapshots/errors.txt");
    let update = std::env::var_os("KCAWS_UPDATE_DOCS").is_some();
    let action = if update { Action::Overwrite } else { Action::Verify };
    Assert::new().action(action).eq(text.join("\n"), Data::read_from(file.as_ref(), None).raw());

    let documented = super::code::documented();
    let is_documented = |error: &&CommandError| {
        documented.get(error.code().as_str()).is_some_and(|exits| exits.contains(&error.exit_code()))
    };
    let others: Vec<&CommandError> = errors.iter().filter(|error| !is_documented(error)).collect();
    assert!(others.is_empty(), "not as in docs/json.md: {others:#?}");
    let shown: BTreeSet<&str> = errors.iter().map(|error| error.code().as_str()).collect();
    let of_one: BTreeSet<&str> =
        OF_ONE_COMMAND.iter().chain(OF_ADMINISTRATORS).map(|code| code.as_str()).collect();
    let silent = [ErrorCode::ClosedPipe, ErrorCode::Interrupted, ErrorCode::Changes].map(ErrorCode::as_str);
    assert!(shown.is_disjoint(&of_one), "{:?}", shown.intersection(&of_one));
    let missing: Vec<&str> = ErrorCode::ALL
        .iter()
        .map(|code| code.as_str())
        .filter(|code| !shown.contains(code) && !of_one.contains(code) && !silent.contains(code))
        .collect();
    assert!(missing.is_empty(), "add an error of each: {missing:?}");
}
