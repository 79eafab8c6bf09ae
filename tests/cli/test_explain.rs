use idc_sim::{IdcSim, Route};

use crate::fixture::{ACCOUNT, LoginFixture, ROLE};

#[test]
fn codes_and_messages_are_explained_with_who_mends_them() {
    let fixture = LoginFixture::new();
    let explain = |text: &str| fixture.kcaws("explain").args([text]).run();
    explain("exit 5").expect_ok().expect_stdout("keyring").expect_stdout("who can fix it: you");
    explain("error: invalid_grant").expect_ok().expect_stdout("sso_region");
    let page = "We are sorry... Invalid requester";
    explain(page).expect_ok().expect_stdout("Client signature required").expect_stdout("Keycloak realm");
    explain("Response contains invalid name id policy format").expect_ok().expect_stdout("email");
    fixture.run("explain exit 130").expect_ok().expect_stdout("interrupted");
    assert!(fixture.sim.requests().is_empty());
}

/// One word of several services has that of the text's own service, or all of them.
#[test]
fn what_a_tool_shows_when_no_one_is_logged_in_leads_to_a_login() {
    let fixture = LoginFixture::new();
    let explain = |text: &str| fixture.kcaws("explain").args([text]).run().expect_ok();
    for hidden in [
        "Could not load credentials from any providers",
        "Unable to resolve AWS account to use",
        "Unable to load credentials from any of the providers in the chain",
        "AWS Error ACCESS_DENIED during HeadObject operation: No response body.",
        "Secret Validation Failure",
        "credentials not found in native keychain",
        "error in credential_process: exit status 4",
    ] {
        explain(hidden).expect_stdout("`kcaws login`");
    }
    let both = explain("ExpiredTokenException").stdout_text();
    assert!(both.contains("keys_expired") && both.contains("expired_token"), "{both}");
    let keys = explain("ExpiredTokenException: The security token included in the request is expired");
    assert!(!keys.stdout_text().contains("expired_token"), "{keys}");
    let role =
        explain("An error occurred (AccessDenied) when calling the ListBuckets operation: Access Denied");
    assert!(!role.stdout_text().contains("consent page"), "{role}");
    explain("Page has expired").expect_stdout("Keycloak");
    fixture.run("explain").expect_ok().expect_stdout("kms_…");
}

#[test]
fn alone_it_lists_what_it_knows_and_what_it_does_not_know_is_exit_2() {
    let fixture = LoginFixture::new();
    fixture.run("explain").expect_ok().expect_stdout("exit_5").expect_stdout("invalid requester");
    let unknown = fixture
        .run("explain hunter2 \u{1b}[31m")
        .expect_code(2)
        .expect_stderr("`kcaws explain` lists the topics");
    assert!(!unknown.stderr_text().contains("hunter2"), "a text may hold a secret: {unknown}");
    let json = fixture.run("explain slow_down --json").expect_ok().stdout_json();
    assert_eq!((&json["schema"], &json["topics"][0]["name"]), (&1.into(), &"slow_down".into()));
    assert!(json["refusal"].is_null());
}

fn assigned() -> LoginFixture {
    let user = "alice@example.com";
    let fixture = LoginFixture::with(IdcSim::builder().assign(user, ACCOUNT, ROLE).assign(
        user,
        ACCOUNT,
        "ReadOnlyAccess",
    ));
    fixture.log_in();
    fixture
}

#[test]
fn behind_a_403_a_typing_error_is_distinguished_from_a_missing_assignment_and_a_foreign_account() {
    let fixture = assigned();
    let refused = |account: &str, role: &str| {
        let line = format!("--session corp --account {account} --role {role}");
        fixture.run(&format!("credential-process {line}")).expect_code(6);
        fixture.run(&format!("explain 403 {line} --json")).expect_ok().stdout_json()["refusal"].clone()
    };
    let typed = refused(ACCOUNT, "PowerUserAcces");
    assert_eq!(typed["near_roles"], serde_json::json!([ROLE]));
    assert_eq!((&typed["account_visible"], &typed["account_name"]), (&true.into(), &"dev".into()));
    let missing = refused(ACCOUNT, "AdministratorAccess");
    assert_eq!(missing["roles"], serde_json::json!([ROLE, "ReadOnlyAccess"]));
    assert!(missing["fix"].as_str().unwrap().starts_with("ask an administrator to assign"), "{missing}");
    let foreign = refused("333344445555", ROLE);
    assert_eq!(foreign["account_visible"], false);
    let asked = fixture.sim.requests_to(Route::ListAccountRoles);
    assert!(asked.iter().all(|request| request.query.contains(ACCOUNT)), "no account but this one");
}

#[test]
fn a_profile_is_enough_and_an_assignment_that_is_back_is_seen() {
    let fixture = assigned();
    fixture.sim.unassign("alice@example.com", ACCOUNT, ROLE);
    let asked = fixture.run("explain 403 --profile dev").expect_ok();
    asked.expect_stdout("you have there: ReadOnlyAccess").expect_stdout("ask an administrator");
    fixture.sim.assign("alice@example.com", ACCOUNT, ROLE);
    fixture.kcaws("explain exit 6").env("AWS_PROFILE", "dev").run().expect_ok().expect_stdout("try again");
    // A profile alone asks the same.
    fixture.run("explain --profile dev").expect_ok().expect_stdout("try again");
    // Without any profile there is the topic.
    fixture.run("explain 403").expect_ok().expect_stdout("kcaws explain 403 --profile P");
}

#[test]
fn without_a_login_there_is_the_way_to_one() {
    let fixture = LoginFixture::new();
    fixture.run("explain 403 --profile dev").expect_code(4).expect_stderr("run `kcaws login corp`");
    fixture.run("explain 403 --profile nope").expect_code(3);
    fixture.run("explain 403 --account 1 --role x").expect_code(2);
    fixture.run("explain 403 --role x").expect_code(2);
}

#[test]
fn hostile_names_are_shown_and_do_not_act() {
    let builder = IdcSim::builder().account(ACCOUNT, "dev\u{1b}[2J", "a@example.com").assign(
        "alice@example.com",
        ACCOUNT,
        ROLE,
    );
    let fixture = LoginFixture::with(builder);
    fixture.log_in();
    let text = fixture.run("explain 403 --profile dev").expect_ok().stdout_text();
    assert!(!text.contains('\u{1b}') && text.contains("dev\\u{1b}[2J"), "{text}");
}
