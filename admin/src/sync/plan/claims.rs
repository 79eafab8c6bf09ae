//! Names and addresses that AWS has once, and that somebody else still has when a change needs them.
//!
//! The one who has it gives it up in the same plan, or left and gives way. Otherwise the change is not made, and then
//! neither is one that waits for what it would have freed.

use std::collections::{HashMap, HashSet};

use super::matching::{Draft, shown_user};
use super::notes::{Blocked, KeptBecause, ObjectKind};
use super::renames::Renaming;
use super::{Refusal, UserChange};
use crate::sync::owner::Owner;
use crate::sync::record::Attribute;
use crate::sync::source::Person;

/// A value that a change takes, and that another object has.
pub(crate) struct Claim {
    /// The place of the change.
    pub(crate) change: usize,
    pub(crate) attribute: Attribute,
    pub(crate) value: String,
    /// The place of the object in Identity Center.
    pub(crate) holder: usize,
}

/// What becomes of a value that no change of its holder gives up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Its holder left, and gives way.
    GivesWay,
    Kept(KeptBecause),
    /// Its holder is another owner's.
    Foreign,
    /// The plan is refused as a whole.
    OtherRealm,
}

/// What became of the claims.
#[derive(Default)]
pub(crate) struct Settled {
    /// Claims in vain, one for each change that cannot be made, in the order of the changes.
    pub(crate) lost: Vec<(Claim, Hold)>,
    /// Claims for which somebody who left gives way.
    pub(crate) given: Vec<Claim>,
}

/// Finds what the changes take from others. `holder` returns who has a value: the place and the ID.
pub(crate) fn claims<'h, T: Renaming>(
    changes: &[T],
    holder: impl Fn(Attribute, &str) -> Option<(usize, &'h str)>,
) -> Vec<Claim> {
    let mut claims = Vec::new();
    for (change, taking) in changes.iter().enumerate() {
        for (attribute, value) in taking.taken() {
            if let Some((holder, id)) = holder(attribute, value)
                && id != taking.id()
            {
                claims.push(Claim { change, attribute, value: value.to_owned(), holder });
            }
        }
    }
    claims
}

/// Decides which changes can be made.
pub(crate) fn settle<'h, T: Renaming>(
    changes: &[T],
    mut claims: Vec<Claim>,
    id: impl Fn(usize) -> &'h str,
    hold: impl Fn(&Claim) -> Hold,
) -> Settled {
    let mut settled = Settled::default();
    if claims.is_empty() {
        return settled;
    }
    let places: HashMap<&str, usize> =
        changes.iter().enumerate().map(|(at, change)| (change.id(), at)).collect();
    let mut dropped = HashSet::new();
    loop {
        let mut next = Vec::new();
        let mut given = Vec::new();
        let before = dropped.len();
        for claim in claims {
            let freeing = places.get(id(claim.holder)).filter(|at| !dropped.contains(*at));
            if dropped.contains(&claim.change) {
                continue;
            }
            if freeing.is_some_and(|at| changes[*at].frees(claim.attribute, &claim.value)) {
                next.push(claim);
                continue;
            }
            match hold(&claim) {
                Hold::GivesWay => given.push(claim),
                hold => {
                    dropped.insert(claim.change);
                    settled.lost.push((claim, hold));
                }
            }
        }
        if dropped.len() == before {
            settled.given = given;
            break;
        }
        next.extend(given);
        claims = next;
    }
    settled.lost.sort_by_key(|(claim, _)| claim.change);
    settled
}

impl Draft<'_> {
    /// Takes back the changes of users that need what others keep, and plans that leavers give way.
    pub(crate) fn settle_user_claims(&mut self) {
        let directory = self.directory;
        let holder = |attribute, value: &str| {
            let at = self.holders(attribute).get(value)?;
            Some((at, &*directory.users[at].id))
        };
        let claims = claims(&self.plan.users, holder);
        let id = |at: usize| &*directory.users[at].id;
        let Settled { lost, given } = settle(&self.plan.users, claims, id, |claim| self.user_hold(claim));
        let leaving = self.leavers_giving_way(&given);
        for (claim, hold) in &lost {
            self.note_lost_value(claim, *hold);
        }
        let dropped: HashSet<usize> = lost.iter().map(|(claim, _)| claim.change).collect();
        let changes = std::mem::take(&mut self.plan.users);
        for (at, change) in changes.into_iter().enumerate() {
            if dropped.contains(&at) {
                self.take_back(&change);
            } else {
                self.plan.users.push(change);
            }
        }
        self.plan.users.extend(leaving);
    }

    /// Returns what becomes of a value of a user who is not changed in this plan.
    fn user_hold(&self, claim: &Claim) -> Hold {
        let holder = &self.directory.users[claim.holder];
        let name = holder.record.user_name();
        let Owner::ThisRealm(subject) = &holder.owner else {
            return if matches!(holder.owner, Owner::OtherRealm(_)) {
                Hold::OtherRealm
            } else {
                Hold::Foreign
            };
        };
        let person = self.matching.wanted.get(subject).map(|at| &self.realm.people[at]);
        let is_protected = |name: &str| self.settings.protects(name);
        if is_protected(name) || person.is_some_and(|person| is_protected(person.record.user_name())) {
            Hold::Kept(KeptBecause::Protected)
        } else if person.is_some() {
            Hold::Kept(KeptBecause::Blocked)
        } else if self.is_caller(name) {
            Hold::Kept(KeptBecause::Caller)
        } else if self.lookups.has_lost(subject, claim.attribute, &claim.value, self.settings) {
            Hold::GivesWay
        } else {
            Hold::Kept(KeptBecause::StillInRealm)
        }
    }

    /// Notes why a change of a user is not made.
    fn note_lost_value(&mut self, claim: &Claim, hold: Hold) {
        let subject = self.plan.users[claim.change].subject().to_owned();
        let Some(person) = self.person(&subject) else { return };
        let name = shown_user(person);
        let holder = &self.directory.users[claim.holder];
        let (attribute, value) = (claim.attribute, claim.value.clone());
        match hold {
            Hold::Kept(because) => {
                let (kind, holder) = (ObjectKind::User, holder.record.user_name().to_owned());
                let blocked = Blocked::ValueKept { kind, subject, name, attribute, value, holder, because };
                self.plan.blocked.push(blocked);
            }
            Hold::Foreign => {
                let id = holder.id.to_string();
                self.plan.refusals.push(match attribute {
                    Attribute::Email => Refusal::ForeignEmail { user: name, email: value, id },
                    _ => Refusal::ForeignObject { kind: ObjectKind::User, name: value, id, adoptable: false },
                });
            }
            Hold::OtherRealm | Hold::GivesWay => {}
        }
    }

    /// Changes no membership of somebody who gets no active user after all.
    fn take_back(&mut self, change: &UserChange) {
        let subject = change.subject();
        let Some(at) = self.matching.wanted.get(subject) else { return };
        let is_active =
            self.matching.users.get(subject).is_some_and(|user| self.directory.users[user].active);
        if !is_active && let Ok(at) = u32::try_from(at) {
            self.leave_memberships(at);
        }
        if let Some(user) = self.adopted_by.remove(subject) {
            self.adopted.remove(&user);
        }
    }

    pub(crate) fn person(&self, subject: &str) -> Option<&Person> {
        self.matching.wanted.get(subject).map(|at| &self.realm.people[at])
    }
}
