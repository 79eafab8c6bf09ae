//! Recognizes the profiles of kcaws; [`super::line`] writes their line.
//!
//! A profile belongs to kcaws if its `credential_process` runs kcaws with `--session`, `--account` and `--role`, each
//! once and nothing else. There is no marker in the file: what a user changes beside that line is the user's.

use super::document::{Document, Heading, View};
use super::target::kcaws_arguments;
use super::{Place, Role, sources};

/// What a line of kcaws provides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KcawsProfile {
    pub session: String,
    pub role: Role,
}

impl Source {
    /// Returns it in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Kcaws => "kcaws",
            Self::Process => "process",
            Self::Sso => "sso",
            Self::Login => "login",
            Self::SourceProfile => "source profile",
            Self::CredentialSource => "credential source",
            Self::WebIdentity => "web identity",
            Self::Static => "static",
            Self::CredentialsFile => "credentials file",
            Self::CredentialsProcess => "credentials process",
            Self::None => "none",
        }
    }

    /// Returns where the credentials of a profile come from by the keys that it has in the two files.
    pub fn of_profile(document: &Document, credentials: Option<&Document>, profile: &str) -> Self {
        let section = document.section(&Heading::Profile(profile.to_owned()));
        let source = section.as_ref().map_or(Self::None, source);
        let taken = sources::of_credentials_file(document, credentials, profile);
        match taken.filter(|_| source == Self::None) {
            Some(taken) if taken.source == sources::Source::CredentialsProcess => Self::CredentialsProcess,
            Some(_) => Self::CredentialsFile,
            None => source,
        }
    }
}

impl Document {
    /// Returns the kcaws profile; `None` if there is no such profile, or it belongs to another tool.
    pub fn own(&self, profile: &str) -> Option<KcawsProfile> {
        let section = self.section(&Heading::Profile(profile.to_owned()))?;
        of_line(section.get("credential_process")?)
    }

    /// Returns the place of an existing profile that does not belong to kcaws.
    pub fn foreign(&self, profile: &str) -> Option<Place> {
        let section = self.section(&Heading::Profile(profile.to_owned()))?;
        self.own(profile).is_none().then(|| section.place())
    }
}

pub fn of_line(line: &str) -> Option<KcawsProfile> {
    let words = kcaws_arguments(line)?;
    let (mut session, mut account, mut role) = (None, None, None);
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, value),
            None => (word, words.next()?),
        };
        let place = match name {
            "--session" => &mut session,
            "--account" => &mut account,
            "--role" => &mut role,
            _ => return None,
        };
        if place.replace(value.to_owned()).is_some() {
            return None;
        }
    }
    Some(KcawsProfile { session: session?, role: Role::parse(&account?, &role?).ok()? })
}

/// The source of a profile's credentials, by its keys alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Kcaws,
    Process,
    Sso,
    Login,
    SourceProfile,
    CredentialSource,
    WebIdentity,
    Static,
    CredentialsFile,
    /// `credential_process` in `~/.aws/credentials`.
    CredentialsProcess,
    None,
}

/// What some tools use before the profile's `credential_process`, and where it is defined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadow {
    pub by: &'static str,
    pub place: Place,
}

fn source(section: &View<'_>) -> Source {
    let has = |key| section.get(key).is_some();
    match section.get("credential_process") {
        // All SDKs prefer a role to anything else in the config file.
        _ if has("role_arn") && has("web_identity_token_file") => Source::WebIdentity,
        _ if has("role_arn") && has("credential_source") => Source::CredentialSource,
        _ if has("role_arn") => Source::SourceProfile,
        Some(line) if kcaws_arguments(line).is_some() => Source::Kcaws,
        Some(_) => Source::Process,
        None if has("sso_session") || has("sso_start_url") => Source::Sso,
        None if has("login_session") => Source::Login,
        None if has("aws_access_key_id") => Source::Static,
        None => Source::None,
    }
}

/// Returns what hides the `credential_process` of a profile from at least one tool.
///
/// `credentials` is `~/.aws/credentials`, whose sections have no prefix.
pub fn shadows(document: &Document, profile: &str, credentials: Option<&Document>) -> Vec<Shadow> {
    let heading = Heading::Profile(profile.to_owned());
    let Some(section) = document.section(&heading) else { return Vec::new() };
    let mut shadows = Vec::new();
    if let Some((_, place)) = document.duplicate(&heading) {
        shadows.push(Shadow { by: "duplicate", place });
    }
    if section.get("credential_process").is_none() {
        return shadows;
    }
    let before = sources::before_process(document, credentials, profile);
    shadows.extend(before.into_iter().map(|taken| Shadow { by: name_of(taken.source), place: taken.place }));
    shadows
}

fn name_of(source: sources::Source) -> &'static str {
    use sources::Source::{
        AssumeRole, ConfigKeys, CredentialsFile, CredentialsProcess, Login, Process, Sso, SsoRole,
        WebIdentity,
    };
    match source {
        AssumeRole => "role_arn",
        WebIdentity => "web_identity",
        Sso | SsoRole => "sso_keys",
        CredentialsFile => "credentials_file",
        CredentialsProcess => "credentials_process",
        Login => "login_session",
        Process => "credential_process",
        ConfigKeys => "static_keys",
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn document(text: &str) -> Document {
        Document::parse(Path::new("/c"), text).expect("parses")
    }

    #[test]
    fn another_program_another_flag_or_a_double_flag_is_not_ours() {
        for line in [
            "aws-vault export dev",
            "/bin/kcaws credential-process --profile dev",
            "/bin/kcaws credential-process --session a --account 111122223333 --role b -v",
            "/bin/kcaws credential-process --session a --session a --account 111122223333 --role b",
            "/bin/kcaws credential-process --session a --account 1 --role b",
            "/bin/kcaws credential-process --session a --account 111122223333",
        ] {
            assert_eq!(of_line(line), None, "{line}");
        }
    }

    #[test]
    fn sources_and_shadows_are_seen() {
        let ours =
            "credential_process = kcaws credential-process --session s --account 111122223333 --role r\n";
        let config = document(&format!(
            "[profile a]\n{ours}sso_region = x\n[profile b]\n{ours}aws_access_key_id = x\n[default]\nregion = x\n\
             [profile default]\n{ours}[profile c]\nrole_arn = x\nsource_profile = a\n[profile d]\nsso_session = x\n\
             [profile e]\n{ours}role_arn = x\nsource_profile = a\n"
        ));
        let credentials = document(
            "[default]\naws_access_key_id = x\n[a]\nx = y\n[b]\nAWS_ACCESS_KEY_ID=z\ncredential_process = y\n",
        );
        let by = |profile| -> Vec<String> {
            let shadows = shadows(&config, profile, Some(&credentials));
            shadows.iter().map(|shadow| format!("{}@{}", shadow.by, shadow.place.line)).collect()
        };
        assert_eq!(by("a"), ["sso_keys@3"]);
        assert_eq!(by("b"), ["static_keys@6", "credentials_file@6", "credentials_process@7"]);
        assert_eq!(by("default"), ["duplicate@9", "credentials_file@2"]);
        assert!(by("c").is_empty());
        let of = |name: &str| source(&config.section(&Heading::Profile(name.into())).expect("is there"));
        assert_eq!((of("a"), of("c"), of("d")), (Source::Kcaws, Source::SourceProfile, Source::Sso));
        assert_eq!(of("e"), Source::SourceProfile, "no SDK runs the line");
    }
}
