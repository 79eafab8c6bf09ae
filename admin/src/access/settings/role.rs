//! `[[assign]]` with `role`: an IAM role of the company's own, by account access manager.

use kcaws::profile::RoleName;

use super::assign::{AssignPlace, GroupReference, Written, groups};
use super::{Refused, checked};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoleAssignSettings {
    /// With its path.
    pub(crate) role_arn: String,
    /// Without any, nobody is to have the role.
    pub(crate) groups: Vec<GroupReference>,
    pub(crate) place: AssignPlace,
}

pub(super) fn check(written: &Written, place: AssignPlace) -> Result<RoleAssignSettings, Refused> {
    let at = written.groups.span().start;
    if let Some(accounts) = &written.accounts {
        let what = "`accounts` goes with `set`: the ARN of a role has its account".to_owned();
        return Err(Refused { at: accounts.span().start, what });
    }
    if let Some(allow_empty) = &written.allow_empty {
        let what = "`allow_empty` goes with `set`".to_owned();
        return Err(Refused { at: allow_empty.span().start, what });
    }
    let Some(role) = &written.role else {
        return Err(Refused { at, what: "missing field `role`".to_owned() });
    };
    Ok(RoleAssignSettings {
        role_arn: checked(role, |text| arn(text))?,
        groups: groups(&written.groups)?,
        place,
    })
}

fn arn(text: &str) -> Result<String, String> {
    let wrong =
        || format!("`{text}` is not an IAM role: write its whole ARN, arn:aws:iam::ACCOUNT:role/PATH/NAME");
    match RoleName::parse(text) {
        Ok(RoleName::IamRole(arn)) => Ok(arn),
        Ok(RoleName::PermissionSet(_)) | Err(_) => Err(wrong()),
    }
}
