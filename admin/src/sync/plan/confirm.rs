//! Confirms singly, with the realm, everything that a plan takes away.
//!
//! A list that was read may have missed somebody, however well its length agrees. So each user who would lose
//! something is looked up: not there (404), disabled, or enabled and a member of no group that would keep it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use super::{Adoption, Departure, Plan, UserChange};
use crate::sync::call::Calls;
use crate::sync::owner::ExternalId;
use crate::sync::parallel::for_each;
use crate::sync::read_fault::{ReadFault, Reading};
use crate::sync::source::{Realm, Tree};

/// What the realm answers about one user.
enum Standing {
    Deleted,
    Disabled,
    /// The ids of the groups in scope that the user is in.
    Enabled(BTreeSet<String>),
}

/// Confirms the removals, and writes into the plan why each user leaves.
pub(crate) fn confirm(
    plan: &mut Plan,
    realm: &dyn Realm,
    calls: &Calls,
    tree: &Tree,
) -> Result<(), ReadFault> {
    let standings = look_up(&subjects(plan), realm, calls, tree)?;
    for leaver in &mut plan.deactivations {
        leaver.departure = departure(&standings, &leaver.user.subject, &leaver.user.name)?;
    }
    for leaver in &mut plan.deletions {
        leaver.departure = departure(&standings, &leaver.user.subject, &leaver.user.name)?;
    }
    for (subject, name) in taken_over(plan) {
        departure(&standings, &subject, &name)?;
    }
    for change in &plan.removals {
        for member in &change.members {
            if let Some(Standing::Enabled(groups)) = standings.get(&member.subject)
                && groups.contains(&change.group.subject)
            {
                let (user, group) = (member.user_name.clone(), change.group.name.clone());
                return Err(ReadFault::StillMember { user, group });
            }
        }
    }
    Ok(())
}

fn subjects(plan: &Plan) -> Vec<String> {
    let mut subjects: BTreeSet<String> = taken_over(plan).map(|(subject, _)| subject).collect();
    subjects.extend(plan.deactivations.iter().map(|leaver| leaver.user.subject.clone()));
    subjects.extend(plan.deletions.iter().map(|leaver| leaver.user.subject.clone()));
    let members = plan.removals.iter().flat_map(|change| &change.members);
    subjects.extend(members.map(|member| member.subject.clone()));
    subjects.into_iter().collect()
}

/// Returns the users whose objects are handed to somebody else of the same name.
fn taken_over(plan: &Plan) -> impl Iterator<Item = (String, String)> {
    plan.users.iter().filter_map(|change| match change {
        UserChange::GiveWay(update) | UserChange::Update(update) => {
            let Some(Adoption { previous: Some(previous) }) = &update.adoption else { return None };
            let previous: ExternalId = previous.parse().ok()?;
            Some((previous.id().to_owned(), update.user.name.clone()))
        }
        UserChange::Create { .. } => None,
    })
}

fn departure(
    standings: &HashMap<String, Standing>,
    subject: &str,
    name: &str,
) -> Result<Departure, ReadFault> {
    match standings.get(subject) {
        Some(Standing::Deleted) => Ok(Departure::Deleted),
        Some(Standing::Disabled) => Ok(Departure::Disabled),
        Some(Standing::Enabled(groups)) if groups.is_empty() => Ok(Departure::OutOfScope),
        Some(Standing::Enabled(_)) | None => Err(ReadFault::StillThere { user: name.to_owned() }),
    }
}

fn look_up(
    subjects: &[String],
    realm: &dyn Realm,
    calls: &Calls,
    tree: &Tree,
) -> Result<HashMap<String, Standing>, ReadFault> {
    let standings = Mutex::new(HashMap::new());
    for_each(subjects, |subject| {
        let standing = standing(subject, realm, calls, tree)?;
        standings.lock().unwrap_or_else(PoisonError::into_inner).insert(subject.clone(), standing);
        Ok(())
    })?;
    Ok(standings.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn standing(subject: &str, realm: &dyn Realm, calls: &Calls, tree: &Tree) -> Result<Standing, ReadFault> {
    let Some(user) = calls.ask(|| realm.user(subject)).map_err(Reading::User.failed())? else {
        return Ok(Standing::Deleted);
    };
    if !user.enabled {
        return Ok(Standing::Disabled);
    }
    let Some(groups) = calls.ask(|| realm.groups_of(subject)).map_err(Reading::User.failed())? else {
        return Ok(Standing::Deleted);
    };
    let mut kept = BTreeSet::new();
    for group in groups {
        let Some(at) = tree.find(&group) else {
            return Err(ReadFault::UnknownGroup { user: user.user_name, group });
        };
        kept.extend(tree.fed_by(at).into_iter().map(|at| tree.id(at).to_owned()));
    }
    Ok(Standing::Enabled(kept))
}
