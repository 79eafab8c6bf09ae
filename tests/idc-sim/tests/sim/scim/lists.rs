//! Lists: filters, pages with a cursor, and what is not there.

use std::collections::BTreeSet;

use idc_sim::{IdcSim, NewGroup, NewUser, ScimTotal};
use serde_json::{Value, json};

use super::{Scim, user};
use crate::client::encode;

fn many() -> (IdcSim, Scim) {
    let sim = IdcSim::builder().admin_throttle(None).start();
    let names: Vec<String> = (1..250).map(|number| format!("user{number}@example.com")).collect();
    sim.add_users(names.iter().map(|name| NewUser::named(name).external_id(&format!("x-{name}"))));
    sim.add_groups((0..120).map(|number| NewGroup::named(&format!("Group {number}"))));
    sim.add_members(names.iter().take(130).map(|name| ("Group 0", name.as_str())));
    let groups: Vec<String> = (0..120).map(|number| format!("Group {number}")).collect();
    sim.add_members(groups.iter().map(|group| (group.as_str(), names[0].as_str())));
    let idp = Scim::new(&sim);
    (sim, idp)
}

fn ids(page: &Value) -> Vec<String> {
    let resources = page["Resources"].as_array().expect("resources");
    resources.iter().map(|resource| resource["id"].as_str().expect("an id").to_owned()).collect()
}

/// Turns the pages of a list to the end and returns their sizes and all ids.
fn walk(idp: &Scim, kind: &str, fields: &[(&str, &str)]) -> (Vec<usize>, BTreeSet<String>) {
    let (mut sizes, mut all, mut cursor) = (Vec::new(), BTreeSet::new(), String::new());
    loop {
        let fields: Vec<_> = fields.iter().copied().chain([("cursor", cursor.as_str())]).collect();
        let page = idp.get(&format!("{kind}?{}", encode(&fields))).json();
        assert_eq!(page["itemsPerPage"], ids(&page).len());
        assert_eq!((&page["totalResults"], &page["startIndex"]), (&Value::Null, &Value::Null));
        sizes.push(ids(&page).len());
        for id in ids(&page) {
            assert!(all.insert(id), "an id twice");
        }
        match page["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return (sizes, all),
        }
    }
}

#[test]
fn a_cursor_leads_through_everything_a_hundred_at_a_time() {
    let (sim, idp) = many();
    let (sizes, users) = walk(&idp, "Users", &[]);
    assert_eq!((sizes, users.len()), (vec![100, 100, 50], sim.user_count()));
    assert_eq!(walk(&idp, "Groups", &[]).0, [100, 20]);
    assert_eq!(walk(&idp, "Groups", &[("count", "50")]).0, [50, 50, 20]);
    let bare = idp.get("Users?cursor").json();
    assert!(bare["nextCursor"].is_string() && bare["totalResults"].is_null(), "{bare}");
}

#[test]
fn without_a_cursor_there_are_a_hundred_whatever_else_is_asked() {
    let (sim, idp) = many();
    let first = idp.get("Users").json();
    assert_eq!(first["totalResults"], sim.user_count());
    assert_eq!((&first["startIndex"], &first["itemsPerPage"]), (&json!(1), &json!(100)));
    assert!(first["nextCursor"].is_null());
    assert_eq!(ids(&idp.get("Users?startIndex=101").json()), ids(&first), "startIndex is not supported");
    assert_eq!(idp.get("Users?attributes=userName&count=1").json()["Resources"][0]["active"], true);
}

#[test]
fn memberships_are_found_by_filters_only() {
    let (sim, idp) = many();
    let group = sim.group_id("Group 0").expect("a group");
    let user = sim.user_id("user1@example.com").expect("a user");
    let (sizes, members) = walk(&idp, "Users", &[("filter", &format!("groups.value eq \"{group}\""))]);
    assert_eq!((sizes, members.len()), (vec![100, 30], 130));
    let (sizes, groups) = walk(&idp, "Groups", &[("filter", &format!("members.value eq \"{user}\""))]);
    assert_eq!((sizes, groups.len()), (vec![100, 20], 120));
    assert_eq!(idp.get(&format!("Groups/{group}")).json()["members"], json!([]));
    let found = |filter: &str| ids(&idp.filtered("Groups", filter).json()).len();
    assert_eq!(found(&format!("id eq \"{group}\" and members eq \"{user}\"")), 1);
    let other = sim.user_id("user249@example.com").expect("a user");
    assert_eq!(found(&format!("members eq \"{other}\" and id eq \"{group}\"")), 0);
    // A cursor is good for its own list.
    let page =
        idp.get(&format!("Users?cursor&{}", encode(&[("filter", &format!("groups.value eq \"{group}\""))])));
    let cursor = page.json()["nextCursor"].as_str().expect("a cursor").to_owned();
    assert_eq!(idp.get(&format!("Users?{}", encode(&[("cursor", &cursor)]))).status, 400);
}

#[test]
fn each_filter_finds_its_one() {
    let (sim, idp) = many();
    let boss = sim.user_id("user2@example.com").expect("a user");
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let mut managed = user("managed");
    managed[enterprise] = json!({ "manager": { "value": boss } });
    let id = idp.create("Users", &managed);
    for (kind, filter, expected) in [
        ("Users", "userName eq \"user7@example.com\"".to_owned(), 1),
        ("Users", "userName eq \"USER7@example.com\"".to_owned(), 1),
        ("Users", "userName eq \"user\"".to_owned(), 0),
        ("Users", "externalId eq \"x-user7@example.com\"".to_owned(), 1),
        ("Users", "externalId eq \"X-user7@example.com\"".to_owned(), 0),
        ("Users", format!("id eq \"{id}\" and manager eq \"{boss}\""), 1),
        ("Users", format!("manager eq \"{id}\" and id eq \"{id}\""), 0),
        ("Users", format!("id eq \"{id}\""), 1),
        ("Users", "groups.value eq \"none\"".to_owned(), 0),
        ("Groups", "displayName eq \"Group 7\"".to_owned(), 1),
        ("Groups", "displayName eq \"group 7\"".to_owned(), 0),
        ("Groups", "externalId eq \"x\"".to_owned(), 0),
    ] {
        let answer = idp.filtered(kind, &filter).json();
        assert_eq!(answer["totalResults"], expected, "{filter}");
        assert_eq!(ids(&answer).len(), expected, "{filter}");
    }
}

#[test]
fn the_total_of_one_page_by_switch() {
    let sim = IdcSim::builder().scim_total(ScimTotal::ThisPage).start();
    sim.add_users((0..150).map(|number| NewUser::named(&format!("user{number}"))));
    assert_eq!(Scim::new(&sim).get("Users").json()["totalResults"], 100);
}

#[test]
fn a_page_of_fifty_by_switch() {
    let sim = IdcSim::builder().admin_throttle(None).directory_page_size(50).start();
    sim.add_users((0..60).map(|number| NewUser::named(&format!("user{number}"))));
    let idp = Scim::new(&sim);
    assert_eq!(walk(&idp, "Users", &[]).0, [50, 11]);
    assert_eq!(walk(&idp, "Users", &[("count", "100")]).0, [50, 11]);
}
