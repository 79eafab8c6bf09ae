//! The reason for a 403: AWS answers "No access" for a typo, a missing assignment, and an account without access.

use crate::cli::select;
use serde::Serialize;

use super::ExplainArgs;
use crate::app::App;
use crate::app::open::OpenSession;
use crate::app::resolve::{self, ResolvedRole};
use crate::cli::error::CommandError;
use crate::cli::role_args::{self, id_of};
use crate::cli::ui::{Ui, shown};
use crate::credentials::assignments::Assignments;
use crate::ports::identity_center::Patience;
use crate::profile::Role;

#[derive(Serialize)]
pub(super) struct Refusal {
    session: String,
    account_id: String,
    account_name: Option<String>,
    role_name: String,
    /// Null for a permission set.
    role_arn: Option<String>,
    /// Whether AWS lists the account for you.
    account_visible: bool,
    /// Whether AWS lists the permission set or IAM role for you there.
    assigned: bool,
    /// The permission sets that you have there, or for an IAM role the ARNs of those.
    roles: Vec<String>,
    near_roles: Vec<String>,
    near_accounts: Vec<String>,
    reason: String,
    fix: String,
}

/// Returns `None` if no permission set is named.
pub(super) fn find(args: &ExplainArgs, app: &App, ui: &Ui) -> Result<Option<Refusal>, CommandError> {
    let (selected, role) = if let (Some(account), Some(role)) = (&args.account, &args.role) {
        let selected = select::session(app, args.session.as_deref(), ui)?;
        let account_id = id_of(app, &selected, account)?;
        (selected, role_args::role(account_id, role.clone())?)
    } else {
        let profile = args.profile.clone().or_else(|| app.env.profile());
        let Some(profile) = profile else { return Ok(None) };
        let ResolvedRole { selected, role, .. } = resolve::role_of_profile(app, &profile)?;
        (selected, role)
    };
    let opened = OpenSession::for_use(app, selected, Patience::FOR_A_PERSON, ui.asking())?;
    let access = opened.session().access_for(&role)?;
    Ok(Some(judge(&opened.selected.session.name, &role, &access)))
}

fn judge(session: &str, role: &Role, access: &Assignments) -> Refusal {
    let account = access.account(&role.account_id);
    let assigned = access.roles.contains(&role.role_name);
    let (near_roles, near_accounts) = match account {
        Some(_) if !assigned => (access.near_roles(role.role_name.as_str()), Vec::new()),
        Some(_) => (Vec::new(), Vec::new()),
        None => (Vec::new(), access.near_accounts(&role.account_id)),
    };
    let (name, id) = (role.role_name.as_str(), &role.account_id);
    let kind = if role.role_name.arn().is_some() { "IAM role" } else { "permission set" };
    let ask = format!("ask an administrator to assign the {kind} `{name}` in account {id} to you");
    let (why, fix) = match account {
        Some(_) if assigned && role.role_name.arn().is_some() => (
            format!("account access manager lists `{name}` for you, so the role itself refuses"),
            "ask the owner of the role whether its trust policy allows sts:AssumeRole and sts:SetContext to account-access.amazonaws.com with this organization's aws:SourceAccount and aws:SourceArn, and whether the role still exists".to_owned(),
        ),
        Some(_) if assigned => (
            format!("AWS lists `{name}` in account {id} for you"),
            "try again; lists may be out of date for up to an hour, and a permission set is refused while it is being provisioned".to_owned(),
        ),
        Some(_) if near_roles.is_empty() => {
            (format!("you have access to account {id}, but not with `{name}`"), ask)
        }
        Some(_) => (
            format!("you have access to account {id}, but not with `{name}`; {}", similar(&near_roles)),
            format!("use the exact name; if you need a different permission set, {ask}"),
        ),
        None if access.accounts.is_empty() => {
            ("AWS lists no accounts for you".to_owned(), "ask an administrator whether you signed in as the right user and whether it has any assignments".to_owned())
        }
        None if near_accounts.is_empty() => {
            let why = match access.accounts.as_slice() {
                [only] => format!("account {id} is not {}, the only one that AWS lists for you", only.id),
                several => format!("account {id} is not among the {} that AWS lists for you", several.len()),
            };
            (why, ask)
        }
        None => (
            format!("account {id} is not among those that AWS lists for you; {}", similar(&near_accounts)),
            format!("check the number; if it is right, {ask}"),
        ),
    };
    Refusal {
        session: session.to_owned(),
        account_id: id.clone(),
        account_name: account.and_then(|account| account.name.clone()),
        role_name: role.role_name.to_string(),
        role_arn: role.role_name.arn().map(str::to_owned),
        account_visible: account.is_some(),
        assigned,
        roles: access.roles.iter().map(|role| role.as_str().to_owned()).collect(),
        near_roles,
        near_accounts,
        reason: why,
        fix,
    }
}

fn similar(names: &[String]) -> String {
    format!("similar: {}", names.join(", "))
}

impl Refusal {
    pub(super) fn print(&self, ui: &mut Ui) {
        let name = self.account_name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        ui.data(&shown(&format!(
            "{} in account {}{name}, session {}",
            self.role_name, self.account_id, self.session
        )));
        ui.data(&format!("  means: {}", shown(&self.reason)));
        if !self.roles.is_empty() {
            ui.data(&format!("  you have there: {}", shown(&self.roles.join(", "))));
        }
        ui.data(&format!("  what to do: {}", shown(&self.fix)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::identity_center::Account;

    fn of(account_id: &str, role: &str, roles: &[&str]) -> Refusal {
        let account = Account { id: "111122223333".to_owned(), name: Some("dev".to_owned()), email: None };
        let roles = roles.iter().map(|role| (*role).into()).collect();
        let access = Assignments { accounts: vec![account], roles };
        judge("corp", &Role { account_id: account_id.to_owned(), role_name: role.into() }, &access)
    }

    #[test]
    fn a_typing_error_a_missing_assignment_and_a_foreign_account_are_distinguished() {
        let typed = of("111122223333", "Amdin", &["Admin"]);
        assert_eq!((typed.near_roles.as_slice(), typed.assigned), (&["Admin".to_owned()][..], false));
        assert!(typed.fix.starts_with("use the exact name"), "{}", typed.fix);
        let missing = of("111122223333", "Billing", &["Admin"]);
        assert!(
            missing.account_visible && missing.fix.starts_with("ask an administrator"),
            "{}",
            missing.fix
        );
        let foreign = of("999988887777", "Admin", &[]);
        assert!(!foreign.account_visible && foreign.near_accounts.is_empty());
        assert!(
            foreign.reason.ends_with("is not 111122223333, the only one that AWS lists for you"),
            "{}",
            foreign.reason
        );
        let two = of("111122223333", "Admim", &["Admin", "Admit"]);
        assert!(two.reason.ends_with("; similar: Admin, Admit"), "{}", two.reason);
        assert_eq!(of("111122223334", "Admin", &[]).near_accounts, ["111122223333"]);
        assert!(of("111122223333", "Admin", &["Admin"]).assigned);
    }

    #[test]
    fn no_account_at_all_is_another_question_to_the_administrator() {
        let role = Role { account_id: "111122223333".to_owned(), role_name: "Admin".into() };
        let nothing = judge("corp", &role, &Assignments { accounts: Vec::new(), roles: Vec::new() });
        assert!(nothing.reason.contains("no accounts"), "{}", nothing.reason);
    }
}
