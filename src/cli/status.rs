use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use serde::Serialize;

use super::error::CommandError;
use super::ui::{Ui, shown};
use crate::app::App;
use crate::credentials::warm;
use crate::ports::keyring::StoreKind;
use crate::profile::SsoSession;
use crate::session::status::{self, SessionStatus};
use crate::session::{LoginNeeded, SessionError};

/// Show the sessions: who is logged in, until when, and where the tokens lie
///
/// Reads files only, neither keyring nor network: what AWS ended meanwhile shows at the next use. With SESSION
/// the exit code is 4 when it is not logged in.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  kcaws status\n  kcaws status corp --json")]
pub(super) struct StatusArgs {
    /// Name of an [sso-session …]
    session: Option<String>,
    /// Machine-readable
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Serialize)]
struct Report {
    schema: u32,
    sessions: Vec<Row>,
}

/// What is unknown is null.
#[derive(Serialize)]
struct Row {
    name: String,
    start_url: String,
    region: String,
    logged_in: bool,
    logged_in_at: Option<DateTime<Utc>>,
    access_expires_at: Option<DateTime<Utc>>,
    refreshable: Option<bool>,
    /// AWS does not tell it.
    session_ends_at: Option<DateTime<Utc>>,
    store: Option<StoreKind>,
    /// Taken away, as the portal said when warm credentials were to be renewed; those live to their end.
    assignments_gone: Vec<Gone>,
}

#[derive(Serialize)]
struct Gone {
    account_id: String,
    role: String,
    credentials_end_at: DateTime<Utc>,
}

pub(super) fn run(args: &StatusArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let document = app.document()?;
    let names = match &args.session {
        Some(name) => vec![name.clone()],
        None => document.session_names(),
    };
    let now = app.clock.now();
    let mut rows = Vec::new();
    for name in names {
        let session = document.session(&name)?;
        let status = status::read(&**app.state(), &session)?;
        let mut row = row(&session, status.as_ref(), now);
        row.assignments_gone = gone(app, &name, now)?;
        rows.push(row);
    }
    let not_logged_in = args.session.clone().filter(|_| rows.iter().all(|row| !row.logged_in));
    if args.json {
        ui.json(&Report { schema: 1, sessions: rows });
    } else if rows.is_empty() {
        ui.say("No session is set up; `kcaws login --help` shows the lines for ~/.aws/config.");
    } else {
        for row in &rows {
            for gone in &row.assignments_gone {
                ui.say(&format!(
                    "Session `{}`: the assignment of {} in account {} is gone; its credentials here end in {}.",
                    shown(&row.name),
                    shown(&gone.role),
                    shown(&gone.account_id),
                    span(gone.credentials_end_at - now),
                ));
            }
        }
        let cells: Vec<Vec<String>> = rows.into_iter().map(|row| cells(row, now)).collect();
        ui.table(&["SESSION", "LOGIN", "ACCESS TOKEN", "STORE", "START URL"], &cells);
    }
    match not_logged_in {
        Some(session) => Err(SessionError::LoginNeeded { session, why: LoginNeeded::NeverLoggedIn }.into()),
        None => Ok(()),
    }
}

fn gone(app: &App, session: &str, now: DateTime<Utc>) -> Result<Vec<Gone>, CommandError> {
    let marks = warm::gone(&**app.state(), session, now)?.into_iter();
    let gone = marks.map(|mark| Gone {
        account_id: mark.account_id,
        role: mark.role_name,
        credentials_end_at: mark.until,
    });
    Ok(gone.collect())
}

fn row(session: &SsoSession, status: Option<&SessionStatus>, now: DateTime<Utc>) -> Row {
    let login = status.and_then(|status| status.login.as_ref());
    Row {
        name: session.name.clone(),
        start_url: session.start_url.clone(),
        region: session.region.clone(),
        logged_in: status.is_some_and(|status| status.is_logged_in(now)),
        logged_in_at: login.map(|login| login.logged_in_at),
        access_expires_at: login.map(|login| login.access_expires_at),
        refreshable: login.map(|login| login.refreshable),
        session_ends_at: None,
        store: status.map(|status| status.store),
        assignments_gone: Vec::new(),
    }
}

fn cells(row: Row, now: DateTime<Utc>) -> Vec<String> {
    let login = if row.logged_in { "yes" } else { "no" };
    let access = match row.access_expires_at.map(|at| at - now) {
        None => "-".to_owned(),
        Some(left) if left > TimeDelta::zero() => format!("{} left", span(left)),
        Some(_) if row.refreshable == Some(true) => "renewed at next use".to_owned(),
        Some(_) => "expired".to_owned(),
    };
    let store = row.store.map_or_else(|| "-".to_owned(), |store| store.to_string());
    vec![row.name, login.to_owned(), access, store, row.start_url]
}

fn span(left: TimeDelta) -> String {
    match (left.num_hours(), left.num_minutes()) {
        (0, 0) => format!("{} s", left.num_seconds()),
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {} min", minutes - hours * 60),
    }
}
