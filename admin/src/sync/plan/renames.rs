//! Names that go from one object to another: who gives one up comes before who takes it.
//!
//! AWS has each user name, e-mail address and group name once. Where names go round in a ring, as when two people swap
//! theirs, one of them gives way: it has a temporary name until its new one is free. A run that is killed meanwhile
//! leaves the temporary name behind, and the next plan replaces it like any other.

use std::collections::{BTreeSet, HashMap, HashSet};

use kcaws::platform::aead::hex;
use sha2::{Digest, Sha256};

use super::{Existing, GroupChange, UserChange, UserUpdate, ValueChange};
use crate::sync::record::Attribute;

/// A value that only one object can have, and no other one that differs in case only.
type Unique = (Attribute, String);

/// What a change does to a value that only one object can have.
pub(crate) struct Move<'a> {
    attribute: Attribute,
    from: Option<&'a str>,
    /// Nothing for a temporary name, which is always free.
    to: Option<&'a str>,
}

impl Move<'_> {
    fn key(&self, text: Option<&str>) -> Option<Unique> {
        text.map(|text| (self.attribute, text.to_lowercase()))
    }

    fn given_up(&self) -> Option<Unique> {
        self.key(self.from)
    }

    fn taken(&self) -> Option<Unique> {
        self.key(self.to)
    }
}

/// A change of an object that exists.
pub(crate) trait Renaming {
    /// Returns the id in Identity Center.
    fn id(&self) -> &str;
    /// Returns the id in the realm.
    fn subject(&self) -> &str;
    /// Returns whether the object only gives way here, and gets its new name later.
    fn gives_way(&self) -> bool;
    fn moves(&self) -> Vec<Move<'_>>;
    /// Returns the values that a new object has from the beginning.
    fn new_names(&self) -> Vec<(Attribute, &str)>;
    /// Returns a giving way as changes of one value each.
    fn one_by_one(&self) -> Vec<Self>
    where
        Self: Sized;
    /// Returns the change that undoes a giving way.
    fn taken_back(&self) -> Self
    where
        Self: Sized;

    /// Returns the values that have to be free.
    fn taken(&self) -> Vec<(Attribute, &str)> {
        let moved = self
            .moves()
            .into_iter()
            .filter_map(|value| Some((value.attribute, value.to?)))
            .collect::<Vec<_>>();
        moved.into_iter().chain(self.new_names()).collect()
    }

    /// Returns whether nothing has the value any more after the change.
    fn frees(&self, attribute: Attribute, text: &str) -> bool {
        let key = Some((attribute, text.to_lowercase()));
        self.moves().iter().any(|value| value.given_up() == key && value.taken() != key)
    }
}

impl Renaming for UserChange {
    fn id(&self) -> &str {
        match self {
            Self::Create { .. } => "",
            Self::GiveWay(update) | Self::Update(update) => &update.user.id,
        }
    }

    fn subject(&self) -> &str {
        match self {
            Self::Create { subject, .. } => subject,
            Self::GiveWay(update) | Self::Update(update) => &update.user.subject,
        }
    }

    fn gives_way(&self) -> bool {
        matches!(self, Self::GiveWay(_))
    }

    fn moves(&self) -> Vec<Move<'_>> {
        match self {
            Self::Create { .. } => Vec::new(),
            Self::GiveWay(update) | Self::Update(update) => update
                .values
                .iter()
                .filter(|value| matches!(value.attribute, Attribute::UserName | Attribute::Email))
                .map(|value| Move {
                    attribute: value.attribute,
                    from: value.from.as_deref(),
                    to: value.to.as_deref().filter(|_| !self.gives_way()),
                })
                .collect(),
        }
    }

    fn new_names(&self) -> Vec<(Attribute, &str)> {
        let Self::Create { record, .. } = self else { return Vec::new() };
        let unique = [Attribute::UserName, Attribute::Email];
        unique.into_iter().filter_map(|attribute| Some((attribute, record.get(attribute)?))).collect()
    }

    /// The user name comes last, so that an adoption needs no request of its own.
    fn one_by_one(&self) -> Vec<Self> {
        let Self::GiveWay(update) = self else { return vec![self.clone()] };
        let mut user = update.user.clone();
        let mut adoption = update.adoption.clone();
        let parts = update.values.iter().rev().map(|value| {
            // The first change is one of the revision, too.
            let then = Existing { revision: None, ..user.clone() };
            Self::GiveWay(UserUpdate {
                user: std::mem::replace(&mut user, then),
                adoption: adoption.take(),
                activate: false,
                values: vec![value.clone()],
            })
        });
        parts.collect()
    }

    fn taken_back(&self) -> Self {
        let Self::GiveWay(update) = self else { return self.clone() };
        let back = |value: &ValueChange| ValueChange {
            attribute: value.attribute,
            from: value.to.clone(),
            to: value.from.clone(),
        };
        let user = Existing { revision: None, ..update.user.clone() };
        let values = update.values.iter().map(back).collect();
        Self::Update(UserUpdate { user, adoption: None, activate: false, values })
    }
}

impl Renaming for GroupChange {
    fn id(&self) -> &str {
        match self {
            Self::Create { .. } => "",
            Self::GiveWay { group, .. } | Self::Update { group, .. } => &group.id,
        }
    }

    fn subject(&self) -> &str {
        match self {
            Self::Create { subject, .. } => subject,
            Self::GiveWay { group, .. } | Self::Update { group, .. } => &group.subject,
        }
    }

    fn gives_way(&self) -> bool {
        matches!(self, Self::GiveWay { .. })
    }

    fn moves(&self) -> Vec<Move<'_>> {
        match self {
            Self::Create { .. } => Vec::new(),
            Self::GiveWay { group, name } | Self::Update { group, name, .. } => {
                vec![Move {
                    attribute: Attribute::DisplayName,
                    from: Some(&group.name),
                    to: Some(name).filter(|_| !self.gives_way()).map(String::as_str),
                }]
            }
        }
    }

    fn new_names(&self) -> Vec<(Attribute, &str)> {
        let Self::Create { name, .. } = self else { return Vec::new() };
        vec![(Attribute::DisplayName, name)]
    }

    fn one_by_one(&self) -> Vec<Self> {
        vec![self.clone()]
    }

    fn taken_back(&self) -> Self {
        let Self::GiveWay { group, name } = self else { return self.clone() };
        let old = group.name.clone();
        let group = Existing { name: name.clone(), revision: None, ..group.clone() };
        Self::Update { group, name: old, adoption: None }
    }
}

/// Returns the name that somebody has while the name that they are to have is not free.
///
/// Users of a federation have IDs of any length: where the name would be too long for AWS, it has a hash of the ID.
pub(crate) fn temporary_name(subject: &str) -> String {
    let name = format!("kcaws-rename-{subject}");
    if name.chars().count() <= Attribute::UserName.longest() {
        return name;
    }
    format!("kcaws-rename-{}", hex(&Sha256::digest(subject.as_bytes())))
}

/// Returns an address that reaches nobody (RFC 2606), for the same purpose.
pub(crate) fn temporary_value(attribute: Attribute, subject: &str) -> String {
    match attribute {
        Attribute::Email => format!("{}@kcaws.invalid", temporary_name(subject)),
        _ => temporary_name(subject),
    }
}

/// Changes by their places, in an order in which all names are free.
struct Order {
    /// After each round, everything of the next one is free.
    rounds: Vec<Vec<usize>>,
    /// Changes that have to give way first, one of each ring.
    giving_way: Vec<usize>,
}

fn order(changes: &[&impl Renaming]) -> Order {
    let mut givers = HashMap::new();
    for (at, change) in changes.iter().enumerate() {
        givers.extend(change.moves().iter().filter_map(|value| Some((value.given_up()?, at))));
    }
    let waits_for = |at: usize| -> BTreeSet<usize> {
        let taken = changes[at].moves();
        let givers = taken.iter().filter_map(|value| givers.get(&value.taken()?).copied());
        givers.filter(|giver| *giver != at).collect()
    };
    let mut waiting: Vec<BTreeSet<usize>> = (0..changes.len()).map(waits_for).collect();
    let mut waited_for: Vec<Vec<usize>> = vec![Vec::new(); changes.len()];
    for (at, givers) in waiting.iter().enumerate() {
        for giver in givers {
            waited_for[*giver].push(at);
        }
    }
    let mut order = Order { rounds: Vec::new(), giving_way: Vec::new() };
    let mut round: Vec<usize> = (0..changes.len()).filter(|at| waiting[*at].is_empty()).collect();
    let mut first_waiting = 0;
    loop {
        let mut next = Vec::new();
        let mut free = |waiting: &mut Vec<BTreeSet<usize>>, giver: usize| {
            for at in &waited_for[giver] {
                if waiting[*at].remove(&giver) && waiting[*at].is_empty() {
                    next.push(*at);
                }
            }
        };
        if round.is_empty() {
            while first_waiting < waiting.len() && waiting[first_waiting].is_empty() {
                first_waiting += 1;
            }
            if first_waiting == waiting.len() {
                return order;
            }
            let one = one_of_a_ring(changes, &waiting, first_waiting);
            order.giving_way.push(one);
            free(&mut waiting, one);
        } else {
            for at in &round {
                free(&mut waiting, *at);
            }
            order.rounds.push(std::mem::take(&mut round));
        }
        next.sort_unstable();
        round = next;
    }
}

/// Returns the same change of a ring at each time. Each change that waits does so for one that waits.
fn one_of_a_ring(changes: &[&impl Renaming], waiting: &[BTreeSet<usize>], from: usize) -> usize {
    let (mut path, mut seen) = (Vec::new(), HashSet::new());
    let mut at = from;
    while seen.insert(at) {
        path.push(at);
        at = waiting[at].first().copied().unwrap_or(at);
    }
    let ring = path.into_iter().skip_while(|before| *before != at);
    ring.min_by_key(|at| changes[*at].subject()).unwrap_or(at)
}

/// Returns changes in rounds: after each one, the names that the next one takes are free.
pub(crate) fn in_rounds<'a, T: Renaming>(changes: &[&'a T]) -> Vec<Vec<&'a T>> {
    let rounds = order(changes).rounds;
    rounds.into_iter().map(|round| round.into_iter().map(|at| changes[at]).collect()).collect()
}

/// Puts changes into an order in which they can be made, with those first that give way.
pub(crate) fn sorted<T: Renaming>(
    changes: Vec<T>,
    split: impl Fn(T, &dyn Fn(Attribute) -> bool) -> (T, T),
) -> Vec<T> {
    let places: Vec<&T> = changes.iter().collect();
    let Order { rounds, giving_way } = order(&places);
    let taken: HashSet<Unique> = changes
        .iter()
        .flat_map(|change| change.moves().iter().filter_map(Move::taken).collect::<Vec<_>>())
        .collect();
    let mut changes: Vec<Option<T>> = changes.into_iter().map(Some).collect();
    let mut sorted = Vec::with_capacity(changes.len() + giving_way.len());
    for at in giving_way {
        let Some(change) = changes[at].take() else { continue };
        let wanted: Vec<Attribute> = change
            .moves()
            .iter()
            .filter(|value| value.given_up().is_some_and(|name| taken.contains(&name)))
            .map(|value| value.attribute)
            .collect();
        let (first, then) = split(change, &|attribute| wanted.contains(&attribute));
        sorted.push(first);
        changes[at] = Some(then);
    }
    sorted.extend(rounds.into_iter().flatten().filter_map(|at| changes[at].take()));
    sorted
}

/// Adds to the selected changes those without which they cannot be made: of the holder of a name that they take, and the
/// other half of a change that gives way.
pub(crate) fn complete<T: Renaming>(changes: &[T], selected: &mut [bool]) {
    let mut givers = HashMap::new();
    let mut halves: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, change) in changes.iter().enumerate() {
        givers.extend(change.moves().iter().filter_map(|value| Some((value.given_up()?, at))));
        if !change.id().is_empty() {
            halves.entry(change.id()).or_default().push(at);
        }
    }
    let mut open: Vec<usize> = (0..changes.len()).filter(|at| selected[*at]).collect();
    while let Some(at) = open.pop() {
        let change = &changes[at];
        let new = change.new_names().into_iter().map(|(attribute, name)| (attribute, name.to_lowercase()));
        let taken = change.moves().iter().filter_map(Move::taken).chain(new).collect::<Vec<_>>();
        let givers = taken.iter().filter_map(|name| givers.get(name));
        for needed in givers.chain(halves.get(change.id()).into_iter().flatten()) {
            if !std::mem::replace(&mut selected[*needed], true) {
                open.push(*needed);
            }
        }
    }
}

/// Splits a change of a user, who first gives up the values that others take.
pub(crate) fn split_user(
    change: UserChange,
    is_taken: &dyn Fn(Attribute) -> bool,
) -> (UserChange, UserChange) {
    let update = match change {
        UserChange::Update(update) | UserChange::GiveWay(update) => update,
        UserChange::Create { .. } => return (change.clone(), change),
    };
    let UserUpdate { user, adoption, activate, mut values } = update;
    let mut first = Vec::new();
    for value in values.iter_mut().filter(|value| is_taken(value.attribute)) {
        let between = Some(temporary_value(value.attribute, &user.subject));
        let from = std::mem::replace(&mut value.from, between.clone());
        first.push(ValueChange { attribute: value.attribute, from, to: between });
    }
    let then = Existing { revision: None, ..user.clone() };
    (
        UserChange::GiveWay(UserUpdate { user, adoption, activate: false, values: first }),
        UserChange::Update(UserUpdate { user: then, adoption: None, activate, values }),
    )
}

/// The same for a group.
pub(crate) fn split_group(change: GroupChange, _: &dyn Fn(Attribute) -> bool) -> (GroupChange, GroupChange) {
    let (group, to, adoption) = match change {
        GroupChange::Update { group, name, adoption } => (group, name, adoption),
        GroupChange::GiveWay { .. } | GroupChange::Create { .. } => return (change.clone(), change),
    };
    let name = temporary_name(&group.subject);
    let then = Existing { name: name.clone(), revision: None, ..group.clone() };
    (GroupChange::GiveWay { group, name }, GroupChange::Update { group: then, name: to, adoption })
}
