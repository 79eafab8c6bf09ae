//! Finds the session that a start URL belongs to.
//!
//! A profile without `sso_session` names its portal by `sso_start_url` alone, and users and tools spell one portal in
//! several ways. All spellings are one session: the first `[sso-session …]` of that portal, or else the spelling that
//! comes first in the file. Sessions with names of their own stay separate.

use std::collections::HashMap;

use super::document::{Document, Heading, View};
use super::portal_url::portal;
use super::target::{SsoSession, session_of};

/// Computed once for a document: a file may have ten thousand such profiles.
#[derive(Clone, Default)]
pub(super) struct Portals {
    /// The first `[sso-session …]` of each portal.
    named: HashMap<String, String>,
    /// Spellings in profiles, in order: the URL, the portal, and the first profile that has it.
    spelled: Vec<Spelling>,
    by_url: HashMap<String, usize>,
    /// The spellings of each portal, in order.
    by_portal: HashMap<String, Vec<usize>>,
}

#[derive(Clone)]
struct Spelling {
    url: String,
    portal: String,
    profile: String,
}

impl Portals {
    fn of(document: &Document) -> Self {
        let mut portals = Self::default();
        let names = document.names(|heading| match heading {
            Heading::SsoSession(name) => Some(name),
            _ => None,
        });
        for name in names {
            let section = document.section(&Heading::SsoSession(name.clone()));
            let url = section.as_ref().and_then(|section| section.get("sso_start_url"));
            if let Some(url) = url {
                portals.named.entry(key(url)).or_insert(name);
            }
        }
        for (profile, url) in document.legacy_urls() {
            if !portals.by_url.contains_key(url) {
                let at = portals.spelled.len();
                portals.by_url.insert(url.to_owned(), at);
                let (url, portal) = (url.to_owned(), key(url));
                portals.by_portal.entry(portal.clone()).or_default().push(at);
                portals.spelled.push(Spelling { url, portal, profile });
            }
        }
        portals
    }

    fn named(&self, portal: &str) -> Option<&str> {
        self.named.get(portal).map(String::as_str)
    }

    fn first(&self, portal: &str) -> Option<&Spelling> {
        self.of_portal(portal).next()
    }

    fn of_portal(&self, portal: &str) -> impl Iterator<Item = &Spelling> {
        self.by_portal.get(portal).into_iter().flatten().map(|at| &self.spelled[*at])
    }
}

/// Returns the key of a portal; text that is not a URL counts as a portal of its own.
fn key(url: &str) -> String {
    portal(url).unwrap_or_else(|| url.to_owned())
}

impl Document {
    fn portals(&self) -> &Portals {
        self.portals.get_or_init(|| Portals::of(self))
    }

    /// Returns the profiles that have a start URL and no `sso_session`.
    fn legacy_urls(&self) -> impl Iterator<Item = (String, &str)> {
        let names = self.profile_names().into_iter();
        names.filter_map(|name| {
            let url = self.legacy_url(&name)?;
            Some((name, url))
        })
    }

    /// Returns the start URL of a profile that names its portal in no other way.
    pub fn legacy_url(&self, profile: &str) -> Option<&str> {
        let section = self.section(&Heading::Profile(profile.to_owned()))?;
        section.get("sso_start_url").filter(|_| section.get("sso_session").is_none())
    }

    /// Returns the start URLs of profiles, each portal once, without those of an `[sso-session …]`.
    pub(super) fn portals_without_a_name(&self) -> Vec<String> {
        let portals = self.portals();
        let is_first = |one: &&Spelling| {
            portals.named(&one.portal).is_none()
                && portals.first(&one.portal).is_some_and(|first| first.url == one.url)
        };
        portals.spelled.iter().filter(is_first).map(|one| one.url.clone()).collect()
    }

    /// Returns the name of the session that a start URL belongs to: the name of a section, or another spelling.
    pub fn session_of_url(&self, url: &str) -> Option<String> {
        let portals = self.portals();
        let portal = match portals.by_url.get(url) {
            Some(at) => portals.spelled[*at].portal.clone(),
            None => portal(url)?,
        };
        let first = || portals.first(&portal).map(|one| one.url.as_str());
        portals.named(&portal).or_else(first).map(str::to_owned)
    }

    /// Returns the profile whose section has the settings of an unnamed portal.
    pub(super) fn profile_of_url(&self, url: &str) -> Option<(View<'_>, &str)> {
        let portals = self.portals();
        let spelling = &portals.spelled[*portals.by_url.get(url)?];
        let section = self.section(&Heading::Profile(spelling.profile.clone()))?;
        Some((section, &spelling.profile))
    }

    /// Returns the start URLs of profiles, each spelling once, with the first profile that has it.
    pub fn spelled_by_profiles(&self) -> impl Iterator<Item = (&str, &str)> {
        self.portals().spelled.iter().map(|one| (one.profile.as_str(), one.url.as_str()))
    }

    /// Returns the sessions that the spellings of one portal would be by themselves.
    ///
    /// They find a login that was made when each spelling was a session.
    pub fn spellings(&self, url: &str) -> Vec<SsoSession> {
        let portals = self.portals();
        let Some(portal) = portal(url) else { return Vec::new() };
        portals
            .of_portal(&portal)
            .filter_map(|one| {
                let section = self.section(&Heading::Profile(one.profile.clone()))?;
                session_of(&section, &one.url, &format!("profile {}", one.profile)).ok()
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const SPELLED: &str = "\
[profile one]
sso_start_url = https://corp.awsapps.com/start/
sso_region = eu-central-1
sso_account_id = 111122223333
sso_role_name = ReadOnlyAccess
[profile two]
sso_start_url = https://corp.awsapps.com/start/#/
sso_region = eu-central-1
sso_account_id = 111122223333
sso_role_name = PowerUserAccess
[profile other]
sso_start_url = https://other.awsapps.com/start
sso_region = eu-central-1
";
    const NAMED: &str =
        "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-central-1\n";

    fn document(text: &str) -> Document {
        Document::parse(Path::new("/c"), text).expect("parses")
    }

    #[test]
    fn spellings_of_one_portal_are_the_first_of_them() {
        let document = document(SPELLED);
        let first = "https://corp.awsapps.com/start/";
        assert_eq!(document.session_names(), [first, "https://other.awsapps.com/start"]);
        let target = document.target("two").expect("is a target");
        assert_eq!((target.session.name.as_str(), target.session.start_url.as_str()), (first, first));
        assert_eq!(document.session("https://corp.awsapps.com/start#").expect("is known").name, first);
        assert_eq!(document.roles_of_session(first).len(), 2);
        assert!(document.session("https://third.awsapps.com/start").is_err());
    }

    #[test]
    fn a_named_session_takes_them_in_and_two_named_ones_stay_two() {
        let document = document(&format!("{SPELLED}{NAMED}{}", NAMED.replace("corp]", "corp2]")));
        assert_eq!(document.session_names(), ["corp", "corp2", "https://other.awsapps.com/start"]);
        for profile in ["one", "two"] {
            let session = document.target(profile).expect("is a target").session;
            assert_eq!(session.name, "corp");
            assert_eq!(session.start_url, "https://corp.awsapps.com/start", "the key of its tokens");
        }
        assert_eq!(document.roles_of_session("corp").len(), 2);
        assert_eq!(document.session("https://corp.awsapps.com/start/").expect("is known").name, "corp");
        assert_eq!(document.spellings("https://corp.awsapps.com/start").len(), 2);
    }

    #[test]
    fn a_named_session_that_cannot_be_used_takes_no_one_in() {
        let broken = NAMED.replace("sso_region = eu-central-1", "sso_region = EU");
        let document = document(&format!("{SPELLED}{broken}"));
        let session = document.target("one").expect("is a target").session;
        assert_eq!(session.name, "https://corp.awsapps.com/start/");
    }
}
