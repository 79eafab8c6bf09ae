//! Finds errors in how a profile refers to other profiles, sections and files, also in profiles of other tools.

use super::document::{Document, Heading, View};
use super::identity::{AssumedRole, ProfileFiles};
use super::{ConfigError, sources};

/// The values of `credential_source` (AWS SDKs and tools reference guide, "Assume role credential provider").
const CREDENTIAL_SOURCES: [&str; 3] = ["Environment", "Ec2InstanceMetadata", "EcsContainer"];

impl ProfileFiles<'_> {
    /// Returns the names of the profiles of both files, each once.
    pub fn profile_names(&self) -> Vec<String> {
        let mut names = self.config.profile_names();
        let of_credentials = self.credentials.map(sources::names_in_credentials).unwrap_or_default();
        names.extend(of_credentials.into_iter().filter(|name| self.section(name).is_none()));
        names
    }

    /// Returns every error in a profile's references. `is_file` returns whether a path leads to a file.
    pub fn reference_errors(&self, profile: &str, is_file: impl Fn(&str) -> bool) -> Vec<ConfigError> {
        // Profiles of other tools and unreadable lines are reported by other checks.
        let of_identity = self.identity(profile).err().filter(|error| {
            !matches!(
                error,
                ConfigError::NotOurs { .. }
                    | ConfigError::TakenElsewhere { .. }
                    | ConfigError::NoSuchProfile { .. }
                    | ConfigError::Syntax { .. }
            )
        });
        let mut errors: Vec<ConfigError> = of_identity.into_iter().collect();
        errors.extend(self.errors_beside_identity(profile, is_file));
        errors.dedup_by_key(|error| error.to_string());
        errors
    }

    /// Returns the errors in keys that do not decide who the profile is, or only decide it for other tools.
    pub fn errors_beside_identity(&self, profile: &str, is_file: impl Fn(&str) -> bool) -> Vec<ConfigError> {
        let of_credentials = sources::in_credentials(self.credentials, profile);
        let sections = of_credentials.into_iter().chain(self.section(profile));
        let mut errors: Vec<ConfigError> =
            sections.filter_map(|section| self.of_section(profile, &section, &is_file)).collect();
        errors.extend(self.section(profile).and_then(|section| no_services(self.config, &section)));
        errors
    }

    fn of_section(
        &self,
        profile: &str,
        section: &View<'_>,
        is_file: impl Fn(&str) -> bool,
    ) -> Option<ConfigError> {
        // The two files are read as one.
        let has = |key| {
            section.get(key).is_some()
                || self.section(profile).is_some_and(|section| section.get(key).is_some())
        };
        if section.get("role_arn").is_some()
            && let Err(error) = AssumedRole::of(section)
        {
            return Some(error);
        }
        if let Some(source) = section.get("source_profile")
            && !self.has(source)
        {
            return Some(ConfigError::NoSuchSource {
                place: section.place_of("source_profile"),
                name: profile.to_owned(),
                source_profile: source.to_owned(),
            });
        }
        if let Some(source) = section.get("credential_source")
            && !CREDENTIAL_SOURCES.contains(&source)
        {
            let what = format!("credential_source is not one of `{}`", CREDENTIAL_SOURCES.join("`, `"));
            return Some(section.bad_value("credential_source", &what));
        }
        if let Some(file) = section.get("web_identity_token_file")
            && !is_file(file)
        {
            let what = format!("web_identity_token_file names `{file}`, and there is no such file");
            return Some(section.bad_value("web_identity_token_file", &what));
        }
        let without_role = ["web_identity_token_file", "source_profile", "credential_source"]
            .into_iter()
            .find(|key| section.get(key).is_some())?;
        let is_alone = without_role == "web_identity_token_file" || !self.has_credentials(profile);
        (is_alone && !has("role_arn")).then(|| section.missing(&format!("profile {profile}"), "role_arn"))
    }

    fn has_credentials(&self, profile: &str) -> bool {
        let mut families = sources::Family::ALL.into_iter();
        families.any(|family| sources::taken(family, self.config, self.credentials, profile).is_some())
    }
}

fn no_services(document: &Document, section: &View<'_>) -> Option<ConfigError> {
    let name = section.get("services")?;
    let is_there = document.section(&Heading::Services(name.to_owned())).is_some();
    let what = format!("services names `{name}`, and there is no [services {name}]");
    (!is_there).then(|| section.bad_value("services", &what))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const CORP: &str =
        "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-central-1\n";
    const ROLE: &str = "role_arn = arn:aws:iam::222233334444:role/Deploy\n";
    const KEYS: &str = "aws_access_key_id = x\naws_secret_access_key = y\n";

    /// Returns the errors in `p`, each as `LINE: text`.
    fn of(config: &str, credentials: &str) -> Vec<String> {
        let document = |name: &str, text: &str| Document::parse(Path::new(name), text).expect("parses");
        let (config, credentials) =
            (document("config", &format!("{config}{CORP}")), document("credentials", credentials));
        let files = ProfileFiles { config: &config, credentials: Some(&credentials) };
        let errors = files.reference_errors("p", |path| path == "/there");
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_broken_reference_is_named_with_its_line() {
        for (keys, others, expected) in [
            (
                format!("{ROLE}source_profile = nosuch\n"),
                String::new(),
                "config:3: source_profile of `p` names `nosuch`, and there is no such profile",
            ),
            (
                format!("{ROLE}source_profile = p\n"),
                String::new(),
                "config:3: source_profile of profile `p` forms a loop: p \u{2192} p",
            ),
            (
                format!("{ROLE}source_profile = q\n"),
                format!("[profile q]\n{ROLE}source_profile = p\n"),
                "config:6: source_profile of profile `q` forms a loop: p \u{2192} q \u{2192} p",
            ),
            (
                format!("{ROLE}source_profile = q\n"),
                "[profile q]\nregion = x\n".to_owned(),
                "config:3: source_profile of `p` names `q`, which has no credentials",
            ),
            (
                format!("{ROLE}source_profile = q\n"),
                "[profile q]\nsso_session = corp\n".to_owned(),
                "config:3: source_profile of `p` names `q`, which has no credentials",
            ),
            (
                ROLE.to_owned(),
                String::new(),
                "config:2: profile `p` has `role_arn`, but neither `source_profile` nor `credential_source`",
            ),
            (
                format!("{ROLE}source_profile = q\ncredential_source = Environment\n"),
                format!("[profile q]\n{KEYS}"),
                "config:4: profile `p` has both `source_profile` and `credential_source`",
            ),
            (
                format!("{ROLE}credential_source = environment\n"),
                String::new(),
                "config:3: credential_source is not one of `Environment`, `Ec2InstanceMetadata`, `EcsContainer`",
            ),
            (
                format!("{ROLE}web_identity_token_file = /gone\n"),
                String::new(),
                "config:3: web_identity_token_file names `/gone`, and there is no such file",
            ),
            (
                "web_identity_token_file = /there\n".to_owned(),
                String::new(),
                "config:1: [profile p] has no `role_arn`",
            ),
            (
                "source_profile = q\n".to_owned(),
                format!("[profile q]\n{KEYS}"),
                "config:1: [profile p] has no `role_arn`",
            ),
            (
                "role_arn = Deploy\nsource_profile = q\n".to_owned(),
                format!("[profile q]\n{KEYS}"),
                "config:2: role_arn is not the ARN of an IAM role",
            ),
            (
                format!("{KEYS}services = nosuch\n"),
                String::new(),
                "config:4: services names `nosuch`, and there is no [services nosuch]",
            ),
            (
                "sso_session = nosuch\nsso_account_id = 111122223333\nsso_role_name = x\n".to_owned(),
                String::new(),
                "there is no [sso-session nosuch] in `config`",
            ),
            (
                "sso_session = corp\nsso_account_id = 111122223333\n".to_owned(),
                String::new(),
                "config:1: [profile p] has no `sso_role_name`",
            ),
        ] {
            assert_eq!(of(&format!("[profile p]\n{keys}{others}"), ""), [expected], "{keys}{others}");
        }
    }

    #[test]
    fn the_credentials_file_is_looked_at_too() {
        assert_eq!(
            of("", &format!("[p]\n{ROLE}source_profile = nosuch\n")),
            ["credentials:3: source_profile of `p` names `nosuch`, and there is no such profile"]
        );
        let chained = format!("[profile p]\n{ROLE}source_profile = q\n");
        assert!(of(&chained, &format!("[q]\n{KEYS}")).is_empty());
    }

    #[test]
    fn what_leads_to_credentials_is_fine() {
        for config in [
            format!("[profile p]\n{ROLE}source_profile = q\n[profile q]\n{KEYS}"),
            format!("[profile p]\n{ROLE}source_profile = q\n[profile q]\ncredential_process = other\n"),
            format!("[profile p]\n{ROLE}source_profile = p\n{KEYS}"),
            format!("[profile p]\n{ROLE}credential_source = EcsContainer\n"),
            format!("[profile p]\n{ROLE}web_identity_token_file = /there\n"),
            format!("[profile p]\n{KEYS}source_profile = q\n[profile q]\n{KEYS}"),
            "[profile p]\nregion = eu-west-1\n".to_owned(),
            "[profile p]\nservices = s\n[services s]\ns3 =\n  endpoint_url = http://localhost:1\n".to_owned(),
        ] {
            assert!(of(&config, "").is_empty(), "{config}: {:?}", of(&config, ""));
        }
    }
}
