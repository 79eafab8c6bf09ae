//! The real service, over the AWS SDK.

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_accountaccess::operation::RequestId as _;
use aws_sdk_accountaccess::types::{
    Entitlement as SdkEntitlement, EntitlementDetails, EntitlementFilter as SdkFilter, EntitlementSummary,
    EntitlementsListMember, IdentityCenterPrincipal, IdentityCenterPrincipalFilter, IdentitySourceDetails,
    Principal as SdkPrincipal, PrincipalFilter, PrincipalRoleEntitlement, PrincipalRoleEntitlementFilter,
};
use aws_sdk_accountaccess::{Client, Config};

use super::{AccountAccess, Application, Entitlement, EntitlementFilter, RequestId};
use crate::ports::aws_call::{AwsError, AwsPage, Caller};
use crate::ports::sso_admin::access::Principal;

pub(crate) struct SdkAccountAccess {
    client: Client,
    caller: Caller,
}

impl SdkAccountAccess {
    pub(crate) fn new(config: &SdkConfig, caller: Caller) -> Self {
        // Repetitions of its own would not count against the rate.
        let paced = Config::from(config).to_builder().retry_config(RetryConfig::disabled()).build();
        Self { client: Client::from_conf(paced), caller }
    }
}

impl AccountAccess for SdkAccountAccess {
    fn applications(&self, cursor: Option<&str>) -> Result<AwsPage<String>, AwsError> {
        let operation = "ListApplications";
        let request = self.client.list_applications().set_next_token(cursor.map(str::to_owned));
        let page = self.caller.call(operation, request.send())?;
        let arn = |arn: String| named(operation, "applicationArn", arn);
        let items = page.applications.into_iter().map(|one| arn(one.application_arn));
        Ok(AwsPage { items: items.collect::<Result<_, _>>()?, next: page.next_token, operation })
    }

    fn application(&self, arn: &str) -> Result<Application, AwsError> {
        let request = self.client.get_application().application_arn(arn);
        let found = self.caller.call("GetApplication", request.send())?;
        let instance_arn = match found.identity_source {
            Some(IdentitySourceDetails::IdentityCenter(center)) => Some(center.instance_arn),
            _ => None,
        };
        Ok(Application {
            arn: arn.to_owned(),
            tenant: found.tenant_id,
            instance_arn,
            status: found.status.as_str().to_owned(),
            error: found.error.map(|error| format!("{}: {}", error.code.as_str(), error.message)),
        })
    }

    fn entitlements(
        &self,
        application: &str,
        filter: &EntitlementFilter,
        cursor: Option<&str>,
    ) -> Result<AwsPage<Entitlement>, AwsError> {
        let operation = "ListEntitlements";
        let request = self
            .client
            .list_entitlements()
            .application_arn(application)
            .filter(sdk_filter(filter))
            .set_next_token(cursor.map(str::to_owned));
        let page = self.caller.call(operation, request.send())?;
        let items = page.entitlements.into_iter().map(|one| listed(operation, one));
        Ok(AwsPage { items: items.collect::<Result<_, _>>()?, next: page.next_token, operation })
    }

    fn entitlement(&self, application: &str, id: &str) -> Result<Option<Entitlement>, AwsError> {
        let operation = "GetEntitlement";
        let request = self.client.get_entitlement().application_arn(application).entitlement_id(id);
        let found = match self.caller.call(operation, request.send()) {
            Ok(found) => found,
            Err(AwsError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        match found.entitlement {
            Some(EntitlementDetails::PrincipalRole(details)) => {
                let (role, principal) = (details.role_arn, details.principal);
                entitlement(operation, found.entitlement_id, role, principal).map(Some)
            }
            _ => Err(AwsError::Incomplete { operation, member: "principalRole" }),
        }
    }

    fn create(
        &self,
        application: &str,
        role_arn: &str,
        principal: &Principal,
    ) -> Result<RequestId, AwsError> {
        let operation = "CreateEntitlement";
        let principal = match principal.clone() {
            Principal::User(id) => IdentityCenterPrincipal::UserId(id),
            Principal::Group(id) => IdentityCenterPrincipal::GroupId(id),
        };
        let wanted = PrincipalRoleEntitlement::builder()
            .principal(SdkPrincipal::IdentityCenter(principal))
            .role_arn(role_arn)
            .build()
            .map_err(|_| AwsError::Incomplete { operation, member: "roleArn" })?;
        let request = self.client.create_entitlement().application_arn(application);
        let request = request.entitlement(SdkEntitlement::PrincipalRole(wanted));
        let done = self.caller.call(operation, request.send())?;
        Ok(done.request_id().map(str::to_owned))
    }

    fn delete(&self, application: &str, id: &str) -> Result<RequestId, AwsError> {
        let request = self.client.delete_entitlement().application_arn(application).entitlement_id(id);
        let done = self.caller.call("DeleteEntitlement", request.send())?;
        Ok(done.request_id().map(str::to_owned))
    }
}

fn sdk_filter(filter: &EntitlementFilter) -> SdkFilter {
    let criteria = PrincipalRoleEntitlementFilter::builder();
    let criteria = match filter {
        EntitlementFilter::Role(arn) => criteria.role_arn(arn),
        EntitlementFilter::Account(id) => criteria.account(id),
        EntitlementFilter::Of(principal) => {
            let principal = match principal.clone() {
                Principal::User(id) => IdentityCenterPrincipalFilter::UserId(id),
                Principal::Group(id) => IdentityCenterPrincipalFilter::GroupId(id),
            };
            criteria.principal(PrincipalFilter::IdentityCenter(principal))
        }
    };
    SdkFilter::builder().principal_role(criteria.build()).build()
}

fn listed(operation: &'static str, one: EntitlementsListMember) -> Result<Entitlement, AwsError> {
    match one.entitlement {
        Some(EntitlementSummary::PrincipalRole(summary)) => {
            entitlement(operation, one.entitlement_id, summary.role_arn, summary.principal)
        }
        _ => Err(AwsError::Incomplete { operation, member: "principalRole" }),
    }
}

fn entitlement(
    operation: &'static str,
    id: String,
    role_arn: String,
    principal: Option<SdkPrincipal>,
) -> Result<Entitlement, AwsError> {
    let principal = match principal {
        Some(SdkPrincipal::IdentityCenter(IdentityCenterPrincipal::UserId(id))) => Principal::User(id),
        Some(SdkPrincipal::IdentityCenter(IdentityCenterPrincipal::GroupId(id))) => Principal::Group(id),
        _ => return Err(AwsError::Incomplete { operation, member: "principal" }),
    };
    Ok(Entitlement {
        id: named(operation, "entitlementId", id)?,
        role_arn: named(operation, "roleArn", role_arn)?,
        principal,
    })
}

/// Refuses the empty text that the SDK puts in place of a required member that is missing.
fn named(operation: &'static str, member: &'static str, text: String) -> Result<String, AwsError> {
    if text.is_empty() { Err(AwsError::Incomplete { operation, member }) } else { Ok(text) }
}
