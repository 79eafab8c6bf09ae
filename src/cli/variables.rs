//! The variables that decide which identity an AWS tool uses: those that compete with a role's keys, and those that set
//! it.

use std::ffi::OsStr;

use chrono::SecondsFormat;
use clap::Args;

use super::error::CommandError;
use super::serve;
use crate::app::App;
use crate::app::resolve;
use crate::app::resolve::ResolvedRole;
use crate::console::regions;
use crate::platform::env::{Env, FROM_PROFILE, from_profile};
use crate::ports::identity_center::RoleCredentials;
use crate::secret::Secret;

/// A variable's name and its value, which may be a secret.
pub(super) type Variable = (String, Secret<String>);

pub(super) const KEYS: [&str; 4] =
    ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION"];
/// Lets SDKs choose account-based endpoints.
pub(super) const ACCOUNT: &str = "AWS_ACCOUNT_ID";
pub(super) const REGIONS: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];
/// Set by `exec` for its command: the profile or role that it acts as.
pub(super) const NESTED: &str = "KCAWS_EXEC";

/// Variables that select a profile; the last one is the EB CLI's.
const PROFILES: [&str; 3] = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_EB_PROFILE"];

/// Keys, which take precedence over a profile, and variables that apply only to them.
const KEYS_AND_THEIRS: [&str; 8] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_SESSION_EXPIRATION",
    ACCOUNT,
    "AWS_CREDENTIAL_FILE",
];
const WEB_TOKEN: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
/// A web identity role, which Python and Go prefer to the profile named by the environment.
const WEB_IDENTITY: [&str; 3] = [WEB_TOKEN, "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME"];
/// An endpoint, which any profile takes precedence over.
const CONTAINER: [&str; 4] = [
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// Returns the variables that would make a tool act as another identity than the role whose keys are set.
///
/// SDKs disagree about the order of keys and profile (the one for JavaScript prefers the profile), so only one of them
/// can be set.
pub(super) fn competing() -> impl Iterator<Item = &'static str> {
    KEYS_AND_THEIRS.into_iter().chain(WEB_IDENTITY).chain(CONTAINER).chain(PROFILES)
}

/// Returns the competing variables that are set and that `set` does not replace.
pub(super) fn competing_in(env: &Env, set: &[Variable]) -> Vec<&'static str> {
    let is_replaced = |name: &str| set.iter().any(|(other, _)| other == name);
    competing().filter(|name| env.get(name).is_some() && !is_replaced(name)).collect()
}

/// Returns the variables that kcaws set from another profile and that do not belong to this one.
pub(super) fn of_earlier_profile(env: &Env) -> Vec<String> {
    let mut names = env.names_from_profile();
    names.extend(env.get(FROM_PROFILE).map(|_| FROM_PROFILE.to_owned()));
    names
}

/// Returns what takes precedence over the profile named by the environment, as a sentence's subject and verb.
pub(super) fn before_a_profile(env: &Env) -> Option<(&'static str, &'static str)> {
    match (has_keys(env), env.get(WEB_TOKEN).is_some()) {
        (true, true) => Some(("AWS keys and AWS_WEB_IDENTITY_TOKEN_FILE", "they take")),
        (true, false) => Some(("AWS keys", "they take")),
        (false, true) => Some((WEB_TOKEN, "it takes")),
        (false, false) => None,
    }
}

fn has_keys(env: &Env) -> bool {
    env.get("AWS_ACCESS_KEY_ID").or_else(|| env.get("AWS_SESSION_TOKEN")).is_some()
}

/// Returns the variables to remove from a shell that selects a profile, or none.
///
/// Variables that only matter with keys or a web identity are kept without them: AWS_ACCOUNT_ID may be for a script.
pub(super) fn replaced_by_a_profile(env: &Env) -> Vec<String> {
    let mut names: Vec<&str> = PROFILES.into_iter().filter(|name| *name != "AWS_PROFILE").collect();
    if has_keys(env) {
        names.extend(KEYS_AND_THEIRS);
    }
    if env.get(WEB_TOKEN).is_some() {
        names.extend(WEB_IDENTITY);
    }
    if env.get(NESTED).is_some() {
        names.extend([NESTED, ACCOUNT].into_iter().chain(serve::VARIABLES));
    }
    let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    names.extend(of_earlier_profile(env));
    names.sort();
    names.dedup();
    names
}

/// Returns the variables that a program needs to use the credentials.
pub(super) fn of_credentials(credentials: &RoleCredentials, account: &str) -> Vec<Variable> {
    let [id, secret, token, expiration] = KEYS.map(str::to_owned);
    let until = credentials.expires_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    vec![
        (id, Secret::from(credentials.access_key_id.as_str())),
        (secret, credentials.secret_access_key.clone()),
        (token, credentials.session_token.clone()),
        (expiration, Secret::new(until)),
        of_account(account),
    ]
}

/// Returns the account, which is also needed with an endpoint.
pub(super) fn of_account(account: &str) -> Variable {
    (ACCOUNT.to_owned(), Secret::from(account))
}

/// The Region that tools are to use.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct RegionArg {
    /// AWS Region to use [default: $AWS_REGION, then $AWS_DEFAULT_REGION, then the profile's]
    #[arg(long, value_parser = regions::argument)]
    pub(super) region: Option<String>,
}

/// Returns the Region that the user set by hand, not one that kcaws set from a profile.
pub(super) fn region_by_hand(env: &Env) -> Option<(&'static str, String)> {
    REGIONS.into_iter().find_map(|name| Some((name, env.by_hand(name)?)))
}

/// Returns the variables for the chosen profile's Region and endpoints, except those that the user set.
///
/// Without a Region, that of the environment stays. `is_seen` returns which variables are useful to their reader.
pub(super) fn of_settings(
    app: &App,
    chosen: &ResolvedRole,
    arg: &RegionArg,
    is_seen: impl Fn(&str) -> bool,
) -> Result<Vec<Variable>, CommandError> {
    let env = &app.env;
    let by_hand = || region_by_hand(env).map(|(_, region)| region);
    let region = arg.region.clone().or_else(by_hand).or_else(|| chosen.region.clone());
    let each = |region: String| REGIONS.map(|name| (name.to_owned(), region.clone()));
    let mut pairs: Vec<(String, String)> = region.into_iter().flat_map(each).collect();
    if let Some(profile) = &chosen.selected.profile {
        pairs.extend(resolve::in_files(app, |files| files.tool_settings(profile, env))?);
    }
    pairs.retain(|(name, _)| is_seen(name));
    // A variable that the user set to the same value still belongs to the user.
    let ours = pairs.iter().filter(|(name, value)| env.by_hand(name).as_ref() != Some(value));
    let ours: Vec<_> = ours.map(|(name, value)| from_profile(name, OsStr::new(value))).collect();
    if !ours.is_empty() {
        pairs.push((FROM_PROFILE.to_owned(), ours.join(",")));
    }
    Ok(pairs.into_iter().map(|(name, value)| (name, Secret::new(value))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_replaced_does_not_compete() {
        let env = Env::from_pairs(&[
            ("AWS_ACCESS_KEY_ID", "AKIA"),
            ("AWS_EB_PROFILE", "other"),
            ("AWS_PROFILE", ""),
            ("AWS_REGION", "eu-west-1"),
        ]);
        let keys = vec![("AWS_ACCESS_KEY_ID".to_owned(), Secret::from("ASIA"))];
        assert_eq!(competing_in(&env, &keys), ["AWS_EB_PROFILE"]);
    }

    #[test]
    fn a_profile_replaces_what_comes_before_it_and_nothing_that_is_a_persons_own() {
        let others = ["AWS_DEFAULT_PROFILE", "AWS_EB_PROFILE"];
        let own = [("AWS_ACCOUNT_ID", "111122223333"), ("AWS_ROLE_ARN", "arn"), ("AWS_REGION", "us-east-1")];
        assert_eq!(replaced_by_a_profile(&Env::from_pairs(&own)), others);
        let list = (FROM_PROFILE, "AWS_REGION=us-east-1,AWS_ENDPOINT_URL=x");
        let of_exec = [own[0], own[2], list, (NESTED, "dev"), ("AWS_ACCESS_KEY_ID", "ASIA")];
        let gone = replaced_by_a_profile(&Env::from_pairs(&of_exec));
        for name in ["AWS_ACCOUNT_ID", "AWS_ACCESS_KEY_ID", "AWS_REGION", NESTED, FROM_PROFILE] {
            assert!(gone.iter().any(|one| one == name), "{name} in {gone:?}");
        }
        assert!(!gone.iter().any(|one| one == "AWS_ENDPOINT_URL"), "it is not set");
        let web = Env::from_pairs(&[(WEB_TOKEN, "/t"), ("AWS_ROLE_ARN", "arn")]);
        assert!(replaced_by_a_profile(&web).iter().any(|name| name == "AWS_ROLE_ARN"));
        assert_eq!(before_a_profile(&web), Some((WEB_TOKEN, "it takes")));
    }
}
