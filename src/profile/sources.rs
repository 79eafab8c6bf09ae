//! Decides which of several credential sources in one profile a tool uses.
//!
//! Taken from the sources of botocore 1.44, aws-config 1.13, aws-sdk-go-v2 and @aws-sdk/credential-provider-ini, and
//! tried with the clients themselves (`tests/e2e`).

use std::collections::HashSet;

use super::Place;
use super::document::{Document, Heading, View};

/// SDKs that use the same order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// AWS CLI, boto3.
    Botocore,
    Rust,
    Go,
    JavaScript,
}

impl Family {
    pub const ALL: [Self; 4] = [Self::Botocore, Self::Rust, Self::Go, Self::JavaScript];

    /// Returns the sources in order of precedence.
    fn order(self) -> &'static [Source] {
        use Source::{
            AssumeRole as Role, ConfigKeys, CredentialsFile, CredentialsProcess as Theirs, Login, Process,
            Sso, SsoRole, WebIdentity as Web,
        };
        match self {
            // Unlike the rest it only uses `sso_…` keys as a source if they name a role.
            Self::Botocore => &[Role, Web, SsoRole, CredentialsFile, Login, Theirs, Process, ConfigKeys],
            Self::Rust => &[Role, Web, Sso, Login, Theirs, Process, CredentialsFile, ConfigKeys],
            Self::Go => &[CredentialsFile, ConfigKeys, Role, Web, Sso, Login, Theirs, Process],
            Self::JavaScript => &[Role, CredentialsFile, ConfigKeys, Web, Theirs, Process, Sso, Login],
        }
    }
}

impl std::fmt::Display for Family {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Botocore => "AWS CLI and Python",
            Self::Rust => "Rust",
            Self::Go => "Go",
            Self::JavaScript => "JavaScript",
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    AssumeRole,
    WebIdentity,
    /// Any `sso_…` key.
    Sso,
    /// `sso_account_id` or `sso_role_name`.
    SsoRole,
    /// Keys in `~/.aws/credentials`.
    CredentialsFile,
    /// `aws login`.
    Login,
    /// `credential_process` in `~/.aws/credentials`: all families read both files as one, and that file wins.
    CredentialsProcess,
    /// `credential_process` in the config file.
    Process,
    /// Keys in the config file.
    ConfigKeys,
}

/// The parts of an assumed role.
pub(super) const ROLE_KEYS: &[&str] = &[
    "role_arn",
    "source_profile",
    "credential_source",
    "web_identity_token_file",
    "external_id",
    "role_session_name",
    "duration_seconds",
    "mfa_serial",
];

impl Source {
    pub(super) fn keys(self) -> &'static [&'static str] {
        match self {
            Self::AssumeRole => &["role_arn"],
            Self::WebIdentity => &["web_identity_token_file"],
            Self::Sso => &["sso_session", "sso_start_url", "sso_region", "sso_account_id", "sso_role_name"],
            Self::SsoRole => &["sso_account_id", "sso_role_name"],
            Self::CredentialsFile | Self::ConfigKeys => &["aws_access_key_id"],
            Self::Login => &["login_session"],
            Self::CredentialsProcess | Self::Process => &["credential_process"],
        }
    }
}

/// The key that makes a source of the profile, and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub source: Source,
    pub key: &'static str,
    pub place: Place,
}

/// Returns what the family uses from the profile, or `None` if there is nothing.
///
/// `credentials` is `~/.aws/credentials`, whose sections have no prefix.
pub fn taken(
    family: Family,
    document: &Document,
    credentials: Option<&Document>,
    profile: &str,
) -> Option<Taken> {
    let sections = Sections::of(document, credentials, profile);
    family.order().iter().find_map(|source| sections.find(*source))
}

/// Returns what at least one family uses before the profile's `credential_process`, which itself is not considered.
pub fn before_process(document: &Document, credentials: Option<&Document>, profile: &str) -> Vec<Taken> {
    let is_before = |source: &Source| {
        let mut orders = Family::ALL.into_iter().map(Family::order);
        orders.any(|order| order.iter().take_while(|one| **one != Source::Process).any(|one| one == source))
    };
    let all = [
        Source::Sso,
        Source::AssumeRole,
        Source::WebIdentity,
        Source::Login,
        Source::ConfigKeys,
        Source::CredentialsFile,
        Source::CredentialsProcess,
    ];
    let sections = Sections::of(document, credentials, profile);
    let found = |source| sections.find(source);
    let added = added_by_python(document, credentials, profile);
    all.into_iter().filter(is_before).filter_map(found).chain(added).collect()
}

/// Returns the source, if the profile has it.
pub fn find(
    source: Source,
    document: &Document,
    credentials: Option<&Document>,
    profile: &str,
) -> Option<Taken> {
    Sections::of(document, credentials, profile).find(source)
}

/// The sections of a profile in both files, looked up once for all the sources that are asked for.
struct Sections<'a> {
    config: Option<View<'a>>,
    credentials: Option<View<'a>>,
}

impl<'a> Sections<'a> {
    fn of(document: &'a Document, credentials: Option<&'a Document>, profile: &str) -> Self {
        let config = document.section(&Heading::Profile(profile.to_owned()));
        Self { config, credentials: in_credentials(credentials, profile) }
    }

    fn find(&self, source: Source) -> Option<Taken> {
        let key_in = |section: &View<'_>| {
            let key = source.keys().iter().find(|key| section.get(key).is_some())?;
            Some(Taken { source, key, place: section.place_of(key) })
        };
        let in_credentials = || self.credentials.as_ref().and_then(key_in);
        let in_config = || self.config.as_ref().and_then(key_in);
        match source {
            Source::CredentialsFile | Source::CredentialsProcess => in_credentials(),
            Source::ConfigKeys | Source::Process => in_config(),
            // The files are read as one, and the credentials file wins.
            _ => in_credentials().or_else(in_config),
        }
    }
}

/// Returns a key that only botocore finds in the profile, and that may change who it is.
///
/// Python's parser adds the settings of `[DEFAULT]` to every section of the file, and the other SDKs ignore that
/// section.
pub fn added_by_python(document: &Document, credentials: Option<&Document>, profile: &str) -> Option<Taken> {
    let config = Some(document).zip(document.section(&Heading::Profile(profile.to_owned())));
    let credentials = credentials.zip(in_credentials(credentials, profile));
    [config, credentials].into_iter().flatten().find_map(|(file, section)| {
        let added = file.section(&Heading::Other("DEFAULT".to_owned()))?;
        let has = |source: Source| source.keys().iter().any(|key| section.get(key).is_some());
        // What is a source by itself, and what is part of one that the section has.
        let always =
            [Source::AssumeRole, Source::WebIdentity, Source::SsoRole, Source::Login, Source::ConfigKeys];
        let keys = always
            .map(|source| (source, source.keys()))
            .into_iter()
            .chain(has(Source::AssumeRole).then_some((Source::AssumeRole, ROLE_KEYS)))
            .chain(has(Source::SsoRole).then_some((Source::Sso, Source::Sso.keys())));
        keys.flat_map(|(source, keys)| keys.iter().map(move |key| (source, *key)))
            .find(|(_, key)| added.get(key).is_some() && section.get(key).is_none())
            .map(|(source, key)| Taken { source, key, place: added.place_of(key) })
    })
}

/// Returns the profile's section in `~/.aws/credentials`, where names have no prefix.
pub fn in_credentials<'a>(credentials: Option<&'a Document>, profile: &str) -> Option<View<'a>> {
    let heading = match profile {
        "default" => Heading::Profile,
        _ => Heading::Other,
    };
    credentials?.section(&heading(profile.to_owned()))
}

/// Returns the names of the profiles in `~/.aws/credentials`.
pub fn names_in_credentials(credentials: &Document) -> Vec<String> {
    credentials.names(|heading| match heading {
        // Python does not treat `[DEFAULT]` as a section.
        Heading::Other(name) if name != "DEFAULT" => Some(name),
        Heading::Profile(name) if name == "default" => Some(name),
        _ => None,
    })
}

/// Returns the source of a profile's credentials in the credentials file alone, for profiles missing in the config.
pub fn of_credentials_file(
    document: &Document,
    credentials: Option<&Document>,
    profile: &str,
) -> Option<Taken> {
    let sources = [Source::CredentialsFile, Source::CredentialsProcess];
    let sections = Sections::of(document, credentials, profile);
    sources.into_iter().find_map(|source| sections.find(source))
}

/// Returns every `credential_process` that a tool may run for the profile.
///
/// That is its own, and those of the profiles whose credentials it assumes a role with, in both files.
pub fn processes<'a>(
    document: &'a Document,
    credentials: Option<&'a Document>,
    profile: &str,
) -> Vec<&'a str> {
    let (mut lines, mut seen, mut next) = (Vec::new(), HashSet::new(), Some(profile.to_owned()));
    while let Some(name) = next.take().filter(|name| seen.insert(name.clone())) {
        let of_config = document.section(&Heading::Profile(name.clone()));
        let sections: Vec<View<'a>> =
            in_credentials(credentials, &name).into_iter().chain(of_config).collect();
        lines.extend(sections.iter().filter_map(|section| section.get("credential_process")));
        next = sections.iter().find_map(|section| section.get("source_profile")).map(str::to_owned);
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn all(config: &str, credentials: &str) -> [Option<Source>; 4] {
        let config = Document::parse(Path::new("config"), config).expect("parses");
        let credentials = Document::parse(Path::new("credentials"), credentials).expect("parses");
        Family::ALL.map(|family| taken(family, &config, Some(&credentials), "dev").map(|taken| taken.source))
    }

    const PROCESS: &str = "[profile dev]\ncredential_process = x\n";

    #[test]
    fn the_process_is_taken_where_it_stands_alone() {
        assert_eq!(all(PROCESS, ""), [Some(Source::Process); 4]);
        assert_eq!(all("[profile dev]\nregion = x\n", ""), [None; 4]);
        assert_eq!(all("[profile other]\n", "[other]\naws_access_key_id = x\n"), [None; 4]);
    }

    #[test]
    fn each_family_has_its_own_order() {
        use Source::{CredentialsFile, Process, Sso, SsoRole};
        let with = |keys: &str| all(&format!("{PROCESS}{keys}"), "");
        assert_eq!(
            with("sso_account_id = 1\n"),
            [Some(SsoRole), Some(Sso), Some(Sso), Some(Process)],
            "JavaScript runs the process first"
        );
        assert_eq!(with("sso_region = x\n"), [Some(Process), Some(Sso), Some(Sso), Some(Process)]);
        assert_eq!(with("role_arn = x\n"), [Some(Source::AssumeRole); 4]);
        assert_eq!(
            all(PROCESS, "[dev]\naws_access_key_id = x\n"),
            [Some(CredentialsFile), Some(Process), Some(CredentialsFile), Some(CredentialsFile)]
        );
    }

    #[test]
    fn the_credentials_file_is_read_with_the_config_and_wins() {
        use Source::{AssumeRole, CredentialsFile, CredentialsProcess};
        let theirs = "[dev]\ncredential_process = y\n";
        assert_eq!(all(PROCESS, theirs), [Some(CredentialsProcess); 4]);
        assert_eq!(all("[profile dev]\nregion = x\n", theirs), [Some(CredentialsProcess); 4]);
        assert_eq!(all("", theirs), [Some(CredentialsProcess); 4]);
        let [botocore, rust, go, javascript] = all(PROCESS, &format!("{theirs}aws_access_key_id = x\n"));
        assert_eq!([botocore, go, javascript], [Some(CredentialsFile); 3]);
        assert_eq!(rust, Some(CredentialsProcess));
        assert_eq!(all(PROCESS, "[dev]\nrole_arn = x\n"), [Some(AssumeRole); 4]);
    }

    #[test]
    fn all_programs_that_may_run_are_found_once() {
        let config = "[profile a]\nrole_arn = x\nsource_profile = b\n[profile b]\ncredential_process = one\n\
                      source_profile = a\n[profile c]\ncredential_process = three\n";
        let credentials = "[b]\ncredential_process = two\n[c]\nsource_profile = b\n";
        let config = Document::parse(Path::new("config"), config).expect("parses");
        let credentials = Document::parse(Path::new("credentials"), credentials).expect("parses");
        assert_eq!(processes(&config, Some(&credentials), "a"), ["two", "one"]);
        assert_eq!(processes(&config, Some(&credentials), "c"), ["three", "two", "one"]);
        assert_eq!(processes(&config, None, "c"), ["three"]);
        assert!(processes(&config, None, "nobody").is_empty());
    }

    #[test]
    fn the_place_is_that_of_the_key() {
        let config =
            Document::parse(Path::new("/c"), "[profile dev]\ncredential_process = x\nsso_region = y\n")
                .expect("parses");
        let found = taken(Family::Go, &config, None, "dev").expect("something");
        assert_eq!((found.key, found.place.to_string().as_str()), ("sso_region", "/c:3"));
    }
}
