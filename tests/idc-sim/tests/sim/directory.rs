//! The identity store from the handle and by the control endpoints.

use idc_sim::{IdcSim, NewGroup, NewUser, Route};
use serde_json::json;

use crate::client::Client;
use crate::scim::{Scim, user};

/// As large as kcaws is measured with.
#[test]
fn a_large_directory_is_there_at_once_and_consistent() {
    let sim = IdcSim::builder().start();
    let users: Vec<String> = (0..5000).map(|number| format!("user{number}@example.com")).collect();
    let groups: Vec<String> = (0..500).map(|number| format!("group{number}")).collect();
    sim.add_users(users.iter().map(|name| NewUser::named(name).external_id(&format!("kc:realm:{name}"))));
    sim.add_groups(groups.iter().map(|name| NewGroup::named(name).external_id(&format!("kc:realm:{name}"))));
    let members = (0..50_000).map(|number| (&groups[number % 500], &users[number / 10]));
    sim.add_members(members.map(|(group, user)| (group.as_str(), user.as_str())));
    assert_eq!((sim.user_count(), sim.group_count(), sim.membership_count()), (5001, 500, 50_000));
    assert_eq!(sim.members_of("group7").len(), 100);
    sim.delete_group("group7");
    assert_eq!(sim.membership_count(), 49_900);
    sim.delete_user("user1@example.com");
    assert_eq!((sim.user_count(), sim.membership_count()), (5000, 49_890));
}

#[test]
fn fifty_thousand_users() {
    let sim = IdcSim::builder().start();
    sim.add_users((0..50_000).map(|number| NewUser::named(&format!("user{number}"))));
    assert_eq!(sim.user_count(), 50_001);
    assert!(sim.user_id("user49999").is_some());
}

#[test]
fn a_name_or_an_external_id_twice_is_a_bug_in_the_test() {
    let sim = IdcSim::builder().start();
    sim.add_users([NewUser::named("bob").external_id("1")]);
    for twice in [NewUser::named("BOB"), NewUser::named("rob").external_id("1")] {
        let added = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| sim.add_users([twice])));
        assert!(added.is_err());
    }
    assert_eq!(sim.user_count(), 2);
}

#[test]
fn what_the_handle_adds_scim_finds_and_the_log_has_the_bodies() {
    let sim = IdcSim::builder().start();
    sim.add_users([NewUser::named("bob").external_id("kc:1").disabled().attribute("title", json!("Chief"))]);
    sim.add_groups([NewGroup::named("Team").external_id("kc:2")]);
    sim.add_members([("Team", "bob")]);
    let idp = Scim::new(&sim);
    let found = idp.filtered("Users", "externalId eq \"kc:1\"").json()["Resources"][0].clone();
    assert_eq!(Some(&found), sim.user("bob").as_ref());
    assert_eq!((&found["active"], &found["title"]), (&json!(false), &json!("Chief")));
    assert_eq!(sim.group("Team").expect("a group")["members"], json!(["bob"]));
    let id = idp.create("Users", &user("ann"));
    assert_eq!(sim.user_id("ann"), Some(id));
    let logged = sim.requests_to(Route::ScimCreateUser);
    assert_eq!((logged.len(), &logged[0].json()), (1, &user("ann")));
}

#[test]
fn tokens_by_the_control_endpoints() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let issued = client.post("/_sim/scim-token", &json!({})).json();
    assert_eq!(issued["endpoint"], sim.scim_endpoint());
    let get = || {
        let authorization = format!("Bearer {}", issued["token"].as_str().expect("a token"));
        client
            .send("GET", &format!("{}Users", sim.scim_endpoint()), &[("authorization", &authorization)], "")
            .status
    };
    assert_eq!(get(), 200);
    assert_eq!(client.post("/_sim/scim-provisioning", &json!({ "on": false })).status, 200);
    assert_eq!((get(), client.post("/_sim/scim-token", &json!({})).status), (401, 400));
    assert_eq!(client.post("/_sim/scim-provisioning", &json!({ "on": true })).status, 200);
    assert_ne!(client.post("/_sim/scim-token", &json!({})).json()["endpoint"], issued["endpoint"]);
}
