//! What both forms of the port do, the real one against the simulator.

use std::collections::BTreeSet;

use idc_sim::{AccountAccessTrust, IamRole, IdcSim};

use super::fake::{FakeAccountAccess, INSTANCE};
use super::{AccountAccess, EntitlementFilter};
use crate::ports::aws_call::AwsError;
use crate::ports::sso_admin::access::Principal;
use crate::ports::testing::{AdminSim, whole};

const DEPLOY: &str = "arn:aws:iam::111122223333:role/team/Deploy";
const AUDIT: &str = "arn:aws:iam::222233334444:role/Audit";
const CLOSED: &str = "arn:aws:iam::222233334444:role/Closed";

fn check(service: &dyn AccountAccess, user: &str, group: &str) {
    let applications = whole(|cursor| service.applications(cursor));
    let [application] = applications.as_slice() else { panic!("one: {applications:?}") };
    let found = service.application(application).expect("is there");
    assert_eq!((found.status.as_str(), found.instance_arn.as_deref()), ("ACTIVE", Some(INSTANCE)));
    assert!(found.tenant.is_some_and(|tenant| tenant.starts_with("aa-")));
    let gone = format!("{application}0");
    let error = service.application(&gone);
    assert!(matches!(error, Err(AwsError::NotFound { .. })), "{error:?}");

    let (user, group) = (Principal::User(user.to_owned()), Principal::Group(group.to_owned()));
    let listed = |filter: &EntitlementFilter| {
        let found = whole(|cursor| service.entitlements(application, filter, cursor));
        found.into_iter().map(|one| (one.role_arn, one.principal)).collect::<BTreeSet<_>>()
    };
    for (role, principal) in [(DEPLOY, &user), (DEPLOY, &group), (AUDIT, &group), (AUDIT, &group)] {
        assert!(service.create(application, role, principal).expect("creates").is_some());
    }
    let pairs = |pairs: &[(&str, &Principal)]| {
        pairs.iter().map(|(role, who)| ((*role).to_owned(), (*who).clone())).collect::<BTreeSet<_>>()
    };
    let role = EntitlementFilter::Role(DEPLOY.to_owned());
    assert_eq!(listed(&role), pairs(&[(DEPLOY, &user), (DEPLOY, &group)]));
    let account = EntitlementFilter::Account("222233334444".to_owned());
    assert_eq!(listed(&account), pairs(&[(AUDIT, &group)]));
    assert_eq!(listed(&EntitlementFilter::Of(group.clone())), pairs(&[(DEPLOY, &group), (AUDIT, &group)]));

    let refused = service.create(application, CLOSED, &group);
    assert!(matches!(refused, Err(AwsError::Refused { .. })), "{refused:?}");

    let all = whole(|cursor| service.entitlements(application, &account, cursor));
    let [one] = all.as_slice() else { panic!("one: {all:?}") };
    assert_eq!(service.entitlement(application, &one.id).expect("answers").as_ref(), Some(one));
    for _ in 0..2 {
        assert!(service.delete(application, &one.id).expect("deletes, and again").is_some());
    }
    assert_eq!(service.entitlement(application, &one.id).expect("answers"), None);
    assert!(listed(&account).is_empty());
}

#[test]
fn the_real_form() {
    let role = |arn, trust| IamRole::new(arn).account_access(trust);
    let sim = IdcSim::builder()
        .tenant("aa-gyxmap389")
        .iam_role(role(DEPLOY, AccountAccessTrust::Granted))
        .iam_role(role(AUDIT, AccountAccessTrust::Granted))
        .iam_role(role(CLOSED, AccountAccessTrust::Missing))
        .admin_throttle(None)
        .start();
    sim.add_group("Developers");
    let group = sim.group_id("Developers").expect("an id");
    let user = sim.user_id(&sim.default_user()).expect("an id");
    check(&AdminSim::of(&sim).account_access(), &user, &group);
}

#[test]
fn the_fake_form() {
    let service = FakeAccountAccess::new();
    service.state().untrusting.insert(CLOSED.to_owned());
    check(&service, "11111111-2222-4333-8444-555555555555", "21111111-2222-4333-8444-555555555555");
}

#[test]
fn a_refusal_keeps_its_kind() {
    let sim = IdcSim::builder().tenant("aa-gyxmap389").admin_throttle(None).start();
    let key = sim.access_key(sim.management_account(), &["account-access:Get*"]);
    let denied = AdminSim::with_key(&sim, &key).account_access().applications(None);
    assert!(matches!(denied, Err(AwsError::Denied { .. })), "{denied:?}");
}
