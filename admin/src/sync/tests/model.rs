//! Any realm against any other: what is applied is what a simple model wants.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, proptest};

use super::World;
use crate::sync::source::fake::RealmState;

const PEOPLE: usize = 9;
const GROUPS: usize = 4;

/// One state of a small realm.
#[derive(Clone, Debug)]
struct Company {
    /// Whether each person exists, is enabled, and which of two addresses they have.
    people: Vec<(bool, bool, bool)>,
    /// The members of each group, and which of two names it has; `None` if it does not exist.
    groups: Vec<Option<(BTreeSet<usize>, bool)>>,
}

fn company() -> impl Strategy<Value = Company> {
    let people = proptest::collection::vec(any::<(bool, bool, bool)>(), PEOPLE);
    let members = proptest::collection::btree_set(0..PEOPLE, 0..PEOPLE);
    let group = proptest::option::weighted(0.8, (members, any::<bool>()));
    (people, proptest::collection::vec(group, GROUPS))
        .prop_flat_map(|(people, groups)| Just(Company { people, groups }))
}

impl Company {
    fn email(&self, person: usize) -> String {
        format!("{}{person}@example.com", if self.people[person].2 { "new" } else { "old" })
    }

    fn group_name(at: usize, is_new: bool) -> String {
        format!("{} {at}", if is_new { "New" } else { "Old" })
    }

    fn realm(&self) -> RealmState {
        let mut state = RealmState { id: "r1".to_owned(), ..RealmState::default() };
        for (at, (exists, enabled, _)) in self.people.iter().enumerate() {
            if *exists {
                state.add_user(&format!("p{at}"), &self.email(at));
                state.user(&format!("p{at}")).enabled = *enabled;
            }
        }
        state.add_group("aws", "aws", None, &[]);
        for (at, group) in self.groups.iter().enumerate() {
            let Some((members, is_new)) = group else { continue };
            let members: Vec<String> = members
                .iter()
                .filter(|person| self.people[**person].0)
                .map(|person| format!("p{person}"))
                .collect();
            let members: Vec<&str> = members.iter().map(String::as_str).collect();
            state.add_group(&format!("g{at}"), &Self::group_name(at, *is_new), Some("aws"), &members);
        }
        state
    }

    /// The active users that Identity Center should have.
    fn wanted_users(&self) -> BTreeSet<String> {
        let in_groups: BTreeSet<usize> =
            self.groups.iter().flatten().flat_map(|(members, _)| members.clone()).collect();
        let wanted = in_groups.into_iter().filter(|person| self.people[*person].0 && self.people[*person].1);
        wanted.map(|person| self.email(person)).collect()
    }

    /// The members that each group should have.
    fn wanted_groups(&self) -> BTreeMap<String, BTreeSet<String>> {
        let wanted = self.groups.iter().enumerate().filter_map(|(at, group)| {
            let (members, is_new) = group.as_ref()?;
            let members = members.iter().filter(|person| self.people[**person].0 && self.people[**person].1);
            Some((Self::group_name(at, *is_new), members.map(|person| self.email(*person)).collect()))
        });
        wanted.collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_applied_is_what_is_wanted(steps in proptest::collection::vec(company(), 1..4)) {
        let settings = "groups = [\"/aws/**\"]\nallow_empty = true\nmax_removals = 1000";
        let mut world = World::new(steps[0].realm(), settings);
        world.options.allow_smaller_scope = true;
        for step in steps {
            *world.realm.state() = step.realm();
            let plan = world.planned();
            if step.wanted_users().is_empty() && !plan.refusals.is_empty() {
                // Nobody is left in scope: that is not believed.
                continue;
            }
            prop_assert_eq!(&plan.refusals, &[]);
            let outcome = world.apply(&plan);
            prop_assert!(outcome.failures.is_empty(), "{:?}", outcome);
            prop_assert!(!world.planned().has_changes());
            let state = world.directory.state();
            let active = state.users.values().filter(|user| user.active);
            let active: BTreeSet<String> = active.map(|user| user.record.user_name().to_owned()).collect();
            prop_assert_eq!(active, step.wanted_users());
            for (group, members) in step.wanted_groups() {
                let present: BTreeSet<String> =
                    state.members_of(&group).into_iter().map(str::to_owned).collect();
                prop_assert_eq!(present, members, "{}", group);
            }
            let wanted = step.wanted_groups();
            let left = state.groups.values().filter(|group| !wanted.contains_key(&group.name));
            prop_assert!(left.into_iter().all(|group| state.members[&group.id].is_empty()));
        }
    }
}
