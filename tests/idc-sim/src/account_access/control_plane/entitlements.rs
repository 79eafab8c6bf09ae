//! Entitlements: a user or group and the ARN of a role. They never change.

use serde_json::{Value, json};

use super::shapes::{ACCOUNT, APPLICATION_ARN, PRINCIPAL_ID, ROLE_ARN};
use super::{Outcome, Request};
use crate::account_access::Entitlement;
use crate::account_access::refusal::Refusal;
use crate::account_access::settings::EntitlementCheck;
use crate::aws_json::Input;
use crate::clock::rfc3339;
use crate::directory::{Directory, PrincipalId};
use crate::iam::AccountAccessTrust;

/// Which entitlements a list has.
struct Filter {
    principal: Option<(Kind, String)>,
    role: Option<String>,
    account: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    User,
    Group,
}

pub(super) fn create(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["applicationArn", "entitlement"])?;
    let application = request.input.text("applicationArn", &APPLICATION_ARN)?;
    let entitlement = request.input.members("entitlement")?;
    entitlement.only(&["principalRole"])?;
    let wanted = entitlement.members("principalRole")?;
    wanted.only(&["principal", "roleArn"])?;
    let role = wanted.text("roleArn", &ROLE_ARN)?.to_owned();
    let (kind, id) = principal(&wanted.members("principal")?)?;
    if !request.application(application)?.is_ready(request.now) {
        return Err(Refusal::conflict("The application is not active"));
    }
    let principal = found(&request.state.directory, kind, &id)
        .ok_or_else(|| Refusal::not_found("The principal was not found in IAM Identity Center"))?;
    let is_same = |known: &&Entitlement| known.principal == principal && known.role_arn == role;
    if let Some(known) = request.state.account_access.current().find(is_same) {
        return Ok(Some(json!({ "entitlementId": known.id })));
    }
    check_role(request, &role)?;
    check_quota(request, &principal, &role)?;
    let made = request.state.account_access.entitle(principal, &role, request.now);
    Ok(Some(json!({ "entitlementId": made.id })))
}

/// Whether AWS looks at the role, and what it answers, is not established.
fn check_role(request: &mut Request<'_>, arn: &str) -> Result<(), Refusal> {
    let trust = request.state.directory.iam_role(arn).map(|role| role.account_access);
    // A wrong source account shows when the role is assumed, not before.
    let is_usable = matches!(trust, Some(AccountAccessTrust::Granted | AccountAccessTrust::WrongSource));
    let text =
        format!("The trust policy of the role {arn} does not allow account access manager to assume it");
    match request.sim.settings.account_access.entitlement_check {
        EntitlementCheck::None => Ok(()),
        _ if is_usable => Ok(()),
        EntitlementCheck::Validation => Err(Refusal::validation(text)),
        EntitlementCheck::AccessDenied => Err(Refusal::access_denied(text)),
    }
}

fn check_quota(request: &Request<'_>, principal: &PrincipalId, role: &str) -> Result<(), Refusal> {
    let most = request.sim.settings.account_access.groups_per_role;
    let is_group = |principal: &PrincipalId| matches!(principal, PrincipalId::Group(_));
    let known = request.state.account_access.current();
    let groups = known.filter(|known| known.role_arn == role && is_group(&known.principal)).count();
    if is_group(principal) && groups >= most {
        let text = format!("A role can have {most} groups");
        return Err(Refusal::named("ServiceQuotaExceededException", text));
    }
    Ok(())
}

pub(super) fn get(request: &mut Request<'_>) -> Outcome {
    let application = request.application_in_query()?;
    let id = &request.argument;
    let known = request.state.account_access.current().find(|known| known.id == *id);
    let known = known.ok_or_else(|| Refusal::not_found(format!("Entitlement {id} was not found")))?;
    let mut answer = item(&request.state.directory, known);
    answer["applicationArn"] = application.into();
    Ok(Some(answer))
}

pub(super) fn list(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["applicationArn", "filter", "nextToken", "maxResults"])?;
    let application = request.input.text("applicationArn", &APPLICATION_ARN)?.to_owned();
    let filter = filter(&request.input.members("filter")?)?;
    request.application(&application)?;
    let state = &request.state;
    let mut known: Vec<&Entitlement> =
        state.account_access.current().filter(|known| filter.lets_through(known)).collect();
    known.sort_by(|one, other| one.id.cmp(&other.id));
    let items = known.into_iter().map(|known| item(&state.directory, known)).collect();
    let filter = format!("{:?}", request.input.members("filter")?);
    request.page("entitlements", &filter, items)
}

/// Once more is no error.
pub(super) fn delete(request: &mut Request<'_>) -> Outcome {
    request.application_in_query()?;
    let (id, now) = (request.argument.clone(), request.now);
    if request.state.account_access.entitlements.iter().all(|known| known.id != id) {
        return Err(Refusal::not_found(format!("Entitlement {id} was not found")));
    }
    request.state.account_access.withdraw(now, |known| known.id == id);
    Ok(None)
}

impl Filter {
    fn lets_through(&self, known: &Entitlement) -> bool {
        let principal = match &known.principal {
            PrincipalId::User(id) => (Kind::User, id.as_str()),
            PrincipalId::Group(id) => (Kind::Group, id.as_str()),
        };
        self.principal.as_ref().is_none_or(|(kind, id)| (*kind, id.as_str()) == principal)
            && self.role.as_ref().is_none_or(|arn| *arn == known.role_arn)
            && self.account.as_ref().is_none_or(|account| account == account_of(&known.role_arn))
    }
}

/// A filter that filters nothing is refused (vouch-sh/vouch#902).
fn filter(input: &Input) -> Result<Filter, Refusal> {
    input.only(&["principalRole"])?;
    let empty = || Refusal::validation("The filter must have at least one criterion");
    let wanted = input.optional_members("principalRole")?.ok_or_else(empty)?;
    wanted.only(&["principal", "roleArn", "account"])?;
    let filter = Filter {
        principal: wanted.optional_members("principal")?.map(|input| principal(&input)).transpose()?,
        role: wanted.optional_text("roleArn", &ROLE_ARN)?.map(str::to_owned),
        account: wanted.optional_text("account", &ACCOUNT)?.map(str::to_owned),
    };
    if filter.principal.is_none() && filter.role.is_none() && filter.account.is_none() {
        return Err(empty());
    }
    Ok(filter)
}

/// Reads `{"identityCenter": {"userId"}}` or the same with `groupId`: unions, with one member each.
fn principal(input: &Input) -> Result<(Kind, String), Refusal> {
    input.only(&["identityCenter"])?;
    let center = input.members("identityCenter")?;
    center.only(&["userId", "groupId"])?;
    let user = center.optional_text("userId", &PRINCIPAL_ID)?;
    match (user, center.optional_text("groupId", &PRINCIPAL_ID)?) {
        (Some(user), None) => Ok((Kind::User, user.to_owned())),
        (None, Some(group)) => Ok((Kind::Group, group.to_owned())),
        _ => Err(Refusal::validation("A principal is either a user or a group")),
    }
}

fn found(directory: &Directory, kind: Kind, id: &str) -> Option<PrincipalId> {
    match kind {
        Kind::User => directory.store.user(id).map(|user| PrincipalId::User(user.id.clone())),
        Kind::Group => directory.store.group(id).map(|group| PrincipalId::Group(group.id.clone())),
    }
}

fn item(directory: &Directory, known: &Entitlement) -> Value {
    let principal = match &known.principal {
        PrincipalId::User(id) => json!({ "userId": id.as_str() }),
        PrincipalId::Group(id) => json!({ "groupId": id.as_str() }),
    };
    let account = account_of(&known.role_arn);
    let mut details = json!({
        "principal": { "identityCenter": principal },
        "roleArn": known.role_arn,
        "account": account,
    });
    if let Some(account) = directory.accounts.iter().find(|one| one.id == account) {
        details["accountName"] = account.name.as_str().into();
    }
    json!({
        "entitlementId": known.id,
        "entitlement": { "principalRole": details },
        "createdAt": rfc3339(known.created),
    })
}

fn account_of(role_arn: &str) -> &str {
    role_arn.split(':').nth(4).unwrap_or_default()
}
