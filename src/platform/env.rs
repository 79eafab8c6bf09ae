//! The environment. Every variable that kcaws reads is read through here.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;

/// Names the variables that kcaws set from a profile, with their values: [`from_profile`], separated by commas.
pub const FROM_PROFILE: &str = "KCAWS_SET";

/// The variables that choose a profile, in the order in which kcaws reads them.
const PROFILE_VARIABLES: [&str; 2] = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];

/// Names the file descriptor that the passphrase of the `file` store is read from; no child inherits it.
pub const PASSPHRASE_DESCRIPTOR: &str = "KCAWS_PASSPHRASE_FD";

/// Cheap to clone; real by default, a map in tests.
#[derive(Clone)]
pub struct Env(Source);

#[derive(Clone)]
enum Source {
    Process,
    Map(BTreeMap<String, String>),
}

impl Env {
    pub fn from_process() -> Self {
        Self(Source::Process)
    }

    pub fn from_pairs(pairs: &[(&str, &str)]) -> Self {
        Self(Source::Map(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()))
    }

    /// Returns the value as text; an empty value counts as unset, as in the AWS CLI.
    ///
    /// Bytes that are not UTF-8 are replaced: such a value names no session and no host, and is refused where it is
    /// used.
    pub fn get(&self, name: &str) -> Option<String> {
        self.raw(name).map(|value| value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
    }

    /// Returns the value as the system has it, for paths.
    pub fn raw(&self, name: &str) -> Option<OsString> {
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "this is the port")]
            Source::Process => std::env::var_os(name).filter(|value| !value.is_empty()),
            Source::Map(map) => map.get(name).filter(|value| !value.is_empty()).map(OsString::from),
        }
    }

    /// Returns the value as [`Env::get`] does, except if kcaws itself set the variable from a profile.
    ///
    /// That is done by `exec` and `env`, and another profile has values of its own.
    pub fn by_hand(&self, name: &str) -> Option<String> {
        self.get(name).filter(|_| self.by_hand_raw(name).is_some())
    }

    /// Returns the value of [`Env::by_hand`] as the system has it.
    pub fn by_hand_raw(&self, name: &str) -> Option<OsString> {
        self.raw(name).filter(|value| !self.is_from_profile(name, value))
    }

    fn is_from_profile(&self, name: &str, value: &OsStr) -> bool {
        let listed = |list: String| list.split(',').any(|one| one == from_profile(name, value));
        self.get(FROM_PROFILE).is_some_and(listed)
    }

    /// Returns the variables that kcaws set from a profile and that have not changed since.
    pub fn names_from_profile(&self) -> Vec<String> {
        let list = self.get(FROM_PROFILE).unwrap_or_default();
        // The list may come from anywhere, and shells remove what it names.
        let is_name = |name: &str| {
            let is_letter = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
            name.starts_with("AWS_") && name.bytes().all(is_letter)
        };
        let names = list.split(',').filter_map(|one| Some(one.split_once('=')?.0));
        let still = |name: &&str| self.raw(name).is_some_and(|value| self.is_from_profile(name, &value));
        names.filter(|name| is_name(name)).filter(still).map(str::to_owned).collect()
    }

    /// Returns whether a variable with this prefix is set by hand.
    pub fn has_by_hand(&self, prefix: &str) -> bool {
        let is_it = |name: &str| name.starts_with(prefix) && self.by_hand_raw(name).is_some();
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "this is the port")]
            Source::Process => std::env::vars_os().any(|(name, _)| name.to_str().is_some_and(is_it)),
            Source::Map(map) => map.keys().any(|name| is_it(name)),
        }
    }

    /// Returns the profile that the environment chooses.
    pub fn profile(&self) -> Option<String> {
        PROFILE_VARIABLES.iter().find_map(|name| self.get(name))
    }

    /// Returns AWS_DEFAULT_PROFILE if AWS_PROFILE has another value.
    ///
    /// The AWS CLI 2 and the SDKs for Go read AWS_PROFILE first, as kcaws does, and others read no second variable; the
    /// AWS CLI 1 and boto3 read AWS_DEFAULT_PROFILE first.
    pub fn other_profile(&self) -> Option<String> {
        let [first, second] = PROFILE_VARIABLES.map(|name| self.get(name));
        second.filter(|second| first.is_some_and(|first| first != *second))
    }

    /// Returns the value of a switch that is set by hand, where [`is_true`] means on.
    pub fn is_on(&self, name: &str) -> bool {
        self.by_hand(name).is_some_and(|value| is_true(&value))
    }
}

/// Returns `true` for `true` and `1` in any case, as AWS SDKs read their switches.
pub fn is_true(value: &str) -> bool {
    value.eq_ignore_ascii_case("true") || value == "1"
}

/// Returns an entry of [`FROM_PROFILE`]: `NAME=value`, in characters without a meaning to any shell.
pub fn from_profile(name: &str, value: &OsStr) -> String {
    let mut entry = format!("{name}=");
    for byte in value.as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._/:".contains(byte) {
            entry.push(char::from(*byte));
        } else {
            let _ = write!(entry, "+{byte:02x}");
        }
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let env = Env::from_pairs(&[("AWS_PROFILE", ""), ("A", "x")]);
        assert_eq!(env.get("AWS_PROFILE"), None);
        assert_eq!(env.get("A").as_deref(), Some("x"));
    }

    #[test]
    fn aws_profile_comes_before_aws_default_profile() {
        for (pairs, profile, other) in [
            (&[][..], None, None),
            (&[("AWS_PROFILE", "a")][..], Some("a"), None),
            (&[("AWS_DEFAULT_PROFILE", "b")][..], Some("b"), None),
            (&[("AWS_PROFILE", ""), ("AWS_DEFAULT_PROFILE", "b")][..], Some("b"), None),
            (&[("AWS_PROFILE", "a"), ("AWS_DEFAULT_PROFILE", "a")][..], Some("a"), None),
            (&[("AWS_PROFILE", "a"), ("AWS_DEFAULT_PROFILE", "b")][..], Some("a"), Some("b")),
        ] {
            let env = Env::from_pairs(pairs);
            assert_eq!(
                (env.profile().as_deref(), env.other_profile().as_deref()),
                (profile, other),
                "{pairs:?}"
            );
        }
    }

    #[test]
    fn switches_are_read_as_the_sdks_read_them() {
        let env = Env::from_pairs(&[("ON", "True"), ("OFF", "false"), ("ODD", "yes")]);
        assert!(env.is_on("ON"));
        assert!(!env.is_on("OFF") && !env.is_on("ODD") && !env.is_on("ABSENT"));
    }

    #[test]
    fn what_kcaws_set_from_a_profile_is_by_no_ones_hand_until_it_is_changed() {
        let list = "AWS_REGION=eu-west-1,AWS_ENDPOINT_URL=http://[::1]:9,PATH=x,AWS_X-Y=1,AWS_EMPTY=";
        let list = list.replace("[::1]", "+5b::1+5d");
        let env = Env::from_pairs(&[
            (FROM_PROFILE, &list),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ENDPOINT_URL", "http://[::1]:9"),
            ("AWS_DEFAULT_REGION", "eu-west-1"),
            ("PATH", "x"),
            ("AWS_X-Y", "1"),
        ]);
        assert_eq!(env.names_from_profile(), ["AWS_REGION", "AWS_ENDPOINT_URL"]);
        assert_eq!(env.get("AWS_REGION").as_deref(), Some("eu-west-1"));
        assert_eq!(env.by_hand("AWS_REGION"), None);
        assert_eq!(env.by_hand("AWS_DEFAULT_REGION").as_deref(), Some("eu-west-1"));
        assert!(!env.has_by_hand("AWS_ENDPOINT_URL") && env.has_by_hand("AWS_DEFAULT_"));
        let changed = Env::from_pairs(&[(FROM_PROFILE, &list), ("AWS_REGION", "us-east-1")]);
        assert_eq!(changed.by_hand("AWS_REGION").as_deref(), Some("us-east-1"));
        assert!(changed.names_from_profile().is_empty());
    }

    #[test]
    fn an_entry_is_one_plain_word() {
        let entry = from_profile("AWS_REGION", OsStr::new("a,b 'c'\"%\n=+"));
        assert_eq!(entry, "AWS_REGION=a+2cb+20+27c+27+22+25+0a+3d+2b");
    }

    #[test]
    fn the_real_environment_answers_like_the_map() {
        let env = Env::from_process();
        assert!(env.get("PATH").is_some() && env.has_by_hand("PATH"));
        assert_eq!(env.get("KCAWS_SURELY_NOT_SET"), None);
    }
}
