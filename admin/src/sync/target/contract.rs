//! What is true of every [`Directory`]: the one in memory, and the real one over the simulator of AWS.

use super::fake::FakeDirectory;
use super::simulated::Simulated;
use super::{Directory, GroupPatch, Page, UserPatch};
use crate::sync::call::CallError;
use crate::sync::owner::ExternalId;
use crate::sync::record::{Attribute, Record};

fn external(id: &str) -> ExternalId {
    ExternalId::new("r", id).expect("an id")
}

fn person(name: &str) -> Record {
    let email = format!("{name}@example.com");
    Record::of(|attribute| match attribute {
        Attribute::UserName | Attribute::Email => Some(&email),
        Attribute::GivenName | Attribute::DisplayName => Some(name),
        Attribute::FamilyName => Some("Doe"),
        Attribute::Department => Some("R&D"),
        _ => None,
    })
}

fn all<T>(page: impl Fn(Option<&str>) -> Result<Page<T>, CallError>) -> Vec<T> {
    let (mut items, mut cursor) = (Vec::new(), None);
    loop {
        let next = page(cursor.as_deref()).expect("a page");
        items.extend(next.items);
        cursor = next.next;
        if cursor.is_none() {
            return items;
        }
    }
}

fn users(directory: &dyn Directory) {
    let id = directory.create_user(&external("u"), &person("ann")).expect("creates").id;
    let found = directory.user(&id).expect("reads").expect("exists");
    assert_eq!((found.external_id.as_deref(), found.active), (Some("kc:r:u"), true));
    assert_eq!(found.record, person("ann"));
    let listed = all(|cursor| directory.users(cursor)).into_iter().find(|user| user.id == id);
    let listed = listed.expect("is listed");
    assert_eq!((listed.record, listed.external_id, listed.active), (person("ann"), found.external_id, true));

    for (external_id, name) in [("u", "other"), ("other", "ann")] {
        let again = directory.create_user(&external(external_id), &person(name));
        assert!(matches!(again, Err(CallError::Conflict { .. })), "{external_id} {name}: {again:?}");
    }
    let by_id = directory.user_by_external_id(&external("u")).expect("reads");
    let by_name = directory.user_by_name("ann@example.com").expect("reads");
    assert_eq!((by_id.as_ref(), by_name.as_ref()), (Some(&id), Some(&id)));
    assert!(directory.user_by_external_id(&external("nobody")).expect("reads").is_none());
    assert!(directory.user_by_name("nobody").expect("reads").is_none());

    let values = vec![
        (Attribute::Email, Some("new@example.com")),
        (Attribute::FamilyName, Some("Roe")),
        (Attribute::Department, None),
        (Attribute::Title, Some("Dr")),
    ];
    directory.patch_user(&id, &UserPatch { external_id: Some(&external("v")), values }).expect("patches");
    directory.rename_user(&id, "new@example.com").expect("renames");
    directory.set_active(&id, false).expect("deactivates");
    let found = directory.user(&id).expect("reads").expect("exists");
    assert_eq!((found.external_id.as_deref(), found.active), (Some("kc:r:v"), false));
    let value = |attribute| found.record.get(attribute);
    assert_eq!(
        (found.record.user_name(), value(Attribute::Email)),
        ("new@example.com", Some("new@example.com"))
    );
    assert_eq!((value(Attribute::FamilyName), value(Attribute::GivenName)), (Some("Roe"), Some("ann")));
    assert_eq!((value(Attribute::Department), value(Attribute::Title)), (None, Some("Dr")));

    directory.delete_user(&id).expect("deletes");
    assert!(directory.user(&id).expect("reads").is_none());
    assert!(matches!(directory.set_active(&id, true), Err(CallError::Missing)));
    let bad = Record::of(|attribute| (attribute == Attribute::UserName).then_some("x"));
    assert!(matches!(directory.create_user(&external("bad"), &bad), Err(CallError::Rejected { .. })));
}

fn groups(directory: &dyn Directory) {
    let people: Vec<String> = (0..101)
        .map(|at| {
            directory
                .create_user(&external(&format!("m{at}")), &person(&format!("m{at}")))
                .expect("creates")
                .id
        })
        .collect();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let id = directory.create_group(&external("g"), "Dev", &people[..100]).expect("creates").id;
    let found = directory.group(&id).expect("reads").expect("exists");
    assert_eq!((found.external_id.as_deref(), found.name.as_str()), (Some("kc:r:g"), "Dev"));
    assert_eq!(all(|cursor| directory.members(&id, cursor)).len(), 100);

    assert!(
        matches!(directory.add_members(&id, &people), Err(CallError::Rejected { .. })),
        "101 are too many"
    );
    directory.add_members(&id, &people[100..]).expect("adds");
    directory.add_members(&id, &people[100..]).expect("adds who is in it already");
    let members = all(|cursor| directory.members(&id, cursor));
    assert_eq!(members.len(), 101, "over several pages");
    directory.remove_members(&id, &people[1..101]).expect("removes");
    assert_eq!(all(|cursor| directory.members(&id, cursor)), people[..1]);
    assert_eq!(all(|cursor| directory.groups_of(people[0], cursor)), [id.as_str()]);
    assert!(all(|cursor| directory.groups_of(people[1], cursor)).is_empty());

    let again = directory.create_group(&external("other"), "Dev", &[]);
    assert!(matches!(again, Err(CallError::Conflict { .. })), "{again:?}");
    let patch = GroupPatch { external_id: Some(&external("h")), name: Some("Developers") };
    directory.patch_group(&id, &patch).expect("patches");
    let by_id = directory.group_by_external_id(&external("h")).expect("reads").expect("exists");
    let by_name = directory.group_by_name("Developers").expect("reads").expect("exists");
    assert_eq!((by_id.as_str(), by_name.as_str()), (id.as_str(), id.as_str()));
    assert_eq!(all(|cursor| directory.members(&id, cursor)).len(), 1, "a new name keeps the members");
    assert!(all(|cursor| directory.groups(cursor)).iter().any(|group| group.name == "Developers"));
    assert!(directory.group("00000000-0000-4000-8000-000000000000").expect("reads").is_none());
}

#[test]
fn the_one_in_memory_keeps_the_contract() {
    let directory = FakeDirectory::default();
    users(&directory);
    groups(&directory);
}

#[test]
fn the_real_one_keeps_the_contract() {
    let aws = Simulated::start();
    let directory = aws.directory();
    users(&directory);
    groups(&directory);
}
