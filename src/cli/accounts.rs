use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;

use super::error::{CommandError, ErrorCode, Exit, Situation};
use super::session_args::SessionArgs;
use super::ui::Ui;
use crate::app::App;
use crate::app::open::OpenSession;
use crate::app::resolve::{self, ResolvedSession};
use crate::credentials::accounts::cached::CachedAccounts;
use crate::credentials::accounts::{AccountRoles, Gap, Listing};
use crate::ports::identity_center::{Patience, ServiceError};
use crate::profile::RoleName;
use crate::session::SessionError;
use crate::session::status;

const EXAMPLES: &str = "\
Examples:
  kcaws accounts
  kcaws accounts --refresh      asks AWS even if the last list is recent
  kcaws accounts corp --json | jq -r '.accounts[].account_id'";

/// List the accounts, permission sets and IAM roles that you have
///
/// IAM roles are those of account access manager, for a session with `account_access` in config.toml. Reuses a list of
/// this login that is less than an hour old and prints its age. Accounts for which AWS does not report your permission
/// sets are named on stderr, and in `unavailable` of the JSON.
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
    /// Names of permission sets.
    roles: Vec<String>,
    /// Roles of account access manager.
    iam_roles: Vec<IamRoleRow>,
}

#[derive(Serialize)]
struct IamRoleRow {
    name: String,
    arn: String,
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
    let (listed_at, Listing { accounts: listed, unavailable, gaps }) =
        match fresh(&selected, app)?.filter(|_| !args.refresh) {
            Some(known) => {
                let age = (app.clock.now() - known.listed_at).num_minutes();
                ui.say(&format!("The list is {age} min old; --refresh asks AWS again."));
                (known.listed_at, Listing { accounts: known.accounts, ..Listing::default() })
            }
            None => (app.clock.now(), asked(selected, app, ui)?),
        };
    if args.json {
        let accounts = listed.into_iter().map(Row::of);
        let unavailable = unavailable.into_iter().map(|one| UnavailableRow {
            account_id: one.account.id,
            account_name: one.account.name,
            email: one.account.email,
            reason: one.reason,
        });
        let (accounts, unavailable) = (accounts.collect(), unavailable.collect());
        ui.json(&Report { schema: 1, session, listed_at, accounts, unavailable });
        return without_gaps(gaps);
    }
    if listed.is_empty() {
        ui.say("AWS lists no accounts for you; an administrator can assign permission sets.");
        return without_gaps(gaps);
    }
    show(listed, ui);
    without_gaps(gaps)
}

impl Row {
    fn of(one: AccountRoles) -> Self {
        let (iam_roles, roles): (Vec<_>, Vec<_>) = one.roles.iter().partition(|role| role.arn().is_some());
        let iam_role =
            |role: &RoleName| IamRoleRow { name: role.name().to_owned(), arn: role.as_str().to_owned() };
        Self {
            account_id: one.account.id,
            account_name: one.account.name,
            email: one.account.email,
            roles: roles.into_iter().map(|role| role.name().to_owned()).collect(),
            iam_roles: iam_roles.into_iter().map(iam_role).collect(),
        }
    }
}

fn show(listed: Vec<AccountRoles>, ui: &mut Ui) {
    let rows: Vec<Row> = listed.into_iter().map(Row::of).collect();
    let has_iam_roles = rows.iter().any(|row| !row.iam_roles.is_empty());
    let cells = rows.into_iter().map(|row| {
        let mut cells = vec![row.account_id, row.account_name.unwrap_or_default(), row.roles.join(", ")];
        let names: Vec<String> = row.iam_roles.into_iter().map(|role| role.name).collect();
        cells.extend(has_iam_roles.then(|| names.join(", ")));
        cells
    });
    let mut head = vec!["ACCOUNT", "NAME", "PERMISSION SETS"];
    head.extend(has_iam_roles.then_some("IAM ROLES"));
    ui.table(&head, &cells.collect::<Vec<_>>());
}

/// Returns the error for a list that failed as a whole, though the other one is shown (exit 1).
pub(super) fn without_gaps(gaps: Vec<Gap>) -> Result<(), CommandError> {
    for gap in gaps {
        let (listed, missing, error) = match gap {
            // An instance may have no permission sets at all.
            Gap::PermissionSets(SessionError::Service(ServiceError::Forbidden)) => continue,
            Gap::PermissionSets(error) => ("IAM roles", "permission sets", error),
            Gap::IamRoles(error) => ("permission sets", "IAM roles", error),
        };
        let error = CommandError::from(error);
        let hint = error.hint_in(Situation::default());
        let message = format!("AWS listed your {listed}, but not your {missing}");
        let partial = CommandError::new(Exit::Failed, ErrorCode::Partial, message);
        let partial = partial.because(error.cause.unwrap_or(error.message));
        return Err(match hint {
            Some(hint) => partial.hint(hint),
            None => partial,
        });
    }
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
