//! Finds the instance that the access file names, and how its account may administer it.

use crate::access_file::{IdentityCenterSettings, InstanceId};
use crate::ports::aws_call::AwsError;
use crate::ports::organizations::Organizations;
use crate::ports::sso_admin::{Instance, SsoAdmin};

/// The account in which kcaws admin acts, as Identity Center sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// May do everything.
    ManagementAccount,
    /// May do everything but what concerns the management account.
    DelegatedAdministrator,
    /// An instance of an account alone, outside an organization.
    AccountInstance,
    /// Another account: it sees the instance and may not administer it.
    Member,
}

/// The credentials see no such instance.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InstanceError {
    #[error(transparent)]
    Aws(#[from] AwsError),
    #[error("these credentials do not see the instance {wanted}")]
    NotSeen { wanted: InstanceId, seen: Vec<String> },
}

/// Returns the instance of the access file; any other is refused.
pub(crate) fn find(
    settings: &IdentityCenterSettings,
    service: &dyn SsoAdmin,
) -> Result<Instance, InstanceError> {
    let seen = service.instances()?;
    if let Some(found) = seen.iter().find(|arn| settings.instance.is_of(arn)) {
        return Ok(service.instance(found)?);
    }
    Err(InstanceError::NotSeen { wanted: settings.instance.clone(), seen })
}

/// Returns what the account of the credentials is to the instance.
pub(crate) fn standing(
    account: &str,
    instance: &Instance,
    organizations: &dyn Organizations,
) -> Result<Standing, AwsError> {
    let organization = match organizations.organization() {
        Ok(organization) => organization,
        // AWSOrganizationsNotInUseException.
        Err(AwsError::Refused { .. }) => return Ok(Standing::AccountInstance),
        Err(error) => return Err(error),
    };
    if account == organization.management_account {
        return Ok(Standing::ManagementAccount);
    }
    if instance.owner_account.as_deref() == Some(account) {
        return Ok(Standing::AccountInstance);
    }
    let administrators = organizations.delegated_administrators()?;
    let is_delegated = administrators.iter().any(|administrator| administrator == account);
    Ok(if is_delegated { Standing::DelegatedAdministrator } else { Standing::Member })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::organizations::fake::FakeOrganizations;
    use crate::ports::sso_admin::fake::FakeSsoAdmin;

    const ARN: &str = "arn:aws:sso:::instance/ssoins-1234567890abcdef";

    fn instance(arn: &str, owner: &str) -> Instance {
        Instance {
            arn: arn.to_owned(),
            identity_store_id: "d-1234567890".to_owned(),
            owner_account: Some(owner.to_owned()),
            name: None,
            status: Some("ACTIVE".to_owned()),
            primary_region: None,
            permission_sets_enabled: Some(true),
        }
    }

    fn settings() -> IdentityCenterSettings {
        IdentityCenterSettings {
            region: "eu-central-1".to_owned(),
            instance: InstanceId::parse(ARN).expect("an instance"),
            scim_endpoint: None,
            profile: None,
        }
    }

    #[test]
    fn any_other_instance_is_refused() {
        let other = "arn:aws:sso:::instance/ssoins-fedcba0987654321";
        let service = FakeSsoAdmin { instances: vec![instance(other, "1"), instance(ARN, "1")] };
        assert_eq!(find(&settings(), &service).expect("found").arn, ARN);
        let service = FakeSsoAdmin { instances: vec![instance(other, "1")] };
        let error = find(&settings(), &service).expect_err("another");
        assert!(matches!(error, InstanceError::NotSeen { seen, .. } if seen == [other]));
    }

    #[test]
    fn the_account_decides_what_may_be_administered() {
        let of = |account: &str, owner: &str, management: Option<&str>| {
            let organizations = FakeOrganizations {
                management: management.map(str::to_owned),
                delegated: vec!["222233334444".to_owned()],
                ..FakeOrganizations::default()
            };
            standing(account, &instance(ARN, owner), &organizations).expect("answers")
        };
        assert_eq!(of("111122223333", "111122223333", Some("111122223333")), Standing::ManagementAccount);
        assert_eq!(
            of("222233334444", "111122223333", Some("111122223333")),
            Standing::DelegatedAdministrator
        );
        assert_eq!(of("333344445555", "111122223333", Some("111122223333")), Standing::Member);
        assert_eq!(of("333344445555", "333344445555", Some("111122223333")), Standing::AccountInstance);
        assert_eq!(of("333344445555", "333344445555", None), Standing::AccountInstance);
    }
}
