//! The rules, on both sides in memory.

use std::io;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use kcaws::ports::clock::{Clock as _, FakeClock};

use super::clocks::{Clocks, RoleSession};
use super::*;
use crate::ports::keycloak::fake::FakeRealm;
use crate::ports::keycloak::{FakeKeycloak, KeycloakUser, Right, UserSession};
use crate::ports::sso_admin::access::{Assignment, Principal, SetDescription};
use crate::ports::sso_admin::fake_access::{FakeAccessAdmin, FakeSet};
use crate::sync::apply::{Audit, AuditEntry};
use crate::sync::target::fake::{DirectoryFault, FakeDirectory};

const REALM: &str = "4a4a8b5c-0000-4000-8000-000000000001";

/// A realm with alice and bob, and a directory in which a sync has put them.
struct World {
    keycloak: FakeKeycloak,
    directory: FakeDirectory,
    settings: DirectorySettings,
    clock: FakeClock,
    caller: Option<&'static str>,
    recorded: Recorded,
    access: Option<FakeAccessAdmin>,
    /// Why Keycloak cannot be used.
    without_keycloak: Option<&'static str>,
    /// Why Identity Center cannot be used.
    without_directory: Option<&'static str>,
}

/// Keeps what each record says, until it is full.
struct Recorded {
    lines: Mutex<Vec<String>>,
    room: usize,
}

impl Audit for Recorded {
    fn record(&self, entry: &AuditEntry<'_>) -> io::Result<()> {
        let mut lines = self.lines.lock().expect("a lock");
        if lines.len() == self.room {
            return Err(io::ErrorKind::StorageFull.into());
        }
        lines.push(format!("{:?} {} {:?}", entry.action, entry.name, entry.members));
        Ok(())
    }
}

fn external_id(id: &str) -> String {
    format!("kc:{REALM}:{id}")
}

fn user(id: &str, name: &str) -> KeycloakUser {
    KeycloakUser {
        id: id.to_owned(),
        username: name.to_owned(),
        email: Some(format!("{name}@example.com")),
        enabled: true,
        ..KeycloakUser::default()
    }
}

impl World {
    fn new() -> Self {
        let settings = "groups = [\"/aws/**\"]\nprotect = [\"break-glass-*\", \"AWS*\"]\n";
        let world = Self {
            keycloak: FakeKeycloak::default(),
            directory: FakeDirectory::default(),
            settings: toml::from_str(settings).expect("settings"),
            clock: FakeClock::at("2026-11-29T08:00:00Z"),
            caller: Some("admin@example.com"),
            recorded: Recorded { lines: Mutex::default(), room: usize::MAX },
            access: None,
            without_keycloak: None,
            without_directory: None,
        };
        world.in_realm(|realm| {
            realm.users = vec![user("a", "alice"), user("b", "bob")];
            realm.sessions.insert("a".to_owned(), vec![UserSession::default(); 2]);
        });
        let mut state = world.directory.state();
        state.now = world.clock.now();
        let alice = state.add_user(Some(&external_id("a")), "alice@example.com");
        let bob = state.add_user(Some(&external_id("b")), "bob@example.com");
        state.add_group(Some(&external_id("dev")), "Dev", &[&alice, &bob]);
        state.add_group(Some(&external_id("aws")), "AWSAdmins", &[&alice]);
        state.add_group(None, "By hand", &[&alice]);
        drop(state);
        world
    }

    fn in_realm(&self, change: impl FnOnce(&mut FakeRealm)) {
        change(&mut self.keycloak.realm_mut());
    }

    fn with<T>(&self, work: impl FnOnce(&Offboarder<'_>) -> T) -> T {
        let calls = Calls::new(&self.clock, 20.0);
        work(&Offboarder {
            keycloak: self.without_keycloak.map_or(Ok(&self.keycloak), |why| Err(why.to_owned())),
            directory: self.without_directory.map_or(Ok(&self.directory), |why| Err(why.to_owned())),
            access: self.access.as_ref().map(|access| access as &dyn AccessAdmin),
            settings: Some(&self.settings),
            realm_calls: &calls,
            directory_calls: &calls,
            caller: self.caller,
        })
    }

    fn find(&self, name: &str) -> Result<Person, OffboardError> {
        self.with(|with| with.find(name))
    }

    fn person(&self, name: &str) -> Person {
        self.find(name).expect("a person")
    }

    /// Applies the steps for a person as they were read.
    fn apply(&self, person: &Person) -> Vec<StepResult> {
        let steps = steps(person);
        self.with(|with| Applier { with, audit: &self.recorded, actor: "admin" }.apply(person, &steps))
    }

    /// Returns what was done, and what failed and why.
    fn offboard(&self, name: &str) -> (Vec<StepAction>, Vec<(StepAction, String)>) {
        let results = self.apply(&self.person(name));
        let done = results.iter().filter(|result| result.error.is_none()).map(|result| result.step.action);
        let failed = results.iter().filter_map(|it| Some((it.step.action, it.error.clone()?)));
        (done.collect(), failed.collect())
    }
}

const EVERYTHING: [StepAction; 4] =
    [StepAction::DisableInKeycloak, StepAction::EndSessions, StepAction::Deactivate, StepAction::LeaveGroup];

#[test]
fn access_ends_on_both_sides_and_then_nothing_is_left() {
    let world = World::new();
    assert_eq!(world.offboard("alice"), (EVERYTHING.to_vec(), vec![]));
    assert!(!world.keycloak.realm_mut().users[0].enabled);
    assert!(world.keycloak.realm_mut().sessions.is_empty());
    let state = world.directory.state();
    assert!(!state.named("alice@example.com").active);
    assert_eq!(state.members_of("Dev"), ["bob@example.com"]);
    assert_eq!(state.members_of("By hand"), ["alice@example.com"], "not ours");
    assert_eq!(state.members_of("AWSAdmins"), ["alice@example.com"], "protected");
    drop(state);
    assert_eq!(
        *world.recorded.lines.lock().expect("a lock"),
        [
            "DisableInKeycloak alice []",
            "EndSessions alice []",
            "Deactivate alice@example.com []",
            "RemoveMembers Dev [\"alice@example.com\"]"
        ]
    );
    let person = world.person("alice@example.com");
    assert_eq!((steps(&person), leftovers(&person)), (vec![], vec![]));
}

#[test]
fn a_side_that_fails_does_not_keep_the_other_from_being_done() {
    let world = World::new();
    world.in_realm(|realm| realm.missing_rights.extend([Right::ManageUsers]));
    let (done, failed) = world.offboard("alice");
    assert_eq!(done, EVERYTHING[2..]);
    assert!(failed.len() == 2 && failed[0].1.contains("manage-users"), "{failed:?}");

    let world = World::new();
    world.directory.fails_with(Some(DirectoryFault::WritesDenied));
    let (done, failed) = world.offboard("alice");
    assert_eq!((done.as_slice(), failed.len()), (&EVERYTHING[..2], 2));

    let mut world = World::new();
    world.without_directory = Some("AWS denied ListInstances");
    let (done, failed) = world.offboard("alice");
    assert_eq!((done.as_slice(), failed.len()), (&EVERYTHING[..2], 0));
    let left = leftovers(&world.person("alice"));
    assert_eq!(left, [Leftover::IdentityCenter { reason: "AWS denied ListInstances".to_owned() }]);

    let mut world = World::new();
    world.without_keycloak = Some("there is no client secret");
    let (done, failed) = world.offboard("alice@example.com");
    assert_eq!((done.as_slice(), failed.len()), (&EVERYTHING[2..], 0));
    let left = leftovers(&world.person("alice@example.com"));
    assert_eq!(left, [Leftover::Keycloak { reason: "there is no client secret".to_owned() }]);
}

#[test]
fn a_realm_that_shows_nothing_is_not_taken_for_an_empty_one() {
    let world = World::new();
    world.in_realm(|realm| {
        realm.missing_rights.extend([Right::ViewUsers, Right::ViewRealm, Right::ManageUsers]);
    });
    let person = world.person("alice@example.com");
    assert!(
        matches!(&leftovers(&person)[..], [Leftover::Keycloak { reason }] if reason.contains("view-users"))
    );
    assert_eq!(world.offboard("alice@example.com").0, EVERYTHING[2..], "by the externalId alone");
}

#[test]
fn a_person_gone_from_keycloak_is_found_in_identity_center() {
    for name in ["alice@example.com", "ALICE@example.com"] {
        let world = World::new();
        world.in_realm(|realm| drop(realm.users.remove(0)));
        assert_eq!(world.person(name).realm, Side::Absent);
        assert_eq!(world.offboard(name), (EVERYTHING[2..].to_vec(), vec![]), "{name}");
    }
    let world = World::new();
    let gone = OffboardError::NoSuchUser { name: "mallory".to_owned() };
    assert_eq!(world.find("mallory"), Err(gone));
}

#[test]
fn a_person_who_was_never_in_aws_loses_the_realm() {
    let world = World::new();
    world.in_realm(|realm| realm.users.push(user("c", "carol")));
    let person = world.person("carol");
    assert_eq!((person.directory.found(), Clocks::at(world.clock.now(), &person)), (None, None));
    assert_eq!(world.offboard("carol"), (EVERYTHING[..2].to_vec(), vec![]));
}

#[test]
fn a_person_is_found_by_a_name_that_the_realm_has_changed_since() {
    let world = World::new();
    world.in_realm(|realm| realm.users[0] = user("a", "alice.roe"));
    for name in ["alice@example.com", "alice.roe", "alice.roe@example.com"] {
        let person = world.person(name);
        assert_eq!(person.realm.found().map(|user| user.user_name.as_str()), Some("alice.roe"), "{name}");
        assert_eq!(steps(&person).len(), 4, "{name}");
    }
}

#[test]
fn people_who_must_keep_access_are_refused() {
    let mut world = World::new();
    world.in_realm(|realm| {
        realm.users.push(user("g", "break-glass-1"));
        realm.users.push(KeycloakUser { email: Some("bob@example.com".to_owned()), ..user("t", "twin") });
    });
    assert!(matches!(world.find("break-glass-1"), Err(OffboardError::Protected { .. })));
    assert!(matches!(world.find("break-glass-1@example.com"), Err(OffboardError::Protected { .. })));
    let twins = vec!["bob".to_owned(), "twin".to_owned()];
    let name = "bob@example.com".to_owned();
    assert_eq!(world.find("bob@example.com"), Err(OffboardError::Ambiguous { name, users: twins }));
    world.caller = Some("Alice@example.com");
    for name in ["alice", "alice@example.com"] {
        assert!(matches!(world.find(name), Err(OffboardError::Caller { .. })), "{name}");
    }
}

#[test]
fn users_of_others_are_left_alone_and_reported() {
    for (owner, expected) in [
        (None, true),
        (Some("00u1".to_owned()), true),
        (Some("kc:other:a".to_owned()), true),
        // Somebody else, who got the name of alice.
        (Some(external_id("b2")), false),
    ] {
        let world = World::new();
        world.in_realm(|realm| realm.users.push(user("b2", "other")));
        let id = world.directory.state().named("alice@example.com").id.clone();
        world.directory.state().users.get_mut(&id).expect("alice").external_id.clone_from(&owner);
        let person = world.person("alice");
        let left = leftovers(&person);
        assert_eq!(matches!(left[..], [Leftover::ForeignUser { .. }]), expected, "{owner:?}: {left:?}");
        assert_eq!(matches!(left[..], [Leftover::OtherPersonsUser { .. }]), !expected, "{owner:?}: {left:?}");
        assert_eq!(world.offboard("alice").0, EVERYTHING[..2], "{owner:?}");
        assert_eq!(world.directory.state().writes, 0, "{owner:?}");
    }
}

#[test]
fn what_somebody_changes_meanwhile_is_not_overwritten() {
    let world = World::new();
    let person = world.person("alice");
    let id = person.directory.found().expect("alice").id.clone();
    world.directory.state().users.get_mut(&id).expect("alice").external_id = Some("00u1".to_owned());
    world.in_realm(|realm| drop(realm.users.remove(0)));
    let results = world.apply(&person);
    let errors: Vec<bool> = results.iter().map(|result| result.error.is_some()).collect();
    assert_eq!(
        errors,
        [false, false, true, false],
        "deleted in Keycloak is done, another's user is not ours"
    );
    assert!(world.directory.state().users[&id].active);
}

#[test]
fn nothing_is_written_without_a_record() {
    let mut world = World::new();
    world.recorded.room = 1;
    let (done, failed) = world.offboard("alice");
    assert_eq!((done.len(), failed.len()), (1, 3));
    assert!(world.directory.state().named("alice@example.com").active);
}

#[test]
fn clocks_begin_when_access_ends() {
    let world = World::new();
    let now: DateTime<Utc> = world.clock.now();
    let mut person = world.person("alice");
    let clocks = |person: &Person, now| Clocks::at(now, person).expect("alice is in AWS");
    assert_eq!(clocks(&person, now).role_credentials, None, "they can be renewed");
    let all = steps(&person);
    person.note(&all[0], now);
    let end = clocks(&person, now).portal;
    assert_eq!(end, Some(now + TimeDelta::hours(10)), "the realm's sessions last ten hours");
    for step in &all {
        person.note(step, now);
    }
    assert_eq!((steps(&person).len(), leftovers(&person).len()), (0, 0));
    let later = clocks(&person, now + TimeDelta::hours(2));
    assert_eq!(later.portal, Some(now));
    assert_eq!(later.applications, Some(now + TimeDelta::minutes(30)));
    assert_eq!(later.role_credentials, Some(now + TimeDelta::hours(12)));
}

#[test]
fn role_credentials_last_as_long_as_the_longest_permission_set() {
    let mut world = World::new();
    let access = FakeAccessAdmin::new(Arc::new(FakeClock::at("2026-11-29T08:00:00Z")));
    let id = world.directory.state().named("alice@example.com").id.clone();
    for (set, session) in [("short", None), ("long", Some("PT4H30M")), ("of-others", Some("PT8H"))] {
        let description = SetDescription { session: session.map(str::to_owned), ..SetDescription::default() };
        let user = if set == "of-others" { "somebody" } else { &id };
        let (set, principal) = (set.to_owned(), Principal::User(user.to_owned()));
        let mut state = access.state();
        state.sets.insert(set.clone(), FakeSet { name: set.clone(), description, ..FakeSet::default() });
        state.assignments.insert(Assignment { set, account: "111122223333".to_owned(), principal });
    }
    world.access = Some(access);
    let session = |world: &World| {
        let clocks = Clocks::at(world.clock.now(), &world.person("alice@example.com"));
        clocks.expect("alice is in AWS").role_session
    };
    assert_eq!(session(&world), RoleSession::PermissionSets { minutes: 270 });
    let maximum = RoleSession::Maximum { minutes: 720 };
    if let Some(access) = &world.access {
        access.state().lists_by_principal = false;
    }
    assert_eq!(session(&world), maximum, "a delegated administrator may not list them");
    if let Some(access) = &world.access {
        access.state().lists_by_principal = true;
    }
    world.offboard("alice");
    assert_eq!(session(&world), maximum, "the sets of yesterday are not known");
}
