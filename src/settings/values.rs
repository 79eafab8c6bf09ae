//! The values of a file of settings: each is checked where it is read, in every file.
//!
//! Later, when one decides something, no one could tell any more where it came from.

use std::str::FromStr;

use toml::Value;
use url::Url;

use super::error::SettingsError;
use super::layer::{Layer, LayerKind, Leaf};
use super::schema::{File, SessionTable};
use super::team::{self, is_scope};
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
        of_session(name, table, layer)?;
    }
    for (at, pin) in file.team.iter().enumerate() {
        team::address(pin.url.expose()).map_err(|error| SettingsError::Invalid {
            place: layer.place(&["team", &at.to_string()]),
            key: "team.url".to_owned(),
            why: format!("cannot be used: {error}"),
        })?;
    }
    layer.leaves.iter().try_for_each(|leaf| {
        let place = || format!("{}:{}", layer.path.display(), leaf.line);
        of_leaf(leaf, &place)
    })
}

/// Checks a session's name, and that its Region is the one that its start URL names.
fn of_session(name: &str, table: &SessionTable, layer: &Layer) -> Result<(), SettingsError> {
    let refused = |key: &[&str], why: String| {
        let key = [&["sessions", name], key].concat();
        Err(SettingsError::Invalid { place: layer.place(&key), key: key.join("."), why })
    };
    // The user's own file may be about a session that another program wrote to `~/.aws/config`.
    let is_written = layer.kind != LayerKind::User || table.start_url.is_some();
    if is_written && (!is_plain_name(name) || name.starts_with('-')) {
        return refused(&[], "is not a valid session name".to_owned());
    }
    match (table.start_url.as_deref().and_then(start_url::region_of), &table.region) {
        (Some(in_url), Some(region)) if in_url != *region => {
            refused(&["region"], format!("is not the region in the start URL, {in_url}"))
        }
        _ => Ok(()),
    }
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
            let error = match regions::parse(text) {
                Ok(region) if region == text => return Ok(()),
                Ok(_) => NotARegion { given: text.to_owned(), near: regions::near(text) },
                Err(error) => error,
            };
            Err(bad_region(leaf, error, place))
        }
        ["sessions", session, "idp_url"] => of_idp_url(text, session, leaf, place),
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
            regions::check_of_profile(text).map_err(|error| bad_region(leaf, error, place))
        }
        _ => Ok(()),
    }
}

fn bad_region(leaf: &Leaf, error: NotARegion, place: &dyn Fn() -> String) -> SettingsError {
    SettingsError::BadRegion { place: place(), key: leaf.key.join("."), error }
}

fn of_scopes(leaf: &Leaf, place: &dyn Fn() -> String) -> Result<(), SettingsError> {
    let scopes: Vec<&str> = leaf.value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if scopes.is_empty() {
        return Err(invalid(leaf, "has no scope".to_owned(), place));
    }
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

/// Checks the URL of a realm: the paths of its pages are appended to it.
fn of_idp_url(
    text: &str,
    session: &str,
    leaf: &Leaf,
    place: &dyn Fn() -> String,
) -> Result<(), SettingsError> {
    let has_scheme = text.starts_with("https://") || text.starts_with("http://");
    let is_plain = !text.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    let url = Url::parse(text)
        .ok()
        .filter(|url| has_scheme && is_plain && loopback_or_https(url) && url.has_host());
    let Some(url) = url else {
        return Err(SettingsError::BadIdpUrl { session: session.to_owned(), place: place() });
    };
    let why = match () {
        () if team::has_user(&url) => "contains a user name or password",
        () if url.query().is_some() => "contains a query (`?…`)",
        () if url.fragment().is_some() => "contains a fragment (`#…`)",
        () => return Ok(()),
    };
    Err(invalid(leaf, why.to_owned(), place))
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
            ("[profiles]\nregion = \"\"\n", "/c:2: `profiles.region` is not a region: ``"),
            ("[profiles]\nregion = \" eu-central-1\"\n", "/c:2: `profiles.region` is not a region"),
            ("[profiles]\nregion = \"x # y\"\n", "/c:2: `profiles.region` is not a region"),
            ("[profiles]\nregion = \"$HOME\"\n", "/c:2: `profiles.region` is not a region"),
            ("[profiles.roles.A]\nregion = \"a\\nb\"\n", "/c:2: `profiles.roles.A.region` is not a region"),
            ("[sessions.corp]\nregion = \"eu-central-1 \"\n", "/c:2: `sessions.corp.region` is not a region"),
            ("[sessions.corp]\n\nscopes = []\n", "/c:3: `sessions.corp.scopes` has no scope"),
            (
                "[sessions.corp]\nstart_url = \"https://ssoins-0123456789abcdef.portal.us-east-1.app.aws\"\nregion = \"eu-central-1\"\n",
                "/c:3: `sessions.corp.region` is not the region in the start URL, us-east-1",
            ),
            (
                "[sessions.corp]\nidp_url = \"https://a:hush@x/\"\n",
                "/c:2: `sessions.corp.idp_url` contains a user name",
            ),
            (
                "[sessions.corp]\nidp_url = \"https://x/?a\"\n",
                "/c:2: `sessions.corp.idp_url` contains a query",
            ),
            (
                "[sessions.corp]\nidp_url = \"https://x/#a\"\n",
                "/c:2: `sessions.corp.idp_url` contains a fragment",
            ),
            ("[sessions.corp]\nidp_url = \"https:x/\"\n", "in /c:2 is not an https URL"),
            ("[sessions.corp]\nidp_url = \"https://x/a b\"\n", "in /c:2 is not an https URL"),
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
                assert!(error.contains(expected) && !error.contains("hush"), "{text}: {error}");
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
