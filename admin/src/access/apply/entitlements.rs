//! Creates and deletes entitlements. Both are done at once, and doing one twice is no error.

use super::held::Missing;
use super::outcome::{ASSIGN, REMOVE, described_role};
use super::{AccessAction, AccessApplier, AccessFailure, AccessRecord, ApplyError, is_general};
use crate::access::entitlements::plan::{EntitlementChange, EntitlementPlan};
use crate::access::entitlements::trust::RoleTrust;
use crate::ports::account_access::RequestId;
use crate::ports::aws_call::AwsError;

const UNTRUSTING: &str =
    "the trust policy of the role may lack account access manager: it needs the statement that is printed";
const QUOTA: &str = "AWS takes 20 groups a role unless the quota was raised";

impl AccessApplier<'_, '_> {
    pub(super) fn entitle(&mut self, plan: &EntitlementPlan) -> Result<(), ApplyError> {
        let (Some(service), Some(application)) = (self.account_access, &plan.application_arn) else {
            return Ok(());
        };
        for change in &plan.additions {
            let Some(principal) = &change.of else { continue };
            let what = described_role(change, ASSIGN);
            let create = || service.create(application, &change.role_arn, principal);
            let answer = self.at.requests.ask(create);
            let error = self.entitlement(AccessAction::CreateEntitlement, change, what, answer)?;
            if error.is_some() || self.is_incomplete(principal) {
                self.missing.push(Missing::entitlement(change));
            }
            if let Some(error) = error {
                self.refused(plan, change, &error);
            }
        }
        Ok(())
    }

    pub(super) fn withdraw(&mut self, plan: &EntitlementPlan) -> Result<(), ApplyError> {
        let (Some(service), Some(application)) = (self.account_access, &plan.application_arn) else {
            return Ok(());
        };
        for change in &plan.removals {
            let Some(id) = &change.id else { continue };
            let what = described_role(change, REMOVE);
            if let Some(why) = self.held_role(change) {
                self.failed(what, why.to_owned());
                continue;
            }
            let answer = match self.at.requests.ask(|| service.delete(application, id)) {
                // Somebody else was faster.
                Err(AwsError::NotFound { .. }) => Ok(None),
                answer => answer,
            };
            self.entitlement(AccessAction::DeleteEntitlement, change, what, answer)?;
        }
        Ok(())
    }

    /// Records what became of a request, and returns why it failed.
    fn entitlement(
        &mut self,
        action: AccessAction,
        change: &EntitlementChange,
        what: String,
        answer: Result<RequestId, AwsError>,
    ) -> Result<Option<AwsError>, ApplyError> {
        let error = answer.as_ref().err().map(ToString::to_string);
        if answer.as_ref().is_err_and(is_general) {
            return answer.map(|_| None).map_err(ApplyError::Aws);
        }
        self.recording.audit.record(&AccessRecord {
            at: self.at.requests.clock().now(),
            actor: self.recording.actor,
            action,
            what: &what,
            permission_set_arn: None,
            role_arn: Some(&change.role_arn),
            account_id: Some(&change.account_id),
            request_id: answer.as_ref().ok().and_then(Option::as_deref),
            error: error.as_deref(),
        })?;
        match answer {
            Ok(_) => {
                self.done(1);
                Ok(None)
            }
            Err(error) => {
                self.outcome.failures.push(AccessFailure { what, why: error.to_string(), meaning: None });
                Ok(Some(error))
            }
        }
    }

    /// Adds what the refusal of a new entitlement usually means.
    fn refused(&mut self, plan: &EntitlementPlan, change: &EntitlementChange, error: &AwsError) {
        let is_trusted = matches!(plan.trust.get(&change.role_arn), Some(RoleTrust::Trusted { .. }));
        let meaning = match error {
            AwsError::QuotaExceeded { .. } => QUOTA,
            AwsError::Refused { .. } | AwsError::Denied { .. } if !is_trusted => {
                self.outcome.trust_statement.clone_from(&plan.trust_statement);
                UNTRUSTING
            }
            _ => return,
        };
        if let Some(failure) = self.outcome.failures.last_mut() {
            failure.meaning = Some(meaning);
        }
    }
}
