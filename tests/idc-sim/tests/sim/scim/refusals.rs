//! Everything that AWS refuses, one row each: also what other sync tools send (authentik, mitodl/keycloak-scim,
//! idp-scim-sync).

#![expect(clippy::needless_pass_by_value, reason = "rows read better without references")]

use idc_sim::{ColonInExternalId, IdcSim, NewGroup, ScimDetail};
use serde_json::{Value, json};

use super::{Scim, detail, user};

const UNPARSABLE: &str = "Request is unparsable, syntactically incorrect, or violates schema.";

/// What a row sends, where `U` and `G` in a path stand for a user and a group that exist.
struct Row {
    method: &'static str,
    path: &'static str,
    body: Value,
    status: u16,
    detail: &'static str,
}

fn row(method: &'static str, path: &'static str, body: Value, status: u16, detail: &'static str) -> Row {
    Row { method, path, body, status, detail }
}

fn with(changes: Value) -> Value {
    let mut user = user("new");
    for (name, value) in changes.as_object().expect("an object") {
        user[name] = value.clone();
    }
    user
}

fn operations(operations: Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations })
}

fn op(op: &str, path: &str, value: Value) -> Value {
    operations(json!([{ "op": op, "path": path, "value": value }]))
}

fn members(count: usize) -> Value {
    (0..count).map(|number| json!({ "value": format!("$USER{number}") })).collect()
}

fn of_users() -> Vec<Row> {
    let long = "x".repeat(129);
    let email = |value: &str| json!({ "value": value, "type": "work", "primary": true });
    vec![
        row("POST", "Users", json!("no object"), 400, "Invalid JSON from RequestBody"),
        row("POST", "Users", with(json!({ "userName": "" })), 400, "userName is a required attribute"),
        row(
            "POST",
            "Users",
            with(json!({ "displayName": null })),
            400,
            "displayName is a required attribute",
        ),
        row(
            "POST",
            "Users",
            with(json!({ "name": { "familyName": "F" } })),
            400,
            "name.givenName is a required attribute",
        ),
        row(
            "POST",
            "Users",
            with(json!({ "name": { "givenName": "G" } })),
            400,
            "name.familyName is a required attribute",
        ),
        row(
            "POST",
            "Users",
            with(json!({ "emails": [email("a@b.c"), email("b@b.c")] })),
            400,
            "List attribute emails exceeds allowed limit of 1",
        ),
        row(
            "POST",
            "Users",
            with(json!({ "emails": [{ "value": "a@b.c" }] })),
            400,
            "The emails attribute value must be marked as primary",
        ),
        row(
            "POST",
            "Users",
            with(json!({ "phoneNumbers": [{ "value": "1" }, { "value": "2" }] })),
            400,
            "List attribute phoneNumbers exceeds allowed limit of 1",
        ),
        row("POST", "Users", with(json!({ "password": "x" })), 400, "Attribute password is not supported"),
        row("POST", "Users", with(json!({ "photos": [] })), 400, "Attribute photos is not supported"),
        row("POST", "Users", with(json!({ "ims": [] })), 400, "Attribute ims is not supported"),
        row("POST", "Users", with(json!({ "groups": [] })), 400, "Attribute groups is not supported"),
        row("POST", "Users", with(json!({ "active": "true" })), 400, "Attribute active is not supported"),
        row(
            "POST",
            "Users",
            with(json!({ "roles": [{ "value": "r", "display": "R" }] })),
            400,
            "Attribute roles.display is not supported",
        ),
        row(
            "POST",
            "Users",
            with(json!({ "userName": long })),
            400,
            "1 validation errors detected: Value at 'userName' failed to satisfy constraint: Member must have \
             length less than or equal to 128",
        ),
        row(
            "POST",
            "Users",
            with(json!({ "userName": "a b" })),
            400,
            "1 validation errors detected: Value at 'userName' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: [\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}]+",
        ),
        row("POST", "Users", with(json!({ "userName": "TAKEN" })), 409, DUPLICATE),
        row("POST", "Users", with(json!({ "emails": [email("taken@EXAMPLE.com")] })), 409, DUPLICATE),
        row("POST", "Users", with(json!({ "externalId": "ext-1" })), 409, DUPLICATE),
        row("GET", "Users/90677c60-7afc-4fb7-b2ff-10ccffdff447", Value::Null, 404, "Resource not found."),
        row("DELETE", "Users/90677c60-7afc-4fb7-b2ff-10ccffdff447", Value::Null, 404, "Resource not found."),
        row("PUT", "Users/U", json!({ "userName": "other" }), 400, "displayName is a required attribute"),
    ]
}

const DUPLICATE: &str = "Refused to create a new, duplicate resource.";
const ONE_ATTRIBUTE: &str = "Current PATCH support allows omitting \"path\" attribute only for Add and Replace \
                             operations modifying a single attribute.";

fn of_patch_user() -> Vec<Row> {
    let several = "Multiple PATCH operations on userName or active attribute are not supported";
    let twice = json!([
        { "op": "replace", "path": "active", "value": false },
        { "op": "replace", "path": "userName", "value": "other" },
    ]);
    let two = json!([{ "value": "a@b.c", "primary": true }, { "value": "b@b.c" }]);
    let more = json!([{ "value": "b@b.c", "primary": true }]);
    vec![
        row("PATCH", "Users/U", operations(json!([])), 400, "Operations is a required attribute"),
        row("PATCH", "Users/U", operations(twice), 400, several),
        row(
            "PATCH",
            "Users/U",
            operations(json!([{ "path": "title", "value": "x" }])),
            400,
            "The operation must be add, replace or remove",
        ),
        row(
            "PATCH",
            "Users/U",
            op("move", "title", json!("x")),
            400,
            "The operation must be add, replace or remove",
        ),
        row(
            "PATCH",
            "Users/U",
            operations(json!([{ "op": "remove" }])),
            400,
            "Missing path in PATCH request",
        ),
        row(
            "PATCH",
            "Users/U",
            operations(json!([{ "op": "replace", "value": { "title": "x", "locale": "y" } }])),
            400,
            ONE_ATTRIBUTE,
        ),
        row(
            "PATCH",
            "Users/U",
            operations(json!([{ "op": "add", "path": "title" }])),
            400,
            "A value is required for add and replace",
        ),
        row(
            "PATCH",
            "Users/U",
            op("remove", "userName", Value::Null),
            400,
            "The remove operation is not supported for userName",
        ),
        row(
            "PATCH",
            "Users/U",
            op("remove", "active", Value::Null),
            400,
            "The remove operation is not supported for active",
        ),
        row(
            "PATCH",
            "Users/U",
            op("remove", "displayName", Value::Null),
            400,
            "displayName is a required attribute",
        ),
        row("PATCH", "Users/U", op("replace", "groups", json!([])), 400, "Attribute groups is not supported"),
        row("PATCH", "Users/U", op("replace", "photos", json!([])), 400, "Attribute photos is not supported"),
        row("PATCH", "Users/U", op("replace", "id", json!("x")), 400, "Attribute id is not supported"),
        row(
            "PATCH",
            "Users/U",
            op("replace", "emails", two),
            400,
            "List attribute emails exceeds allowed limit of 1",
        ),
        row(
            "PATCH",
            "Users/U",
            op("add", "emails", more),
            400,
            "List attribute emails exceeds allowed limit of 1",
        ),
        row(
            "PATCH",
            "Users/U",
            op("replace", "emails[type co \"w\"].value", json!("x")),
            400,
            "Invalid Filter format",
        ),
        row("PATCH", "Users/U", op("replace", "userName", json!("taken2")), 409, DUPLICATE),
    ]
}

fn of_groups() -> Vec<Row> {
    let replaced = "Replacing group memberships is not supported.";
    let group = |changes: Value| {
        let mut group = json!({ "displayName": "New" });
        for (name, value) in changes.as_object().expect("an object") {
            group[name] = value.clone();
        }
        group
    };
    vec![
        row("POST", "Groups", json!({ "externalId": "x" }), 400, "displayName is a required attribute"),
        row("POST", "Groups", group(json!({ "displayName": "Taken" })), 409, DUPLICATE),
        row("POST", "Groups", group(json!({ "externalId": "ext-g" })), 409, DUPLICATE),
        row(
            "POST",
            "Groups",
            group(json!({ "description": "x" })),
            400,
            "Attribute description is not supported",
        ),
        row("POST", "Groups", group(json!({ "members": members(101) })), 400, UNPARSABLE),
        row(
            "POST",
            "Groups",
            group(json!({ "members": [{ "value": "nobody" }] })),
            404,
            "Resource not found.",
        ),
        row("PUT", "Groups/G", group(json!({})), 405, "The method is not allowed for this resource."),
        row("PATCH", "Groups/G", op("replace", "members", members(1)), 400, replaced),
        row("PATCH", "Groups/G", op("replace", "members", json!([])), 400, replaced),
        row(
            "PATCH",
            "Groups/G",
            op("remove", "members", Value::Null),
            400,
            "Removing all group memberships is not supported.",
        ),
        row(
            "PATCH",
            "Groups/G",
            operations(json!([{ "op": "remove" }])),
            400,
            "Missing path in PATCH request",
        ),
        row(
            "PATCH",
            "Groups/G",
            operations(json!([{ "op": "replace", "value": { "id": "G", "displayName": "x" } }])),
            400,
            ONE_ATTRIBUTE,
        ),
        row("PATCH", "Groups/G", op("add", "members", members(101)), 400, UNPARSABLE),
        row("PATCH", "Groups/G", op("remove", "members", members(101)), 400, UNPARSABLE),
        row(
            "PATCH",
            "Groups/G",
            op("replace", "description", json!("x")),
            400,
            "Attribute description is not supported",
        ),
        row("PATCH", "Groups/G", op("replace", "displayName", json!("Taken")), 409, DUPLICATE),
        row(
            "PATCH",
            "Groups/G",
            op("add", "members", json!([{ "value": "nobody" }])),
            404,
            "Resource not found.",
        ),
        row("GET", "Groups/90677c60-7afc-4fb7-b2ff-10ccffdff447", Value::Null, 404, "Resource not found."),
        row("POST", "Bulk", json!({}), 404, "Resource not found."),
        row("GET", "Me", Value::Null, 404, "Resource not found."),
        row("POST", ".search", json!({}), 404, "Resource not found."),
    ]
}

fn of_queries() -> Vec<Row> {
    let invalid = "Invalid Filter format";
    vec![
        row("GET", "Users?filter=userName%20co%20%22a%22", Value::Null, 400, invalid),
        row("GET", "Users?filter=userName%20sw%20%22a%22", Value::Null, 400, invalid),
        row("GET", "Users?filter=displayName%20eq%20%22a%22", Value::Null, 400, invalid),
        row("GET", "Users?filter=emails.value%20eq%20%22a%22", Value::Null, 400, invalid),
        row("GET", "Users?filter=active%20eq%20true", Value::Null, 400, invalid),
        row("GET", "Groups?filter=members.display%20eq%20%22a%22", Value::Null, 400, invalid),
        row("GET", "Groups?filter=id%20eq%20%22a%22%20or%20id%20eq%20%22b%22", Value::Null, 400, invalid),
        row("GET", "Users?count=0", Value::Null, 400, "count must be from 1 to 100"),
        row("GET", "Users?count=101", Value::Null, 400, "count must be from 1 to 100"),
        row("GET", "Users?cursor=nonsense", Value::Null, 400, "cursor is invalid"),
    ]
}

/// A simulator with a hundred and one users, of whom `taken` and `taken2` are two, and two groups.
fn populated(builder: idc_sim::Builder) -> (IdcSim, Scim, Vec<String>) {
    let sim = builder.admin_throttle(None).start();
    let idp = Scim::new(&sim);
    let mut ids = vec![idp.create("Users", &{
        let mut taken = user("taken");
        taken["externalId"] = "ext-1".into();
        taken
    })];
    ids.push(idp.create("Users", &user("taken2")));
    ids.extend((2..101).map(|number| idp.create("Users", &user(&format!("user{number}")))));
    sim.add_groups([NewGroup::named("Taken").external_id("ext-g"), NewGroup::named("Ours")]);
    (sim, idp, ids)
}

#[test]
fn every_refusal_has_its_status_and_words_and_changes_nothing() {
    let (sim, idp, ids) = populated(IdcSim::builder());
    let group = sim.group_id("Ours").expect("a group");
    let before = (sim.user("taken"), sim.group("Ours"), sim.user_count(), sim.group_count());
    for row in [of_users(), of_patch_user(), of_groups(), of_queries()].into_iter().flatten() {
        let path = row.path.replace("/U", &format!("/{}", ids[0])).replace("/G", &format!("/{group}"));
        let mut body = if row.body.is_null() { String::new() } else { row.body.to_string() };
        for (number, id) in ids.iter().enumerate().rev() {
            body = body.replace(&format!("$USER{number}"), id);
        }
        let answer = idp.send(row.method, &path, &body);
        assert_eq!(answer.status, row.status, "{} {} {body}", row.method, row.path);
        assert_eq!(
            detail(&answer),
            (row.status, row.detail.to_owned()),
            "{} {} {body}",
            row.method,
            row.path
        );
    }
    assert_eq!((sim.user("taken"), sim.group("Ours"), sim.user_count(), sim.group_count()), before);
}

#[test]
fn the_general_words_by_switch() {
    let sim = IdcSim::builder().scim_detail(ScimDetail::Generic).start();
    let idp = Scim::new(&sim);
    let answer = idp.send("POST", "Users", "{");
    assert_eq!(detail(&answer), (400, UNPARSABLE.to_owned()));
    let id = idp.create("Groups", &json!({ "displayName": "G" }));
    let answer =
        idp.patch(&format!("Groups/{id}"), &json!([{ "op": "replace", "path": "members", "value": [] }]));
    assert_eq!(detail(&answer), (400, "Replacing group memberships is not supported.".to_owned()));
}

#[test]
fn a_colon_in_an_external_id_by_switch() {
    let mut with_colon = user("alice2");
    with_colon["externalId"] = "kc:realm:1".into();
    Scim::new(&IdcSim::builder().start()).create("Users", &with_colon);
    let sim = IdcSim::builder().colon_in_external_id(ColonInExternalId::Refused).start();
    let idp = Scim::new(&sim);
    assert_eq!(detail(&idp.send("POST", "Users", &with_colon.to_string())).0, 400);
    let id = idp.create("Users", &user("bob"));
    let colon = json!([{ "op": "replace", "path": "externalId", "value": "a:b" }]);
    assert_eq!(detail(&idp.patch(&format!("Users/{id}"), &colon)).0, 400);
}
