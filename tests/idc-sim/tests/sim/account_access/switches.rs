//! What is not established about account access manager: each position of each switch.

use super::*;

#[test]
fn which_scopes_may_be_registered_together_is_a_switch() {
    use AccountAccessScopes::{OnlyAlone, Together, Unknown};
    for (switch, together, alone) in [(Together, 200, 200), (OnlyAlone, 400, 200), (Unknown, 400, 400)] {
        let sim = company().account_access_scopes(switch).start();
        let client = Client::new(&sim);
        for (scopes, status) in [(ALL.as_slice(), together), (&ACCOUNT_ACCESS_SCOPES, alone)] {
            let body = json!({ "clientName": "test", "clientType": "public", "scopes": scopes });
            let answer = client.post("/client/register", &body);
            assert_eq!(answer.status, status, "{switch:?} {scopes:?}");
            if status == 400 {
                assert_eq!(answer.oidc_error().1, "invalid_scope");
            }
        }
    }
}

/// Logs in with these scopes by device code; the answer to the poll.
fn log_in(sim: &IdcSim, user: &str, scopes: &[&str]) -> Answer {
    let client = Client::new(sim);
    let registered =
        client.register_with(&json!({ "clientName": "test", "clientType": "public", "scopes": scopes }));
    let code = client.start_device(&registered);
    sim.approve_as(&code.user_code, user);
    client.poll(&registered, &code.device_code)
}

#[test]
fn whether_there_is_a_refresh_token_is_a_switch_and_an_access_token_lives_an_hour() {
    for (switch, scopes, has_one) in
        [(true, ALL.as_slice(), true), (false, &ALL, false), (true, &ACCOUNT_ACCESS_SCOPES, false)]
    {
        let sim = company().account_access_refresh(switch).start();
        let answer = log_in(&sim, ALICE, scopes).json();
        assert_eq!(answer["refreshToken"].is_string(), has_one, "{switch} {scopes:?}");
        assert_eq!(answer["expiresIn"], 3600);
    }
}

#[test]
fn whether_somebody_without_a_role_may_log_in_is_a_switch() {
    let sim = company().start();
    assert_eq!(log_in(&sim, BOB, &ALL).status, 200);
    let sim = company().unassigned_person(UnassignedPerson::AccessDenied).start();
    let refusal = log_in(&sim, BOB, &ALL);
    assert_eq!(refusal.oidc_error(), (400, "access_denied".to_owned()));
    assert!(refusal.body.contains("not assigned to the application"), "{refusal:?}");
    assert_eq!(log_in(&sim, BOB, &["sso:account:access"]).status, 200);
    assert_eq!(log_in(&sim, ALICE, &ALL).status, 200);
}

#[test]
fn what_an_unknown_tenant_is_answered_is_a_switch() {
    use UnknownTenant::{AccessDenied, EmptyList, Unauthorized, Validation};
    for (switch, list, credentials) in
        [(AccessDenied, 403, 403), (Validation, 400, 400), (Unauthorized, 401, 401), (EmptyList, 200, 403)]
    {
        for builder in [company(), IdcSim::builder()] {
            let sim = builder.unknown_tenant(switch).start();
            let alice = Person::new(&sim);
            let other = ("tenantId", "aa-other");
            let listed = alice.get("/access", &[other]);
            assert_eq!(listed.status, list, "{switch:?}");
            if list == 200 {
                assert_eq!(listed.json(), json!({ "roles": [] }));
            }
            let fields = [other, ("roleArn", DEPLOY), ("accessType", "PROGRAMMATIC_ACCESS")];
            assert_eq!(alice.get("/access/credentials", &fields).status, credentials, "{switch:?}");
        }
    }
}

#[test]
fn a_role_that_does_not_trust_account_access_is_listed_and_cannot_be_assumed() {
    for (switch, expected) in [
        (BrokenTrust::AccessDenied, error(403, "AccessDeniedException")),
        (BrokenTrust::Validation, error(400, "ValidationException")),
        (BrokenTrust::InternalServer, error(500, "InternalServerException")),
    ] {
        let sim = company().broken_trust(switch).start();
        let alice = Person::new(&sim);
        for trust in [AccountAccessTrust::Missing, AccountAccessTrust::WrongSource] {
            sim.set_account_access_trust(DEPLOY, trust);
            assert_eq!(refused(&alice.credentials(DEPLOY, &[])), expected, "{trust:?}");
            assert!(alice.arns().contains(&DEPLOY.to_owned()));
        }
        sim.set_account_access_trust(DEPLOY, AccountAccessTrust::Granted);
        assert_eq!(alice.credentials(DEPLOY, &[]).status, 200);
    }
}

#[test]
fn where_an_exceptions_name_is_is_a_switch() {
    for (switch, in_body, in_header) in [
        (ErrorTypeIn::Body, "AccessDeniedException", ""),
        (ErrorTypeIn::Header, "", "AccessDeniedException"),
        (ErrorTypeIn::Neither, "", ""),
    ] {
        let sim = company().error_type_in(switch).start();
        let answer = Person::new(&sim).credentials("arn:aws:iam::111122223333:role/Other", &[]);
        assert_eq!(refused(&answer), error(403, in_body));
        assert_eq!(answer.header("x-amzn-errortype"), in_header);
    }
}

#[test]
fn the_form_of_the_end_is_a_switch() {
    for (form, is_it) in [
        (
            ExpiryForm::Seconds,
            (|end| end.as_u64().is_some_and(|end| end < 100_000_000_000)) as fn(&Value) -> bool,
        ),
        (ExpiryForm::Fraction, |end| end.is_f64()),
        (ExpiryForm::Iso, |end| end.as_str().is_some_and(|end| end.ends_with('Z'))),
        (ExpiryForm::Milliseconds, |end| end.as_u64().is_some_and(|end| end > 100_000_000_000)),
    ] {
        let sim = company().expiry_form(form).start();
        let end = Person::new(&sim).issued(DEPLOY, &[])["expiresAt"].clone();
        assert!(is_it(&end), "{form:?} {end}");
    }
}

#[test]
fn whether_a_role_is_listed_that_cannot_be_used_is_a_switch() {
    for (switch, is_listed) in [(UnusableRole::Listed, true), (UnusableRole::Hidden, false)] {
        let sim = company().unusable_role(switch).entitlement_delay(Duration::from_secs(60)).start();
        let (alice, bob) = (Person::new(&sim), Person::with(&sim, BOB, &ALL));
        assert_eq!(alice.credentials(DEPLOY, &[]).status, 200, "there from the start");
        sim.entitle(BOB, DEPLOY);
        assert_eq!(bob.arns() == [DEPLOY], is_listed);
        assert_eq!(refused(&bob.credentials(DEPLOY, &[])), error(403, "AccessDeniedException"));
        sim.advance(Duration::from_secs(60));
        assert_eq!(bob.arns(), [DEPLOY]);
        assert_eq!(bob.credentials(DEPLOY, &[]).status, 200);
        sim.delete_iam_role(DEPLOY);
        assert_eq!(bob.arns() == [DEPLOY], is_listed);
        assert_eq!(refused(&bob.credentials(DEPLOY, &[])), error(403, "AccessDeniedException"));
        sim.add_iam_role(IamRole::new(DEPLOY).account_access(AccountAccessTrust::Granted));
        assert_eq!(bob.credentials(DEPLOY, &[]).status, 200);
    }
}

#[test]
fn an_entitlement_that_is_gone_is_not_listed_and_its_end_may_lag_behind() {
    for lag in [0, 30] {
        let sim = company().withdrawal_delay(Duration::from_secs(lag)).start();
        let alice = Person::new(&sim);
        sim.withdraw(ALICE, DEPLOY);
        assert_eq!(alice.arns(), [AUDIT]);
        assert_eq!(alice.credentials(DEPLOY, &[]).status, if lag == 0 { 403 } else { 200 });
        sim.advance(Duration::from_secs(30));
        assert_eq!(alice.credentials(DEPLOY, &[]).status, 403);
    }
}

#[test]
fn whether_a_logout_ends_the_token_is_a_switch() {
    for (switch, status) in [(true, 401), (false, 200)] {
        let sim = company().logout_ends_account_access(switch).start();
        let alice = Person::new(&sim);
        let headers = [("x-amz-sso_bearer_token", alice.token.as_str())];
        assert_eq!(alice.client.send("POST", "/logout", &headers, "").status, 200);
        assert_eq!(alice.list(&[]).status, status);
        assert_eq!(alice.client.portal("/assignment/accounts", &alice.token).status, 401);
    }
}

#[test]
fn a_tenant_is_at_the_host_of_its_region_and_a_foreign_token_is_a_switch() {
    for (switch, status) in [(ForeignRegion::Accepted, 200), (ForeignRegion::Unauthorized, 401)] {
        let sim = company().tenant_region("us-east-1").foreign_region(switch).start();
        assert_eq!(sim.tenant_url().expect("a URL"), "https://aa-gyxmap389.account-access.us-east-1.app.aws");
        let by_proxy = |region: &str| {
            let base = format!("https://account-access-runtime.{region}.api.aws");
            Person { client: Client::by_proxy(&sim, &base), ..Person::new(&sim) }
        };
        assert_eq!(by_proxy("us-east-1").list(&[]).status, status);
        assert_eq!(by_proxy("eu-central-1").list(&[]).status, 403);
        assert_eq!(Person::new(&sim).list(&[]).status, status);
    }
    let sim = company().start();
    let portal = Client::by_proxy(&sim, "https://portal.sso.eu-central-1.amazonaws.com");
    let astray = Person { client: portal, ..Person::new(&sim) };
    assert_eq!(astray.list(&[]).status, 421);
}

#[test]
fn whether_the_tenants_portal_is_a_start_url_is_a_switch() {
    for (switch, status) in [(false, 400), (true, 200)] {
        let sim = company().tenant_start_url(switch).start();
        let client = Client::new(&sim);
        let registered = client.register();
        for (url, expected) in [(sim.tenant_url().expect("a URL"), status), (START_URL.to_owned(), 200)] {
            let body = registered.with(&json!({ "startUrl": url }));
            assert_eq!(client.post("/device_authorization", &body).status, expected, "{url}");
        }
    }
}

#[test]
fn an_instance_without_permission_sets_still_has_roles() {
    for (switch, status) in [(WithoutPermissionSets::EmptyList, 200), (WithoutPermissionSets::Forbidden, 403)]
    {
        let sim = company().permission_sets_enabled(false).without_permission_sets(switch).start();
        let alice = Person::new(&sim);
        let accounts = alice.client.portal("/assignment/accounts", &alice.token);
        assert_eq!(accounts.status, status);
        if status == 200 {
            assert_eq!(accounts.json()["accountList"], json!([]));
        }
        let roles = format!("/assignment/roles?account_id={DEV}");
        assert_eq!(alice.client.portal(&roles, &alice.token).status, 403);
        assert_eq!(alice.arns(), [DEPLOY, AUDIT]);
    }
}

#[test]
fn whose_the_limit_is_is_a_switch() {
    let slow = Throttle { per_second: 0.001, burst: 2 };
    for (switch, second) in [(ThrottlePer::Tenant, 429), (ThrottlePer::Token, 200)] {
        let sim = company().account_access_throttle(Some(slow)).throttle_per(switch).start();
        let (first, other) = (Person::new(&sim), Person::new(&sim));
        let statuses: Vec<_> = (0..3).map(|_| first.list(&[]).status).collect();
        assert_eq!(statuses, [200, 200, 429]);
        assert_eq!(other.list(&[]).status, second);
        assert_eq!(refused(&first.list(&[])), error(429, "ThrottlingException"));
    }
}

#[test]
fn the_console_takes_the_credentials_and_their_duration_is_a_switch() {
    for (switch, with_duration) in [(true, 200), (false, 400)] {
        let sim = company().account_access_console_duration(switch).start();
        let alice = Person::new(&sim);
        let issued = alice.issued(DEPLOY, &[]);
        let session = json!({
            "sessionId": issued["accessKeyId"],
            "sessionKey": issued["secretAccessKey"],
            "sessionToken": issued["sessionToken"],
        })
        .to_string();
        let fields = [("Action", "getSigninToken"), ("Session", session.as_str())];
        let longer = [fields.as_slice(), &[("SessionDuration", "7200")]].concat();
        assert_eq!(alice.client.post_form("/federation", &[], &longer).status, with_duration);
        let answer = alice.client.post_form("/federation", &[], &fields);
        let token = answer.json()["SigninToken"].as_str().expect("a token").to_owned();
        let query = encode(&[
            ("Action", "login"),
            ("Destination", "https://console.aws.amazon.com/"),
            ("SigninToken", &token),
        ]);
        let page = alice.client.get(&format!("/federation?{query}"));
        let id = sim.user_id(ALICE).expect("an id");
        assert!(page.status == 200 && page.body.contains(&format!("Deploy/{id}")), "{page:?}");
    }
}

#[test]
fn an_entitlement_of_nobody_or_to_nothing_does_not_start() {
    for builder in [
        IdcSim::builder().tenant("gyxmap389"),
        IdcSim::builder().tenant(TENANT).tenant_region("nowhere"),
        company().entitle("nobody", DEPLOY),
        company().entitle_group("nobody", DEPLOY),
        company().entitle(ALICE, "arn:aws:iam::111122223333:role/Other"),
        company().group("auditors", &[]),
        company().group("others", &["nobody"]),
        IdcSim::builder().iam_role(IamRole::new(DEPLOY)).entitle(ALICE, DEPLOY),
    ] {
        assert!(builder.try_start().is_err());
    }
}
