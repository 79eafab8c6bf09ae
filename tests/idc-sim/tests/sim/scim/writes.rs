//! What is written, and that it is the directory of sign-in and of the Identity Store API.

use idc_sim::{IdcSim, OrphanedAssignments};
use serde_json::{Value, json};

use super::{Scim, user};
use crate::client::Client;

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

#[test]
fn a_user_is_shown_as_it_was_written() {
    let sim = IdcSim::builder().start();
    let idp = Scim::new(&sim);
    let mut written = user("bjensen");
    written["externalId"] = "kc:realm:701984".into();
    written["name"] = json!({
        "formatted": "Ms. Barbara J Jensen, III", "familyName": "Jensen", "givenName": "Barbara",
        "middleName": "Jane", "honorificPrefix": "Ms.", "honorificSuffix": "III",
    });
    written["addresses"] = json!([{ "locality": "Hollywood", "type": "work", "primary": true }]);
    written["phoneNumbers"] = json!([{ "value": "555-555-5555", "type": "work" }]);
    written["timezone"] = "America/Los_Angeles".into();
    written[ENTERPRISE] = json!({ "department": "Tours", "manager": { "value": "boss" } });
    let id = idp.create("Users", &written);
    let mut shown = idp.get(&format!("Users/{id}")).json();
    assert_eq!(shown["meta"]["resourceType"], "User");
    assert_eq!(shown["meta"]["created"].as_str().map(str::len), Some("2020-07-22T22:32:58Z".len()));
    assert_eq!(shown["schemas"], json!(["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE]));
    for name in ["id", "meta", "schemas"] {
        shown.as_object_mut().expect("an object").remove(name);
    }
    written.as_object_mut().expect("an object").remove("schemas");
    assert_eq!(shown, written);
}

#[test]
fn put_overwrites_and_patch_changes_what_it_names() {
    let sim = IdcSim::builder().start();
    let idp = Scim::new(&sim);
    let mut first = user("bob");
    first["title"] = "Guide".into();
    first["externalId"] = "ext".into();
    let id = idp.create("Users", &first);
    let path = format!("Users/{id}");
    let answer = idp.send("PUT", &path, &user("robert").to_string());
    assert_eq!(answer.status, 200, "{answer:?}");
    let shown = answer.json();
    assert_eq!((&shown["id"], &shown["userName"]), (&json!(id), &json!("robert")));
    assert_eq!((&shown["title"], &shown["externalId"]), (&Value::Null, &Value::Null));

    for (op, operation_path, value, pointer, expected) in [
        ("replace", "title", json!("Chief"), "/title", json!("Chief")),
        ("Add", "nickName", json!("Bo"), "/nickName", json!("Bo")),
        ("add", "externalId", json!("ext-2"), "/externalId", json!("ext-2")),
        ("replace", "name.givenName", json!("Bobby"), "/name/givenName", json!("Bobby")),
        ("replace", "emails[type eq \"work\"].value", json!("b@x.org"), "/emails/0/value", json!("b@x.org")),
        (
            "replace",
            "emails",
            json!([{"value": "c@x.org", "primary": true}]),
            "/emails/0/value",
            json!("c@x.org"),
        ),
        (
            "add",
            "emails",
            json!([{"value": "c@x.org", "primary": true}]),
            "/emails/0/value",
            json!("c@x.org"),
        ),
        (
            "add",
            &format!("{ENTERPRISE}:department"),
            json!("Ops"),
            &format!("/{ENTERPRISE}/department"),
            json!("Ops"),
        ),
        ("remove", "nickName", Value::Null, "/nickName", Value::Null),
        ("remove", &format!("{ENTERPRISE}:department"), Value::Null, &format!("/{ENTERPRISE}"), Value::Null),
        ("remove", "externalId", Value::Null, "/externalId", Value::Null),
        ("remove", "emails", Value::Null, "/emails", Value::Null),
        ("replace", "userName", json!("rob"), "/userName", json!("rob")),
        ("replace", "active", json!(false), "/active", json!(false)),
    ] {
        let mut operation = json!({ "op": op, "path": operation_path });
        if !value.is_null() {
            operation["value"] = value;
        }
        let answer = idp.patch(&path, &json!([operation]));
        assert_eq!(answer.status, 200, "{operation_path}: {answer:?}");
        let shown = answer.json().pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(shown, expected, "{op} {operation_path}");
    }
    let one = json!([{ "op": "replace", "value": { "title": "One" } }]);
    assert_eq!(idp.patch(&path, &one).json()["title"], "One", "a path may be left out for one attribute");
}

#[test]
fn a_user_that_scim_disables_cannot_sign_in_and_comes_back() {
    let sim = IdcSim::builder().start();
    let idp = Scim::new(&sim);
    let tokens = Client::new(&sim).log_in(&sim);
    let id = sim.user_id(&sim.default_user()).expect("a user");
    let set = |active: bool| {
        let operation = json!([{ "op": "replace", "path": "active", "value": active }]);
        assert_eq!(idp.patch(&format!("Users/{id}"), &operation).status, 200);
    };
    set(false);
    assert!(sim.is_access_token_good(&tokens.access), "the session lasts an hour more");
    sim.advance(std::time::Duration::from_secs(3601));
    assert!(!sim.is_access_token_good(&tokens.access));
    assert!(std::panic::catch_unwind(|| sim.seed_login("alice@example.com")).is_err());
    set(true);
    sim.seed_login("alice@example.com");
}

#[test]
fn a_renamed_user_keeps_session_assignments_and_id() {
    let sim = IdcSim::builder().start();
    let idp = Scim::new(&sim);
    let client = Client::new(&sim);
    let tokens = client.log_in(&sim);
    let id = sim.user_id("alice@example.com").expect("a user");
    let rename = json!([{ "op": "replace", "path": "userName", "value": "alice@example.org" }]);
    assert_eq!(idp.patch(&format!("Users/{id}"), &rename).status, 200);
    assert_eq!(sim.user_id("alice@example.org"), Some(id));
    let accounts = client.portal("/assignment/accounts?max_result=100", &tokens.access);
    assert!(!accounts.json()["accountList"].as_array().expect("accounts").is_empty());
}

#[test]
fn groups_take_members_and_give_them_back() {
    let sim = IdcSim::builder().start();
    let idp = Scim::new(&sim);
    let ids = ["ann", "ben", "cleo"].map(|name| idp.create("Users", &user(name)));
    let group = json!({
        "displayName": "Team A", "externalId": "kc:1", "members": [{ "value": ids[0] }, { "value": ids[1] }],
    });
    let path = format!("Groups/{}", idp.create("Groups", &group));
    assert_eq!(sim.members_of("Team A"), ["ann", "ben"]);
    let change = |operation: Value| {
        let answer = idp.patch(&path, &json!([operation]));
        assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{answer:?}");
    };
    change(json!({ "op": "add", "path": "members", "value": [{ "value": ids[2] }, { "value": ids[0] }] }));
    assert_eq!(sim.members_of("Team A"), ["ann", "ben", "cleo"]);
    change(json!({ "op": "remove", "path": "members", "value": [{ "value": ids[0] }] }));
    change(json!({ "op": "remove", "path": format!("members[value eq \"{}\"]", ids[1]) }));
    change(json!({ "op": "remove", "path": "members", "value": [{ "value": ids[1] }] }));
    assert_eq!(sim.members_of("Team A"), ["cleo"]);
    change(json!({ "op": "replace", "path": "displayName", "value": "Team B" }));
    change(json!({ "op": "replace", "value": { "externalId": "kc:2" } }));
    assert_eq!(sim.group("Team B").expect("a group")["externalId"], "kc:2");
    assert_eq!(idp.send("DELETE", &path, "").status, 204);
    assert_eq!((sim.group_count(), sim.membership_count(), sim.user_count()), (0, 0, 4));
}

#[test]
fn what_a_deleted_user_had_is_gone_or_by_switch_an_orphan() {
    for (switch, orphans) in [(OrphanedAssignments::GoWithThePrincipal, 0), (OrphanedAssignments::Remain, 1)]
    {
        let sim = IdcSim::builder().no_assignments().orphaned_assignments(switch).start();
        let idp = Scim::new(&sim);
        let path = format!("Users/{}", idp.create("Users", &user("bob")));
        sim.assign("bob", "111122223333", "PowerUserAccess");
        assert_eq!(idp.send("DELETE", &path, "").status, 204);
        assert_eq!(idp.get(&path).status, 404);
        idp.create("Users", &user("bob"));
        let directory = Client::new(&sim).get("/_sim/directory").json();
        assert_eq!(directory["assignments"].as_array().map(Vec::len), Some(orphans), "{directory}");
        let token = sim.seed_login("bob").access_token;
        let accounts = Client::new(&sim).portal("/assignment/accounts", &token).json();
        assert_eq!(accounts["accountList"], json!([]), "another user of the same name");
    }
}
