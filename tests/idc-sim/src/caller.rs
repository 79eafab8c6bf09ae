//! Who signed a request, and what they may call: sessions of roles, and IAM users with an access key of their own.

use crate::call::Call;
use crate::hosts::{self, Partition};
use crate::secret;
use crate::sigv4::{Authorization, SignatureError};
use crate::state::{RoleCredentials, Sim};

/// An IAM user with one access key.
#[derive(Clone, Debug)]
pub(crate) struct IamUser {
    pub(crate) account: String,
    /// `AIDA…`.
    id: String,
    secret_access_key: String,
    rights: Rights,
}

/// The operations that an identity may call.
#[derive(Clone, Debug)]
pub(crate) enum Rights {
    Everything,
    /// IAM actions such as `sso:ListInstances`; a star matches any characters.
    Only(Vec<String>),
}

/// An access key that was made for a test.
#[derive(Clone)]
pub struct AccessKey {
    /// `AKIA…`.
    pub id: String,
    /// 40 characters.
    pub secret: String,
    /// The ARN of its user.
    pub user_arn: String,
}

/// Who signed a request.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) account: String,
    pub(crate) arn: String,
    /// As `GetCallerIdentity` shows it.
    pub(crate) user_id: String,
    /// The region in the signature's scope.
    pub(crate) region: String,
    pub(crate) rights: Rights,
    /// `None`: an IAM user.
    pub(crate) session: Option<RoleCredentials>,
}

/// Why it is not known who signed a request.
#[derive(Clone, Debug)]
pub(crate) enum Unauthenticated {
    Signature(SignatureError),
    UnknownKey,
    Expired,
    /// The signature is for another service or region.
    Scope(String),
}

impl From<SignatureError> for Unauthenticated {
    fn from(error: SignatureError) -> Self {
        Self::Signature(error)
    }
}

impl Rights {
    pub(crate) fn allow(&self, action: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Only(actions) => actions.iter().any(|known| matches_pattern(known, action)),
        }
    }
}

/// What IAM answers to an action that no policy allows.
pub(crate) fn no_policy_allows(arn: &str, action: &str, resource: &str) -> String {
    format!(
        "User: {arn} is not authorized to perform: {action} on resource: {resource} because no identity-based policy \
         allows the {action} action"
    )
}

/// Whether an IAM action pattern covers an action; upper and lower case are the same.
fn matches_pattern(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| action.strip_prefix(first)) else { return false };
    let Some(last) = pattern.contains('*').then(|| parts.next_back()).flatten() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

impl Sim {
    /// Makes an IAM user in `account` with an access key that may call `actions` and nothing else.
    pub(crate) fn add_access_key(&self, account: &str, rights: Rights) -> AccessKey {
        let (id, secret_access_key) = (secret::long_term_key_id(), secret::secret_access_key());
        let user = IamUser {
            account: account.to_owned(),
            id: secret::user_id(),
            secret_access_key: secret_access_key.clone(),
            rights,
        };
        let user_arn = user.arn(&self.settings.region);
        self.state().iam_users.insert(id.clone(), user);
        AccessKey { id, secret: secret_access_key, user_arn }
    }

    /// Checks the signature of a request to the service that signatures call `service`.
    pub(crate) fn authenticate(&self, call: &Call, service: &str) -> Result<Caller, Unauthenticated> {
        let authorization = Authorization::of(call)?;
        let state = self.state();
        if let Some(user) = state.iam_users.get(&authorization.access_key_id).cloned() {
            drop(state);
            self.verify(call, service, &authorization, &user.secret_access_key)?;
            return Ok(Caller {
                arn: user.arn(&self.settings.region),
                account: user.account,
                user_id: user.id,
                region: authorization.region,
                rights: user.rights,
                session: None,
            });
        }
        let session = state.role_credentials.get(&authorization.access_key_id).cloned();
        drop(state);
        let session = session.ok_or(Unauthenticated::UnknownKey)?;
        self.verify(call, service, &authorization, &session.secret_access_key)?;
        if call.header("x-amz-security-token") != Some(&session.session_token) {
            return Err(Unauthenticated::UnknownKey);
        }
        if session.expires <= self.now() {
            return Err(Unauthenticated::Expired);
        }
        Ok(Caller {
            account: session.account.clone(),
            arn: session_arn(&session, &self.settings.region),
            user_id: format!("{}:{}", session.role_id, session.user),
            region: authorization.region,
            rights: Rights::Everything,
            session: Some(session),
        })
    }

    fn verify(
        &self,
        call: &Call,
        service: &str,
        authorization: &Authorization,
        secret_access_key: &str,
    ) -> Result<(), Unauthenticated> {
        check_scope(call, service, authorization)?;
        authorization.verify(call, secret_access_key, self.now(), self.settings.signature_skew)?;
        Ok(())
    }
}

/// Checks service and region of a signature. At its own host a service insists on its region; at the plain entry any
/// region will do.
fn check_scope(call: &Call, service: &str, authorization: &Authorization) -> Result<(), Unauthenticated> {
    if authorization.service != service {
        let text = format!("Credential should be scoped to correct service: '{service}'.");
        return Err(Unauthenticated::Scope(text));
    }
    let fits = match call.service {
        Some(_) => authorization.region == call.region,
        None => hosts::is_region(&authorization.region),
    };
    let text = "Credential should be scoped to a valid region.";
    if fits { Ok(()) } else { Err(Unauthenticated::Scope(text.to_owned())) }
}

impl IamUser {
    fn arn(&self, region: &str) -> String {
        format!("arn:{}:iam::{}:user/{}", Partition::of_region(region).id, self.account, self.id)
    }
}

/// `arn:aws:sts::<account>:assumed-role/<role name>/<session name>`: STS leaves the role's path out.
pub(crate) fn session_arn(session: &RoleCredentials, region: &str) -> String {
    let RoleCredentials { account, role_name, user, .. } = session;
    format!("arn:{}:sts::{account}:assumed-role/{role_name}/{user}", Partition::of_region(region).id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_match_as_in_iam() {
        for (pattern, action, expected) in [
            ("sso:ListInstances", "sso:ListInstances", true),
            ("sso:listinstances", "sso:ListInstances", true),
            ("sso:ListInstances", "sso:ListInstancesAll", false),
            ("sso:List*", "sso:ListInstances", true),
            ("sso:List*", "sso:DescribeInstance", false),
            ("sso:*Policy*", "sso:AttachManagedPolicyToPermissionSet", true),
            ("*", "organizations:ListRoots", true),
            ("sso:*", "organizations:ListRoots", false),
        ] {
            assert_eq!(matches_pattern(pattern, action), expected, "{pattern} {action}");
        }
    }
}
