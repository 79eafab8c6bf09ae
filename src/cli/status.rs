use super::select;
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use serde::Serialize;

use super::error::CommandError;
use super::expiry::{self, Clock, WarmRole, span};
use super::session_args::SessionArgs;
use super::ui::{Ui, shown};
use super::whoami;
use crate::app::App;
use crate::app::open::OpenSession;
use crate::app::resolve::{self, ResolvedSession};
use crate::credentials::{cache, wire};
use crate::ports::identity_center::Patience;
use crate::ports::keyring::StoreKind;
use crate::profile::SsoSession;
use crate::session::last_session::{self, LastSession};
use crate::session::status::{self, SessionStatus};
use crate::session::{LoginNeeded, SessionError};

/// Show the sessions: who is logged in, until when, and where the tokens are stored
///
/// Reads files only, not the keyring or the network: sessions ended by AWS in the meantime only show up on next use, or
/// with --check. AWS does not report when an Identity Center session ends; it is estimated after one has ended. With
/// SESSION, the exit code is 4 if you are not logged in to it.
#[derive(Args, Debug)]
#[command(
    mut_arg("session", |session| session.help("Name of an [sso-session …] [default: all]")),
    after_help = "Examples:\n  kcaws status\n  kcaws status corp --check\n  kcaws status corp --json")]
pub(super) struct StatusArgs {
    #[command(flatten)]
    of: SessionArgs,
    /// Also ask AWS whether the login is still valid, and who you are if that is cheap
    #[arg(long)]
    check: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Serialize)]
struct Report {
    schema: u32,
    sessions: Vec<Row>,
}

/// One session; unknown values are null.
#[derive(Serialize)]
struct Row {
    name: String,
    start_url: String,
    region: Option<String>,
    /// Known after `whoami` or `--check`.
    user: Option<String>,
    logged_in: bool,
    logged_in_at: Option<DateTime<Utc>>,
    access_expires_at: Option<DateTime<Utc>>,
    refreshable: Option<bool>,
    /// Not reported by AWS.
    session_expires_at: Option<DateTime<Utc>>,
    /// How long the last session that ended lasted: at least, at most.
    last_session_seconds_min: Option<i64>,
    last_session_seconds_max: Option<i64>,
    registration_expires_at: Option<DateTime<Utc>>,
    /// Cached credentials of roles named in profiles; null if reading them could raise a prompt.
    warm_credentials: Option<Vec<WarmRow>>,
    /// The first known expiry.
    ends_first: Option<Clock>,
    /// With --check: `ok`, or the error code.
    check: Option<String>,
    store: Option<StoreKind>,
    /// Roles no longer assigned, as reported when cached credentials were renewed; those stay valid until they expire.
    assignments_gone: Vec<Gone>,
}

#[derive(Serialize)]
struct WarmRow {
    account_id: String,
    role_name: String,
    /// Null for a permission set.
    role_arn: Option<String>,
    expires_at: DateTime<Utc>,
}

#[derive(Serialize)]
struct Gone {
    account_id: String,
    role_name: String,
    /// Null for a permission set.
    role_arn: Option<String>,
    credentials_expires_at: DateTime<Utc>,
}

/// Everything that is known about one session.
struct Seen {
    row: Row,
    clocks: Vec<[String; 2]>,
    check: Option<CommandError>,
}

pub(super) fn run(args: &StatusArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    resolve::check_config_file(app)?;
    let document = app.document()?;
    let asked = args.of.name(app)?;
    let names = match &asked {
        Some(name) => vec![name.clone()],
        None => document.session_names(),
    };
    let now = app.clock.now();
    let find = |name: &str| Ok(resolve::session_named(app, name)?);
    let (sessions, unusable) = select::usable(names, args.json, ui, find)?;
    let mut seen = Vec::new();
    for session in sessions {
        seen.push(look(app, &session, args.check, now, ui)?);
    }
    let not_logged_in = asked.clone().filter(|_| seen.iter().all(|seen| !seen.row.logged_in));
    // For a single session, a failed check is the command's error; for several, it is shown in the row.
    let failed = asked.as_ref().and_then(|_| seen.iter_mut().find_map(|seen| seen.check.take()));
    if args.json {
        ui.json(&Report { schema: 1, sessions: seen.into_iter().map(|seen| seen.row).collect() });
    } else if seen.is_empty() {
        ui.say("No sessions are set up; run `kcaws configure`.");
    } else {
        show(seen, now, ui);
    }
    match (failed, not_logged_in) {
        (Some(error), _) => Err(error),
        (None, Some(session)) => {
            Err(SessionError::LoginNeeded { session, why: LoginNeeded::NeverLoggedIn }.into())
        }
        (None, None) => unusable,
    }
}

fn look(
    app: &App,
    session: &SsoSession,
    asks: bool,
    now: DateTime<Utc>,
    ui: &Ui,
) -> Result<Seen, CommandError> {
    let state = app.state();
    let check = if asks { check(app, session, ui).err() } else { None };
    let warm = expiry::warm_roles(app, session);
    let mut status = status::read(state, session)?;
    let is_nameless =
        |status: &SessionStatus| status.login.as_ref().is_some_and(|login| login.user.is_none());
    if asks && check.is_none() && status.as_ref().is_some_and(is_nameless) {
        learn_user(app, session, warm.as_deref().unwrap_or_default());
        status = status::read(state, session)?;
    }
    let last = last_session::last_session(state, session)?;
    let mut row = row(session, status.as_ref(), now);
    if check.as_ref().is_some_and(CommandError::wants_login) {
        row.logged_in = false;
    }
    row.check = asks.then(|| check.as_ref().map_or("ok", |error| error.code().as_str()).to_owned());
    let bounds = last.as_ref().map(LastSession::bounds);
    row.last_session_seconds_min = bounds.map(|(lower, _)| lower.num_seconds());
    row.last_session_seconds_max = bounds.map(|(_, upper)| upper.num_seconds());
    row.ends_first = expiry::first(status.as_ref(), warm.as_deref().unwrap_or_default());
    row.assignments_gone = gone(app, &session.name, now)?;
    let clocks = expiry::rows(status.as_ref(), last.as_ref(), warm.as_deref().unwrap_or_default(), now);
    row.warm_credentials = warm.map(|warm| warm.into_iter().map(WarmRow::of).collect());
    Ok(Seen { row, clocks, check })
}

/// Returns whether AWS still accepts the login; renews an expired access token for it.
fn check(app: &App, session: &SsoSession, ui: &Ui) -> Result<(), CommandError> {
    let selected = ResolvedSession::of(session.clone());
    let opened = OpenSession::for_use(app, selected, Patience::FOR_A_PERSON, ui.asking())?;
    Ok(opened.session().prove()?)
}

/// Asks STS with cached credentials, ignoring errors.
fn learn_user(app: &App, session: &SsoSession, warm: &[WarmRole]) {
    if let Some(WarmRole { role, kept }) = warm.first() {
        let selected = ResolvedSession::of(session.clone());
        let _ = whoami::identity(app, &selected, role, &session.region, &wire::parse(&kept.line));
    }
}

fn show(seen: Vec<Seen>, now: DateTime<Utc>, ui: &mut Ui) {
    for Seen { row, check, .. } in &seen {
        for gone in &row.assignments_gone {
            ui.say(&format!(
                "Session `{}`: {} in account {} is no longer assigned; its credentials here expire in {}.",
                shown(&row.name),
                shown(&gone.role_name),
                shown(&gone.account_id),
                span(gone.credentials_expires_at - now),
            ));
        }
        if let Some(error) = check {
            ui.warn(&error.with_cause());
        }
    }
    let clocks: Vec<Vec<String>> = seen
        .iter()
        .flat_map(|seen| {
            seen.clocks.iter().map(|[name, end]| vec![seen.row.name.clone(), name.clone(), end.clone()])
        })
        .collect();
    let cells: Vec<Vec<String>> = seen.into_iter().map(|seen| cells(seen.row, now)).collect();
    ui.table(&["SESSION", "LOGIN", "USER", "ACCESS TOKEN", "STORE", "START URL"], &cells);
    if !clocks.is_empty() {
        ui.data("");
        ui.table(&["SESSION", "CLOCK", "ENDS"], &clocks);
    }
}

impl WarmRow {
    fn of(warm: WarmRole) -> Self {
        Self {
            account_id: warm.role.account_id,
            role_name: warm.role.role_name.to_string(),
            role_arn: warm.role.role_name.arn().map(str::to_owned),
            expires_at: warm.kept.ends_at,
        }
    }
}

fn gone(app: &App, session: &str, now: DateTime<Utc>) -> Result<Vec<Gone>, CommandError> {
    let marks = cache::gone(app.state(), session, now)?.into_iter();
    let gone = marks.map(|mark| Gone {
        account_id: mark.account_id,
        role_name: mark.role_name.to_string(),
        role_arn: mark.role_name.arn().map(str::to_owned),
        credentials_expires_at: mark.until,
    });
    Ok(gone.collect())
}

fn row(session: &SsoSession, status: Option<&SessionStatus>, now: DateTime<Utc>) -> Row {
    let login = status.and_then(|status| status.login.as_ref());
    Row {
        name: session.name.clone(),
        start_url: session.start_url.clone(),
        region: Some(session.region.clone()).filter(|region| !region.is_empty()),
        user: login.and_then(|login| login.user.clone()),
        logged_in: status.is_some_and(|status| status.is_logged_in(now)),
        logged_in_at: login.map(|login| login.logged_in_at),
        access_expires_at: login.map(|login| login.access_expires_at),
        refreshable: login.map(|login| login.refreshable),
        session_expires_at: None,
        last_session_seconds_min: None,
        last_session_seconds_max: None,
        registration_expires_at: status.and_then(|status| status.registration_expires_at),
        warm_credentials: None,
        ends_first: None,
        check: None,
        store: status.map(|status| status.store),
        assignments_gone: Vec::new(),
    }
}

fn cells(row: Row, now: DateTime<Utc>) -> Vec<String> {
    let login = if row.logged_in { "yes" } else { "no" };
    let access = match row.access_expires_at.map(|at| at - now) {
        None => "-".to_owned(),
        Some(left) if left > TimeDelta::zero() => format!("{} left", span(left)),
        Some(_) if row.refreshable == Some(true) => "refreshes on use".to_owned(),
        Some(_) => "expired".to_owned(),
    };
    let store = row.store.map_or_else(|| "-".to_owned(), |store| store.to_string());
    vec![row.name, login.to_owned(), row.user.unwrap_or_else(|| "-".to_owned()), access, store, row.start_url]
}
