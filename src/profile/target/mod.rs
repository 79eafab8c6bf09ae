//! Resolves a session or profile name: where to log in, and which role of which account.
//!
//! Nothing is executed to find out.

use std::collections::HashSet;

use super::document::{Document, Heading, View};
use super::{ConfigError, InvalidRole, KnownNames, Place, Role, RoleName, invisible, portal_url};
pub use crate::ports::identity_center::is_account_id;
use crate::shell::words::words;

/// `[sso-session corp]`, shared with the AWS CLI.
///
/// ```ini
/// [sso-session corp]
/// sso_start_url = https://d-1234567890.awsapps.com/start
/// sso_region = eu-central-1
/// sso_registration_scopes = sso:account:access
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SsoSession {
    pub name: String,
    /// Exactly as configured: it is part of the keys under which tokens are stored.
    pub start_url: String,
    /// Empty if the config has none: a start URL may contain it, or redirect to one that does.
    pub region: String,
    pub scopes: Vec<String>,
}

/// What a profile refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub session: SsoSession,
    pub role: Option<Role>,
}

impl Document {
    /// Returns all sessions by name: `[sso-session …]`, then start URLs that only profiles name.
    pub fn session_names(&self) -> Vec<String> {
        self.known_sessions().all().to_vec()
    }

    pub fn profile_names(&self) -> Vec<String> {
        self.known_profiles().all().to_vec()
    }

    fn known_sessions(&self) -> &KnownNames {
        self.known_sessions.get_or_init(|| {
            let mut names = self.names(|heading| match heading {
                Heading::SsoSession(name) => Some(name),
                _ => None,
            });
            names.extend(self.portals_without_a_name());
            KnownNames::of(names)
        })
    }

    fn known_profiles(&self) -> &KnownNames {
        self.known_profiles.get_or_init(|| {
            KnownNames::of(self.names(|heading| match heading {
                Heading::Profile(name) => Some(name),
                _ => None,
            }))
        })
    }

    /// Returns the session of this name; a start URL names the session that it belongs to.
    pub fn session(&self, name: &str) -> Result<SsoSession, ConfigError> {
        if self.section(&Heading::SsoSession(name.to_owned())).is_none()
            && let Some(joined) = self.session_of_url(name)
        {
            let joined = self.session_by_its_own_name(&joined);
            // An unusable session does not match.
            return joined.or_else(|error| self.session_by_its_own_name(name).map_err(|_| error));
        }
        self.session_by_its_own_name(name)
    }

    fn session_by_its_own_name(&self, name: &str) -> Result<SsoSession, ConfigError> {
        match self.section_of_session(name) {
            Some((section, title)) => session_of(&section, name, &title),
            None => Err(self.no_such_session(name)),
        }
    }

    /// Returns the section with a session's settings, and its title.
    fn section_of_session(&self, name: &str) -> Option<(View<'_>, String)> {
        if let Some(section) = self.section(&Heading::SsoSession(name.to_owned())) {
            return Some((section, format!("sso-session {name}")));
        }
        // A legacy profile's session has no name of its own; its start URL is used.
        let (section, profile) = self.profile_of_url(name)?;
        Some((section, format!("profile {profile}")))
    }

    /// Returns the error that a session has no Region, and nothing else contains one.
    pub fn no_region(&self, name: &str) -> ConfigError {
        match self.section_of_session(name) {
            Some((section, title)) => missing(&section, &title, "sso_region"),
            None => self.no_such_session(name),
        }
    }

    /// Returns the place of a session's Region, or of its section if it has none.
    pub fn place_of_region(&self, name: &str) -> Option<Place> {
        self.section_of_session(name).map(|(section, _)| section.place_of("sso_region"))
    }

    pub fn no_such_profile(&self, name: &str) -> ConfigError {
        ConfigError::NoSuchProfile {
            name: name.to_owned(),
            path: self.path().to_path_buf(),
            known: self.known_profiles().clone(),
        }
    }

    /// Returns the error that there is no session at all, or the unreadable line that may be the reason.
    pub fn no_sessions(&self) -> ConfigError {
        let unreadable = self.unreadable_lines().next();
        unreadable.unwrap_or_else(|| ConfigError::NoSessions { path: self.path().to_path_buf() })
    }

    fn no_such_session(&self, name: &str) -> ConfigError {
        if self.known_sessions().is_empty()
            && let Some(unreadable) = self.unreadable_lines().next()
        {
            return unreadable;
        }
        ConfigError::NoSuchSession {
            name: name.to_owned(),
            path: self.path().to_path_buf(),
            known: self.known_sessions().clone(),
        }
    }

    /// Resolves a kcaws profile, recognized by its `credential_process` line or its `sso_*` keys.
    pub fn target(&self, profile: &str) -> Result<Target, ConfigError> {
        match self.target_by_line(profile)? {
            Some(target) => Ok(target),
            None => self.target_by_keys(profile),
        }
    }

    /// Returns what the profile's `credential_process` refers to; `None` if that does not run kcaws.
    pub(super) fn target_by_line(&self, profile: &str) -> Result<Option<Target>, ConfigError> {
        let section = self.profile_section(profile)?;
        let Some(text) = section.get("credential_process") else { return Ok(None) };
        let Some(line) = kcaws_arguments(text) else {
            let is_meant =
                invisible::in_text(text).is_some() && kcaws_arguments(&invisible::as_blanks(text)).is_some();
            let what = "credential_process does not run kcaws";
            return if is_meant { Err(section.bad_value("credential_process", what)) } else { Ok(None) };
        };
        self.target_of_line(profile, &section, &line).map(Some)
    }

    /// Returns what the profile's `sso_*` keys refer to.
    pub(super) fn target_by_keys(&self, profile: &str) -> Result<Target, ConfigError> {
        let section = self.profile_section(profile)?;
        let session = match (section.visible("sso_session")?, section.get("sso_start_url")) {
            (Some(name), _) => self.session(name)?,
            (None, Some(url)) => {
                // An unusable session does not match.
                let joined = self.session_of_url(url).filter(|joined| joined != url);
                match joined.and_then(|joined| self.session_by_its_own_name(&joined).ok()) {
                    Some(joined) => joined,
                    None => session_of(&section, url, &format!("profile {profile}"))?,
                }
            }
            (None, None) => {
                return Err(ConfigError::NotOurs { place: section.place(), name: profile.to_owned() });
            }
        };
        let role = match (section.get("sso_account_id"), section.get("sso_role_name")) {
            (Some(account), Some(role)) => {
                let key = if is_account_id(account) { "sso_role_name" } else { "sso_account_id" };
                Some(
                    permission_set(account, role)
                        .map_err(|error| section.bad_value(key, &error.to_string()))?,
                )
            }
            (None, None) => None,
            (account, _) => {
                let key = if account.is_none() { "sso_account_id" } else { "sso_role_name" };
                return Err(missing(&section, &format!("profile {profile}"), key));
            }
        };
        Ok(Target { session, role })
    }

    fn profile_section(&self, profile: &str) -> Result<View<'_>, ConfigError> {
        let section = self.section(&Heading::Profile(profile.to_owned()));
        let section = section.ok_or_else(|| self.no_such_profile(profile))?;
        section.damage().map_or(Ok(section), Err)
    }

    /// Returns the roles of a session that profiles name directly, each once; one pass over the file.
    ///
    /// A profile that only refers to another one is left out, and errors are left to the users of the profile.
    pub fn roles_of_session(&self, session: &str) -> Vec<Role> {
        let (mut roles, mut seen) = (Vec::new(), HashSet::new());
        for section in self.profiles() {
            let line = section.get("credential_process").and_then(kcaws_arguments);
            let (of, account, role) = match &line {
                Some(line) => {
                    let value = |name| option_value(line, name);
                    (value("--session"), value("--account"), value("--role"))
                }
                None => (
                    section.get("sso_session").or(section.get("sso_start_url")),
                    section.get("sso_account_id"),
                    section.get("sso_role_name"),
                ),
            };
            let (Some(of), Some(account), Some(role)) = (of, account, role) else { continue };
            let is_its = of == session || self.session_of_url(of).is_some_and(|joined| joined == session);
            let role =
                if line.is_some() { Role::parse(account, role) } else { permission_set(account, role) };
            if let Ok(role) = role
                && is_its
                && seen.insert((role.account_id.clone(), role.role_name.clone()))
            {
                roles.push(role);
            }
        }
        roles
    }

    fn target_of_line(
        &self,
        profile: &str,
        section: &View<'_>,
        line: &[String],
    ) -> Result<Target, ConfigError> {
        let place = section.place_of("credential_process");
        if line.iter().any(|word| invisible::in_text(word).is_some()) {
            return Err(section.bad_value("credential_process", "credential_process cannot be used as it is"));
        }
        let value = |name: &str| option_value(line, name);
        match (value("--session"), value("--account"), value("--role"), value("--profile")) {
            (Some(session), Some(account), Some(role), None) => {
                let role = Role::parse(account, role)
                    .map_err(|error| section.bad_value("credential_process", &error.to_string()))?;
                Ok(Target { session: self.session(session)?, role: Some(role) })
            }
            (None, None, None, Some(other)) if other == profile => {
                Err(ConfigError::Circular { place, name: profile.to_owned() })
            }
            // One step only: a chain of profiles is a mistake, and could be endless.
            (None, None, None, Some(other)) => {
                let is_kcaws = self
                    .section(&Heading::Profile(other.to_owned()))
                    .and_then(|section| section.get("credential_process"))
                    .and_then(kcaws_arguments)
                    .is_some_and(|line| option_value(&line, "--profile").is_some());
                if is_kcaws {
                    return Err(ConfigError::Circular { place, name: profile.to_owned() });
                }
                self.target(other)
            }
            _ => Err(ConfigError::BadValue {
                place,
                what: "credential_process needs --session, --account and --role, or --profile".to_owned(),
            }),
        }
    }
}

pub(super) fn session_of(section: &View<'_>, name: &str, title: &str) -> Result<SsoSession, ConfigError> {
    let required = |key| section.get(key).ok_or_else(|| missing(section, title, key));
    let start_url = required("sso_start_url")?;
    let region = section.get("sso_region").unwrap_or_default();
    if region.is_empty()
        && let Some(error) = section.damage()
    {
        return Err(error);
    }
    // It becomes part of a host name.
    if !region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        return Err(section.bad_value("sso_region", "sso_region is not a region such as `eu-central-1`"));
    }
    let is_url = matches!(url::Url::parse(start_url), Ok(url) if url.scheme() == "https" && url.has_host());
    // It would be percent-encoded.
    if !is_url && let Some(meant) = portal_url::meant_by(start_url) {
        return Err(ConfigError::BadStartUrl { place: section.place_of("sso_start_url"), meant });
    }
    if !is_url || invisible::in_text(start_url).is_some() {
        return Err(section.bad_value("sso_start_url", "sso_start_url is not an https URL"));
    }
    let scopes = section.visible("sso_registration_scopes")?.unwrap_or_default();
    let scopes: Vec<String> =
        scopes.split(',').map(str::trim).filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    Ok(SsoSession {
        name: name.to_owned(),
        start_url: start_url.to_owned(),
        region: region.to_owned(),
        // Without this scope there is no refresh, and there are no role credentials.
        scopes: if scopes.is_empty() { vec!["sso:account:access".to_owned()] } else { scopes },
    })
}

fn missing(section: &View<'_>, title: &str, key: &'static str) -> ConfigError {
    section.missing(title, key)
}

/// Returns the role of `sso_account_id` and `sso_role_name`, which only permission sets have.
fn permission_set(account: &str, name: &str) -> Result<Role, InvalidRole> {
    let role = Role::parse(account, name)?;
    match role.role_name {
        RoleName::PermissionSet(_) => Ok(role),
        RoleName::IamRole(_) => Err(InvalidRole::Name),
    }
}

/// Returns the account ID in a text, as stored or as the console and mails show it, `1111-2222-3333`.
pub fn account_id(text: &str) -> Option<String> {
    let groups: Vec<&str> = text.trim().split(['-', ' ']).collect();
    let is_grouped = groups.len() == 3 && groups.iter().all(|group| group.len() == 4);
    let id = if is_grouped { groups.concat() } else { text.trim().to_owned() };
    is_account_id(&id).then_some(id)
}

/// Returns the arguments after `credential-process` if the line runs kcaws, by whatever path.
pub(super) fn kcaws_arguments(line: &str) -> Option<Vec<String>> {
    let mut words = words(line).into_iter();
    let program = words.next()?;
    let name = program.rsplit(['/', '\\']).next()?;
    if !matches!(name, "kcaws" | "kcaws.exe") || words.next()? != "credential-process" {
        return None;
    }
    Some(words.collect())
}

/// Returns the value of `--name value` or `--name=value`.
pub(super) fn option_value<'a>(words: &'a [String], name: &str) -> Option<&'a str> {
    words.iter().enumerate().find_map(|(index, word)| match word.strip_prefix(name)? {
        "" => words.get(index + 1).map(String::as_str),
        rest => rest.strip_prefix('='),
    })
}

#[cfg(test)]
mod tests;
