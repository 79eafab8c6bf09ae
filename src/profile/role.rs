//! A role in an account: a permission set, or an IAM role of the company's own.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ports::identity_center::{is_account_id, is_iam_role_arn, is_role_name};

/// One role in one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    pub account_id: String,
    pub role_name: RoleName,
}

/// How Identity Center knows a role: `--role` takes either form.
///
/// The name of a permission set contains no colon, so the two never look alike.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum RoleName {
    PermissionSet(String),
    /// An IAM role that account access manager assigns, by its ARN with its path.
    IamRole(String),
}

/// Why a text names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRole {
    #[error("an account ID has 12 digits")]
    Account,
    #[error("the name of a permission set has at most 64 letters, digits and `+=,.@-_`")]
    Name,
    #[error("an IAM role is given as arn:aws:iam::ACCOUNT:role/PATH/NAME")]
    Arn,
    #[error("the ARN of the role names another account")]
    OtherAccount,
}

impl Role {
    /// Returns the role that an account and the text of `--role` name.
    pub fn parse(account_id: &str, role: &str) -> Result<Self, InvalidRole> {
        if !is_account_id(account_id) {
            return Err(InvalidRole::Account);
        }
        let role_name = RoleName::parse(role)?;
        if role_name.account().is_some_and(|account| account != account_id) {
            return Err(InvalidRole::OtherAccount);
        }
        Ok(Self { account_id: account_id.to_owned(), role_name })
    }
}

impl RoleName {
    pub fn parse(text: &str) -> Result<Self, InvalidRole> {
        match text.contains(':') {
            true if is_iam_role_arn(text) => Ok(Self::IamRole(text.to_owned())),
            true => Err(InvalidRole::Arn),
            false if is_role_name(text) => Ok(Self::PermissionSet(text.to_owned())),
            false => Err(InvalidRole::Name),
        }
    }

    /// Returns the text that `--role` takes.
    pub fn as_str(&self) -> &str {
        match self {
            Self::PermissionSet(text) | Self::IamRole(text) => text,
        }
    }

    /// Returns the name alone: for an IAM role the last part of its ARN.
    pub fn name(&self) -> &str {
        let text = self.as_str();
        text.rsplit_once('/').map_or(text, |(_, name)| name)
    }

    /// Returns the ARN of an IAM role.
    pub fn arn(&self) -> Option<&str> {
        match self {
            Self::IamRole(arn) => Some(arn),
            Self::PermissionSet(_) => None,
        }
    }

    /// Returns the account in the ARN of an IAM role.
    pub fn account(&self) -> Option<&str> {
        self.arn()?.split(':').nth(4)
    }
}

/// The name alone, for messages.
impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl TryFrom<String> for RoleName {
    type Error = InvalidRole;

    fn try_from(text: String) -> Result<Self, InvalidRole> {
        Self::parse(&text)
    }
}

impl From<RoleName> for String {
    fn from(name: RoleName) -> Self {
        name.as_str().to_owned()
    }
}

/// Creates the role name of a test, which may be one that AWS does not take.
#[cfg(test)]
impl From<&str> for RoleName {
    fn from(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|_| Self::PermissionSet(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "111122223333";
    const ARN: &str = "arn:aws:iam::111122223333:role/team/Developer";

    #[test]
    fn a_permission_set_and_an_iam_role_are_told_by_their_text() {
        let set = Role::parse(ACCOUNT, "PowerUser").expect("a permission set").role_name;
        assert_eq!((set.as_str(), set.name(), set.arn()), ("PowerUser", "PowerUser", None));
        let role = Role::parse(ACCOUNT, ARN).expect("an IAM role").role_name;
        assert_eq!((role.as_str(), role.name(), role.arn()), (ARN, "Developer", Some(ARN)));
        assert_eq!(role.to_string(), "Developer");
        assert!(set < role, "permission sets come first in a list");
    }

    #[test]
    fn the_account_of_an_arn_must_be_the_account() {
        assert_eq!(Role::parse("444455556666", ARN), Err(InvalidRole::OtherAccount));
        assert_eq!(Role::parse("1", ARN), Err(InvalidRole::Account));
    }

    #[test]
    fn what_is_neither_is_refused() {
        for arn in [
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:role//a",
            "arn:aws:iam::111122223333:role/a/",
            "arn:aws:iam::111122223333:user/a",
            "arn:aws:iam:eu-central-1:111122223333:role/a",
            "arn:aws:sts::111122223333:assumed-role/a/b",
            "arn:AWS:iam::111122223333:role/a",
            "arn::iam::111122223333:role/a",
            "arn:aws:iam::11112222333:role/a",
            "arn:aws:iam::111122223333:role/a b",
            "arn:aws:iam::111122223333:role/a\"b",
            "arn:aws:iam::111122223333:role/Zoë",
            ":",
        ] {
            assert_eq!(Role::parse(ACCOUNT, arn), Err(InvalidRole::Arn), "{arn}");
        }
        for name in ["", "a/b", "a b", "Zoë"] {
            assert_eq!(Role::parse(ACCOUNT, name), Err(InvalidRole::Name), "{name}");
        }
    }

    #[test]
    fn files_hold_the_text() {
        let json = serde_json::to_string(&[RoleName::from("Admin"), RoleName::from(ARN)]).expect("strings");
        assert_eq!(json, format!(r#"["Admin","{ARN}"]"#));
        let back: Vec<RoleName> = serde_json::from_str(&json).expect("reads");
        assert_eq!(back[1].arn(), Some(ARN));
        assert!(serde_json::from_str::<RoleName>(r#""a b""#).is_err());
    }
}
