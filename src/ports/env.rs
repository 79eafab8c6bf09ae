//! The environment. Every variable that kcaws reads is read through here.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// The variables that choose a profile, in the order in which kcaws reads them.
const PROFILE_VARIABLES: [&str; 2] = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];

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

    /// The value as text; an empty value counts as unset, as in the AWS CLI. Bytes that are not UTF-8 are
    /// replaced: such a value names no session and no host, and is refused where it is used.
    pub fn get(&self, name: &str) -> Option<String> {
        self.raw(name).map(|value| value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
    }

    /// The value as the system has it, for paths.
    pub fn raw(&self, name: &str) -> Option<OsString> {
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "this is the port")]
            Source::Process => std::env::var_os(name).filter(|value| !value.is_empty()),
            Source::Map(map) => map.get(name).filter(|value| !value.is_empty()).map(OsString::from),
        }
    }

    /// Returns the profile that the environment chooses.
    pub fn profile(&self) -> Option<String> {
        PROFILE_VARIABLES.iter().find_map(|name| self.get(name))
    }

    /// Returns what AWS_DEFAULT_PROFILE says where AWS_PROFILE says something else.
    ///
    /// The AWS CLI 2 and the SDKs for Go take AWS_PROFILE first, as kcaws does, and others know no second variable;
    /// the AWS CLI 1 and boto3 take AWS_DEFAULT_PROFILE first.
    pub fn other_profile(&self) -> Option<String> {
        let [first, second] = PROFILE_VARIABLES.map(|name| self.get(name));
        second.filter(|second| first.is_some_and(|first| first != *second))
    }

    /// `true` for `true` and `1` in any case, as AWS SDKs read their switches.
    pub fn is_on(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
    }
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
    fn the_real_environment_answers_like_the_map() {
        let env = Env::from_process();
        assert!(env.get("PATH").is_some());
        assert_eq!(env.get("KCAWS_SURELY_NOT_SET"), None);
    }
}
