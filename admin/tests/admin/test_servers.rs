//! Every way in which a server fails: exit code, what and what to do, nothing written, no secret shown.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use idc_sim::{Fault, IdcSim, Route};
use kcaws_test_kit::{Output, TestEnv};

use crate::fixture::{REGION, admin, aws_environment};
use crate::scripted::{Answer, Place, gone, keycloak};

/// An administrator's machine. Keycloak is the script's, AWS the simulator's.
struct Office {
    sim: IdcSim,
    env: TestEnv,
}

impl Office {
    fn new() -> Self {
        let sim = IdcSim::builder().start();
        let env = aws_environment(&sim);
        let secret = env.write_home_file("client-secret", "SIMSECRET-of-the-service-account\n");
        env.set_env("KCAWS_KEYCLOAK_SECRET_FILE", secret);
        env.write_home_file("aws.xml", sim.sp_metadata());
        let office = Self { sim, env };
        office.with_keycloak(&gone());
        office
    }

    fn with_keycloak(&self, url: &str) {
        let text = format!(
            "version = 1\n[realm]\nurl = \"{url}\"\nname = \"corp\"\nclient_id = \"kcaws-admin\"\n[identity_center]\nregion = \"{REGION}\"\ninstance = \"{}\"\nscim_endpoint = \"{}\"\n",
            self.sim.instance_id(),
            self.sim.scim_endpoint(),
        );
        self.env.write_home_file("access.toml", text);
    }

    /// Runs a command that fails, and asserts how.
    #[track_caller]
    fn fails(&self, what: &str, line: &str, code: i32, word: &str) -> Output {
        self.fails_with(what, line, "", code, word)
    }

    #[track_caller]
    fn fails_with(&self, what: &str, line: &str, stdin: &str, code: i32, word: &str) -> Output {
        let before = files(self.env.root());
        let command = admin(&self.env, line).current_dir(self.env.home()).stdin(stdin);
        let output = command.run();
        let shown = output.stderr_text();
        assert_eq!(output.code(), code, "{what}: {line}: {output}");
        assert!(
            shown.contains("kcaws: error: ") && shown.contains("kcaws: hint: "),
            "{what}: {line}: {shown}"
        );
        assert!(shown.contains(word), "{what}: {line}: no `{word}` in {shown}");
        assert!(!shown.contains("panic") && !shown.contains("bug"), "{what}: {line}: {shown}");
        assert_eq!(files(self.env.root()), before, "{what}: {line} wrote something");
        output
    }
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_none_or(|extension| extension != "lock") {
            let bytes = std::fs::read(&path).unwrap_or_default();
            found.insert(path, bytes);
        }
    }
    found
}

const BROKEN: Answer = Answer::Json(200, r#"{"issuer":"#);
const REALM_COMMANDS: [&str; 3] = [
    "client plan --metadata aws.xml --out plan.json",
    "client apply --yes --metadata aws.xml",
    "source --watch --record",
];

#[test]
fn a_keycloak_that_fails_at_its_first_answer() {
    let office = Office::new();
    let init = |url: &str| format!("init --file new.toml --url {url} --realm corp --region {REGION}");
    for (answer, code, word) in [
        (Answer::Json(401, "{}"), 1, "(401)"),
        (Answer::Json(403, "{}"), 1, "(403)"),
        (Answer::Json(404, r#"{"error":"Realm does not exist"}"#), 3, "no realm `corp`"),
        (Answer::Page(404), 3, "no Keycloak answers"),
        (Answer::Json(429, "{}"), 1, "(429)"),
        (Answer::Json(500, r#"{"error":"unknown_error"}"#), 1, "(500)"),
        (Answer::Page(503), 1, "(503)"),
        (Answer::Page(200), 3, "HTML page"),
        (Answer::Redirect, 3, "redirected (302)"),
        (BROKEN, 3, "not the expected JSON"),
        (Answer::Huge, 3, "larger than"),
        (Answer::Cut, 1, "cannot reach"),
    ] {
        let (what, url) = (format!("{answer:?}"), keycloak(Place::Discovery, answer));
        office.with_keycloak(&url);
        for line in REALM_COMMANDS {
            office.fails(&what, line, code, word);
        }
        office.fails(&what, &init(&url), code, word);
        office.fails(&what, "check", 1, "found").expect_stdout(word);
    }
    office.with_keycloak(&gone());
    for line in REALM_COMMANDS.into_iter().chain(["metadata --out idp.xml", &init(&gone())]) {
        office.fails("nobody listens", line, 1, "cannot reach");
    }
    office.env.assert_no_secret_in_files(office.env.state_dir());
}

#[test]
fn a_keycloak_that_gives_no_token() {
    let office = Office::new();
    for (answer, code, word) in [
        (Answer::Json(401, r#"{"error":"unauthorized_client"}"#), 4, "refused the service account"),
        (Answer::Json(400, r#"{"error":"unauthorized_client"}"#), 4, "refused the service account"),
        (Answer::Json(403, "{}"), 4, "refused the service account"),
        (Answer::Json(404, "{}"), 1, "(404)"),
        (Answer::Json(429, "{}"), 1, "(429)"),
        (Answer::Json(500, "{}"), 1, "(500)"),
        (Answer::Page(503), 1, "(503)"),
        (Answer::Redirect, 1, "redirected (302)"),
        (BROKEN, 1, "not the expected JSON"),
        (Answer::Huge, 1, "larger than"),
        (Answer::Cut, 1, "cannot reach"),
    ] {
        let (what, url) = (format!("token: {answer:?}"), keycloak(Place::Token, answer));
        office.with_keycloak(&url);
        for line in REALM_COMMANDS {
            office.fails(&what, line, code, word);
        }
        let init = format!("init --file new.toml --url {url} --realm corp --region {REGION}");
        office.fails(&what, &init, code, word);
        office.fails(&what, "check", 1, "found").expect_stdout(word);
    }
}

#[test]
fn a_keycloak_that_fails_after_the_login() {
    let office = Office::new();
    for (answer, word) in [
        (Answer::Json(401, "{}"), "does not accept the token"),
        (Answer::Json(403, "{}"), "does not have the role"),
        (Answer::Json(404, "{}"), "does not exist"),
        (Answer::Json(429, "{}"), "(429)"),
        (Answer::Json(500, "{}"), "(500)"),
        (Answer::Page(503), "(503)"),
        (Answer::Redirect, "redirected (302)"),
        (BROKEN, "not the expected JSON"),
        (Answer::Huge, "larger than"),
        (Answer::Cut, "cannot reach"),
    ] {
        let what = format!("admin: {answer:?}");
        office.with_keycloak(&keycloak(Place::Admin, answer));
        for line in REALM_COMMANDS {
            office.fails(&what, line, 1, word);
        }
        office.fails(&what, "check", 1, "found");
    }
}

#[test]
fn a_descriptor_that_does_not_come() {
    let office = Office::new();
    for (answer, word) in [
        (Answer::Json(403, "{}"), "(403)"),
        (Answer::Json(429, "{}"), "(429)"),
        (Answer::Json(500, "{}"), "(500)"),
        (Answer::Page(503), "(503)"),
        (Answer::Page(200), "HTML page"),
        (Answer::Redirect, "redirected (302)"),
        (Answer::Json(200, "<EntityDescriptor"), "not XML"),
        (Answer::Huge, "larger than"),
        (Answer::Cut, "cannot reach"),
    ] {
        let what = format!("descriptor: {answer:?}");
        office.with_keycloak(&keycloak(Place::Descriptor, answer));
        for line in ["metadata", "metadata --out idp.xml"] {
            office.fails(&what, line, 1, word);
        }
    }
}

#[test]
fn a_scim_endpoint_that_fails() {
    let office = Office::new();
    let token = office.sim.issue_scim_token();
    for (fault, code, word) in [
        (Fault::status(401, "{}"), 4, "does not accept the token"),
        (Fault::status(403, "{}"), 4, "does not accept the token"),
        (Fault::status(404, "{}"), 3, "no such SCIM endpoint"),
        (Fault::status(429, "{}"), 1, "throttling"),
        (Fault::status(500, "{}"), 1, "(500)"),
        (Fault::status(503, "<html>SIMSECRET</html>"), 1, "503"),
        (Fault::status(302, "").header("location", "https://elsewhere.example.com/"), 1, "redirected (302)"),
        (Fault::broken_json(), 1, "not the expected JSON"),
        (Fault::huge_body(100 * 1024 * 1024), 1, "larger than"),
        (Fault::cut(), 1, "cannot reach"),
        (Fault::cut_mid_body(), 1, "cannot reach"),
    ] {
        let what = format!("{fault:?}");
        office.sim.clear_faults();
        office.sim.fault(Route::ScimServiceProviderConfig, fault);
        office.fails_with(&what, "token set", &token, code, word);
    }
    office.sim.clear_faults();
    admin(&office.env, "token set").stdin(token).run().expect_ok();
    office.sim.fault(Route::ScimServiceProviderConfig, Fault::status(500, "{}"));
    office.fails("a second time", "token status", 1, "(500)").expect_stdout("accepted  no");
    let second = office.sim.issue_scim_token();
    office.fails_with("rotation", "token rotate", &second, 1, "(500)");
}

#[test]
fn an_aws_that_fails() {
    let office = Office::new();
    let url = keycloak(Place::Nowhere, Answer::Redirect);
    let init = format!("init --file new.toml --url {url} --realm corp --region {REGION}");
    let refusal = |code: &str| format!(r#"{{"__type":"{code}","message":"why"}}"#);
    for (fault, code, word) in [
        (Fault::status(400, refusal("UnrecognizedClientException")), 4, "does not accept the credentials"),
        (Fault::status(400, refusal("AccessDeniedException")), 1, "AWS denied ListInstances"),
        (Fault::status(400, refusal("ResourceNotFoundException")), 1, "ListInstances"),
        (Fault::status(400, refusal("ThrottlingException")), 1, "throttled"),
        (Fault::status(500, refusal("InternalServerException")), 1, "trouble"),
        (Fault::status(503, "<html>SIMSECRET</html>"), 1, "trouble with ListInstances (503)"),
        (
            Fault::status(302, "").header("location", "https://elsewhere.example.com/"),
            1,
            "other than AWS answered ListInstances (302)",
        ),
        (Fault::broken_json(), 1, "trouble with ListInstances (200)"),
        (Fault::huge_body(100 * 1024 * 1024), 1, "other than AWS answered ListInstances (200)"),
        (Fault::cut(), 1, "cannot reach AWS"),
        (Fault::cut_mid_body(), 1, "trouble with ListInstances (200)"),
    ] {
        let what = format!("{fault:?}");
        office.sim.clear_faults();
        office.sim.fault(Route::ListInstances, fault);
        office.fails(&what, &init, code, word);
    }
    office.sim.clear_faults();
    office.env.set_env("AWS_ENDPOINT_URL_SSO_ADMIN", gone());
    office.fails("nobody listens", &init, 1, "cannot reach AWS");
}

#[test]
fn a_server_that_does_not_answer_is_given_up() {
    let office = Office::new();
    office.env.set_env("KCAWS_ADMIN_TIMEOUT", "1");
    let silence = Duration::from_mins(5);
    for place in [Place::Discovery, Place::Token, Place::Admin] {
        office.with_keycloak(&keycloak(place, Answer::Silence));
        for line in REALM_COMMANDS {
            office.fails(&format!("{place:?}"), line, 1, "no answer within");
        }
    }
    office.with_keycloak(&keycloak(Place::Nowhere, Answer::Silence));
    let token = office.sim.issue_scim_token();
    office.sim.fault(Route::ScimServiceProviderConfig, Fault::delay(silence));
    office.fails_with("SCIM", "token set", &token, 1, "no answer within 1 s");
    office.sim.fault(Route::ListInstances, Fault::delay(silence));
    office.fails("AWS", "access apply --yes", 1, "cannot reach AWS").expect_stderr("timeout");
    office.env.set_env("KCAWS_ADMIN_TIMEOUT", "soon");
    office.fails("a word", "access apply --yes", 3, "`soon` is not a number of seconds");
}
