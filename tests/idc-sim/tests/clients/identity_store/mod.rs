//! Every operation of the Identity Store API, by boto3 and by the AWS CLI.

mod exceptions;

use std::collections::BTreeSet;

use idc_sim::{Builder, IdcSim, NewGroup, NewUser, Route, Throttle};
use kcaws_test_kit::{Client, TestEnv, require_client};
use serde_json::{Value, json};

use crate::admin::{judge, script};
use crate::env::{plain, proxied};

const STORE: &str = "d-1234567890";

/// Gives the environment an administrator's key.
fn with_credentials(sim: &IdcSim, env: &TestEnv) {
    env.set_envs(sim.admin_env());
    let key = sim.administrator_key();
    env.set_env("AWS_ACCESS_KEY_ID", key.id);
    env.set_env("AWS_SECRET_ACCESS_KEY", key.secret);
    env.set_env("AWS_DEFAULT_REGION", "eu-central-1");
}

/// Runs calls by boto3: operations and their parameters, to which the store's id is added.
fn boto3(env: &TestEnv, python: &[std::ffi::OsString], calls: &[(&str, Value)]) -> Vec<Value> {
    let calls: Vec<Value> = calls
        .iter()
        .map(|(operation, parameters)| {
            let mut parameters = parameters.clone();
            if !operation.ends_with("list_identity_stores") && parameters.get("IdentityStoreId").is_none() {
                parameters["IdentityStoreId"] = STORE.into();
            }
            json!([operation, parameters])
        })
        .collect();
    let output =
        script(env, python, "identity_store.py").stdin(Value::from(calls).to_string()).run().expect_ok();
    output.stdout_text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn every_target() -> BTreeSet<String> {
    let targets = Route::ALL.iter().filter_map(|route| route.target());
    targets.filter(|target| target.starts_with("AWSIdentityStore.")).collect()
}

fn builder() -> Builder {
    IdcSim::builder().admin_throttle(None)
}

#[test]
fn boto3_finds_every_operation() {
    let python = require_client!(Client::Boto3);
    let (sim, env) = plain(builder());
    with_credentials(&sim, &env);
    let enterprise = "aws:identitystore:enterprise";
    let answers = boto3(
        &env,
        &python,
        &[
            (
                "create_user",
                json!({
                    "UserName": "bob@example.com", "DisplayName": "Bob", "Title": "Chief", "Birthdate": "1990-01-01",
                    "Name": { "GivenName": "Bob", "FamilyName": "Builder" },
                    "Emails": [{ "Value": "bob@example.com", "Type": "work", "Primary": true }],
                    "Extensions": { enterprise: { "department": "Ops" } },
                }),
            ),
            ("describe_user", json!({ "UserId": "$0.UserId", "Extensions": [enterprise] })),
            (
                "get_user_id",
                json!({ "AlternateIdentifier": {
            "UniqueAttribute": { "AttributePath": "userName", "AttributeValue": "bob@example.com" } } }),
            ),
            (
                "update_user",
                json!({ "UserId": "$0.UserId", "Revision": "$0.Revision", "Operations": [
            { "AttributePath": "displayName", "AttributeValue": "Robert" },
            { "AttributePath": "name.givenName", "AttributeValue": "Robert" },
            { "AttributePath": "title" },
            { "AttributePath": "emails", "AttributeValue": [{ "value": "rob@example.com", "primary": true }] },
        ] }),
            ),
            ("list_users", json!({})),
            ("create_group", json!({ "DisplayName": "Team A", "Description": "the first" })),
            ("describe_group", json!({ "GroupId": "$5.GroupId" })),
            (
                "get_group_id",
                json!({ "AlternateIdentifier": {
            "UniqueAttribute": { "AttributePath": "displayName", "AttributeValue": "Team A" } } }),
            ),
            (
                "update_group",
                json!({ "GroupId": "$5.GroupId", "Operations": [
            { "AttributePath": "displayName", "AttributeValue": "Team B" }, { "AttributePath": "description" },
        ] }),
            ),
            ("list_groups", json!({})),
            (
                "create_group_membership",
                json!({ "GroupId": "$5.GroupId", "MemberId": { "UserId": "$0.UserId" } }),
            ),
            ("describe_group_membership", json!({ "MembershipId": "$10.MembershipId" })),
            (
                "get_group_membership_id",
                json!({ "GroupId": "$5.GroupId", "MemberId": { "UserId": "$0.UserId" } }),
            ),
            (
                "is_member_in_groups",
                json!({ "GroupIds": ["$5.GroupId"], "MemberId": { "UserId": "$0.UserId" } }),
            ),
            ("list_group_memberships", json!({ "GroupId": "$5.GroupId" })),
            ("list_group_memberships_for_member", json!({ "MemberId": { "UserId": "$0.UserId" } })),
            ("update_identity_store", json!({ "NetworkConfiguration": { "VpceAccessRequired": false } })),
            ("describe_identity_store", json!({})),
            ("list_identity_stores", json!({})),
            ("delete_group_membership", json!({ "MembershipId": "$10.MembershipId" })),
            ("delete_group", json!({ "GroupId": "$5.GroupId" })),
            ("delete_user", json!({ "UserId": "$0.UserId", "Revision": "$3.Revision" })),
        ],
    );
    assert!(answers.iter().all(|answer| answer.get("error").is_none()), "{answers:#?}");
    let [created, described, found, updated, listed, ..] = &answers[..] else { panic!("{answers:?}") };
    assert_eq!(created["UserId"], found["UserId"]);
    assert_eq!(
        created["UserArn"],
        format!("arn:aws:identitystore:::user/{}", created["UserId"].as_str().unwrap())
    );
    assert_eq!((&described["Title"], &described["UserStatus"]), (&json!("Chief"), &json!("ENABLED")));
    assert_eq!(described["Extensions"][enterprise]["department"], "Ops");
    assert!(described["CreatedBy"].as_str().unwrap().starts_with("arn:aws:iam::000011112222:user/"));
    assert!(described["CreatedAt"].as_str().unwrap().starts_with("20"), "{described}");
    assert_ne!(created["Revision"], updated["Revision"]);
    let users = listed["Users"].as_array().unwrap();
    let bob = users.iter().find(|user| user["UserId"] == created["UserId"]).unwrap();
    assert_eq!((&bob["DisplayName"], &bob["Name"]["FamilyName"]), (&json!("Robert"), &json!("Builder")));
    assert_eq!((&bob["Title"], &bob["Extensions"]), (&Value::Null, &Value::Null));
    assert_eq!(bob["Emails"][0]["Value"], "rob@example.com");
    assert_eq!(answers[6]["Description"], "the first");
    assert_eq!(answers[9]["Groups"][0]["DisplayName"], "Team B");
    assert_eq!(answers[10]["MembershipId"], answers[12]["MembershipId"]);
    assert_eq!(answers[13]["Results"][0]["MembershipExists"], true);
    for list in [14, 15] {
        assert_eq!(answers[list]["GroupMemberships"][0]["MemberId"]["UserId"], created["UserId"]);
    }
    assert_eq!(answers[17]["NetworkConfiguration"]["VpceAccessRequired"], false);
    assert_eq!(answers[18]["IdentityStores"][0]["IdentityStoreId"], STORE);
    assert_eq!((sim.user_count(), sim.group_count(), sim.membership_count()), (1, 0, 0));
    assert_eq!(sim.requests_to(Route::CreateUser)[0].json()["UserName"], "bob@example.com");
    assert_eq!(judge(&sim, &env, &python), every_target());
}

#[test]
fn boto3_gets_each_exception_with_its_members() {
    let python = require_client!(Client::Boto3);
    let (sim, env) = plain(builder());
    with_credentials(&sim, &env);
    sim.add_users([NewUser::named("bob@example.com").external_id("kc:1")]);
    sim.add_groups([NewGroup::named("Team A")]);
    let (user, group) = (sim.user_id("bob@example.com").unwrap(), sim.group_id("Team A").unwrap());
    let alice = sim.user_id("alice@example.com").unwrap();
    sim.add_member("Team A", "bob@example.com");
    let rows = exceptions::of(&user, &group, &alice);
    let calls: Vec<_> =
        rows.iter().map(|(operation, parameters, ..)| (*operation, parameters.clone())).collect();
    let answers = boto3(&env, &python, &calls);
    for ((operation, parameters, code, message), answer) in rows.iter().zip(answers) {
        let error = &answer["error"];
        assert_eq!(error["Code"], *code, "{operation} {parameters}: {answer}");
        let text = error["Message"].as_str().unwrap();
        assert!(text.contains(message), "{operation} {parameters}: {answer}");
        let reason = match *code {
            "ConflictException" if text.contains("was modified") => json!("CONCURRENT_MODIFICATION"),
            "ConflictException" => json!("UNIQUENESS_CONSTRAINT_VIOLATION"),
            _ => Value::Null,
        };
        assert_eq!(error["Reason"], reason, "{answer}");
        assert!(error["RequestId"].as_str().is_some_and(|id| id.len() == 36), "{answer}");
    }
    assert_eq!((sim.user_count(), sim.group_count(), sim.membership_count()), (2, 1, 1));
}

#[test]
fn boto3_turns_every_page() {
    let python = require_client!(Client::Boto3);
    let (sim, env) = proxied(builder());
    with_credentials(&sim, &env);
    for (name, _) in sim.admin_env() {
        env.remove_env(name);
    }
    let names: Vec<String> = (0..249).map(|number| format!("user{number}")).collect();
    sim.add_users(names.iter().map(|name| NewUser::named(name)));
    sim.add_groups((0..120).map(|number| NewGroup::named(&format!("Group {number}"))));
    sim.add_members(names.iter().map(|name| ("Group 1", name.as_str())));
    let group = sim.group_id("Group 1").unwrap();
    let user = sim.user_id("user7").unwrap();
    let answers = boto3(
        &env,
        &python,
        &[
            ("paginate list_users", json!({})),
            ("paginate list_groups", json!({})),
            ("paginate list_group_memberships", json!({ "GroupId": group })),
            ("paginate list_group_memberships_for_member", json!({ "MemberId": { "UserId": user } })),
            ("list_users", json!({})),
            (
                "list_users",
                json!({ "Filters": [{ "AttributePath": "UserName", "AttributeValue": "user7" }] }),
            ),
        ],
    );
    let count = |answer: &Value, name: &str| answer[name].as_array().unwrap().len();
    assert_eq!(count(&answers[0], "Users"), 250);
    assert_eq!(count(&answers[1], "Groups"), 120);
    assert_eq!(count(&answers[2], "GroupMemberships"), 249);
    assert_eq!(count(&answers[3], "GroupMemberships"), 1);
    assert_eq!((count(&answers[4], "Users"), answers[4]["NextToken"].is_string()), (100, true));
    assert_eq!(answers[5]["Users"][0]["UserId"], user);
    assert_eq!(sim.count(Route::ListGroupMemberships), 3);
    assert!(
        sim.requests_to(Route::ListUsers)
            .iter()
            .all(|r| r.host == "identitystore.eu-central-1.amazonaws.com")
    );
}

#[test]
fn boto3_is_told_to_wait_and_finds_what_scim_wrote() {
    let python = require_client!(Client::Boto3);
    let (sim, env) = plain(IdcSim::builder().admin_throttle(Some(Throttle { per_second: 0.0, burst: 3 })));
    with_credentials(&sim, &env);
    sim.add_users([NewUser::named("bob").external_id("kc:realm:1").disabled()]);
    let issuer = format!("https://scim.aws.com/{}", sim.scim_endpoint().split('/').nth(3).unwrap());
    let external = |issuer: &str| json!({ "AlternateIdentifier": { "ExternalId": { "Issuer": issuer, "Id": "kc:realm:1" } } });
    let answers = boto3(
        &env,
        &python,
        &[
            ("get_user_id", external(&issuer)),
            ("get_user_id", external("https://elsewhere")),
            ("describe_user", json!({ "UserId": "$0.UserId" })),
            ("list_users", json!({})),
        ],
    );
    assert_eq!(answers[1]["error"]["Code"], "ResourceNotFoundException");
    assert_eq!(answers[2]["ExternalIds"], json!([{ "Issuer": issuer, "Id": "kc:realm:1" }]));
    assert_eq!(answers[2]["UserStatus"], "DISABLED");
    assert_eq!(answers[3]["error"]["Code"], "ThrottlingException");
    assert_eq!(answers[3]["error"]["RetryAfterSeconds"], 1);
}

#[test]
fn a_signature_that_does_not_fit_is_refused() {
    let python = require_client!(Client::Boto3);
    let (sim, env) = plain(builder());
    with_credentials(&sim, &env);
    let refusal = |name: &str, value: &str| {
        let before = env.env().into_iter().find(|(known, _)| known == name).unwrap().1;
        env.set_env(name, value);
        let answer = boto3(&env, &python, &[("list_users", json!({}))]).remove(0);
        env.set_env(name, before);
        answer["error"]["Code"].as_str().unwrap().to_owned()
    };
    assert_eq!(refusal("AWS_SECRET_ACCESS_KEY", "wrong"), "InvalidSignatureException");
    assert_eq!(refusal("AWS_ACCESS_KEY_ID", "ASIAWRONG"), "UnrecognizedClientException");
    let allowed = boto3(&env, &python, &[("list_users", json!({}))]);
    assert_eq!(allowed[0]["Users"].as_array().unwrap().len(), 1);
}

#[test]
fn the_aws_cli_finds_every_operation_that_it_has() {
    let cli = require_client!(Client::RecentAwsCli);
    let python = require_client!(Client::Boto3);
    let (sim, env) = plain(builder());
    with_credentials(&sim, &env);
    let run = |operation: &str, arguments: &[&str]| {
        let store =
            if operation == "list-identity-stores" { vec![] } else { vec!["--identity-store-id", STORE] };
        let command = env.command_line(&cli).args(["identitystore", operation, "--output", "json"]);
        let output = command.args(store).args(arguments).run().expect_ok();
        if output.stdout_text().is_empty() { Value::Null } else { output.stdout_json() }
    };
    let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    let name = "GivenName=Bob,FamilyName=Builder";
    let created = run("create-user", &["--user-name", "bob", "--display-name", "Bob", "--name", name]);
    let user = text(&created, "UserId");
    let member = format!("UserId={user}");
    let alternate = |path: &str, value: &str| {
        json!({ "UniqueAttribute": { "AttributePath": path, "AttributeValue": value } }).to_string()
    };
    let operations =
        |path: &str, value: &str| json!([{ "AttributePath": path, "AttributeValue": value }]).to_string();
    assert_eq!(run("describe-user", &["--user-id", &user])["UserName"], "bob");
    let found = run("get-user-id", &["--alternate-identifier", &alternate("userName", "bob")]);
    assert_eq!(found["UserId"], user);
    run("update-user", &["--user-id", &user, "--operations", &operations("nickName", "Bo")]);
    let users = run("list-users", &[]);
    assert_eq!(users["Users"].as_array().unwrap().len(), 2);
    let group = text(&run("create-group", &["--display-name", "Team A"]), "GroupId");
    assert_eq!(run("describe-group", &["--group-id", &group])["DisplayName"], "Team A");
    let found = run("get-group-id", &["--alternate-identifier", &alternate("displayName", "Team A")]);
    assert_eq!(found["GroupId"], group);
    run("update-group", &["--group-id", &group, "--operations", &operations("description", "ours")]);
    assert_eq!(run("list-groups", &[])["Groups"][0]["Description"], "ours");
    let both = ["--group-id", &group, "--member-id", &member];
    let membership = text(&run("create-group-membership", &both), "MembershipId");
    assert_eq!(run("get-group-membership-id", &both)["MembershipId"], membership);
    assert_eq!(run("describe-group-membership", &["--membership-id", &membership])["GroupId"], group);
    let is_member = run("is-member-in-groups", &["--group-ids", &group, "--member-id", &member]);
    assert_eq!(is_member["Results"][0]["MembershipExists"], true);
    let members = run("list-group-memberships", &["--group-id", &group]);
    assert_eq!(members["GroupMemberships"][0]["MembershipId"], membership);
    let groups = run("list-group-memberships-for-member", &["--member-id", &member]);
    assert_eq!(groups["GroupMemberships"][0]["MembershipId"], membership);
    run("delete-group-membership", &["--membership-id", &membership]);
    run("delete-group", &["--group-id", &group]);
    run("delete-user", &["--user-id", &user]);
    assert_eq!((sim.user_count(), sim.group_count(), sim.membership_count()), (1, 0, 0));
    // This CLI is older than the three operations on the store itself.
    let mut targets = every_target();
    targets.retain(|target| !target.ends_with("IdentityStore") && !target.ends_with("IdentityStores"));
    assert_eq!(judge(&sim, &env, &python), targets);
}
