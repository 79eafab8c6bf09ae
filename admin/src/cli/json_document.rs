//! The values and fields of plans that no sample of docs/json-admin.md shows are named in its text.

use serde_json::{Value, json};

use crate::access::export::OtherAssignment;
use crate::access::plan::Blocker;
use crate::ports::sso_admin::access::Principal;
use crate::rollout::RolloutRefusal;
use crate::sync::plan::{Adoption, Note, ObjectKind, ProtectedObject, Refusal, RemovalKind};

fn text() -> String {
    "x".to_owned()
}

fn notes() -> [Note; 5] {
    let kind = ObjectKind::User;
    [
        Note::Protected(ProtectedObject { kind, name: text() }),
        Note::GroupKept { name: text() },
        Note::ForeignMembers { group: text(), count: 1 },
        Note::Caller { user: text() },
        Note::GivesUp { kind, name: text(), taker: None },
    ]
}

fn refusals() -> Vec<Refusal> {
    let kind = ObjectKind::User;
    let too_many = |kind| Refusal::TooManyRemovals { kind, planned: 2, allowed: 1 };
    let mut refusals = vec![
        Refusal::EmptyScope { active: 1 },
        Refusal::HalvedScope { active: 3, in_scope: 1 },
        Refusal::OtherRealm { realm: text(), objects: 1, example: text() },
        Refusal::ForeignObject { kind, name: text(), id: text(), adoptable: true },
        Refusal::ForeignEmail { user: text(), email: text(), id: text() },
        Refusal::DiffersInCase { kind, name: text(), existing: text() },
    ];
    refusals.extend(
        [
            RemovalKind::Users,
            RemovalKind::Members,
            RemovalKind::Groups,
            RemovalKind::Deletions,
            RemovalKind::All,
        ]
        .map(too_many),
    );
    refusals
}

fn blockers() -> [Blocker; 7] {
    let (permission_set, account_id) = (text(), text());
    [
        Blocker::NotOwned { permission_set: text() },
        Blocker::OtherOwner { permission_set: text(), owner: text() },
        Blocker::RoleRemoval { permission_set: text(), account_id: text(), account_name: text() },
        Blocker::OwnAccess { permission_set: text(), account_id: text() },
        Blocker::OwnRole { role_arn: text() },
        Blocker::TooManyRemovals { removals: 2, most: 1, all: 3 },
        Blocker::ManagementAccount { permission_set, account_id },
    ]
}

fn other_assignments() -> [OtherAssignment; 2] {
    let (account_id, principal) = (text(), Principal::User(text()));
    let of_role = OtherAssignment {
        permission_set: None,
        role: Some(text()),
        account_id: text(),
        principal: Principal::Group(text()),
        group: None,
    };
    [
        OtherAssignment { permission_set: Some(text()), role: None, account_id, principal, group: None },
        of_role,
    ]
}

/// Collects the keys of a value, and the words that are values.
fn words(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.keys().cloned());
            members.values().for_each(|value| words(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| words(value, found)),
        Value::String(word) if *word != text() => found.push(word.clone()),
        _ => {}
    }
}

/// Asserts that the section names everything in the value.
#[track_caller]
fn assert_documented(heading: &str, value: &Value) {
    let page = include_str!("../../../docs/json-admin.md");
    let start = page.find(&format!("\n## {heading}\n")).expect("has the section") + 1;
    let section = page[start..].split("\n## ").next().unwrap_or_default();
    let mut found = Vec::new();
    words(value, &mut found);
    for word in found {
        let is_named = [format!("`{word}`"), format!("\"{word}\"")].iter().any(|form| section.contains(form));
        assert!(is_named, "`{word}` is not in the section `{heading}`");
    }
}

#[test]
fn what_a_plan_of_users_and_groups_says_is_documented() {
    let adoption = Adoption { previous: None };
    let value = json!({ "refusals": refusals(), "notes": notes(), "adoption": adoption });
    assert_documented("sync plan", &value);
}

#[test]
fn what_a_plan_of_access_says_is_documented() {
    assert_documented("access plan", &json!({ "blockers": blockers() }));
    let refusal = RolloutRefusal::TooManyRemovals { planned: 2, allowed: 1 };
    assert_documented("plan", &json!({ "refusals": [refusal] }));
}

#[test]
fn what_an_access_file_cannot_express_is_documented() {
    assert_documented("access export", &json!({ "other_assignments": other_assignments() }));
}
