//! Finds the application of account access manager that belongs to an instance.

use crate::access::requests::Requests;
use crate::ports::account_access::{AccountAccess, Application};
use crate::ports::aws_call::AwsError;

const ACTIVE: &str = "ACTIVE";

#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplicationError {
    #[error(transparent)]
    Aws(#[from] AwsError),
    #[error("account access manager is not set up for this instance")]
    NotSetUp { instance_arn: String },
    #[error("the application of account access manager is {status}")]
    NotActive { status: String, reason: Option<String> },
    #[error("{count} applications of account access manager belong to this instance")]
    Several { count: usize },
}

/// Returns the application of an instance in this Region; `None` if there is none.
///
/// AWS allows one per organization, so that none has to be named in the access file.
pub(crate) fn find(
    service: &dyn AccountAccess,
    requests: &Requests<'_>,
    instance_arn: &str,
) -> Result<Option<Application>, ApplicationError> {
    let mut found = Vec::new();
    for arn in requests.pages(|cursor| service.applications(cursor))? {
        let application = requests.ask(|| service.application(&arn))?;
        if application.instance_arn.as_deref() == Some(instance_arn) {
            found.push(application);
        }
    }
    match (found.pop(), found.len()) {
        (None, _) => Ok(None),
        (Some(_), more @ 1..) => Err(ApplicationError::Several { count: more + 1 }),
        (Some(one), 0) if one.status == ACTIVE => Ok(Some(one)),
        (Some(Application { status, error, .. }), 0) => {
            Err(ApplicationError::NotActive { status, reason: error })
        }
    }
}

/// The same, where there must be one.
pub(crate) fn required(
    service: &dyn AccountAccess,
    requests: &Requests<'_>,
    instance_arn: &str,
) -> Result<Application, ApplicationError> {
    let missing = || ApplicationError::NotSetUp { instance_arn: instance_arn.to_owned() };
    find(service, requests, instance_arn)?.ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use kcaws::ports::clock::FakeClock;

    use super::*;
    use crate::ports::account_access::fake::{APPLICATION, FakeAccountAccess, INSTANCE};

    #[test]
    fn the_application_is_that_of_the_instance_and_active() {
        let clock = FakeClock::at("2026-11-29T08:00:00Z");
        let requests = Requests::new(&clock, 100.0);
        let service = FakeAccountAccess::new();
        let found = || required(&service, &requests, INSTANCE);
        assert_eq!(found().expect("is there").arn, APPLICATION);
        let own = service.state().applications[0].clone();
        let other = Application {
            arn: format!("{APPLICATION}0"),
            instance_arn: Some("arn:aws:sso:::instance/ssoins-fedcba0987654321".to_owned()),
            ..own.clone()
        };
        service.state().applications.push(other.clone());
        assert_eq!(found().expect("the right one").arn, APPLICATION);
        service.state().applications = vec![other];
        assert!(matches!(found(), Err(ApplicationError::NotSetUp { .. })));
        service.state().applications =
            vec![own.clone(), Application { arn: format!("{APPLICATION}1"), ..own.clone() }];
        assert!(matches!(found(), Err(ApplicationError::Several { count: 2 })));
        service.state().applications = vec![Application { status: "CREATE_FAILED".to_owned(), ..own }];
        assert!(
            matches!(found(), Err(ApplicationError::NotActive { status, .. }) if status == "CREATE_FAILED")
        );
    }
}
