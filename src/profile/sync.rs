//! Which profiles a listing of accounts asks for, and what the file must change for it.
//!
//! What sync wrote is noted in the state folder: name, role and region. Only what stands in that note, and still is
//! the profile that the note describes, is ever pruned; and a region that differs from the note was set by hand and
//! stays.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::draft::{Change, Draft};
use super::naming::{ProfileSettings, Template};
use super::own::{Own, credential_process};
use super::{ConfigError, Document, Heading, Place, Role, SsoSession};
use crate::ports::identity_center::Account;
use crate::ports::state_folder::{StateError, StateFolder, hashed_name};

/// A profile that there should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub name: String,
    pub own: Own,
    pub region: Option<String>,
    pub output: Option<String>,
}

/// Two roles whose names come out alike.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("profile `{name}` would be both {first} and {second}")]
pub struct Collision {
    pub name: String,
    pub first: String,
    pub second: String,
}

pub fn wanted<'a>(
    session: &str,
    listed: impl IntoIterator<Item = (&'a Account, &'a [String])>,
    settings: &ProfileSettings,
    template: &Template,
) -> Result<Vec<Wanted>, Collision> {
    let mut wanted: BTreeMap<String, (Wanted, String)> = BTreeMap::new();
    for (account, roles) in listed {
        for role in roles {
            let name = settings.profile_name(template, session, account, role);
            let title =
                format!("{role} in {} ({})", account.id, account.name.as_deref().unwrap_or("no name"));
            if let Some((_, first)) = wanted.get(&name) {
                return Err(Collision { name, first: first.clone(), second: title });
            }
            let role_of = Role { account_id: account.id.clone(), role_name: role.clone() };
            let one = Wanted {
                own: Own { session: session.to_owned(), role: role_of },
                region: settings.region(account, role).map(str::to_owned),
                output: settings.output.clone(),
                name: name.clone(),
            };
            wanted.insert(name, (one, title));
        }
    }
    Ok(wanted.into_values().map(|(wanted, _)| wanted).collect())
}

/// What sync wrote last, by profile.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Note {
    profiles: BTreeMap<String, Noted>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
struct Noted {
    account: String,
    role: String,
    region: Option<String>,
}

impl Note {
    fn file(session: &SsoSession, document: &Document) -> String {
        let path = document.path().as_os_str().as_encoded_bytes();
        format!("sync/{}.json", hashed_name(&[session.name.as_bytes(), session.start_url.as_bytes(), path]))
    }

    /// A note that is lost or damaged is an empty one: then nothing is pruned.
    pub fn load(
        state: &dyn StateFolder,
        session: &SsoSession,
        document: &Document,
    ) -> Result<Self, StateError> {
        let bytes = state.read(&Self::file(session, document))?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }

    pub fn save(
        &self,
        state: &dyn StateFolder,
        session: &SsoSession,
        document: &Document,
    ) -> Result<(), StateError> {
        state.write(&Self::file(session, document), &serde_json::to_vec(self).unwrap_or_default())
    }
}

/// What became of each profile.
#[derive(Debug, Default)]
pub struct Plan {
    pub created: Vec<String>,
    pub updated: Vec<String>,
    pub removed: Vec<String>,
    pub unchanged: Vec<String>,
    /// Somebody else's profiles, and what not every tool could read: left as they are.
    pub skipped: Vec<(String, Option<Place>)>,
    pub note: Note,
}

pub struct Sync<'a> {
    pub wanted: &'a [Wanted],
    pub program: &'a str,
    pub session: &'a str,
    pub note: &'a Note,
    pub prune: bool,
}

impl Sync<'_> {
    pub fn apply(&self, draft: &mut Draft<'_>) -> Result<Plan, ConfigError> {
        let mut plan = Plan::default();
        for wanted in self.wanted {
            self.put(wanted, draft, &mut plan)?;
        }
        let is_wanted = |name: &str| self.wanted.binary_search_by(|one| one.name.as_str().cmp(name)).is_ok();
        for (name, noted) in self.note.profiles.iter().filter(|(name, _)| !is_wanted(name)) {
            let own = draft.document().own(name);
            let is_still_ours = own.is_some_and(|own| {
                let Role { account_id, role_name } = &own.role;
                own.session == self.session && (account_id, role_name) == (&noted.account, &noted.role)
            });
            if !is_still_ours {
                continue;
            }
            if self.prune {
                draft.remove(&Heading::Profile(name.clone()))?;
                plan.removed.push(name.clone());
            } else {
                plan.note.profiles.insert(name.clone(), noted.clone());
            }
        }
        Ok(plan)
    }

    fn put(&self, wanted: &Wanted, draft: &mut Draft<'_>, plan: &mut Plan) -> Result<(), ConfigError> {
        let (name, document) = (&wanted.name, draft.document());
        let heading = Heading::Profile(name.clone());
        let own = document.own(name);
        let is_foreign =
            document.foreign(name).is_some() || own.is_some_and(|own| own.session != self.session);
        // An account called `default` shall not become everybody's profile.
        if is_foreign || name == "default" {
            let place = document.section(&heading).map(|section| section.place());
            plan.skipped.push((name.clone(), place));
            return Ok(());
        }
        let Ok(line) = credential_process(self.program, &wanted.own) else {
            plan.skipped.push((name.clone(), None));
            return Ok(());
        };
        let mut keys = vec![("credential_process", line.as_str())];
        let section = document.section(&heading);
        let (has_region, is_new) = match &section {
            Some(section) => (section.get("region").map(str::to_owned), false),
            None => (None, true),
        };
        let noted_region = self.note.profiles.get(name).and_then(|noted| noted.region.clone());
        let region = wanted.region.as_deref().filter(|_| is_new || has_region == noted_region);
        keys.extend(region.map(|region| ("region", region)));
        keys.extend(wanted.output.as_deref().filter(|_| is_new).map(|output| ("output", output)));
        match draft.set(&heading, &keys)? {
            Change::Created => plan.created.push(name.clone()),
            Change::Updated => plan.updated.push(name.clone()),
            Change::Unchanged => plan.unchanged.push(name.clone()),
        }
        let region = region.map(str::to_owned).or(noted_region);
        let Role { account_id, role_name } = wanted.own.role.clone();
        plan.note.profiles.insert(name.clone(), Noted { account: account_id, role: role_name, region });
        Ok(())
    }
}

#[cfg(test)]
#[path = "sync_tests.rs"]
mod tests;
