//! Runs that are killed anywhere.

use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

use super::{World, company};
use crate::sync::plan::Plan;
use crate::sync::target::fake::DirectoryFault;

/// A world with much to do: people and groups come, change and go.
fn busy() -> World {
    let mut state = company();
    for at in 0..8 {
        let id = format!("l{at}");
        state.add_user(&id, &format!("leaver{at}@example.com"));
        state.join(&id, "dev");
    }
    let mut world = World::new(state, "groups = [\"/aws/**\"]");
    world.sync();
    {
        let mut realm = world.realm.state();
        realm.user("l0").enabled = false;
        realm.user("l1").enabled = false;
        realm.delete_user("l2");
        realm.user("p01").email = Some("renamed@example.com".to_owned());
        realm.user("p02").last_name = Some("Roe".to_owned());
        for at in 0..9 {
            let id = format!("n{at}");
            realm.add_user(&id, &format!("new{at}@example.com"));
            realm.join(&id, "dev");
        }
        realm.groups.get_mut("ops").expect("ops").name = "Operations".to_owned();
        realm.leave("p00", "ops");
        realm.add_group("sec", "Security", Some("aws"), &["n1", "n2", "p03"]);
    }
    world.options.max_removals = Some("20".parse().expect("a limit"));
    world
}

fn finished() -> (Vec<String>, Plan) {
    let world = busy();
    let plan = world.sync();
    (world.seen(), plan)
}

/// The removals of a plan, by name.
fn removals(plan: &Plan) -> Vec<String> {
    let leavers = plan.deactivations.iter().map(|leaver| leaver.user.name.clone());
    let members = plan.removals.iter().flat_map(|change| {
        change.members.iter().map(|member| format!("{} from {}", member.user_name, change.group.subject))
    });
    leavers.chain(members).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_next_run_does_the_rest_and_nothing_twice(kills in proptest::collection::vec(0_usize..25, 1..4)) {
        let (end, first) = finished();
        let world = busy();
        let allowed = removals(&world.planned());
        prop_assert_eq!(&allowed, &removals(&first));
        for writes in kills {
            let plan = world.planned();
            prop_assert!(removals(&plan).iter().all(|removal| allowed.contains(removal)));
            world.apply_until(&plan, writes);
        }
        let rest = world.planned();
        prop_assert!(removals(&rest).iter().all(|removal| allowed.contains(removal)));
        world.sync();
        prop_assert_eq!(world.seen(), end);
        let state = world.directory.state();
        let created = state.log.iter().filter(|line| line.starts_with("create user new")).count();
        prop_assert_eq!(created, 9, "nobody twice");
    }

    #[test]
    fn an_answer_that_is_lost_changes_nothing(lost in 1_usize..25, is_killed in any::<bool>()) {
        let (end, _) = finished();
        let world = busy();
        let before = world.writes();
        world.directory.fails_with(Some(DirectoryFault::AnswerLost(before + lost)));
        let plan = world.planned();
        if is_killed {
            world.apply_until(&plan, lost);
        } else {
            let outcome = world.apply(&plan);
            prop_assert!(outcome.failures.is_empty(), "{:?}", outcome);
        }
        world.directory.fails_with(None);
        world.sync();
        prop_assert_eq!(world.seen(), end);
    }
}
