use crate::cli::select;
use clap::Args;
use serde::Serialize;

use crate::app::App;
use crate::app::resolve;
use crate::cli::error::CommandError;
use crate::cli::session_args::SessionArgs;
use crate::cli::ui::Ui;
use crate::ports::keyring::{KeyringError, StoreKind};
use crate::session::token_location::{self, Found};

/// Show which store each session uses, whether it is reachable, and whether it has the tokens
///
/// Checks the stores without prompting: a locked one is shown as locked. With SESSION, the exit code is 5 if its store
/// is not reachable.
#[derive(Args, Debug)]
#[command(
    mut_arg("session", |session| session.help("Name of an [sso-session …] [default: all]")),
    after_help = "Examples:\n  kcaws store status\n  kcaws store status corp --json")]
pub(super) struct StatusArgs {
    #[command(flatten)]
    of: SessionArgs,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Serialize)]
struct Report {
    schema: u32,
    sessions: Vec<Row>,
}

/// One session's store; unknown values are null.
///
/// `answer` is null if no login has chosen a store, `item` (whether it has tokens) if the store is not reachable.
#[derive(Serialize)]
struct Row {
    name: String,
    store: Option<StoreKind>,
    answer: Option<&'static str>,
    item: Option<bool>,
}

pub(super) fn run(args: &StatusArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    resolve::check_config_file(app)?;
    let document = app.document()?;
    let asked = args.of.name(app)?;
    let names = match &asked {
        Some(name) => vec![name.clone()],
        None => document.session_names(),
    };
    let (requested, open) = (app.settings()?.keyring, |kind| app.store(kind));
    let find = |name: &str| Ok(document.session(name)?);
    let (sessions, unusable) = select::usable(names, args.json, ui, find)?;
    let (mut rows, mut failed) = (Vec::new(), None);
    for session in sessions {
        let mut row = Row { name: session.name.clone(), store: None, answer: None, item: None };
        if let Some((store, found)) = token_location::of(&session, requested, app.state(), &open)? {
            row.store = Some(store);
            row.answer = Some(found.as_ref().err().map_or("ok", answer));
            match found {
                Ok(found) => row.item = Some(found == Found::Tokens),
                Err(error) => failed = Some(error),
            }
        }
        rows.push(row);
    }
    if args.json {
        ui.json(&Report { schema: 1, sessions: rows });
    } else if rows.is_empty() {
        ui.say("No sessions are set up; run `kcaws configure`.");
    } else {
        let cells: Vec<Vec<String>> = rows.into_iter().map(cells).collect();
        ui.table(&["SESSION", "STORE", "ANSWER", "TOKENS"], &cells);
    }
    match failed.filter(|_| asked.is_some()) {
        Some(error) => Err(error.into()),
        None => unusable,
    }
}

fn answer(error: &KeyringError) -> &'static str {
    match error {
        KeyringError::Locked(_)
        | KeyringError::ItemLocked { .. }
        | KeyringError::Refused(_)
        | KeyringError::NobodyToAsk(_) => "locked",
        KeyringError::Absent { .. } | KeyringError::NoDefault(_) => "absent",
        KeyringError::TooSlow { .. } | KeyringError::Unanswered { .. } => "too_slow",
        KeyringError::Damaged { .. } => "damaged",
        KeyringError::WrongPassphrase(_) => "wrong_passphrase",
        KeyringError::NoPassphrase { .. } => "no_passphrase",
        KeyringError::Failed { .. } | KeyringError::Changing { .. } => "failed",
    }
}

fn cells(row: Row) -> Vec<String> {
    let store = row.store.map_or_else(|| "-".to_owned(), |store| store.to_string());
    let answer = row.answer.unwrap_or("-").replace('_', " ");
    let item = match row.item {
        Some(true) => "there",
        Some(false) => "none",
        None => "-",
    };
    vec![row.name, store, answer, item.to_owned()]
}
