//! What AWS may answer about IAM roles of account access manager, and what a user hears then.

use crate::fixture::{ACCOUNT, LoginFixture, binary};
use crate::test_account_access::{
    ALICE, ARN, AUDIT, TENANT, allow, company, credentials_of, fetch, minutes_left, with,
};
use idc_sim::{
    AccountAccessScopes, AccountAccessTrust, BrokenTrust, ErrorTypeIn, ExpiryForm, Fault, Route, ThrottlePer,
    UnknownTenant, UnusableRole,
};

#[test]
fn scopes_that_aws_does_not_grant_end_the_login_and_keep_the_old_one() {
    for scopes in [AccountAccessScopes::Unknown, AccountAccessScopes::OnlyAlone] {
        let fixture = LoginFixture::with(company().account_access_scopes(scopes));
        fixture.log_in();
        allow(&fixture, TENANT);
        let refused = fixture.run("login corp --no-browser").expect_code(1).expect_stderr("invalid_scope");
        refused.expect_stderr("remove `account_access`").expect_stderr("your login is kept");
        fixture.credentials().expect_ok();
    }
}

#[test]
fn without_a_refresh_token_it_works_for_an_hour_and_then_asks_for_a_login() {
    let fixture = with(company().account_access_refresh(false));
    fetch(&fixture).expect_ok();
    fixture.sim.expire_access_tokens();
    credentials_of(&fixture, AUDIT).run().expect_code(4);
}

#[test]
fn a_token_that_is_refused_is_renewed_once() {
    let fixture = with(company());
    fixture
        .sim
        .fault(
            Route::AccountAccessGetRoleCredentials,
            Fault::status(401, r#"{"__type":"UnauthorizedException","message":"no"}"#),
        )
        .times(1);
    fetch(&fixture).expect_ok();
    assert_eq!(fixture.sim.count(Route::AccountAccessGetRoleCredentials), 2);
    fixture
        .sim
        .fault(
            Route::AccountAccessGetRoleCredentials,
            Fault::status(401, r#"{"__type":"UnauthorizedException","message":"no"}"#),
        )
        .times(9);
    let refused =
        credentials_of(&fixture, AUDIT).run().expect_code(4).expect_stderr("rejected the access token");
    refused.expect_stderr("kcaws login --force corp");
    fixture.credentials().expect_ok();
}

#[test]
fn an_answer_is_read_in_every_form() {
    for form in [ExpiryForm::Seconds, ExpiryForm::Fraction, ExpiryForm::Iso, ExpiryForm::Milliseconds] {
        let fixture = with(company().expiry_form(form));
        let output = fetch(&fixture).expect_ok();
        assert_eq!(minutes_left(&fixture, &output), 239, "{form:?}");
    }
}

#[test]
fn a_status_decides_wherever_the_name_of_the_error_is() {
    for place in [ErrorTypeIn::Body, ErrorTypeIn::Header, ErrorTypeIn::Neither] {
        let fixture = with(company().error_type_in(place));
        fixture.sim.withdraw(ALICE, ARN);
        fetch(&fixture).expect_code(6).expect_stderr("answered 403");
    }
}

#[test]
fn a_role_that_is_not_assigned_and_one_that_does_not_trust_are_told_apart() {
    let fixture = with(company());
    let explain = format!("explain 403 --session corp --account {ACCOUNT} --role {ARN} --json");
    fixture.sim.set_account_access_trust(ARN, AccountAccessTrust::WrongSource);
    fetch(&fixture).expect_code(6);
    let why = fixture.run(&explain).expect_ok().stdout_json()["refusal"].clone();
    assert_eq!(why["assigned"], true);
    assert!(why["fix"].as_str().unwrap().contains("trust policy"), "{why}");
    fixture.sim.withdraw(ALICE, ARN);
    let why = fixture.run(&explain).expect_ok().stdout_json()["refusal"].clone();
    assert_eq!((&why["assigned"], &why["account_visible"]), (&false.into(), &false.into()));
    assert!(why["fix"].as_str().unwrap().contains("assign the IAM role"), "{why}");
}

#[test]
fn a_broken_trust_is_answered_by_its_status() {
    for (answer, code) in
        [(BrokenTrust::AccessDenied, 6), (BrokenTrust::Validation, 3), (BrokenTrust::InternalServer, 1)]
    {
        let fixture = with(company().broken_trust(answer));
        fixture.sim.set_account_access_trust(ARN, AccountAccessTrust::Missing);
        fetch(&fixture).expect_code(code);
    }
}

#[test]
fn a_tenant_that_aws_does_not_know_is_named() {
    for (answer, code) in [
        (UnknownTenant::AccessDenied, 6),
        (UnknownTenant::Validation, 3),
        (UnknownTenant::Unauthorized, 4),
        (UnknownTenant::EmptyList, 6),
    ] {
        let fixture = LoginFixture::with(company().unknown_tenant(answer));
        allow(&fixture, "aa-mistyped");
        fixture.log_in();
        let refused = fetch(&fixture).expect_code(code);
        if code == 3 {
            refused.expect_stderr("aa-mistyped").expect_stderr(ARN);
        }
        fixture.credentials().expect_ok();
    }
}

#[test]
fn a_list_that_is_refused_for_the_scope_asks_for_a_login() {
    for status in [401, 403] {
        let fixture = with(company());
        let refusal = Fault::status(status, r#"{"__type":"AccessDeniedException","message":"no"}"#);
        fixture.sim.fault(Route::AccountAccessListRoles, refusal).times(9);
        let listed = fixture.run("accounts").expect_code(1).expect_stdout("PowerUserAccess");
        listed.expect_stderr("rejected the access token").expect_stderr("kcaws login --force corp");
    }
}

#[test]
fn a_role_that_is_gone_is_served_warm_to_its_end() {
    for listed in [UnusableRole::Listed, UnusableRole::Hidden] {
        let fixture = with(company().unusable_role(listed));
        let first = fetch(&fixture).expect_ok();
        fixture.sim.withdraw(ALICE, ARN);
        fixture.sim.delete_iam_role(AUDIT);
        assert_eq!(fetch(&fixture).expect_ok().stdout, first.stdout);
        credentials_of(&fixture, AUDIT).run().expect_code(6);
    }
}

#[test]
fn throttling_is_waited_for() {
    for per in [ThrottlePer::Tenant, ThrottlePer::Token] {
        let fixture = with(company().throttle_per(per));
        fixture
            .sim
            .fault(
                Route::AccountAccessGetRoleCredentials,
                Fault::status(429, r#"{"__type":"ThrottlingException","message":"no"}"#),
            )
            .times(2);
        fetch(&fixture).expect_ok();
        fixture
            .sim
            .fault(
                Route::AccountAccessListRoles,
                Fault::status(429, r#"{"__type":"ThrottlingException","message":"no"}"#),
            )
            .times(2);
        fixture.run("accounts --refresh").expect_ok().expect_stdout("Deploy");
    }
}

#[test]
fn one_list_that_fails_does_not_hide_the_other_and_removes_no_profile() {
    let fixture = with(company());
    fixture.run("profile sync corp --yes").expect_ok();
    let before = std::fs::read_to_string(fixture.env.aws_config_path()).unwrap();
    fixture.sim.fault(Route::AccountAccessListRoles, Fault::broken_json()).times(99);
    let listed = fixture.run("accounts --refresh").expect_code(1).expect_stdout("PowerUserAccess");
    listed.expect_stderr("but not your IAM roles").expect_stderr("unexpected response");
    fixture.run("profile sync corp --yes").expect_code(1);
    assert_eq!(std::fs::read_to_string(fixture.env.aws_config_path()).unwrap(), before);
    fixture.sim.clear_faults();
    fixture.sim.fault(Route::ListAccounts, Fault::broken_json()).times(99);
    fixture.run("accounts --refresh").expect_code(1).expect_stdout("Audit");
    fixture.run("profile sync corp --yes").expect_code(1);
    assert_eq!(std::fs::read_to_string(fixture.env.aws_config_path()).unwrap(), before);
}

#[test]
fn a_mistake_in_the_setting_is_named() {
    let fixture = LoginFixture::with(company());
    allow(&fixture, "https://example.com");
    fixture.run("login corp --no-browser").expect_code(3).expect_stderr("names no tenant");
}

#[test]
fn the_portal_of_account_access_is_no_start_url() {
    let fixture = LoginFixture::with(company());
    let portal = fixture.sim.tenant_url().unwrap();
    fixture.env.write_aws_config(&fixture.config().replace(fixture.sim.start_url(), &portal));
    let refused = fixture.run("login corp --no-browser").expect_code(3);
    refused.expect_stderr("is the portal of account access manager").expect_stderr("`account_access`");
}

#[test]
fn the_token_goes_nowhere_else() {
    let fixture = with(company());
    fetch(&fixture).expect_ok();
    let other = company().start();
    for (name, url) in other.env() {
        if name == "AWS_ENDPOINT_URL_ACCOUNT_ACCESS_RUNTIME" {
            fixture.env.set_env(name, url);
        }
    }
    credentials_of(&fixture, AUDIT)
        .run()
        .expect_code(3)
        .expect_stderr("AWS_ENDPOINT_URL_ACCOUNT_ACCESS_RUNTIME");
    fetch(&fixture).expect_code(3);
    // A login is the way to the new one, as the hint says: it goes on to the page.
    let (login, _) = fixture.begin_login("login corp --no-browser");
    drop(login);
    assert_eq!(other.requests().len(), 0, "{}", binary().display());
}
