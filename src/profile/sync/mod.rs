//! Decides which profiles a listing of accounts requires, and what the file must change for it.
//!
//! What sync wrote is recorded in the state folder: name, role, Region and output. A profile whose role is neither the
//! recorded nor the listed one was changed by hand and is left alone; so is a Region that differs from the record. Only
//! a recorded profile that still names its role is ever renamed or removed: renamed if the role now has another name,
//! removed if AWS no longer lists the role. Lines of other authors that are removed with it are reported.

mod note;

use std::collections::{BTreeMap, HashMap, HashSet};

pub(super) use self::note::Noted;
pub use self::note::{Note, Writer};
use super::draft::{Change, Draft};
use super::kcaws_profile::KcawsProfile;
use super::line::{renewed, without_needless_quotes};
use super::naming::{ProfileSettings, Template};
use super::references::Reference;
use super::{ConfigError, Document, Heading, Place, Role, RoleName};
use crate::ports::identity_center::Account;

/// A profile that should exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedProfile {
    pub name: String,
    pub own: KcawsProfile,
    pub region: Option<String>,
    pub output: Option<String>,
    /// Other roles whose names would be the same: then the profile is left alone, whichever role it is for.
    pub rivals: Vec<Role>,
}

/// Returns a profile for each name that the listing and the template produce, sorted by name.
///
/// Names that several accounts would share get the accounts' IDs; what is still the same after that has rivals.
pub fn wanted<'a>(
    session: &str,
    listed: impl IntoIterator<Item = (&'a Account, &'a [RoleName])>,
    settings: &ProfileSettings,
    template: &Template,
) -> Vec<WantedProfile> {
    let roles = listed.into_iter().flat_map(|(account, roles)| roles.iter().map(move |role| (account, role)));
    let mut named: Vec<(&Account, &RoleName, String)> = roles
        .map(|(account, role)| (account, role, settings.profile_name(template, session, account, role)))
        .collect();
    tell_iam_roles_apart(&mut named);
    let shared = names_of_several_accounts(&named);
    let mut wanted: BTreeMap<String, WantedProfile> = BTreeMap::new();
    for (account, role, name) in &named {
        let name = if shared.contains(name.as_str()) {
            let with_id = settings.profile_name_with_id(template, session, account, role);
            // A mark that the name got is kept.
            if name.ends_with(IAM_MARK) && !with_id.ends_with(IAM_MARK) {
                with_id + IAM_MARK
            } else {
                with_id
            }
        } else {
            name.clone()
        };
        let role_of = Role { account_id: account.id.clone(), role_name: (*role).clone() };
        if let Some(first) = wanted.get_mut(&name) {
            first.rivals.push(role_of);
            continue;
        }
        let one = WantedProfile {
            own: KcawsProfile { session: session.to_owned(), role: role_of },
            region: settings.region(account, role).map(str::to_owned),
            output: settings.output.clone(),
            name: name.clone(),
            rivals: Vec::new(),
        };
        wanted.insert(name, one);
    }
    wanted.into_values().collect()
}

/// What is added to the name of an IAM role's profile where a permission set of the account has that name.
const IAM_MARK: &str = "-iam";

fn tell_iam_roles_apart(named: &mut [(&Account, &RoleName, String)]) {
    let of_sets: HashSet<(String, String)> = named
        .iter()
        .filter(|(_, role, _)| role.arn().is_none())
        .map(|(account, _, name)| (account.id.clone(), name.clone()))
        .collect();
    for (account, role, name) in named {
        if role.arn().is_some() && of_sets.contains(&(account.id.clone(), name.clone())) {
            name.push_str(IAM_MARK);
        }
    }
}

fn names_of_several_accounts<'a>(named: &'a [(&Account, &RoleName, String)]) -> HashSet<&'a str> {
    let mut first: HashMap<&str, &str> = HashMap::new();
    let mut shared = HashSet::new();
    for (account, _, name) in named {
        if *first.entry(name).or_insert(&account.id) != account.id {
            shared.insert(name.as_str());
        }
    }
    shared
}

/// The result for each profile.
#[derive(Debug, Default)]
pub struct Plan {
    pub created: Vec<String>,
    pub updated: Vec<String>,
    pub removed: Vec<String>,
    pub renamed: Vec<Renamed>,
    /// Lines of other profiles that named a renamed one, and were changed with it.
    pub followed: Vec<Reference>,
    /// Lines of other profiles that name one that no longer exists under that name.
    pub dangling: Vec<Reference>,
    /// The removed profiles that had unrecorded lines.
    pub removed_with_more: Vec<String>,
    pub unchanged: Vec<String>,
    /// The profiles that were left alone.
    pub skipped: Vec<Skipped>,
    pub note: Note,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    pub from: String,
    pub to: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub name: String,
    pub place: Option<Place>,
    pub why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its line does not belong to kcaws.
    NotOurs,
    OfSession(String),
    /// It names a role other than the one written there.
    ChangedByHand,
    /// An account called `default` must not become the default profile.
    WouldBeDefault,
    /// The names cannot be passed on a command line.
    Unwritable,
    /// Two roles would use it.
    Ambiguous(Role, Role),
}

pub struct Sync<'a> {
    pub wanted: &'a [WantedProfile],
    pub program: &'a str,
    pub session: &'a str,
    pub note: &'a Note,
    /// Only if `wanted` comes from a complete list.
    pub prune: bool,
    /// Whether to rename a profile whose role has another name now, rather than write it a second time.
    pub rename: bool,
    /// Accounts whose permission sets are unknown, so that their profiles stay.
    pub unknown: &'a [&'a str],
    /// Kinds of roles that could not be listed, so that their profiles stay.
    pub unlisted: Unlisted,
    /// Whether to remove unneeded quotes around the program in the session's other kcaws profiles.
    pub unquote: bool,
}

/// The kinds of roles that AWS did not list this time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unlisted {
    pub permission_sets: bool,
    pub iam_roles: bool,
}

impl Unlisted {
    fn covers(self, role: &RoleName) -> bool {
        match role {
            RoleName::PermissionSet(_) => self.permission_sets,
            RoleName::IamRole(_) => self.iam_roles,
        }
    }
}

impl Sync<'_> {
    pub fn apply(&self, draft: &mut Draft<'_>) -> Result<Plan, ConfigError> {
        let mut plan = Plan::default();
        plan.note.region.clone_from(&self.note.region);
        let moves = self.moves(draft.document());
        for wanted in self.wanted {
            self.put(wanted, moves.get(wanted.name.as_str()).copied(), draft, &mut plan)?;
        }
        let left_names: HashSet<&str> = moves.into_values().collect();
        let is_wanted = |name: &str| self.wanted.binary_search_by(|one| one.name.as_str().cmp(name)).is_ok();
        // A role without a profile under its own name keeps the one under another.
        let listed: HashSet<(&str, &RoleName)> = self
            .wanted
            .iter()
            .flat_map(|one| std::iter::once(&one.own.role).chain(&one.rivals))
            .map(|role| (role.account_id.as_str(), &role.role_name))
            .collect();
        for (name, noted) in self
            .note
            .profiles
            .iter()
            .filter(|(name, _)| !is_wanted(name) && !left_names.contains(name.as_str()))
        {
            let document = draft.document();
            if !self.is_still_ours(document, name, noted) {
                continue;
            }
            let heading = Heading::Profile(name.clone());
            let stays = !self.prune
                || self.unknown.contains(&noted.account.as_str())
                || self.unlisted.covers(&noted.role)
                || listed.contains(&(noted.account.as_str(), &noted.role));
            if stays {
                plan.note.profiles.insert(name.clone(), noted.clone());
                continue;
            }
            if !document.is_as_noted(&heading, noted) {
                plan.removed_with_more.push(name.clone());
            }
            draft.remove(&heading)?;
            plan.removed.push(name.clone());
        }
        plan.follow_references(draft);
        if self.unquote {
            self.unquote_others(draft, &mut plan);
        }
        Ok(plan)
    }

    fn is_still_ours(&self, document: &Document, name: &str, noted: &Noted) -> bool {
        document.own(name).is_some_and(|own| own.session == self.session && noted.is_of(&own.role))
    }

    /// Returns the names of profiles to be renamed, by new names that are free or will be.
    fn moves(&self, document: &Document) -> HashMap<&str, &str> {
        let mut by_role: HashMap<(&str, &RoleName), &str> = HashMap::new();
        for (name, noted) in self.note.profiles.iter().filter(|_| self.rename) {
            if self.is_still_ours(document, name, noted) {
                by_role.entry((&noted.account, &noted.role)).or_insert(name);
            }
        }
        let mut moves: HashMap<&str, &str> = HashMap::new();
        for one in self.wanted.iter().filter(|one| one.rivals.is_empty() && one.name != "default") {
            let role = (one.own.role.account_id.as_str(), &one.own.role.role_name);
            let Some(present) = by_role.get(&role).filter(|present| **present != one.name) else { continue };
            if document.own(&one.name).is_none_or(|own| own != one.own) {
                moves.insert(&one.name, present);
            }
        }
        loop {
            let leaving: HashSet<&str> = moves.values().copied().collect();
            let before = moves.len();
            moves.retain(|to, _| leaving.contains(to) || !document.has_profile(to));
            if moves.len() == before {
                return moves;
            }
        }
    }

    /// Unquotes the program in other profiles; one that cannot be edited keeps its line, since this was not requested.
    fn unquote_others(&self, draft: &mut Draft<'_>, plan: &mut Plan) {
        let document = draft.document();
        let lists = [&plan.created, &plan.updated, &plan.unchanged, &plan.removed];
        let renamed = plan.renamed.iter().map(|one| &one.from);
        let done: HashSet<&String> = lists.into_iter().flatten().chain(renamed).collect();
        let names = document.profile_names().into_iter().filter(|name| !done.contains(name));
        let names: Vec<String> = names.collect();
        for name in names {
            let heading = Heading::Profile(name.clone());
            let line = document.section(&heading).and_then(|section| section.get("credential_process"));
            let Some(line) = line.and_then(without_needless_quotes) else { continue };
            let is_meant = document.own(&name).is_some_and(|own| own.session == self.session);
            let changed = is_meant.then(|| draft.set(&heading, &[("credential_process", &line)]));
            if let Some(Ok(Change::Updated)) = changed {
                plan.updated.push(name);
            }
        }
    }

    /// Writes a profile; `present` is the current name of the role's profile, if it is to be renamed.
    fn put(
        &self,
        wanted: &WantedProfile,
        present: Option<&str>,
        draft: &mut Draft<'_>,
        plan: &mut Plan,
    ) -> Result<(), ConfigError> {
        let (name, document) = (&wanted.name, draft.document());
        let heading = Heading::Profile(present.unwrap_or(name).to_owned());
        let noted = self.note.profiles.get(present.unwrap_or(name));
        if let Some(rival) = wanted.rivals.first() {
            plan.skip(name, document, Why::Ambiguous(wanted.own.role.clone(), rival.clone()));
            plan.note.profiles.extend(noted.map(|noted| (name.clone(), noted.clone())));
            return Ok(());
        }
        if let Some(why) = self.why_not(wanted, noted, document).filter(|_| present.is_none()) {
            plan.skip(name, document, why);
            return Ok(());
        }
        let section = document.section(&heading);
        let line = section.as_ref().and_then(|section| section.get("credential_process"));
        let Ok(line) = renewed(line, self.program, &wanted.own) else {
            plan.skip(name, document, Why::Unwritable);
            return Ok(());
        };
        let mut keys = vec![("credential_process", line.as_str())];
        let (has_region, is_new) = match &section {
            Some(section) => (section.get("region").map(str::to_owned), false),
            None => (None, true),
        };
        let noted_region = noted.and_then(|noted| noted.region.clone());
        let region = wanted.region.as_deref().filter(|_| is_new || has_region == noted_region);
        keys.extend(region.map(|region| ("region", region)));
        let output = wanted.output.as_deref().filter(|_| is_new);
        keys.extend(output.map(|output| ("output", output)));
        let change = draft.set(&heading, &keys)?;
        if let Some(from) = present {
            draft.rename(&heading, &Heading::Profile(name.clone()))?;
            plan.renamed.push(Renamed { from: from.to_owned(), to: name.clone() });
        }
        match change {
            _ if present.is_some() => {}
            Change::Created => plan.created.push(name.clone()),
            Change::Updated => plan.updated.push(name.clone()),
            Change::Unchanged => plan.unchanged.push(name.clone()),
        }
        let region = region.map(str::to_owned).or(noted_region);
        let output = output.map(str::to_owned).or_else(|| noted.and_then(|noted| noted.output.clone()));
        let Role { account_id, role_name } = wanted.own.role.clone();
        plan.note
            .profiles
            .insert(name.clone(), Noted { account: account_id, role: role_name, region, output });
        Ok(())
    }

    fn why_not(&self, wanted: &WantedProfile, noted: Option<&Noted>, document: &Document) -> Option<Why> {
        if wanted.name == "default" {
            return Some(Why::WouldBeDefault);
        }
        if document.foreign(&wanted.name).is_some() {
            return Some(Why::NotOurs);
        }
        let own = document.own(&wanted.name)?;
        if own.session != self.session {
            return Some(Why::OfSession(own.session));
        }
        let is_known = own.role == wanted.own.role || noted.is_some_and(|noted| noted.is_of(&own.role));
        (!is_known).then_some(Why::ChangedByHand)
    }
}

impl Plan {
    /// Updates lines that name a renamed profile; those that cannot be changed are kept for a warning.
    fn follow_references(&mut self, draft: &mut Draft<'_>) {
        let removed: HashSet<&str> = self.removed.iter().map(String::as_str).collect();
        let renamed: HashMap<&str, &str> =
            self.renamed.iter().map(|one| (one.from.as_str(), one.to.as_str())).collect();
        if removed.is_empty() && renamed.is_empty() {
            return;
        }
        let references = draft.document().references().into_iter();
        for reference in references.filter(|one| !removed.contains(one.profile.as_str())) {
            match renamed.get(reference.to.as_str()) {
                Some(to) if matches!(reference.rewrite(to, draft), Ok(true)) => self.followed.push(reference),
                None if !removed.contains(reference.to.as_str()) => {}
                _ => self.dangling.push(reference),
            }
        }
    }

    fn skip(&mut self, name: &str, document: &Document, why: Why) {
        let place = document.section(&Heading::Profile(name.to_owned())).map(|section| section.place());
        self.skipped.push(Skipped { name: name.to_owned(), place, why });
    }
}

#[cfg(test)]
mod tests;
