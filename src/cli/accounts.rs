use clap::Args;
use serde::Serialize;

use super::error::CommandError;
use super::selection::{self, Opened};
use super::ui::Ui;
use crate::app::App;
use crate::ports::identity_center::Patience;

/// List the accounts and permission sets that you have
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws accounts\n  kcaws accounts corp --json | jq -r '.accounts[].account_id'"
)]
pub(super) struct AccountsArgs {
    /// Name of an [sso-session …]
    session: Option<String>,
    /// Machine-readable
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Serialize)]
struct Report {
    schema: u32,
    session: String,
    accounts: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    account_id: String,
    account_name: Option<String>,
    email: Option<String>,
    roles: Vec<String>,
}

pub(super) fn run(args: &AccountsArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let selected = selection::session(app, args.session.as_deref())?;
    let opened = Opened::for_use(app, selected, Patience::FOR_A_CROWD, ui)?;
    let listed = opened.accounts(ui)?;
    if args.json {
        let accounts = listed.into_iter().map(|one| Row {
            account_id: one.account.id,
            account_name: one.account.name,
            email: one.account.email,
            roles: one.roles,
        });
        ui.json(&Report {
            schema: 1,
            session: opened.selected.session.name.clone(),
            accounts: accounts.collect(),
        });
        return Ok(());
    }
    if listed.is_empty() {
        ui.say("AWS lists no account for you; an administrator can assign permission sets.");
        return Ok(());
    }
    let rows: Vec<Vec<String>> = listed
        .into_iter()
        .map(|one| vec![one.account.id, one.account.name.unwrap_or_default(), one.roles.join(", ")])
        .collect();
    ui.table(&["ACCOUNT", "NAME", "PERMISSION SETS"], &rows);
    Ok(())
}
