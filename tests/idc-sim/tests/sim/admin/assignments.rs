//! Assignments and provisioning: asynchronous, on the simulator's clock.

use std::time::Duration;

use idc_sim::{AccountState, IdcSim, SameAccount};
use serde_json::{Value, json};

use super::{Api, MANAGEMENT, assert_refused, ok, refused, unlimited};
use crate::client::{ALICE, Client, DEV};
use crate::identity::{BODY, Signer};

const STAGING: &str = "222233334444";
const GROUP: &str = "developers";

/// Alice has nothing of her own; the group `developers`, in which she is, has `ReadOnlyAccess` in `dev`.
fn prepared(builder: idc_sim::Builder) -> IdcSim {
    let sim = builder.no_assignments().start();
    sim.add_group(GROUP);
    sim.add_member(GROUP, ALICE);
    sim.assign_group(GROUP, DEV, "ReadOnlyAccess");
    sim
}

/// Who a group or a user is on the wire: as `ListAccountAssignments` has it.
fn principal(api: &Api<'_>) -> (Value, Value) {
    let members = json!({ "AccountId": DEV, "PermissionSetArn": api.set("ReadOnlyAccess") });
    let known = api.list("ListAccountAssignments", &members, "AccountAssignments");
    (known[0]["PrincipalType"].clone(), known[0]["PrincipalId"].clone())
}

fn target(api: &Api<'_>, account: &str, set: &str) -> Value {
    let (kind, id) = principal(api);
    json!({
        "TargetId": account, "TargetType": "AWS_ACCOUNT", "PermissionSetArn": api.set(set),
        "PrincipalType": kind, "PrincipalId": id,
    })
}

/// The status of the operation that an answer has begun.
fn status(api: &Api<'_>, kind: &str, begun: &Value) -> Value {
    let member = format!("AccountAssignment{kind}Status");
    let asked = json!({ (format!("AccountAssignment{kind}RequestId")): begun[&member]["RequestId"] });
    ok(&api.sso(&format!("DescribeAccountAssignment{kind}Status"), &asked))[&member].clone()
}

/// The name of the role that alice gets in an account, or the status of the refusal.
fn role(sim: &IdcSim, account: &str, set: &str) -> Result<String, u16> {
    let client = Client::new(sim);
    let token = sim.seed_login(ALICE).access_token;
    let path = format!("/federation/credentials?account_id={account}&role_name={set}");
    let answer = client.portal(&path, &token);
    if answer.status != 200 {
        return Err(answer.status);
    }
    let identity = Signer::of(sim, &answer.json()["roleCredentials"]).ask(&client, BODY);
    let (_, rest) = identity.body.split_once("<Arn>").expect("an ARN");
    Ok(rest.split('/').nth(1).expect("a role").to_owned())
}

#[test]
fn an_assignment_takes_its_time_and_then_the_portal_has_it() {
    let sim = prepared(unlimited());
    let api = Api::new(&sim);
    let wanted = target(&api, STAGING, "PowerUserAccess");
    let begun = ok(&api.sso("CreateAccountAssignment", &wanted));
    assert_eq!(status(&api, "Creation", &begun)["Status"], "IN_PROGRESS");
    let deletion = api.sso("DeletePermissionSet", &json!({ "PermissionSetArn": wanted["PermissionSetArn"] }));
    assert_refused(&deletion, "ConflictException");
    assert_eq!(role(&sim, STAGING, "PowerUserAccess"), Err(403));
    let in_flight = json!({ "Filter": { "Status": "IN_PROGRESS" } });
    let list =
        || api.list("ListAccountAssignmentCreationStatus", &in_flight, "AccountAssignmentsCreationStatus");
    assert_eq!(list().len(), 1);
    sim.advance(Duration::from_secs(6));
    let ended = status(&api, "Creation", &begun);
    for (name, value) in wanted.as_object().expect("an object") {
        assert_eq!(&ended[name], value);
    }
    assert_eq!(ended["Status"], "SUCCEEDED");
    assert!(list().is_empty());
    assert!(role(&sim, STAGING, "PowerUserAccess").is_ok());
    // Creating it again is an operation again.
    ok(&api.sso("CreateAccountAssignment", &wanted));
}

#[test]
fn a_role_goes_with_its_last_assignment_and_comes_back_under_another_name() {
    let sim = prepared(unlimited());
    let api = Api::new(&sim);
    let wanted = target(&api, DEV, "ReadOnlyAccess");
    let before = role(&sim, DEV, "ReadOnlyAccess").expect("assigned");
    let begun = ok(&api.sso("DeleteAccountAssignment", &wanted));
    sim.advance(Duration::from_secs(6));
    assert_eq!(status(&api, "Deletion", &begun)["Status"], "SUCCEEDED");
    assert_eq!(role(&sim, DEV, "ReadOnlyAccess"), Err(403));
    let gone = api.sso("DeleteAccountAssignment", &wanted);
    assert_refused(&gone, "ResourceNotFoundException");
    ok(&api.sso("CreateAccountAssignment", &wanted));
    sim.advance(Duration::from_secs(6));
    let after = role(&sim, DEV, "ReadOnlyAccess").expect("assigned");
    assert_ne!(before, after);
}

#[test]
fn one_role_at_a_time_is_updated_in_an_account() {
    let sim = prepared(unlimited());
    let api = Api::new(&sim);
    let begin =
        |account: &str, set: &str| ok(&api.sso("CreateAccountAssignment", &target(&api, account, set)));
    let first = begin(DEV, "PowerUserAccess");
    let second = begin(DEV, "AdministratorAccess");
    let elsewhere = begin(STAGING, "AdministratorAccess");
    let ends = |begun: &Value| status(&api, "Creation", begun)["Status"].clone();
    sim.advance(Duration::from_secs(6));
    assert_eq!([ends(&first), ends(&second), ends(&elsewhere)], ["SUCCEEDED", "IN_PROGRESS", "SUCCEEDED"]);
    sim.advance(Duration::from_secs(5));
    assert_eq!(ends(&second), "SUCCEEDED");

    let sim = prepared(unlimited().same_account(SameAccount::Conflict));
    let api = Api::new(&sim);
    ok(&api.sso("CreateAccountAssignment", &target(&api, DEV, "PowerUserAccess")));
    let second = api.sso("CreateAccountAssignment", &target(&api, DEV, "AdministratorAccess"));
    assert_refused(&second, "ConflictException");
}

#[test]
fn so_many_operations_may_be_outstanding_and_no_more() {
    for limit in [10, 15] {
        let sim = prepared(unlimited().outstanding_operations(limit));
        let api = Api::new(&sim);
        let wanted = target(&api, DEV, "PowerUserAccess");
        for _ in 0..limit {
            ok(&api.sso("CreateAccountAssignment", &wanted));
        }
        assert_refused(&api.sso("CreateAccountAssignment", &wanted), "ThrottlingException");
        sim.advance(Duration::from_secs(6));
        ok(&api.sso("CreateAccountAssignment", &wanted));
    }
}

#[test]
fn what_the_account_refuses_fails_later_with_a_reason() {
    let sim = prepared(
        unlimited()
            .policies_per_role(1)
            .missing_policy(STAGING, "/security/guard")
            .account_state("444455556666", AccountState::Suspended),
    );
    let api = Api::new(&sim);
    let guard = json!({ "Name": "guard", "Path": "/security/" });
    let set = api.set("PowerUserAccess");
    let attach = json!({ "PermissionSetArn": set, "CustomerManagedPolicyReference": guard });
    ok(&api.sso("AttachCustomerManagedPolicyReferenceToPermissionSet", &attach));
    let many = api.set("AdministratorAccess");
    for name in ["A", "B"] {
        let policy = format!("arn:aws:iam::aws:policy/{name}AccessPolicy");
        let attach = json!({ "PermissionSetArn": many, "ManagedPolicyArn": policy });
        ok(&api.sso("AttachManagedPolicyToPermissionSet", &attach));
    }
    for (account, set, reason) in [
        (
            STAGING,
            "PowerUserAccess",
            Some("Not supported policy arn:aws:iam::222233334444:policy/security/guard."),
        ),
        (DEV, "PowerUserAccess", None),
        (DEV, "AdministratorAccess", Some("Cannot exceed quota for PoliciesPerRole: 1")),
        ("444455556666", "ReadOnlyAccess", Some("is not active")),
    ] {
        let begun = ok(&api.sso("CreateAccountAssignment", &target(&api, account, set)));
        sim.advance(Duration::from_secs(6));
        let ended = status(&api, "Creation", &begun);
        let failure = ended["FailureReason"].as_str();
        assert_eq!(ended["Status"] == "FAILED", reason.is_some(), "{account} {set} {ended}");
        assert_eq!(failure.is_some(), reason.is_some(), "{ended}");
        assert!(reason.is_none_or(|reason| failure.unwrap_or_default().contains(reason)), "{ended}");
    }
}

#[test]
fn a_changed_set_lags_behind_until_it_is_provisioned() {
    let sim = prepared(unlimited());
    let api = Api::new(&sim);
    let set = api.set("ReadOnlyAccess");
    let lagging = || {
        let members =
            json!({ "PermissionSetArn": set, "ProvisioningStatus": "LATEST_PERMISSION_SET_NOT_PROVISIONED" });
        api.list("ListAccountsForProvisionedPermissionSet", &members, "AccountIds")
    };
    let in_dev = json!({ "AccountId": DEV, "ProvisioningStatus": "LATEST_PERMISSION_SET_PROVISIONED" });
    let latest = || api.list("ListPermissionSetsProvisionedToAccount", &in_dev, "PermissionSets");
    assert!(lagging().is_empty());
    assert_eq!(latest(), std::slice::from_ref(&set));
    ok(&api.sso(
        "PutInlinePolicyToPermissionSet",
        &json!({ "PermissionSetArn": set, "InlinePolicy": "{\"Statement\":[]}" }),
    ));
    assert_eq!(lagging(), [DEV]);
    assert!(latest().is_empty());
    let all = json!({ "PermissionSetArn": set, "TargetType": "ALL_PROVISIONED_ACCOUNTS" });
    let begun = ok(&api.sso("ProvisionPermissionSet", &all))["PermissionSetProvisioningStatus"].clone();
    let describe = || {
        let asked = json!({ "ProvisionPermissionSetRequestId": begun["RequestId"] });
        ok(&api.sso("DescribePermissionSetProvisioningStatus", &asked))["PermissionSetProvisioningStatus"]
            .clone()
    };
    assert_eq!(describe()["Status"], "IN_PROGRESS");
    sim.advance(Duration::from_secs(6));
    assert_eq!(describe()["Status"], "SUCCEEDED");
    assert!(lagging().is_empty());
    let listed =
        api.list("ListPermissionSetProvisioningStatus", &json!({}), "PermissionSetsProvisioningStatus");
    assert_eq!(listed.len(), 1);
    let no_target =
        api.sso("ProvisionPermissionSet", &json!({ "PermissionSetArn": set, "TargetType": "AWS_ACCOUNT" }));
    assert_refused(&no_target, "ValidationException");
}

#[test]
fn provisioning_brings_a_deleted_role_back() {
    let sim = prepared(unlimited());
    let api = Api::new(&sim);
    sim.delete_role(DEV, "ReadOnlyAccess");
    assert_eq!(role(&sim, DEV, "ReadOnlyAccess"), Err(404));
    let target = json!({ "PermissionSetArn": api.set("ReadOnlyAccess"), "TargetType": "AWS_ACCOUNT", "TargetId": DEV });
    ok(&api.sso("ProvisionPermissionSet", &target));
    sim.advance(Duration::from_secs(6));
    assert!(role(&sim, DEV, "ReadOnlyAccess").is_ok());
}

#[test]
fn a_principal_has_its_own_assignments_and_a_user_those_of_its_groups() {
    let sim = prepared(unlimited());
    sim.assign(ALICE, STAGING, "PowerUserAccess");
    let api = Api::new(&sim);
    let group = principal(&api);
    let members = json!({ "AccountId": STAGING, "PermissionSetArn": api.set("PowerUserAccess") });
    let alice = api.list("ListAccountAssignments", &members, "AccountAssignments")[0].clone();
    let list = |kind: &Value, id: &Value, more: Value| {
        let mut members = json!({ "PrincipalType": kind, "PrincipalId": id });
        if !more.is_null() {
            members["Filter"] = more;
        }
        api.list("ListAccountAssignmentsForPrincipal", &members, "AccountAssignments")
    };
    assert_eq!(list(&group.0, &group.1, Value::Null).len(), 1);
    assert_eq!(list(&alice["PrincipalType"], &alice["PrincipalId"], Value::Null).len(), 2);
    let in_dev = list(&alice["PrincipalType"], &alice["PrincipalId"], json!({ "AccountId": DEV }));
    assert_eq!((&in_dev[0]["PrincipalType"], in_dev.len()), (&json!("GROUP"), 1));
}

#[test]
fn a_delegated_administrator_keeps_off_the_management_account() {
    let sim = prepared(unlimited().delegated_administrator(STAGING));
    sim.assign_group(GROUP, MANAGEMENT, "AdministratorAccess");
    let api = Api::with_key(&sim, sim.access_key(STAGING, &["*"]));
    let (kind, id) = principal(&api);
    let admin = api.set("AdministratorAccess");
    let by_principal = json!({ "PrincipalType": kind, "PrincipalId": id });
    for (operation, members) in [
        ("CreateAccountAssignment", target(&api, MANAGEMENT, "ReadOnlyAccess")),
        ("DeleteAccountAssignment", target(&api, MANAGEMENT, "AdministratorAccess")),
        ("UpdatePermissionSet", json!({ "PermissionSetArn": admin })),
        (
            "ProvisionPermissionSet",
            json!({ "PermissionSetArn": admin, "TargetType": "ALL_PROVISIONED_ACCOUNTS" }),
        ),
        ("CreateAccountAssignment", target(&api, DEV, "AdministratorAccess")),
        ("ListAccountAssignmentsForPrincipal", by_principal.clone()),
    ] {
        assert_eq!(refused(&api.sso(operation, &members)).0, "AccessDeniedException", "{operation}");
    }
    ok(&api.sso("UpdatePermissionSet", &json!({ "PermissionSetArn": api.set("ReadOnlyAccess") })));
    ok(&api.sso("CreateAccountAssignment", &target(&api, DEV, "PowerUserAccess")));

    let sim = prepared(unlimited().delegated_administrator(STAGING).delegates_list_by_principal(true));
    let api = Api::with_key(&sim, sim.access_key(STAGING, &["*"]));
    let (kind, id) = principal(&api);
    ok(&api.sso("ListAccountAssignmentsForPrincipal", &json!({ "PrincipalType": kind, "PrincipalId": id })));
}

/// Elsewhere Identity Center has a role of its own for it.
#[test]
fn in_the_management_account_the_callers_own_rights_in_iam_count() {
    for (rights, reason) in [
        (vec!["sso:*"], Some("iam:GetSAMLProvider")),
        (vec!["sso:*", "iam:Get*", "iam:UpdateSAMLProvider"], Some("iam:CreateRole")),
        (vec!["sso:*", "iam:*"], None),
    ] {
        let sim = prepared(unlimited());
        let api = Api::with_key(&sim, sim.access_key(MANAGEMENT, &rights));
        for account in [DEV, MANAGEMENT] {
            let begun = ok(&api.sso("CreateAccountAssignment", &target(&api, account, "PowerUserAccess")));
            sim.advance(Duration::from_secs(6));
            let ended = status(&api, "Creation", &begun);
            let failure = ended["FailureReason"].as_str();
            match reason.filter(|_| account == MANAGEMENT) {
                Some(action) => {
                    let expected = format!("because no identity-based policy allows the {action} action");
                    assert!(failure.is_some_and(|failure| failure.contains(&expected)), "{ended}");
                }
                None => assert_eq!((failure, &ended["Status"]), (None, &json!("SUCCEEDED")), "{rights:?}"),
            }
        }
    }
}

#[test]
fn an_assignment_that_is_being_removed_cannot_be_made() {
    let sim = prepared(unlimited());
    let api = Api::new(&sim);
    let wanted = target(&api, DEV, "ReadOnlyAccess");
    ok(&api.sso("DeleteAccountAssignment", &wanted));
    assert_refused(&api.sso("CreateAccountAssignment", &wanted), "ConflictException");
    sim.advance(Duration::from_secs(6));
    ok(&api.sso("CreateAccountAssignment", &wanted));
    assert_refused(&api.sso("DeleteAccountAssignment", &wanted), "ResourceNotFoundException");
}

#[test]
fn a_set_is_provisioned_only_where_it_is() {
    let sim = prepared(unlimited());
    let api = Api::new(&sim);
    let set = api.set("PowerUserAccess");
    let target = json!({ "PermissionSetArn": set, "TargetType": "AWS_ACCOUNT", "TargetId": DEV });
    let begun = ok(&api.sso("ProvisionPermissionSet", &target))["PermissionSetProvisioningStatus"].clone();
    sim.advance(Duration::from_secs(6));
    let asked = json!({ "ProvisionPermissionSetRequestId": begun["RequestId"] });
    let ended = ok(&api.sso("DescribePermissionSetProvisioningStatus", &asked));
    let reason =
        "Received a 404 status error: Permission set provision not found in AWS account 111122223333.";
    assert_eq!(ended["PermissionSetProvisioningStatus"]["FailureReason"], reason);
}

#[test]
fn nonsense_is_refused_at_once() {
    let sim = prepared(unlimited());
    let api = Api::new(&sim);
    let wanted = |member: &str, value: &str| {
        let mut wanted = target(&api, DEV, "PowerUserAccess");
        wanted[member] = value.into();
        wanted
    };
    for (members, exception) in [
        (wanted("TargetId", "999999999999"), "ResourceNotFoundException"),
        (wanted("TargetId", "12"), "ValidationException"),
        (wanted("TargetType", "OU"), "ValidationException"),
        (wanted("PrincipalType", "ROLE"), "ValidationException"),
        (wanted("PrincipalId", "alice"), "ValidationException"),
        (wanted("PrincipalId", "00000000-0000-4000-a000-000000000000"), "ResourceNotFoundException"),
    ] {
        assert_eq!(refused(&api.sso("CreateAccountAssignment", &members)).0, exception, "{members}");
    }
    let unknown = json!({ "AccountAssignmentCreationRequestId": "00000000-0000-4000-a000-000000000000" });
    assert_refused(
        &api.sso("DescribeAccountAssignmentCreationStatus", &unknown),
        "ResourceNotFoundException",
    );
}
