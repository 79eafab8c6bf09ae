//! Who may call what.

use idc_sim::{IdcSim, Route, Throttle};
use serde_json::json;

use super::{Api, INSTANCE, assert_refused, ok, refused, unlimited};
use crate::client::DEV;

#[test]
fn a_key_with_rights_may_call_exactly_those_operations() {
    let sim = unlimited().start();
    let actions = ["sso:ListInstances", "sso:Describe*", "organizations:ListAccounts"];
    let api = Api::with_key(&sim, sim.access_key(sim.management_account(), &actions));
    assert_eq!(ok(&api.sso("ListInstances", &json!({})))["Instances"][0]["InstanceArn"], INSTANCE);
    ok(&api.sso("DescribeInstance", &json!({})));
    ok(&api.organizations("ListAccounts", &json!({})));
    for (answer, action, resource) in [
        (api.sso("ListPermissionSets", &json!({})), "sso:ListPermissionSets", INSTANCE),
        (api.organizations("DescribeOrganization", &json!({})), "organizations:DescribeOrganization", "*"),
    ] {
        let (exception, message) = refused(&answer);
        assert_eq!(exception, "AccessDeniedException");
        let expected = format!(
            "User: {} is not authorized to perform: {action} on resource: {resource} because no identity-based policy \
             allows the {action} action",
            api.key.user_arn
        );
        assert_eq!(message, expected);
    }
}

#[test]
fn the_instance_is_visible_to_its_administrators_in_its_regions() {
    let sim = unlimited().delegated_administrator("222233334444").add_region("us-east-1").start();
    for (account, region, sees) in [
        (sim.management_account(), "eu-central-1", true),
        (sim.management_account(), "us-east-1", true),
        (sim.management_account(), "eu-west-1", false),
        ("222233334444", "eu-central-1", true),
        (DEV, "eu-central-1", false),
    ] {
        let api = Api { region, ..Api::with_key(&sim, sim.access_key(account, &["*"])) };
        let instances =
            ok(&api.sso("ListInstances", &json!({})))["Instances"].as_array().expect("a list").len();
        assert_eq!(instances == 1, sees, "{account} {region}");
        let everywhere = ok(&api.sso("ListInstances", &json!({ "RegionScope": "ALL_REGIONS" })));
        assert_eq!(everywhere["Instances"].as_array().expect("a list").len(), usize::from(account != DEV));
        let described = api.sso("DescribeInstance", &json!({}));
        if sees {
            assert!(ok(&described)["PermissionSetsEnabled"] == true);
        } else {
            assert_refused(&described, "AccessDeniedException");
        }
    }
}

#[test]
fn whether_a_member_account_sees_the_instance_is_a_switch() {
    let sim = unlimited().members_see_instance(true).start();
    for (account, sees) in [(DEV, true), ("999999999999", false)] {
        let api = Api::with_key(&sim, sim.access_key(account, &["*"]));
        let instances = ok(&api.sso("ListInstances", &json!({})))["Instances"].clone();
        assert_eq!(instances[0]["OwnerAccountId"] == sim.management_account(), sees, "{account}");
        assert_refused(&api.sso("DescribeInstance", &json!({})), "AccessDeniedException");
    }
}

#[test]
fn the_instance_tells_its_owner_its_store_and_its_regions() {
    let sim = unlimited().add_region("us-east-1").start();
    let api = Api::new(&sim);
    let instance = ok(&api.sso("DescribeInstance", &json!({})));
    assert_eq!(instance["OwnerAccountId"], sim.management_account());
    assert_eq!(instance["IdentityStoreId"], "d-1234567890");
    assert_eq!(instance["PrimaryRegion"], "eu-central-1");
    let regions = api.list("ListRegions", &json!({}), "Regions");
    let names: Vec<_> =
        regions.iter().map(|region| (&region["RegionName"], &region["IsPrimaryRegion"])).collect();
    assert_eq!(json!(names), json!([["eu-central-1", true], ["us-east-1", false]]));
}

#[test]
fn what_is_not_signed_for_the_service_is_refused() {
    let sim = unlimited().start();
    let api = Api::new(&sim);
    let mut unknown = sim.administrator_key();
    unknown.id = "AKIAAAAAAAAAAAAAAAAA".to_owned();
    let mut wrong = sim.administrator_key();
    wrong.secret = sim.administrator_key().secret;
    let target = "SWBExternalService.ListInstances";
    let unsigned = api.client.send("POST", "/", &[("x-amz-target", target)], "{}");
    for (answer, exception) in [
        (unsigned, "MissingAuthenticationTokenException"),
        (api.send("sts", target, &json!({})), "InvalidSignatureException"),
        (Api::with_key(&sim, unknown).sso("ListInstances", &json!({})), "UnrecognizedClientException"),
        (Api::with_key(&sim, wrong).sso("ListInstances", &json!({})), "InvalidSignatureException"),
        (api.send("sso", "SWBExternalService.CreateInstance", &json!({})), "UnknownOperationException"),
        (api.send("sso", target, &json!([])), "SerializationException"),
        (api.send("sso", target, &json!({ "maxResults": 1 })), "SerializationException"),
        (api.send("sso", target, &json!({ "MaxResults": 101 })), "ValidationException"),
        (api.send("sso", target, &json!({ "RegionScope": "EVERYWHERE" })), "ValidationException"),
        (api.organizations("ListAccounts", &json!({ "MaxResults": 21 })), "InvalidInputException"),
    ] {
        assert_refused(&answer, exception);
    }
}

#[test]
fn more_than_twenty_a_second_are_too_many() {
    let sim = IdcSim::builder().admin_throttle(Some(Throttle { per_second: 0.001, burst: 20 })).start();
    let api = Api::new(&sim);
    for _ in 0..20 {
        ok(&api.sso("ListInstances", &json!({})));
    }
    assert_refused(&api.sso("ListInstances", &json!({})), "ThrottlingException");
    // Another service has a bucket of its own, and another name for it.
    for _ in 0..20 {
        ok(&api.organizations("DescribeOrganization", &json!({})));
    }
    assert_refused(&api.organizations("DescribeOrganization", &json!({})), "TooManyRequestsException");
}

#[test]
fn the_log_has_target_and_body() {
    let sim = unlimited().start();
    Api::new(&sim).sso("ListInstances", &json!({ "MaxResults": 10 }));
    let logged = sim.requests_to(Route::ListInstances);
    assert_eq!(logged[0].target(), Some("SWBExternalService.ListInstances"));
    assert_eq!(logged[0].json(), json!({ "MaxResults": 10 }));
}
