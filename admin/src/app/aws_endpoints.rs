//! The variables by which AWS's SDK finds other endpoints for the services of administrators.
//!
//! The SDK reads them itself, and takes one that it cannot use for a network that fails.

use kcaws::platform::env::Env;
use kcaws::ports::identity_center::{EndpointError, Origin, Override};

/// STS and IAM are not among them: their clients check them.
const VARIABLES: [&str; 5] = [
    "AWS_ENDPOINT_URL_SSO_ADMIN",
    "AWS_ENDPOINT_URL_IDENTITYSTORE",
    "AWS_ENDPOINT_URL_ORGANIZATIONS",
    "AWS_ENDPOINT_URL_ACCOUNT_ACCESS",
    "AWS_ENDPOINT_URL",
];

/// Returns an error if one of them is not an endpoint for signed requests.
pub(super) fn check(env: &Env) -> Result<(), EndpointError> {
    if env.is_on("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") {
        return Ok(());
    }
    for variable in VARIABLES {
        if let Some(url) = env.get(variable) {
            Origin::of_signin("", Some(&Override { setting: variable.to_owned(), url }))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_that_cannot_be_used_is_found_before_a_request() {
        let checked = |variable: &str, url: &str| check(&Env::from_pairs(&[(variable, url)]));
        for variable in VARIABLES {
            let unusable = checked(variable, "nonsense").expect_err("is no URL");
            assert!(unusable.to_string().contains(variable), "{unusable}");
            let plain = checked(variable, "http://example.com");
            assert!(matches!(plain, Err(EndpointError::PlainHttp { .. })), "{plain:?}");
            assert!(checked(variable, "http://127.0.0.1:9").is_ok());
            assert!(checked(variable, "https://vpce.example.com").is_ok());
        }
        let ignored = [("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"), (VARIABLES[0], "nonsense")];
        assert!(check(&Env::from_pairs(&ignored)).is_ok());
    }
}
