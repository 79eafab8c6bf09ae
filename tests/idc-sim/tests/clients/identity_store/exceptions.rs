//! What the Identity Store API refuses, and by which exception.

use serde_json::{Value, json};

/// An operation, its parameters, the exception and a part of its message.
pub(super) type Row = (&'static str, Value, &'static str, &'static str);

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn of(user: &str, group: &str, alice: &str) -> Vec<Row> {
    let new = |changes: Value| {
        let mut new = json!({
            "UserName": "new", "DisplayName": "New", "Name": { "GivenName": "N", "FamilyName": "W" },
        });
        for (name, value) in changes.as_object().unwrap() {
            new[name] = value.clone();
        }
        new
    };
    let unique = |path: &str, value: &str| json!({ "AlternateIdentifier": { "UniqueAttribute": { "AttributePath": path, "AttributeValue": value } } });
    let update = |path: &str, value: Value| json!({ "UserId": user, "Operations": [{ "AttributePath": path, "AttributeValue": value }] });
    let nobody = "90677c60-7afc-4fb7-b2ff-10ccffdff447";
    vec![
        (
            "create_user",
            new(json!({ "UserName": "BOB@example.com" })),
            "ConflictException",
            "Duplicate UserName",
        ),
        (
            "create_user",
            new(json!({ "Emails": [{ "Value": "bob@example.com", "Primary": true }] })),
            "ConflictException",
            "Duplicate Email",
        ),
        (
            "create_user",
            json!({ "UserName": "new", "Name": { "GivenName": "N", "FamilyName": "W" } }),
            "ValidationException",
            "displayName is a required attribute",
        ),
        (
            "create_user",
            new(json!({ "UserName": "Administrator" })),
            "ValidationException",
            "The user name is reserved",
        ),
        (
            "create_user",
            new(json!({ "UserName": "a b" })),
            "ValidationException",
            "regular expression pattern",
        ),
        (
            "create_user",
            new(json!({ "Title": "x".repeat(1025) })),
            "ValidationException",
            "length less than or equal to 1024",
        ),
        (
            "create_group",
            json!({ "DisplayName": "Team A" }),
            "ConflictException",
            "Duplicate GroupDisplayName",
        ),
        ("create_group", json!({}), "ValidationException", "displayName is a required attribute"),
        (
            "create_group_membership",
            json!({ "GroupId": group, "MemberId": { "UserId": user } }),
            "ConflictException",
            "Member and Group relationship already exists.",
        ),
        (
            "create_group_membership",
            json!({ "GroupId": group, "MemberId": { "UserId": nobody } }),
            "ResourceNotFoundException",
            "USER not found.",
        ),
        (
            "create_group_membership",
            json!({ "GroupId": nobody, "MemberId": { "UserId": alice } }),
            "ResourceNotFoundException",
            "GROUP not found.",
        ),
        ("describe_user", json!({ "UserId": nobody }), "ResourceNotFoundException", "USER not found."),
        ("describe_user", json!({ "UserId": "bob" }), "ValidationException", "regular expression pattern"),
        (
            "describe_user",
            json!({ "UserId": user, "IdentityStoreId": "d-0000000000" }),
            "ResourceNotFoundException",
            "IDENTITY_STORE not found.",
        ),
        (
            "get_group_membership_id",
            json!({ "GroupId": group, "MemberId": { "UserId": alice } }),
            "ResourceNotFoundException",
            "GROUP_MEMBERSHIP not found.",
        ),
        ("get_user_id", unique("displayName", "x"), "ValidationException", "is not a unique attribute"),
        ("get_user_id", unique("userName", "nobody"), "ResourceNotFoundException", "USER not found."),
        ("update_user", update("externalId", json!("kc:2")), "ValidationException", "cannot be updated"),
        ("update_user", update("userStatus", json!("DISABLED")), "ValidationException", "cannot be updated"),
        ("update_user", update("active", json!(false)), "ValidationException", "cannot be updated"),
        ("update_user", update("displayName", Value::Null), "ValidationException", "is a required attribute"),
        ("list_users", json!({ "NextToken": "nonsense" }), "ValidationException", "NextToken is invalid"),
        (
            "list_users",
            json!({ "MaxResults": 101 }),
            "ValidationException",
            "MaxResults must be from 1 to 100",
        ),
        ("delete_user", json!({ "UserId": user, "Revision": "1" }), "ConflictException", "was modified"),
        ("delete_group", json!({ "GroupId": group, "Revision": "1" }), "ConflictException", "was modified"),
    ]
}
