//! The values of a file of settings: each is checked where it is read, in every file.
//!
//! Later, when one decides something, no one could tell any more where it came from.

use std::str::FromStr;

use toml::Value;
use url::Url;

use super::error::SettingsError;
use super::layer::{Layer, LayerKind, Leaf};
use super::schema::File;
use super::team::is_scope;
use super::{FLOWS, FlowChoice, STORES};
use crate::console::Via;
use crate::console::regions::{self, NotARegion};
use crate::ports::identity_center::loopback_or_https;
use crate::profile::draft::is_plain_name;
use crate::profile::naming::Template;
use crate::session::account_access::AccountAccessSetting;
use crate::session::start_url;
use crate::session::store_selection::StorePreference;

/// Those of the AWS CLI, which refuses any other (`aws help`, `--output`).
const OUTPUTS: [&str; 6] = ["json", "text", "table", "yaml", "yaml-stream", "off"];
const KNOWN_OUTPUTS: &str = "json, text, table, yaml, yaml-stream, off";

pub(super) fn check(layer: &Layer, file: &File) -> Result<(), SettingsError> {
    for (name, table) in &file.sessions {
        // The user's own file may be about a session that another program wrote to `~/.aws/config`.
        let is_written = layer.kind != LayerKind::User || table.start_url.is_some();
        if is_written && (!is_plain_name(name) || name.starts_with('-')) {
            return Err(SettingsError::Invalid {
                place: layer.place(&["sessions", name]),
                key: format!("sessions.{name}"),
                why: "is not a valid session name".to_owned(),
            });
        }
    }
    layer.leaves.iter().try_for_each(|leaf| {
        let place = || format!("{}:{}", layer.path.display(), leaf.line);
        of_leaf(leaf, &place)
    })
}

fn of_leaf(leaf: &Leaf, place: &dyn Fn() -> String) -> Result<(), SettingsError> {
    let key: Vec<&str> = leaf.key.iter().map(String::as_str).collect();
    let Some(text) = leaf.value.as_str() else {
        return if matches!(key[..], ["sessions", _, "scopes"]) { of_scopes(leaf, place) } else { Ok(()) };
    };
    match key[..] {
        ["flow"] | ["sessions", _, "flow"] => one_of(is::<FlowChoice>(text), leaf, FLOWS, place),
        ["keyring"] => one_of(is::<StorePreference>(text), leaf, STORES, place),
        ["console-via"] => one_of(is::<Via>(text), leaf, Via::NAMES, place),
        ["sessions", _, "start_url"] => match start_url::cleaned(text) {
            Ok(_) => Ok(()),
            Err(error) => Err(invalid(leaf, format!("is not a start URL: {error}"), place)),
        },
        ["sessions", _, "region"] => {
            regions::parse(text).map(|_| ()).map_err(|error| bad_region(leaf, error, place))
        }
        ["sessions", session, "idp_url"] if !is_idp_url(text) => {
            Err(SettingsError::BadIdpUrl { session: session.to_owned(), place: place() })
        }
        ["sessions", session, "account_access"] if AccountAccessSetting::parse(text).is_none() => {
            Err(SettingsError::BadAccountAccess { session: session.to_owned(), place: place() })
        }
        ["profiles", ref key @ ..] | ["sessions", _, "profiles", ref key @ ..] => {
            of_profiles(key, leaf, text, place)
        }
        _ => Ok(()),
    }
}

fn of_profiles(
    key: &[&str],
    leaf: &Leaf,
    text: &str,
    place: &dyn Fn() -> String,
) -> Result<(), SettingsError> {
    match key {
        ["name"] => match Template::parse(text) {
            Ok(_) => Ok(()),
            Err(error) => Err(invalid(leaf, format!("is not a template: {error}"), place)),
        },
        ["output"] => one_of(OUTPUTS.contains(&text), leaf, KNOWN_OUTPUTS, place),
        ["region"] | ["accounts" | "roles", _, "region"] => {
            // A service that imitates one of AWS has Regions of other names.
            regions::misspelled(text).map_or(Ok(()), |error| Err(bad_region(leaf, error, place)))
        }
        _ => Ok(()),
    }
}

fn bad_region(leaf: &Leaf, error: NotARegion, place: &dyn Fn() -> String) -> SettingsError {
    SettingsError::BadRegion { place: place(), key: leaf.key.join("."), error }
}

fn of_scopes(leaf: &Leaf, place: &dyn Fn() -> String) -> Result<(), SettingsError> {
    let scopes = leaf.value.as_array().into_iter().flatten().filter_map(Value::as_str);
    match scopes.into_iter().find(|scope| !is_scope(scope)) {
        None => Ok(()),
        Some(wrong) => Err(invalid(leaf, format!("has an invalid scope `{wrong}`"), place)),
    }
}

fn invalid(leaf: &Leaf, why: String, place: &dyn Fn() -> String) -> SettingsError {
    SettingsError::Invalid { place: place(), key: leaf.key.join("."), why }
}

/// Checks a value of which there are few.
fn one_of(
    is_one: bool,
    leaf: &Leaf,
    known: &'static str,
    place: &dyn Fn() -> String,
) -> Result<(), SettingsError> {
    if is_one {
        return Ok(());
    }
    let setting = format!("`{}` in {}", leaf.key.join("."), place());
    let value = leaf.value.as_str().unwrap_or_default().to_owned();
    Err(SettingsError::BadValue { setting, value, known })
}

fn is<T: FromStr<Err = ()>>(text: &str) -> bool {
    text.parse::<T>().is_ok()
}

fn is_idp_url(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| loopback_or_https(&url) && url.has_host())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn error(kind: LayerKind, text: &str) -> Option<String> {
        Layer::parse(kind, Path::new("/c"), text.as_bytes()).err().map(|error| error.to_string())
    }

    #[test]
    fn a_wrong_value_is_refused_in_every_file_with_its_line() {
        for (text, expected) in [
            ("\nflow = \"devise\"\n", "`flow` in /c:2 cannot be `devise`"),
            ("console-via = \"saml\"\n", "`console-via` in /c:1 cannot be `saml`"),
            ("[profiles]\nname = \"{rolle}\"\n", "/c:2: `profiles.name` is not a template"),
            ("[profiles]\noutput = \"jsno\"\n", "`profiles.output` in /c:2 cannot be `jsno`"),
            ("[profiles]\noutput = \"json\\n[profile x]\"\n", "`profiles.output` in /c:2 cannot be"),
            (
                "[profiles]\nregion = \"eu-centrl-1a\"\n",
                "/c:2: `profiles.region` is not a region: `eu-centrl-1a`",
            ),
            (
                "[profiles.accounts.1111-2222-3333]\nalias = \"a\"\nregion = \"us-est-1\"\n",
                "/c:3: `profiles.accounts.111122223333.region` is not a region: `us-est-1`",
            ),
            ("[profiles.roles.Admin]\nregion = \"us-est-1\"\n", "/c:2: `profiles.roles.Admin.region`"),
            ("[sessions.corp]\nflow = \"pkse\"\n", "`sessions.corp.flow` in /c:2 cannot be `pkse`"),
            ("[sessions.corp]\nstart_url = \"http://x\"\n", "/c:2: `sessions.corp.start_url` is not"),
            ("[sessions.corp]\nregion = \"nope\"\n", "/c:2: `sessions.corp.region` is not a region: `nope`"),
            (
                "[sessions.corp]\nscopes = [\"sso:account:access\", \"a b\"]\n",
                "/c:2: `sessions.corp.scopes` has an invalid scope `a b`",
            ),
            ("[sessions.corp]\n\nidp_url = \"http://sso.example.com\"\n", "in /c:3 is not an https URL"),
            ("[sessions.corp]\naccount_access = \"x.example\"\n", "in /c:2 names no tenant"),
            (
                "[sessions.corp.profiles]\nname = \"{rolle}\"\n",
                "/c:2: `sessions.corp.profiles.name` is not a template",
            ),
            (
                "[sessions.corp.profiles.roles.A]\nregion = \"us-est-1\"\n",
                "/c:2: `sessions.corp.profiles.roles.A.region`",
            ),
            (
                "\n[sessions.\"a b\"]\nstart_url = \"https://corp.awsapps.com/start\"\n",
                "/c:2: `sessions.a b` is not a valid session name",
            ),
        ] {
            for kind in [LayerKind::System, LayerKind::Team("https://x/".to_owned()), LayerKind::User] {
                let error = error(kind, text).unwrap_or_default();
                assert!(error.contains(expected), "{text}: {error}");
            }
        }
    }

    #[test]
    fn only_the_users_own_file_is_about_a_session_that_kcaws_could_not_have_written() {
        let text = "[sessions.\"a b\"]\nbrowser = \"edge\"\n";
        assert_eq!(error(LayerKind::User, text), None);
        assert!(error(LayerKind::System, text).is_some_and(|error| error.contains("session name")));
    }

    #[test]
    fn a_region_of_a_profile_may_be_of_another_cloud_and_that_of_identity_center_may_not() {
        for region in ["RegionOne", "local", "eu-north-9"] {
            assert_eq!(error(LayerKind::User, &format!("[profiles]\nregion = \"{region}\"\n")), None);
        }
        let session = error(LayerKind::User, "[sessions.corp]\nregion = \"RegionOne\"\n");
        assert!(session.is_some_and(|error| error.contains("is not a region")));
    }

    #[test]
    fn what_a_tool_understands_is_accepted() {
        for output in OUTPUTS {
            assert_eq!(error(LayerKind::User, &format!("[profiles]\noutput = \"{output}\"\n")), None);
            assert!(KNOWN_OUTPUTS.split(", ").any(|known| known == output));
        }
    }
}
