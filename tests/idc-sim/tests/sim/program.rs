//! The simulator as a program.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};

use kcaws_test_kit::{PageClient, wait_for};
use serde_json::json;

use crate::client::Client;
use crate::saml::idp;

/// Starts the program and reads its facts.
#[expect(clippy::disallowed_methods, reason = "this test is about a process")]
fn start(arguments: &[&str]) -> (Child, Vec<String>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_idc-sim"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let out = BufReader::new(child.stdout.take().expect("stdout"));
    let mut facts = Vec::new();
    for line in out.lines().map_while(Result::ok) {
        let last = line == "# ready";
        facts.push(line);
        if last {
            break;
        }
    }
    (child, facts)
}

/// Waits for the end, not for ever: a program that lives on is stopped.
fn end(child: &mut Child) -> ExitStatus {
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        wait_for("the program's end", || child.try_wait().expect("a child"))
    }));
    ended.unwrap_or_else(|late| {
        let _ = child.kill();
        std::panic::resume_unwind(late)
    })
}

/// What follows `# NAME `.
fn fact<'a>(facts: &'a [String], name: &str) -> &'a str {
    let found = facts.iter().find_map(|fact| fact.strip_prefix(&format!("# {name} ")));
    found.unwrap_or_else(|| panic!("no {name} in {facts:?}"))
}

#[test]
fn it_tells_its_facts_and_ends_with_stdin_if_asked_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let ca = folder.path().join("ca.pem");
    let ca_text = ca.to_str().expect("UTF-8");
    let (mut child, facts) =
        start(&["--region", "us-east-1", "--auto-approve", "--until-stdin-closes", "--ca-out", ca_text]);
    assert_eq!(facts.last().map(String::as_str), Some("# ready"), "{facts:?}");
    assert!(facts.iter().any(|fact| fact == "# region us-east-1"));
    let exported = facts.iter().filter(|fact| fact.starts_with("export AWS_ENDPOINT_URL_")).count();
    assert_eq!(exported, 10, "{facts:?}");
    assert!(
        std::fs::read_to_string(&ca).expect("the certificate").starts_with("-----BEGIN CERTIFICATE-----")
    );
    drop(child.stdin.take());
    assert!(end(&mut child).success());
}

#[cfg(unix)]
#[test]
#[expect(clippy::disallowed_methods, reason = "this test is about a process")]
fn a_signal_ends_it_even_when_stdin_is_closed() {
    for signal in ["TERM", "INT"] {
        let (mut child, facts) = start(&[]);
        // Without --until-stdin-closes it lives on: shells start it in the background.
        drop(child.stdin.take());
        assert_eq!(PageClient::new().open(&format!("{}/start", fact(&facts, "url"))).status, 200);
        let sent = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
        assert!(sent.expect("kill").success());
        assert!(end(&mut child).success(), "{signal}");
    }
}

#[test]
fn nonsense_is_an_error_and_no_start() {
    for (arguments, reason) in [
        (["--region", "nowhere"], "`nowhere` is no region"),
        (["--account", "12:dev"], "account `12` is not 12 digits"),
        (["--user", "alice"], "needs a colon"),
        (["--delegated-administrator", "12"], "account `12` is not 12 digits"),
        (["--account-unit", "/Workloads"], "needs a colon"),
        (["--permission-set", "Long:day"], "a number of seconds"),
        (["--session-life", "8h"], "a number of seconds"),
    ] {
        let (child, facts) = start(&arguments);
        assert!(facts.is_empty(), "{arguments:?}");
        let output = child.wait_with_output().expect("an end");
        assert!(!output.status.success(), "{arguments:?}");
        let shown = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(shown.contains(reason), "{shown}");
    }
}

#[test]
fn exports_are_for_a_posix_shell_and_lead_to_it() {
    let (mut child, facts) = start(&["--until-stdin-closes"]);
    let exports: Vec<_> = facts.iter().filter_map(|fact| fact.strip_prefix("export ")).collect();
    for service in
        ["SSO_OIDC", "SSO", "STS", "SIGNIN", "ACCOUNT_ACCESS_RUNTIME", "SSO_ADMIN", "ORGANIZATIONS"]
    {
        assert!(exports.contains(&format!("AWS_ENDPOINT_URL_{service}={}", fact(&facts, "url")).as_str()));
    }
    // The rest is comments.
    assert!(facts.iter().all(|fact| fact.starts_with("# ") || fact.starts_with("export ")), "{facts:?}");
    assert_ne!(fact(&facts, "url"), fact(&facts, "proxy"));
    drop(child.stdin.take());
    assert!(end(&mut child).success());
}

#[test]
fn people_and_accounts_are_named_on_the_command_line() {
    let (mut child, facts) = start(&[
        "--until-stdin-closes",
        "--user=bob:pass:word",
        "--account=555566667777:lab",
        "--permission-set=Long:7200",
        "--start-url=https://my-alias.awsapps.com/start",
    ]);
    assert_eq!(fact(&facts, "default-user"), "bob");
    assert_eq!(fact(&facts, "start-url"), "https://my-alias.awsapps.com/start");
    let mut walk = PageClient::new();
    let form = walk.open(&format!("{}/start/sign-in", fact(&facts, "url")));
    let portal = walk.submit(&form, "Sign in", &[("username", "bob"), ("password", "pass:word")]);
    assert!(portal.text().contains("lab") && !portal.text().contains("111122223333"), "{}", portal.text());
    drop(child.stdin.take());
    assert!(end(&mut child).success());
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a file for the program")]
fn an_identity_provider_is_named_by_file_or_address() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    std::fs::write(path("idp.xml"), idp::metadata(&[idp::IDP])).expect("written");
    let (mut child, facts) = start(&[
        "--until-stdin-closes",
        "--external-user=alice@example.com",
        "--identity-store=d-9567b34c60",
        "--every-acs",
        "--add-region=eu-west-1",
        "--idp-metadata",
        &path("idp.xml"),
        "--sp-metadata-out",
        &path("sp.xml"),
    ]);
    assert_eq!(fact(&facts, "default-user"), "alice@example.com");
    let entity_id = "https://eu-central-1.signin.aws.amazon.com/platform/saml/d-9567b34c60";
    assert_eq!(fact(&facts, "sp-entity-id"), entity_id);
    let acs = facts.iter().filter(|fact| fact.starts_with("# acs-url ")).count();
    assert_eq!(acs, 5, "{facts:?}");
    let written = std::fs::read_to_string(path("sp.xml")).expect("metadata");
    assert!(written.contains(entity_id) && written.contains(fact(&facts, "acs-url")), "{written}");

    // Any server will do for an address; this one has metadata of the other kind.
    let by_address = |metadata: &str| {
        let (child, facts) = start(&["--idp-metadata", metadata]);
        assert!(facts.is_empty(), "{facts:?}");
        let output = child.wait_with_output().expect("an end");
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let other = fact(&facts, "sp-metadata");
    assert!(by_address(other).contains("the metadata has 0 IDPSSODescriptors"));
    assert!(by_address(&format!("{other}/nothing")).contains("404"));
    assert!(by_address(&path("nothing.xml")).contains("nothing.xml"));
    drop(child.stdin.take());
    assert!(end(&mut child).success());
}

#[test]
fn a_tenant_entitles_the_default_user_to_the_iam_roles() {
    let arn = "arn:aws:iam::111122223333:role/team/Deploy";
    let arguments = ["--tenant", "aa-gyxmap389", "--iam-role", arn, "--until-stdin-closes"];
    let (mut child, facts) = start(&arguments);
    assert_eq!(fact(&facts, "tenant-url"), "https://aa-gyxmap389.account-access.eu-central-1.app.aws");
    let client = Client::at(fact(&facts, "url"));
    let scopes = json!({ "scopes": ["sso:account:access", "account_access:read_only"] });
    let login = client.post("/_sim/seed-login", &scopes).json();
    let token = format!("Bearer {}", login["accessToken"].as_str().expect("a token"));
    let listed = client.send("GET", "/access?tenantId=aa-gyxmap389", &[("authorization", &token)], "");
    assert_eq!(listed.json()["roles"][0]["roleArn"], arn, "{listed:?}");
    drop(child.stdin.take());
    assert!(end(&mut child).success());
}
