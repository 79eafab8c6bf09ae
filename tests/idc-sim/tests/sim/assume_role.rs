//! `AssumeRole` and `AssumeRoleWithWebIdentity`: who may, for how long, and what the session is afterwards.

use std::time::Duration;

use idc_sim::{IamRole, IdcSim, Route};

use crate::client::{Answer, Client};
use crate::identity::{BODY, Signer, assert_error};

const DEPLOY: &str = "arn:aws:iam::222233334444:role/ci/Deploy";

fn body(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new("Action=AssumeRole&Version=2011-06-15".to_owned())
        .extend_pairs(fields)
        .finish()
}

/// A role session, and what it gets for these fields beside the two that every request has.
fn assume(sim: &IdcSim, fields: &[(&str, &str)]) -> Answer {
    let client = Client::new(sim);
    let fields = [&[("RoleArn", DEPLOY), ("RoleSessionName", "build-7")], fields].concat();
    Signer::for_role(sim, &client).ask(&client, &body(&fields))
}

fn sim_with(role: IamRole) -> IdcSim {
    IdcSim::builder().iam_role(role).start()
}

#[test]
fn a_session_of_an_assumed_role_is_the_role_without_its_path() {
    let sim = sim_with(IamRole::new(DEPLOY));
    let client = Client::new(&sim);
    let caller = Signer::for_role(&sim, &client);
    let answer = caller.ask(&client, &body(&[("RoleArn", DEPLOY), ("RoleSessionName", "build-7")]));
    assert_eq!(answer.status, 200, "{answer:?}");
    let session = caller.for_session(&answer);
    let identity = session.ask(&client, BODY);
    assert!(
        identity.body.contains("<Arn>arn:aws:sts::222233334444:assumed-role/Deploy/build-7</Arn>"),
        "{identity:?}"
    );
    assert_eq!(sim.count(Route::AssumeRole), 1);
    assert_eq!(sim.count(Route::GetCallerIdentity), 1);
    sim.advance(Duration::from_secs(3601));
    let late = Signer { at: sim.now(), ..session };
    assert_error(&late.ask(&client, BODY), 403, "ExpiredToken");
}

#[test]
fn a_role_that_does_not_trust_the_caller_and_one_that_is_not_there_answer_alike() {
    let nowhere = assume(&IdcSim::builder().start(), &[]);
    let distrusting = assume(&sim_with(IamRole::new(DEPLOY).trusts("999999999999")), &[]);
    for answer in [nowhere, distrusting] {
        assert_error(&answer, 403, "AccessDenied");
        assert!(
            answer.body.contains("is not authorized to perform: sts:AssumeRole on resource: "),
            "{answer:?}"
        );
    }
    for principal in ["111122223333", "arn:aws:iam::111122223333:root"] {
        assert_eq!(assume(&sim_with(IamRole::new(DEPLOY).trusts(principal)), &[]).status, 200, "{principal}");
    }
}

#[test]
fn the_external_id_must_be_the_one_of_the_trust_policy() {
    let sim = sim_with(IamRole::new(DEPLOY).external_id("team-7"));
    assert_error(&assume(&sim, &[]), 403, "AccessDenied");
    assert_error(&assume(&sim, &[("ExternalId", "team-8")]), 403, "AccessDenied");
    assert_eq!(assume(&sim, &[("ExternalId", "team-7")]).status, 200);
}

#[test]
fn a_code_of_the_device_is_good_once() {
    let serial = "arn:aws:iam::111122223333:mfa/alice";
    let sim = sim_with(IamRole::new(DEPLOY).mfa(serial, &["123456"]));
    assert_error(&assume(&sim, &[]), 403, "AccessDenied");
    assert_error(&assume(&sim, &[("SerialNumber", serial), ("TokenCode", "000000")]), 403, "AccessDenied");
    assert_error(&assume(&sim, &[("SerialNumber", serial), ("TokenCode", "12345")]), 400, "ValidationError");
    assert_error(&assume(&sim, &[("SerialNumber", serial)]), 400, "ValidationError");
    let right = [("SerialNumber", serial), ("TokenCode", "123456")];
    assert_eq!(assume(&sim, &right).status, 200);
    assert_error(&assume(&sim, &right), 403, "AccessDenied");
}

#[test]
fn a_chained_session_ends_within_the_hour() {
    let sim = sim_with(IamRole::new(DEPLOY).max_session(Duration::from_hours(12)));
    let too_long = assume(&sim, &[("DurationSeconds", "3601")]);
    assert_error(&too_long, 400, "ValidationError");
    assert!(too_long.body.contains("exceeds the 1 hour session limit for roles assumed by role chaining"));
    for bad in ["899", "43201", "an hour"] {
        assert_error(&assume(&sim, &[("DurationSeconds", bad)]), 400, "ValidationError");
    }
    assert_eq!(assume(&sim, &[("DurationSeconds", "900")]).status, 200);
}

#[test]
fn names_and_tags_are_held_to_their_patterns() {
    let sim = sim_with(IamRole::new(DEPLOY));
    let client = Client::new(&sim);
    let caller = Signer::for_role(&sim, &client);
    let ask = |fields: &[(&str, &str)]| caller.ask(&client, &body(fields));
    assert_error(&ask(&[("RoleArn", DEPLOY)]), 400, "ValidationError");
    assert_error(&ask(&[("RoleSessionName", "build-7")]), 400, "ValidationError");
    for name in ["x", "a b", &"x".repeat(65)] {
        assert_error(&ask(&[("RoleArn", DEPLOY), ("RoleSessionName", name)]), 400, "ValidationError");
    }
    assert_error(&assume(&sim, &[("SourceIdentity", "a b")]), 400, "ValidationError");
    let twice = [
        ("Tags.member.1.Key", "Team"),
        ("Tags.member.1.Value", "a"),
        ("Tags.member.2.Key", "team"),
        ("Tags.member.2.Value", "b"),
    ];
    assert_error(&assume(&sim, &twice), 400, "InvalidParameterValue");
    assert_eq!(assume(&sim, &twice[..2]).status, 200);
}

#[test]
fn a_source_identity_stays_for_the_whole_chain() {
    let second = "arn:aws:iam::333344445555:role/Second";
    let sim = IdcSim::builder().iam_role(IamRole::new(DEPLOY)).iam_role(IamRole::new(second)).start();
    let client = Client::new(&sim);
    let caller = Signer::for_role(&sim, &client);
    let first = [("RoleArn", DEPLOY), ("RoleSessionName", "one"), ("SourceIdentity", "alice")];
    let chained = caller.for_session(&caller.ask(&client, &body(&first)));
    let next = [("RoleArn", second), ("RoleSessionName", "two")];
    let inherited = chained.ask(&client, &body(&next));
    assert!(inherited.body.contains("<SourceIdentity>alice</SourceIdentity>"), "{inherited:?}");
    let other = [&next[..], &[("SourceIdentity", "bob")]].concat();
    assert_error(&chained.ask(&client, &body(&other)), 403, "AccessDenied");
}

#[test]
fn a_web_identity_needs_no_signature_and_the_right_token() {
    let sim = sim_with(IamRole::new(DEPLOY).web_identity_token("SIMSECRET-token"));
    let client = Client::new(&sim);
    let ask = |token: &str| {
        let fields = [
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", DEPLOY),
            ("RoleSessionName", "pod"),
            ("WebIdentityToken", token),
        ];
        client.post_form("/", &[], &fields)
    };
    assert_error(&ask("another"), 403, "AccessDenied");
    let answer = ask("SIMSECRET-token");
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body.contains("assumed-role/Deploy/pod"), "{answer:?}");
    assert_eq!(sim.count(Route::AssumeRoleWithWebIdentity), 2);
}

#[test]
fn a_console_session_of_a_chained_role_has_no_length_of_its_own() {
    let sim = sim_with(IamRole::new(DEPLOY));
    let client = Client::new(&sim);
    let caller = Signer::for_role(&sim, &client);
    let answer = caller.ask(&client, &body(&[("RoleArn", DEPLOY), ("RoleSessionName", "build-7")]));
    let Signer { access_key_id, secret_access_key, session_token, .. } = caller.for_session(&answer);
    let session = serde_json::json!({
        "sessionId": access_key_id, "sessionKey": secret_access_key, "sessionToken": session_token,
    })
    .to_string();
    let ask = |more: &[(&str, &str)]| {
        let fields = [&[("Action", "getSigninToken"), ("Session", session.as_str())], more].concat();
        client.post_form("/federation", &[], &fields)
    };
    assert_eq!(ask(&[("SessionDuration", "3600")]).status, 400);
    assert_eq!(ask(&[]).status, 200);
}
