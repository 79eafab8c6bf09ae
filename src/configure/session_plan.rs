//! Plans the changes of an `[sso-session NAME]` section.

use super::answers::is_same_portal;
use crate::profile::draft::{Change, Draft};
use crate::profile::{ConfigError, Document, Heading};
use crate::session::start_url::is_well_spelled;

/// Without this scope there is no refresh, and there are no role credentials.
const SCOPES: &str = "sso:account:access";

/// One key that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange {
    pub key: &'static str,
    pub old: Option<String>,
    pub new: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionPlan {
    pub name: String,
    pub is_new: bool,
    pub changes: Vec<KeyChange>,
}

impl SessionPlan {
    /// Returns the changes for what was requested and differs.
    ///
    /// Another spelling of the same portal is no change if AWS accepts it, since the login is stored under it. Scopes
    /// that the user chose stay.
    pub fn of(
        document: &Document,
        name: &str,
        start_url: &str,
        region: &str,
        scopes: Option<&[String]>,
    ) -> Self {
        let section = document.section(&Heading::SsoSession(name.to_owned()));
        let old = |key| section.as_ref().and_then(|section| section.get(key)).map(str::to_owned);
        let mut changes = Vec::new();
        let mut change = |key, old: Option<String>, new: &str| {
            changes.push(KeyChange { key, old, new: new.to_owned() });
        };
        let url = old("sso_start_url");
        let stays = |old: &str| is_same_portal(old, start_url) && is_well_spelled(old);
        if !url.as_deref().is_some_and(stays) {
            change("sso_start_url", url, start_url);
        }
        let old_region = old("sso_region");
        if old_region.as_deref() != Some(region) {
            change("sso_region", old_region, region);
        }
        if section.is_none() {
            let scopes = scopes.map_or_else(|| SCOPES.to_owned(), |scopes| scopes.join(","));
            change("sso_registration_scopes", None, &scopes);
        }
        Self { name: name.to_owned(), is_new: section.is_none(), changes }
    }

    /// Returns whether something that the user set is changed.
    pub fn overwrites(&self) -> bool {
        self.changes.iter().any(|change| change.old.is_some())
    }

    pub fn moves_the_portal(&self) -> bool {
        self.changes.iter().any(|change| change.key == "sso_start_url" && change.old.is_some())
    }

    pub fn apply(&self, draft: &mut Draft<'_>) -> Result<Change, ConfigError> {
        if self.changes.is_empty() {
            return Ok(Change::Unchanged);
        }
        let keys: Vec<(&str, &str)> = self.changes.iter().map(|one| (one.key, one.new.as_str())).collect();
        draft.set(&Heading::SsoSession(self.name.clone()), &keys)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const URL: &str = "https://corp.awsapps.com/start";

    fn applied(text: &str, name: &str, url: &str, region: &str) -> (SessionPlan, String) {
        let document = Document::parse(Path::new("/c"), text).expect("parses");
        let plan = SessionPlan::of(&document, name, url, region, None);
        let mut draft = Draft::of(&document).expect("every tool reads it");
        plan.apply(&mut draft).expect("can be written");
        (plan, draft.finish().expect("holds").text().to_owned())
    }

    #[test]
    fn a_new_session_gets_all_three_keys_at_the_end() {
        let (plan, text) = applied("[profile a]\nregion = x\n", "corp", URL, "eu-central-1");
        assert!(plan.is_new && !plan.overwrites());
        assert_eq!(
            text,
            "[profile a]\nregion = x\n\n[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\n\
             sso_region = eu-central-1\nsso_registration_scopes = sso:account:access\n"
        );
        assert_eq!(applied(&text, "corp", URL, "eu-central-1").1, text, "the second time nothing");
    }

    #[test]
    fn a_new_session_gets_the_scopes_that_are_wanted() {
        let document = Document::parse(Path::new("/c"), "").expect("parses");
        let scopes = ["sso:account:access".to_owned(), "team:read".to_owned()];
        let plan = SessionPlan::of(&document, "corp", URL, "eu-central-1", Some(&scopes));
        assert_eq!(plan.changes[2].new, "sso:account:access,team:read");
    }

    #[test]
    fn an_old_session_changes_only_where_it_differs() {
        let old = "# ours\n[sso-session corp]\nsso_start_url=https://corp.awsapps.com/start/#/\nsso_region=eu-west-1\n\
                   sso_registration_scopes=a:b\n";
        let (plan, text) = applied(old, "corp", URL, "eu-central-1");
        assert_eq!(text, old.replace("eu-west-1", "eu-central-1"));
        assert!(plan.overwrites() && !plan.moves_the_portal());
        let (plan, text) = applied(old, "corp", "https://other.awsapps.com/start", "eu-west-1");
        assert!(plan.moves_the_portal());
        assert_eq!(text.matches("[sso-session").count(), 1);
        for spelled in ["https://corp.awsapps.com", "https://corp.awsapps.com/start/?tab=accounts"] {
            let (_, text) =
                applied(&old.replace("https://corp.awsapps.com/start/#/", spelled), "corp", URL, "eu-west-1");
            assert!(text.contains("sso_start_url=https://corp.awsapps.com/start\n"), "{text}");
        }
        let (plan, text) =
            applied("[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\n", "corp", URL, "r");
        assert!(!plan.overwrites() && text.ends_with("sso_region = r\n"), "{text}");
    }
}
