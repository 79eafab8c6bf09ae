//! Builds the console's URLs; pure.

pub mod arn;
pub mod destination;
pub mod partition;
pub mod regions;
pub mod services;

use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub use self::destination::Destination;
pub use self::partition::Partition;
pub use crate::ports::identity_center::is_region;
use crate::profile::Role;
use crate::secret::Secret;

/// A way to sign in to the console.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Via {
    /// Role credentials are exchanged for a sign-in URL, valid for 15 minutes.
    #[default]
    Federation,
    /// A link to the access portal, at which the browser is or gets signed in. It contains no secret.
    Portal,
}

impl Via {
    pub const NAMES: &'static str = "federation, portal";

    pub fn name(self) -> &'static str {
        match self {
            Self::Federation => "federation",
            Self::Portal => "portal",
        }
    }
}

impl FromStr for Via {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Federation, Self::Portal].into_iter().find(|via| via.name() == text).ok_or(())
    }
}

/// Returns the sign-in URL for the browser, which is valid for 15 minutes and signs in anyone who has it.
///
/// `issuer` is where AWS redirects to when the console session has expired: the portal.
pub fn login_url(signin: &str, issuer: &str, destination: &str, token: &Secret<String>) -> Secret<String> {
    let query = url::form_urlencoded::Serializer::new(String::with_capacity(4 * 1024))
        .append_pair("Action", "login")
        .append_pair("Issuer", issuer)
        .append_pair("Destination", destination)
        .append_pair("SigninToken", token.expose())
        .finish();
    Secret::new(format!("{signin}/federation?{query}"))
}

/// Returns a URL that ends all console sessions of the browser and continues with `login`.
///
/// Only the sign-in host of us-east-1 follows the redirect, and not everywhere ([`Partition::logout_origin`]).
pub fn logout_first(logout: &str, login: &Secret<String>) -> Secret<String> {
    let query = url::form_urlencoded::Serializer::new(String::with_capacity(8 * 1024))
        .append_pair("Action", "logout")
        .append_pair("redirect_uri", login.expose())
        .finish();
    Secret::new(format!("{logout}/oauth?{query}"))
}

/// Everything except what RFC 3986 section 2.3 does not encode.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Returns a shortcut link of the access portal (IAM Identity Center user guide, "Creating shortcut links").
///
/// `start_url` is that of an AWS portal, such as `https://d-1234567890.awsapps.com/start` or
/// `https://ssoins-1234567890abcdef.portal.eu-central-1.app.aws`.
pub fn portal_link(start_url: &str, role: &Role, destination: &str) -> String {
    // `/start`, `/start/`, `/start#` and `/start/#/` are the same page.
    let portal = start_url.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let [account, role, destination] = [role.account_id.as_str(), role.role_name.name(), destination]
        .map(|text| utf8_percent_encode(text, COMPONENT));
    format!("{portal}/#/console?account_id={account}&role_name={role}&destination={destination}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_url_is_encoded() {
        let url =
            login_url("https://s", "https://d-1.awsapps.com/start/#/", "https://c/?a=b&c=d", &"t/+=".into());
        assert_eq!(
            url.expose(),
            "https://s/federation?Action=login&Issuer=https%3A%2F%2Fd-1.awsapps.com%2Fstart%2F%23%2F\
             &Destination=https%3A%2F%2Fc%2F%3Fa%3Db%26c%3Dd&SigninToken=t%2F%2B%3D"
        );
        assert_eq!(
            logout_first("https://l", &"https://s/federation?Action=login&SigninToken=a%2Fb".into()).expose(),
            "https://l/oauth?Action=logout\
             &redirect_uri=https%3A%2F%2Fs%2Ffederation%3FAction%3Dlogin%26SigninToken%3Da%252Fb"
        );
    }

    #[test]
    fn every_form_of_a_start_url_has_its_deep_link() {
        let role = Role { account_id: "011122223333".to_owned(), role_name: "Power User+@x".into() };
        let link = |start_url: &str| portal_link(start_url, &role, "https://c/?a=b#/c d");
        let rest = "/#/console?account_id=011122223333&role_name=Power%20User%2B%40x\
                    &destination=https%3A%2F%2Fc%2F%3Fa%3Db%23%2Fc%20d";
        let old = "https://d-1234567890.awsapps.com/start";
        for written in
            [old.to_owned(), format!("{old}/"), format!("{old}#"), format!("{old}/#/"), format!("{old}?x=y")]
        {
            assert_eq!(link(&written), format!("{old}{rest}"));
        }
        let new = "https://ssoins-1234567890abcdef.portal.eu-central-1.app.aws";
        assert_eq!(link(new), format!("{new}{rest}"));
        assert_eq!(link(&format!("{new}/")), format!("{new}{rest}"));
    }

    #[test]
    fn ways_go_by_their_names() {
        for name in Via::NAMES.split(", ") {
            assert_eq!(name.parse::<Via>().expect("known").name(), name);
        }
        assert!("saml".parse::<Via>().is_err());
    }
}
