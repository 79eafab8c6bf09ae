//! IAM roles by account access manager, as far as they are found, read and shown.

use kcaws::cli::error::CommandError;
use kcaws::cli::ui::{Colour, Ui};
use serde_json::Value;

use super::OpenAccess;
use super::render::counted;
use crate::access::accounts::AccountInventory;
use crate::access::entitlements::plan::EntitlementPlan;
use crate::access::entitlements::trust::RoleTrust;
use crate::access::entitlements::{EntitlementAccess, application, read};
use crate::ports::account_access::{AccountAccess as _, Application, Entitlement};
use crate::ports::aws_call::AwsPage;
use crate::ports::iam::HttpIam;
use crate::ports::sso_admin::access::Principal;

/// The only partition that has account access manager (IAM user guide, "Getting started").
const PARTITION: &str = "aws";

/// Whose entitlements are read.
pub(super) enum Whose<'a> {
    /// Those to roles in these accounts.
    Accounts(Vec<String>),
    Principals(&'a [Principal]),
}

impl OpenAccess<'_> {
    /// Returns the application and IAM, if the access file lists IAM roles.
    pub(super) fn application(&self) -> Result<Option<(Application, Option<HttpIam>)>, CommandError> {
        if self.file.access.roles.is_empty() {
            return Ok(None);
        }
        let found = application::required(self.account_access, self.at.requests, self.instance_arn)?;
        Ok(Some((found, self.app.iam(self.file)?)))
    }

    /// Reads entitlements. Where the access file does not list any IAM role, that they cannot be read is a warning.
    pub(super) fn entitlements(
        &self,
        whose: &Whose<'_>,
        ui: &mut Ui,
    ) -> Result<Vec<Entitlement>, CommandError> {
        let is_used = !self.file.access.roles.is_empty() || !self.has_permission_sets;
        if !is_used && self.partition != PARTITION {
            return Ok(Vec::new());
        }
        if !is_used {
            // One request, not repeated: a Region may not have the service at all.
            match self.account_access.applications(None) {
                Ok(AwsPage { items, next: None, .. }) if items.is_empty() => return Ok(Vec::new()),
                Ok(_) => {}
                Err(error) => {
                    ui.warn(&format!("IAM roles of account access manager were not read: {error}"));
                    return Ok(Vec::new());
                }
            }
        }
        match self.read_entitlements(whose) {
            Err(error) if !is_used => {
                let why = error.message;
                ui.warn(&format!("IAM roles of account access manager were not read: {why}"));
                Ok(Vec::new())
            }
            result => result,
        }
    }

    fn read_entitlements(&self, whose: &Whose<'_>) -> Result<Vec<Entitlement>, CommandError> {
        let requests = self.at.requests;
        let Some(found) = application::find(self.account_access, requests, self.instance_arn)? else {
            return Ok(Vec::new());
        };
        let at = EntitlementAccess { service: self.account_access, application: &found, iam: None };
        let all = match whose {
            Whose::Accounts(accounts) => read::in_accounts(at, requests, accounts)?,
            Whose::Principals(principals) => read::of_principals(at, requests, principals)?,
        };
        Ok(all.into_iter().collect())
    }
}

/// Returns the IDs of all accounts.
pub(super) fn all_accounts(inventory: &AccountInventory) -> Vec<String> {
    inventory.accounts().map(|known| known.account.id.clone()).collect()
}

pub(super) fn changes(plan: &EntitlementPlan, waits: &str, ui: &mut Ui) {
    for change in &plan.additions {
        ui.marked("+", Colour::Green, &change.to_string());
    }
    for change in &plan.removals {
        ui.marked("-", Colour::Red, &change.to_string());
    }
    for change in &plan.waiting {
        ui.marked("!", Colour::Yellow, &format!("{change}: {waits}"));
    }
    for change in &plan.unlisted {
        ui.marked("?", Colour::Yellow, &format!("{change}: not in the access file, stays"));
    }
}

pub(super) fn notes(plan: &EntitlementPlan, ui: &mut Ui) {
    for (role, state) in &plan.unusable_roles {
        ui.say(&format!("{role} is left out: its account is {state}"));
    }
    for (role, count) in &plan.many_groups {
        ui.warn(&format!("{role} has {count} groups: AWS takes 20 a role unless the quota was raised"));
    }
    let mut is_needed = false;
    for (role, trust) in &plan.trust {
        is_needed |= trust_note(plan, role, trust, ui);
    }
    if let Some(statement) = plan.trust_statement.as_ref().filter(|_| is_needed) {
        trust_statement(statement, ui);
    }
}

/// Reports what is known of a trust policy; true if the statement should be shown.
fn trust_note(plan: &EntitlementPlan, role: &str, trust: &RoleTrust, ui: &mut Ui) -> bool {
    match trust {
        RoleTrust::Trusted { advice } => {
            for advice in advice {
                ui.say(&format!("trust policy of {role}: {advice}"));
            }
            false
        }
        RoleTrust::Lacks { missing } => {
            let missing = missing.join("; ");
            ui.warn(&format!("{role} cannot be assumed by account access manager: {missing}"));
            true
        }
        RoleTrust::OtherArn { arn } => {
            ui.warn(&format!("{role} does not exist: the role of this name is {arn}"));
            false
        }
        RoleTrust::NoSuchRole => {
            ui.warn(&format!("{role} does not exist"));
            true
        }
        RoleTrust::NotRead => {
            let is_new = plan.additions.iter().any(|change| change.role_arn == role);
            if is_new {
                ui.say(&format!("The trust policy of {role} cannot be read from this account."));
            }
            is_new
        }
    }
}

/// Prints what a trust policy needs, for pasting.
pub(super) fn trust_statement(statement: &Value, ui: &mut Ui) {
    ui.say("The trust policy of each role needs this statement:");
    let text = serde_json::to_string_pretty(statement).unwrap_or_default();
    text.lines().for_each(|line| ui.say(&format!("    {line}")));
}

/// Returns what the plan comes to, for its last line.
pub(super) fn summary(plan: &EntitlementPlan) -> impl Iterator<Item = String> {
    let parts = [
        (plan.additions.len(), "IAM role to assign", "IAM roles to assign"),
        (plan.removals.len(), "IAM role to take away", "IAM roles to take away"),
        (plan.waiting.len(), "IAM role waits for its group", "IAM roles wait for their groups"),
    ];
    let parts = parts.into_iter().filter(|(count, _, _)| *count > 0);
    parts.map(|(count, one, many)| counted(count, one, many))
}
