//! Conflicts that the service reports: about a name, about an earlier try, or because a write has not spread yet.

use super::World;
use crate::sync::apply::FailureReason;
use crate::sync::target::fake::DirectoryFault;

/// Lets so many writes with this text be a conflict: an earlier one has not spread yet.
fn unspread(world: &World, text: &str, left: usize) {
    world.directory.fails_with(Some(DirectoryFault::Unspread { text: text.to_owned(), left }));
}

#[test]
fn a_conflict_that_is_about_no_name_passes() {
    for text in ["set active", "add 1 members", "remove 1 members"] {
        let world = World::in_step();
        {
            let mut realm = world.realm.state();
            realm.user("p05").enabled = false;
            realm.join("p06", "ops");
            realm.leave("p02", "ops");
        }
        unspread(&world, text, 1);
        let outcome = world.apply(&world.planned());
        assert!(outcome.failures.is_empty() && outcome.halted.is_none(), "{text}: {outcome:?}");
        assert!(!world.directory.state().named("user05@example.com").active);
        assert!(!world.planned().has_changes(), "{text}");
    }
}

#[test]
fn a_conflict_that_does_not_pass_is_a_failure_of_its_own() {
    for text in ["set active", "create user"] {
        let world = World::in_step();
        {
            let mut realm = world.realm.state();
            realm.user("p05").enabled = false;
            realm.add_user("new", "new@example.com");
            realm.join("new", "dev");
        }
        unspread(&world, text, 2);
        let outcome = world.apply(&world.planned());
        let [failure] = &outcome.failures[..] else { panic!("{text}: {outcome:?}") };
        assert!(matches!(failure.reason, FailureReason::Conflict { .. }), "{text}: {failure:?}");
        world.directory.fails_with(None);
        world.sync();
    }
}

#[test]
fn a_name_that_is_still_that_of_an_own_user_or_group_is_not_foreign() {
    let world = World::in_step();
    {
        let mut realm = world.realm.state();
        realm.user("p03").email = Some("married@example.com".to_owned());
        realm.add_user("new", "user03@example.com");
        realm.join("new", "dev");
        realm.groups.get_mut("ops").expect("ops").name = "Operations".to_owned();
        realm.add_group("ops2", "Ops", Some("aws"), &["p05"]);
    }
    let plan = world.planned();
    world.directory.fails_with(Some(DirectoryFault::Refused { text: "patch".to_owned(), left: usize::MAX }));
    let outcome = world.apply(&plan);
    let still: Vec<&str> = outcome
        .failures
        .iter()
        .filter_map(|failure| match &failure.reason {
            FailureReason::NotGivenUp { name, .. } => Some(name.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(still, ["user03@example.com", "Ops"], "{outcome:?}");
    assert_eq!(outcome.failures.len(), 4, "{outcome:?}");
}

#[test]
fn a_creation_whose_answer_was_lost_is_counted_and_recorded() {
    for (lost, kind) in [(1, "user"), (2, "group")] {
        let world = World::in_step();
        world.realm.state().add_user("new", "new@example.com");
        world.realm.state().add_group("more", "more", Some("aws"), &["new", "p03"]);
        let plan = world.planned();
        world.directory.fails_with(Some(DirectoryFault::AnswerLost(world.writes() + lost)));
        let outcome = world.apply(&plan);
        assert!(outcome.failures.is_empty() && outcome.halted.is_none(), "{outcome:?}");
        assert_eq!(outcome.writes, 2, "{kind}");
        let lines = world.audit.lines.lock().expect("a lock");
        let of_kind = format!("\"action\":\"create\",\"kind\":\"{kind}\"");
        let last = lines.iter().rfind(|line| line.contains(&of_kind)).expect("a creation");
        assert!(last.contains("\"error\":null") && !last.contains("\"id\":null"), "{last}");
        assert_eq!(last.contains("user03@example.com"), kind == "group", "{last}");
    }
}
