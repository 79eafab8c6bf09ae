//! Permission sets: their details, tags and policies.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Api, assert_refused, ok, unlimited};
use crate::client::{ALICE, Client, DEV};

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[]}"#;
const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";

/// Creates a permission set and returns its ARN.
fn create(api: &Api<'_>, name: &str) -> Value {
    let set = ok(&api.sso("CreatePermissionSet", &json!({ "Name": name })));
    set["PermissionSet"]["PermissionSetArn"].clone()
}

#[test]
fn those_of_the_portal_are_those_of_the_api() {
    let sim = unlimited().start();
    let api = Api::new(&sim);
    assert_eq!(api.list("ListPermissionSets", &json!({}), "PermissionSets").len(), 3);
    let admin =
        ok(&api.sso("DescribePermissionSet", &json!({ "PermissionSetArn": api.set("AdministratorAccess") })));
    assert_eq!(admin["PermissionSet"]["SessionDuration"], "PT12H");
    ok(&api.sso("CreatePermissionSet", &json!({ "Name": "Short", "SessionDuration": "PT2H" })));
    sim.assign(ALICE, DEV, "Short");
    let token = sim.seed_login(ALICE).access_token;
    let path = format!("/federation/credentials?account_id={DEV}&role_name=Short");
    let expires = Client::new(&sim).portal(&path, &token).json()["roleCredentials"]["expiration"].as_u64();
    let now = sim.now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let life = expires.expect("a time") / 1000 - now;
    assert!((7190..=7200).contains(&life), "{life}");
}

#[test]
fn an_update_clears_what_is_not_sent_and_the_name_stays() {
    let sim = unlimited().start();
    let api = Api::new(&sim);
    let details =
        json!({ "Description": "für alle", "SessionDuration": "PT4H", "RelayState": "https://example.com/" });
    let mut new = details.clone();
    new["Name"] = "PowerUser".into();
    new["Tags"] = json!([{ "Key": "owner", "Value": "platform" }]);
    let created = ok(&api.sso("CreatePermissionSet", &new))["PermissionSet"].clone();
    let arn = &created["PermissionSetArn"];
    for (name, value) in details.as_object().expect("an object") {
        assert_eq!(&created[name], value);
    }
    ok(&api.sso("UpdatePermissionSet", &json!({ "PermissionSetArn": arn, "Description": "new" })));
    let set =
        ok(&api.sso("DescribePermissionSet", &json!({ "PermissionSetArn": arn })))["PermissionSet"].clone();
    assert_eq!((&set["Name"], &set["Description"]), (&json!("PowerUser"), &json!("new")));
    assert_eq!((&set["SessionDuration"], set.get("RelayState")), (&json!("PT1H"), None));
    let renamed = api.sso("UpdatePermissionSet", &json!({ "PermissionSetArn": arn, "Name": "Other" }));
    assert_refused(&renamed, "SerializationException");
}

#[test]
fn tags_are_added_replaced_and_removed() {
    let sim = unlimited().start();
    let api = Api::new(&sim);
    let arn = create(&api, "Tagged");
    let tag = |key: &str, value: &str| json!({ "Key": key, "Value": value });
    ok(&api.sso("TagResource", &json!({ "ResourceArn": arn, "Tags": [tag("a", "1"), tag("b", "1")] })));
    ok(&api.sso("TagResource", &json!({ "ResourceArn": arn, "Tags": [tag("b", "2")] })));
    ok(&api.sso("UntagResource", &json!({ "ResourceArn": arn, "TagKeys": ["a"] })));
    let tags = api.list("ListTagsForResource", &json!({ "ResourceArn": arn }), "Tags");
    assert_eq!(tags, [tag("b", "2")]);
}

#[test]
fn policies_of_every_kind_come_and_go() {
    let sim = unlimited().start();
    let api = Api::new(&sim);
    let arn = create(&api, "Policies");
    let call = |operation: &str, member: &str, value: Value| {
        let mut members = json!({ "PermissionSetArn": arn });
        if !member.is_empty() {
            members[member] = value;
        }
        api.sso(operation, &members)
    };
    let list =
        |operation: &str, member: &str| api.list(operation, &json!({ "PermissionSetArn": arn }), member);
    let customer = json!({ "Name": "team-guard", "Path": "/security/" });
    let reference = "CustomerManagedPolicyReference";

    ok(&call("AttachManagedPolicyToPermissionSet", "ManagedPolicyArn", READ_ONLY.into()));
    ok(&call("AttachCustomerManagedPolicyReferenceToPermissionSet", reference, customer.clone()));
    ok(&call("PutInlinePolicyToPermissionSet", "InlinePolicy", POLICY.into()));
    ok(&call("PutPermissionsBoundaryToPermissionSet", "PermissionsBoundary", json!({ reference: customer })));
    let managed = list("ListManagedPoliciesInPermissionSet", "AttachedManagedPolicies");
    assert_eq!(managed, [json!({ "Name": "ReadOnlyAccess", "Arn": READ_ONLY })]);
    let theirs =
        list("ListCustomerManagedPolicyReferencesInPermissionSet", "CustomerManagedPolicyReferences");
    assert_eq!(theirs, std::slice::from_ref(&customer));
    assert_eq!(ok(&call("GetInlinePolicyForPermissionSet", "", Value::Null))["InlinePolicy"], POLICY);
    let boundary = ok(&call("GetPermissionsBoundaryForPermissionSet", "", Value::Null));
    assert_eq!(boundary["PermissionsBoundary"], json!({ reference: customer }));

    let again = call("AttachManagedPolicyToPermissionSet", "ManagedPolicyArn", READ_ONLY.into());
    assert_refused(&again, "ConflictException");
    ok(&call("DetachManagedPolicyFromPermissionSet", "ManagedPolicyArn", READ_ONLY.into()));
    ok(&call("DetachCustomerManagedPolicyReferenceFromPermissionSet", reference, customer));
    ok(&call("DeleteInlinePolicyFromPermissionSet", "", Value::Null));
    ok(&call("DeletePermissionsBoundaryFromPermissionSet", "", Value::Null));
    assert_eq!(ok(&call("GetInlinePolicyForPermissionSet", "", Value::Null))["InlinePolicy"], "");
    for gone in [
        call("DetachManagedPolicyFromPermissionSet", "ManagedPolicyArn", READ_ONLY.into()),
        call("DeletePermissionsBoundaryFromPermissionSet", "", Value::Null),
        call("GetPermissionsBoundaryForPermissionSet", "", Value::Null),
    ] {
        assert_refused(&gone, "ResourceNotFoundException");
    }
}

#[test]
fn what_the_model_or_a_quota_forbids_is_refused() {
    let sim = unlimited().permission_set_quota(5).start();
    let api = Api::new(&sim);
    let arn = create(&api, "Mine");
    let of_set = |member: &str, value: Value| json!({ "PermissionSetArn": arn, member: value });
    let long_policy = POLICY.replace("[]", &format!("[{{\"Sid\":\"{}\"}}]", "x".repeat(10_240)));
    for n in 0..20 {
        let policy = format!("arn:aws:iam::aws:policy/P{n}");
        ok(&api.sso("AttachManagedPolicyToPermissionSet", &of_set("ManagedPolicyArn", policy.into())));
    }
    create(&api, "Last");
    for (operation, members, exception) in [
        ("CreatePermissionSet", json!({ "Name": "Mine" }), "ConflictException"),
        ("CreatePermissionSet", json!({ "Name": "TooMany" }), "ServiceQuotaExceededException"),
        ("CreatePermissionSet", json!({ "Name": "x".repeat(33) }), "ValidationException"),
        ("CreatePermissionSet", json!({ "Name": "two words" }), "ValidationException"),
        ("CreatePermissionSet", json!({}), "ValidationException"),
        ("UpdatePermissionSet", of_set("SessionDuration", "PT13H".into()), "ValidationException"),
        ("UpdatePermissionSet", of_set("SessionDuration", "PT30M".into()), "ValidationException"),
        ("UpdatePermissionSet", of_set("Description", "ż".into()), "ValidationException"),
        ("UpdatePermissionSet", of_set("Description", "".into()), "ValidationException"),
        ("UpdatePermissionSet", of_set("RelayState", "ü".into()), "ValidationException"),
        ("PutInlinePolicyToPermissionSet", of_set("InlinePolicy", "{}".into()), "ValidationException"),
        (
            "PutInlinePolicyToPermissionSet",
            of_set("InlinePolicy", long_policy.into()),
            "ServiceQuotaExceededException",
        ),
        (
            "AttachManagedPolicyToPermissionSet",
            of_set("ManagedPolicyArn", "ReadOnlyAccess".into()),
            "ValidationException",
        ),
        (
            "AttachManagedPolicyToPermissionSet",
            of_set("ManagedPolicyArn", READ_ONLY.into()),
            "ServiceQuotaExceededException",
        ),
        (
            "PutPermissionsBoundaryToPermissionSet",
            of_set("PermissionsBoundary", json!({})),
            "ValidationException",
        ),
        ("DescribePermissionSet", json!({ "PermissionSetArn": "PowerUser" }), "ValidationException"),
        (
            "DescribePermissionSet",
            json!({ "PermissionSetArn": "arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-0000000000000000" }),
            "ResourceNotFoundException",
        ),
        (
            "DeletePermissionSet",
            json!({ "PermissionSetArn": api.set("PowerUserAccess") }),
            "ConflictException",
        ),
    ] {
        let answer = api.sso(operation, &members);
        assert_eq!(super::refused(&answer).0, exception, "{operation} {members}");
    }
    ok(&api.sso("DeletePermissionSet", &json!({ "PermissionSetArn": arn })));
    assert_refused(
        &api.sso("DescribePermissionSet", &json!({ "PermissionSetArn": arn })),
        "ResourceNotFoundException",
    );
}

#[test]
fn a_write_that_has_not_spread_is_a_conflict() {
    let sim = unlimited().write_spread(Duration::from_secs(30)).start();
    let api = Api::new(&sim);
    let arn = create(&api, "Fresh");
    let attach = || {
        let members = json!({ "PermissionSetArn": arn, "ManagedPolicyArn": READ_ONLY });
        api.sso("AttachManagedPolicyToPermissionSet", &members)
    };
    assert_refused(&attach(), "ConflictException");
    sim.advance(Duration::from_secs(31));
    ok(&attach());
}

#[test]
fn permission_sets_can_be_switched_off() {
    let sim = unlimited().permission_sets_enabled(false).start();
    let api = Api::new(&sim);
    assert_eq!(ok(&api.sso("DescribeInstance", &json!({})))["PermissionSetsEnabled"], false);
    assert_refused(&api.sso("ListPermissionSets", &json!({})), "AccessDeniedException");
}
