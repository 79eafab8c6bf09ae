//! The role that a command uses: a profile's, or one given by session, account and permission set.

use super::unnamed;
use clap::Args;

use super::error::{CommandError, ErrorCode, Exit};
use super::session_args;
use super::ui::Ui;
use super::r#use;
use crate::app::App;
use crate::app::resolve::{self, ResolvedRole, ResolvedSession};
use crate::profile::{InvalidRole, Role, RoleName, target};

#[derive(Args, Clone, Debug)]
pub(super) struct RoleArgs {
    /// Profile to use [default: $AWS_PROFILE, then $AWS_DEFAULT_PROFILE, then `default`]
    #[arg(conflicts_with_all = ["session", "account", "role"])]
    profile: Option<String>,
    /// Same as PROFILE; use --profile=-NAME if the name starts with `-`
    #[arg(long = "profile", value_name = "PROFILE", conflicts_with_all = ["profile", "session", "account", "role"])]
    named: Option<String>,
    /// Name of an [sso-session …]
    #[arg(long, requires_all = ["account", "role"])]
    session: Option<String>,
    /// Account ID, or the account's name
    #[arg(long, requires = "session", value_parser = account)]
    account: Option<String>,
    /// Name of the permission set, or ARN of an IAM role (account access manager)
    #[arg(long, requires = "session", value_parser = role_name)]
    role: Option<RoleName>,
}

impl RoleArgs {
    pub(super) fn of_profile(profile: &str) -> Self {
        Self { profile: Some(profile.to_owned()), named: None, session: None, account: None, role: None }
    }

    fn profile(&self) -> Option<&str> {
        self.profile.as_deref().or(self.named.as_deref())
    }

    /// The arguments for choosing again, with the account's ID in place of its name, which could be reassigned.
    pub(super) fn settled(&self, chosen: &Role) -> Self {
        let account = self.account.as_ref().map(|_| chosen.account_id.clone());
        Self { account, ..self.clone() }
    }

    pub(super) fn choose(&self, app: &App) -> Result<ResolvedRole, CommandError> {
        if let (Some(session), Some(account), Some(role)) = (&self.session, &self.account, &self.role) {
            let selected = ResolvedSession::of(session_args::named(app, session)?);
            let account_id = id_of(app, &selected, account)?;
            let role = self::role(account_id, role.clone())?;
            return Ok(ResolvedRole { selected, role, region: None });
        }
        let profile = match self.profile() {
            Some(profile) => Some(profile.to_owned()),
            None => unnamed::unnamed_profile(app)?,
        };
        let Some(profile) = profile else {
            return Err(unnamed::which_profile(app)
                .hint("name it, set AWS_PROFILE, or pass --session, --account and --role"));
        };
        Ok(resolve::role_of_profile(app, &profile)?)
    }

    /// Like [`RoleArgs::choose`], but asks at a terminal if tools would not use a kcaws profile.
    pub(super) fn choose_or_ask(&self, app: &App, ui: &Ui) -> Result<ResolvedRole, CommandError> {
        let is_named = self.profile().is_some() || self.session.is_some();
        if is_named || unnamed::unnamed_profile(app)?.is_some() {
            return self.choose(app);
        }
        Ok(resolve::role_of_profile(app, &r#use::picked(app, ui)?)?)
    }
}

pub(super) fn role_name(text: &str) -> Result<RoleName, InvalidRole> {
    RoleName::parse(text)
}

/// Returns the role of `--account` and `--role`.
///
/// The ARN of an IAM role names its account, too: they must agree.
pub(super) fn role(account_id: String, role_name: RoleName) -> Result<Role, CommandError> {
    match role_name.account() {
        Some(other) if other != account_id => Err(CommandError::new(
            Exit::Usage,
            ErrorCode::Usage,
            format!("the role is in account {other}, not in {account_id}"),
        )
        .hint("make --account and the account in the ARN of --role the same")),
        _ => Ok(Role { account_id, role_name }),
    }
}

/// Accepts an ID in any of its forms, and anything that can be a name.
pub(super) fn account(text: &str) -> Result<String, String> {
    let text = text.trim();
    // Digits alone are an ID.
    let is_name = text.contains(|letter: char| !(letter.is_ascii_digit() || matches!(letter, '-' | ' ')));
    if is_name { Ok(text.to_owned()) } else { account_id(text) }
}

/// Returns the ID of an account given by its ID or name.
pub(super) fn id_of(app: &App, selected: &ResolvedSession, account: &str) -> Result<String, CommandError> {
    match target::account_id(account) {
        Some(id) => Ok(id),
        None => Ok(crate::app::account::account_named(app, selected, account)?),
    }
}

pub(super) fn account_id(text: &str) -> Result<String, String> {
    target::account_id(text).ok_or_else(|| "an account ID has 12 digits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_id_is_taken_as_it_is_stored_and_as_the_console_shows_it() {
        for text in ["111122223333", "1111-2222-3333", "1111 2222 3333", " 1111-2222-3333 "] {
            assert_eq!(account_id(text).as_deref(), Ok("111122223333"), "{text:?}");
        }
        assert_eq!(account_id("0123-4567-8901").as_deref(), Ok("012345678901"));
        for text in [
            "",
            "1111",
            "1111-22223333",
            "11112222-3333",
            "1111-2222-333x",
            "1111--2222-3333",
            "111-12222-3333",
        ] {
            assert!(account_id(text).is_err(), "{text:?}");
        }
        for text in ["", "1111", "1111-22223333", "111-12222-3333"] {
            assert!(account(text).is_err(), "{text:?}");
        }
        assert_eq!(account("1111-2222-3333").as_deref(), Ok("111122223333"));
        assert_eq!(account(" My Team 42 ").as_deref(), Ok("My Team 42"));
    }
}
