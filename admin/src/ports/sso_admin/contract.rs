//! What both forms of the port do, the real one against the simulator.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use kcaws::ports::clock::FakeClock;

use super::access::{
    AccessAdmin, BoundaryPolicy, OperationKind, PolicyReference, Principal, Progress, RoleAction,
    RoleOperation, SetDescription, SetWrite,
};
use super::fake_access::FakeAccessAdmin;
use crate::ports::aws_call::AwsError;
use crate::ports::testing::{AdminSim, whole};

const ACCOUNT: &str = "111122223333";

fn check(admin: &dyn AccessAdmin, user: &str, pass: &dyn Fn(Duration)) {
    let set = permission_set(admin);
    let who = Principal::User(user.to_owned());
    let run = |action| {
        let operation = RoleOperation { set: set.clone(), account: ACCOUNT.to_owned(), action };
        let kind = operation.action.kind();
        let started = admin.start(&operation).expect("starts");
        assert_eq!((&started.progress, &started.operation), (&Progress::Running, &operation));
        assert_eq!(whole(|cursor| admin.running(kind, cursor)), std::slice::from_ref(&started.id));
        pass(Duration::from_secs(5));
        assert!(whole(|cursor| admin.running(kind, cursor)).is_empty());
        let ended = admin.status(kind, &started.id).expect("is known");
        assert_eq!((ended.progress, ended.operation), (Progress::Succeeded, started.operation));
    };
    run(RoleAction::Assign(who.clone()));
    assert_eq!(whole(|cursor| admin.accounts_of(&set, cursor)), [ACCOUNT]);
    let assignments = whole(|cursor| admin.assignments_in(&set, ACCOUNT, cursor));
    assert_eq!(assignments.iter().map(|one| &one.principal).collect::<Vec<_>>(), [&who]);
    let theirs = whole(|cursor| admin.assignments_of(&who, cursor));
    assert_eq!(theirs, assignments);

    assert!(whole(|cursor| admin.lagging_accounts_of(&set, cursor)).is_empty());
    admin.write(&set, &SetWrite::DeleteInline).expect("writes");
    assert_eq!(whole(|cursor| admin.lagging_accounts_of(&set, cursor)), [ACCOUNT]);
    run(RoleAction::Provision);
    assert!(whole(|cursor| admin.lagging_accounts_of(&set, cursor)).is_empty());

    let in_use = admin.write(&set, &SetWrite::Delete);
    assert!(matches!(in_use, Err(AwsError::Conflict { .. })), "{in_use:?}");
    run(RoleAction::Unassign(who));
    assert!(whole(|cursor| admin.accounts_of(&set, cursor)).is_empty());
    admin.write(&set, &SetWrite::Delete).expect("is deleted");
    let gone = admin.permission_set(&set);
    assert!(matches!(gone, Err(AwsError::NotFound { .. })), "{gone:?}");
    let unknown = admin.status(OperationKind::Creation, "00000000-0000-4000-8000-000000000000");
    assert!(matches!(unknown, Err(AwsError::NotFound { .. })), "{unknown:?}");
}

/// Creates a permission set, writes everything to it, and reads it back.
fn permission_set(admin: &dyn AccessAdmin) -> String {
    let description = SetDescription {
        description: Some("Everything but IAM".to_owned()),
        session: Some("PT4H".to_owned()),
        relay_state: Some("https://console.aws.amazon.com/".to_owned()),
    };
    let tags = BTreeMap::from([("owner".to_owned(), "platform".to_owned())]);
    let created = admin.create("Power", &description, &tags).expect("is made");
    assert!(created.receipt.request_id.is_some_and(|id| !id.is_empty()));
    let set = created.arn;
    assert!(whole(|cursor| admin.permission_sets(cursor)).contains(&set));
    assert_eq!(admin.permission_set(&set).expect("is there"), ("Power".to_owned(), description.clone()));
    assert_eq!(BTreeMap::from_iter(whole(|cursor| admin.set_tags(&set, cursor))), tags);
    assert_eq!(admin.boundary(&set).expect("answers"), None);
    assert_eq!(admin.inline_policy(&set).expect("answers"), None);

    let arns = ["PowerUserAccess", "ReadOnlyAccess"].map(|name| format!("arn:aws:iam::aws:policy/{name}"));
    let guard = PolicyReference { name: "guard".to_owned(), path: "/security/".to_owned() };
    let boundary = BoundaryPolicy::Customer(guard.clone());
    let policy = r#"{"Version":"2012-10-17","Statement":[]}"#;
    let shorter = SetDescription { session: Some("PT2H".to_owned()), ..SetDescription::default() };
    for write in [
        SetWrite::AttachManaged(arns[0].clone()),
        SetWrite::AttachManaged(arns[1].clone()),
        SetWrite::AttachCustomer(guard.clone()),
        SetWrite::PutInline(policy.to_owned()),
        SetWrite::PutBoundary(boundary.clone()),
        SetWrite::Tag(BTreeMap::from([("stage".to_owned(), "prod".to_owned())])),
        SetWrite::Untag(vec!["owner".to_owned()]),
        // What is not sent is cleared.
        SetWrite::Describe(shorter.clone()),
    ] {
        let receipt = admin.write(&set, &write).expect("writes");
        assert!(receipt.request_id.is_some_and(|id| !id.is_empty()), "{write:?}");
    }
    assert_eq!(admin.permission_set(&set).expect("is there").1, shorter);
    let managed = BTreeSet::from_iter(whole(|cursor| admin.managed_policies(&set, cursor)));
    assert_eq!(managed, BTreeSet::from_iter(arns.clone()));
    assert_eq!(whole(|cursor| admin.customer_policies(&set, cursor)), std::slice::from_ref(&guard));
    assert_eq!(admin.inline_policy(&set).expect("answers").as_deref(), Some(policy));
    assert_eq!(admin.boundary(&set).expect("answers"), Some(boundary));
    let tags = whole(|cursor| admin.set_tags(&set, cursor));
    assert_eq!(tags, [("stage".to_owned(), "prod".to_owned())]);
    for write in
        [SetWrite::DetachManaged(arns[0].clone()), SetWrite::DetachCustomer(guard), SetWrite::DeleteBoundary]
    {
        admin.write(&set, &write).expect("writes");
    }
    assert_eq!(whole(|cursor| admin.managed_policies(&set, cursor)), arns[1..]);
    assert!(whole(|cursor| admin.customer_policies(&set, cursor)).is_empty());
    assert_eq!(admin.boundary(&set).expect("answers"), None);
    set
}

#[test]
fn the_real_form() {
    let sim = idc_sim::IdcSim::builder().no_assignments().admin_throttle(None).start();
    sim.assign(&sim.default_user(), ACCOUNT, "ReadOnlyAccess");
    let admin = AdminSim::of(&sim).access_admin();
    let sets = whole(|cursor| admin.permission_sets(cursor));
    let all = sets.iter().flat_map(|set| whole(|cursor| admin.assignments_in(set, ACCOUNT, cursor)));
    let Some(Principal::User(user)) = all.map(|one| one.principal).next() else { panic!("a user") };
    sim.unassign(&sim.default_user(), ACCOUNT, "ReadOnlyAccess");
    check(&admin, &user, &|span| sim.advance(span));
}

#[test]
fn the_fake_form() {
    let clock = Arc::new(FakeClock::at("2026-11-29T08:00:00Z"));
    let admin = FakeAccessAdmin::new(clock.clone());
    check(&admin, "11111111-2222-4333-8444-555555555555", &|span| clock.advance(span));
}

#[test]
fn a_refusal_keeps_its_kind() {
    let sim = idc_sim::IdcSim::builder().admin_throttle(None).start();
    let key = sim.access_key(sim.management_account(), &["sso:ListInstances"]);
    let admin = AdminSim::with_key(&sim, &key).access_admin();
    let denied = admin.permission_sets(None);
    assert!(matches!(denied, Err(AwsError::Denied { .. })), "{denied:?}");
}
