use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;

use super::error::CommandError;
use super::session_args::SessionArgs;
use super::ui::Ui;
use crate::app::App;
use crate::app::open::OpenSession;
use crate::app::resolve::{self, ResolvedSession};
use crate::credentials::accounts::Listing;
use crate::credentials::accounts::cached::CachedAccounts;
use crate::ports::identity_center::Patience;
use crate::session::SessionError;
use crate::session::status;

const EXAMPLES: &str = "\
Examples:
  kcaws accounts
  kcaws accounts --refresh      asks AWS even if the last list is recent
  kcaws accounts corp --json | jq -r '.accounts[].account_id'";

/// List the accounts and permission sets that you have
///
/// Reuses a list of this login that is less than an hour old and prints its age. Accounts for which AWS does not report
/// your permission sets are named on stderr, and in `unavailable` of the JSON.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct AccountsArgs {
    #[command(flatten)]
    of: SessionArgs,
    /// Ask AWS even if the last list is recent
    #[arg(long)]
    refresh: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Serialize)]
struct Report {
    schema: u32,
    session: String,
    listed_at: DateTime<Utc>,
    accounts: Vec<Row>,
    /// Those of which AWS does not report your permission sets there.
    unavailable: Vec<UnavailableRow>,
}

#[derive(Serialize)]
struct Row {
    account_id: String,
    account_name: Option<String>,
    email: Option<String>,
    roles: Vec<String>,
}

#[derive(Serialize)]
struct UnavailableRow {
    account_id: String,
    account_name: Option<String>,
    email: Option<String>,
    reason: String,
}

/// Returns all accounts and permission sets of the user; this may take a minute.
pub(super) fn listed(opened: &OpenSession<'_>, ui: &mut Ui) -> Result<Listing, SessionError> {
    let spinner = ui.spinner("Asking for your accounts …");
    let listed = opened.session().accounts(|done, total| {
        spinner.set_message(format!("{done} of {total} accounts"));
    });
    spinner.finish_and_clear();
    for one in listed.iter().flat_map(|listing| &listing.unavailable) {
        let name = one.account.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        let id = &one.account.id;
        ui.warn(&format!("AWS does not report your permission sets in account {id}{name}: {}", one.reason));
    }
    listed
}

pub(super) fn warn_of_left_out(opened: &OpenSession<'_>, ui: &mut Ui) {
    for what in opened.left_out() {
        ui.warn(&format!("skipped in AWS's list: {what}"));
    }
}

pub(super) fn run(args: &AccountsArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let selected = args.of.select(app, ui)?;
    let session = selected.session.name.clone();
    let (listed_at, Listing { accounts: listed, unavailable }) =
        match fresh(&selected, app)?.filter(|_| !args.refresh) {
            Some(known) => {
                let age = (app.clock.now() - known.listed_at).num_minutes();
                ui.say(&format!("The list is {age} min old; --refresh asks AWS again."));
                (known.listed_at, Listing { accounts: known.accounts, ..Listing::default() })
            }
            None => (app.clock.now(), asked(selected, app, ui)?),
        };
    if args.json {
        let accounts = listed.into_iter().map(|one| Row {
            account_id: one.account.id,
            account_name: one.account.name,
            email: one.account.email,
            roles: one.roles,
        });
        let unavailable = unavailable.into_iter().map(|one| UnavailableRow {
            account_id: one.account.id,
            account_name: one.account.name,
            email: one.account.email,
            reason: one.reason,
        });
        let (accounts, unavailable) = (accounts.collect(), unavailable.collect());
        ui.json(&Report { schema: 1, session, listed_at, accounts, unavailable });
        return Ok(());
    }
    if listed.is_empty() {
        ui.say("AWS lists no accounts for you; an administrator can assign permission sets.");
        return Ok(());
    }
    let rows: Vec<Vec<String>> = listed
        .into_iter()
        .map(|one| vec![one.account.id, one.account.name.unwrap_or_default(), one.roles.join(", ")])
        .collect();
    ui.table(&["ACCOUNT", "NAME", "PERMISSION SETS"], &rows);
    Ok(())
}

/// Returns the last list if it can replace a new one, but never after the login has ended, which would go unnoticed.
fn fresh(selected: &ResolvedSession, app: &App) -> Result<Option<CachedAccounts>, CommandError> {
    let now = app.clock.now();
    let noted = status::read(app.state(), &selected.session)?;
    if !noted.is_some_and(|noted| noted.is_logged_in(now)) {
        return Ok(None);
    }
    Ok(resolve::known(app, selected).filter(|known| known.is_fresh(now)))
}

fn asked(selected: ResolvedSession, app: &App, ui: &mut Ui) -> Result<Listing, CommandError> {
    let opened = OpenSession::for_use(app, selected, Patience::FOR_A_CROWD, ui.asking())?;
    let listed = listed(&opened, ui)?;
    warn_of_left_out(&opened, ui);
    Ok(listed)
}
