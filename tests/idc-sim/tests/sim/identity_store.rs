//! The Identity Store API without Python: rights, rate, and that it is one directory with SCIM, sign-in and sso-admin.

use std::time::Duration;

use idc_sim::{IdcSim, NewGroup, NewUser, Throttle};
use serde_json::{Value, json};

use crate::admin::{Api, ok, refused};
use crate::client::{Answer, Client, DEV};
use crate::scim::{Scim, user};

const STORE: &str = "d-1234567890";

fn call(api: &Api<'_>, operation: &str, members: &Value) -> Answer {
    let mut members = members.clone();
    members["IdentityStoreId"] = STORE.into();
    api.send("identitystore", &format!("AWSIdentityStore.{operation}"), &members)
}

#[test]
fn a_user_that_scim_made_is_found_assigned_and_let_in() {
    let sim = IdcSim::builder().no_assignments().start();
    let mut written = user("bob");
    written["externalId"] = "kc:realm:1".into();
    let id = Scim::new(&sim).create("Users", &written);
    let api = Api::new(&sim);
    let found = ok(&call(&api, "DescribeUser", &json!({ "UserId": id })));
    let issuer = format!("https://scim.aws.com/{}", sim.scim_endpoint().split('/').nth(3).expect("a tenant"));
    assert_eq!(found["ExternalIds"], json!([{ "Issuer": issuer, "Id": "kc:realm:1" }]));
    assert_eq!((&found["UserName"], &found["UserStatus"]), (&json!("bob"), &json!("ENABLED")));
    assert_eq!(found["CreatedBy"], issuer.replace("https://scim.aws.com", "SCIM"));

    let target = json!({
        "TargetId": DEV, "TargetType": "AWS_ACCOUNT", "PermissionSetArn": api.set("ReadOnlyAccess"),
        "PrincipalType": "USER", "PrincipalId": id,
    });
    ok(&api.sso("CreateAccountAssignment", &target));
    sim.advance(Duration::from_secs(60));
    let token = sim.seed_login("bob").access_token;
    let accounts = Client::new(&sim).portal("/assignment/accounts", &token).json();
    assert_eq!(accounts["accountList"][0]["accountId"], DEV);
}

#[test]
fn scim_disables_a_user_whose_address_is_not_marked_as_primary() {
    let sim = IdcSim::builder().start();
    let created = ok(&call(
        &Api::new(&sim),
        "CreateUser",
        &json!({
            "UserName": "bob", "DisplayName": "Bob", "Emails": [{ "Value": "bob@example.com" }],
            "Name": { "GivenName": "Bob", "FamilyName": "Builder" },
        }),
    ));
    let path = format!("Users/{}", created["UserId"].as_str().expect("an id"));
    let disable = json!([{ "op": "replace", "path": "active", "value": false }]);
    assert_eq!(Scim::new(&sim).patch(&path, &disable).status, 200);
    assert_eq!(sim.user("bob").expect("a user")["active"], false);
}

#[test]
fn a_key_may_call_what_its_policy_names() {
    let sim = IdcSim::builder().start();
    let key = sim.access_key(sim.management_account(), &["identitystore:List*"]);
    let api = Api::with_key(&sim, key);
    assert_eq!(ok(&call(&api, "ListUsers", &json!({})))["Users"].as_array().map(Vec::len), Some(1));
    let refusal = refused(&call(&api, "CreateGroup", &json!({ "DisplayName": "Team" })));
    assert_eq!(refusal.0, "AccessDeniedException");
    assert!(refusal.1.contains("identitystore:CreateGroup"), "{}", refusal.1);
}

#[test]
fn the_bucket_is_the_services_own() {
    let sim = IdcSim::builder().admin_throttle(Some(Throttle { per_second: 0.001, burst: 2 })).start();
    let api = Api::new(&sim);
    let statuses = [(); 3].map(|()| call(&api, "ListGroups", &json!({})).status);
    assert_eq!(statuses, [200, 200, 400]);
    let refusal = call(&api, "ListGroups", &json!({})).json();
    assert_eq!(
        (&refusal["__type"], &refusal["RetryAfterSeconds"]),
        (&json!("ThrottlingException"), &json!(1))
    );
    assert_eq!(Scim::new(&sim).get("Users").status, 200, "SCIM has its own");
}

#[test]
fn a_page_token_goes_on_behind_what_it_names_whatever_was_deleted() {
    let sim = IdcSim::builder().start();
    let names: Vec<String> = (0..150).map(|number| format!("user{number}")).collect();
    sim.add_users(names.iter().map(|name| NewUser::named(name)));
    let api = Api::new(&sim);
    let first = ok(&call(&api, "ListUsers", &json!({})));
    for user in first["Users"].as_array().expect("users") {
        sim.delete_user(user["UserName"].as_str().expect("a name"));
    }
    let second = ok(&call(&api, "ListUsers", &json!({ "NextToken": first["NextToken"] })));
    assert_eq!(second["Users"].as_array().map(Vec::len), Some(51), "not one is skipped");
    assert_eq!(second["NextToken"], Value::Null);
    let elsewhere = call(&api, "ListGroups", &json!({ "NextToken": first["NextToken"] }));
    assert_eq!(refused(&elsewhere).0, "ValidationException");
}

#[test]
fn a_change_of_members_moves_the_group_by_switch() {
    for (switch, moves) in [(false, false), (true, true)] {
        let sim = IdcSim::builder().membership_touches_group(switch).start();
        sim.add_groups([NewGroup::named("Team")]);
        let api = Api::new(&sim);
        let group = json!({ "GroupId": sim.group_id("Team") });
        let before = ok(&call(&api, "DescribeGroup", &group))["Revision"].clone();
        let mut members = group.clone();
        members["MemberId"] = json!({ "UserId": sim.user_id("alice@example.com") });
        ok(&call(&api, "CreateGroupMembership", &members));
        let after = ok(&call(&api, "DescribeGroup", &group))["Revision"].clone();
        assert_eq!(before != after, moves);
        let mut old = group.clone();
        old["Revision"] = before;
        let deleted = call(&api, "DeleteGroup", &old);
        assert_eq!(deleted.status, if moves { 400 } else { 200 }, "{deleted:?}");
    }
}

#[test]
fn the_issuer_of_external_ids_by_switch() {
    let sim = IdcSim::builder().external_id_issuer("https://issuer.example").start();
    sim.add_users([NewUser::named("bob").external_id("1")]);
    let external =
        json!({ "AlternateIdentifier": { "ExternalId": { "Issuer": "https://issuer.example", "Id": "1" } } });
    assert_eq!(
        ok(&call(&Api::new(&sim), "GetUserId", &external))["UserId"].as_str(),
        sim.user_id("bob").as_deref()
    );
}
