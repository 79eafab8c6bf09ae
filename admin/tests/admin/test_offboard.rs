//! The end of one person's access, in a real Keycloak and in the simulator.

use std::path::PathBuf;

use idc_sim::{Fault, IdcSim, NewGroup, Route};
use kcaws_test_keycloak::{Refusal, Server, authn_request_url, require_keycloak, sign_in};
use kcaws_test_kit::PageClient;
use serde_json::{Value, json};

use crate::fixture::{ALL_ROLES, Company, audited};

/// Anna and bob are in `/aws/Dev`, and were synced to Identity Center.
pub(crate) struct Office<'k> {
    pub(crate) company: Company<'k>,
}

impl<'k> Office<'k> {
    pub(crate) fn new(server: &'k Server) -> Self {
        let company = Company::with(server, IdcSim::builder(), ALL_ROLES);
        let file = company.access_file();
        let endpoint = company.sim.scim_endpoint();
        let directory = "[directory]\ngroups = [\"/aws/**\"]\nprotect = [\"break-glass-*\"]\n";
        let text = format!("{file}scim_endpoint = \"{endpoint}\"\n\n{directory}");
        company.env.write_home_file("access.toml", text);
        let token = company.env.write_home_file("scim-token", company.sim.issue_scim_token());
        company.env.set_env("KCAWS_SCIM_TOKEN_FILE", token);
        company.env.set_env("KCAWS_ADMIN_RATE", "500");
        company.realm.connect(&company.sim.sp_metadata());
        let realm = &company.realm;
        realm.admin("POST", "/groups", Some(&json!({ "name": "aws" })));
        let top = realm.admin("GET", "/groups", None);
        let aws = top[0]["id"].as_str().unwrap();
        let dev = realm.admin("POST", &format!("/groups/{aws}/children"), Some(&json!({ "name": "Dev" })));
        for name in ["anna", "bob"] {
            let user = realm.create_user(name, &format!("{name}@example.com"), "a-password");
            let path = format!("/users/{}/groups/{}", user.id(), dev["id"].as_str().unwrap());
            realm.admin("PUT", &path, None);
        }
        company.run("sync apply --yes").expect_code(0);
        Self { company }
    }

    pub(crate) fn user(&self, name: &str) -> Value {
        self.company.realm.users().into_iter().find(|user| user["username"] == name).unwrap()
    }

    fn sessions(&self, name: &str) -> usize {
        let path = format!("/users/{}/sessions", self.user(name)["id"].as_str().unwrap());
        self.company.realm.admin("GET", &path, None).as_array().unwrap().len()
    }

    /// Signs anna in at Keycloak for AWS.
    fn sign_in(&self, browser: &mut PageClient, request: &str) -> Result<String, Refusal> {
        let sim = &self.company.sim;
        let url = authn_request_url(&self.company.realm, &sim.sp_entity_id(), &sim.acs_urls()[0], request);
        sign_in(browser, &url, "anna", "a-password").map(|answer| answer.response().status)
    }

    pub(crate) fn is_active(&self, name: &str) -> bool {
        self.company.sim.user(&format!("{name}@example.com")).unwrap()["active"] != false
    }

    fn policy(&self, list: &str) -> PathBuf {
        let text = format!(
            "{{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [{{ \"Effect\": \"Deny\", \"Resource\": \"*\", \
             \"Action\": [\"*\"],\n    \"Condition\": {{ \"StringEquals\": {{ \"identitystore:userId\": {list} }} }} }}]\n}}\n"
        );
        self.company.env.write_home_file("deny.json", text)
    }
}

#[test]
fn access_ends_on_both_sides_and_a_second_run_finds_nothing_left() {
    let server = require_keycloak!();
    let office = Office::new(server);
    let (company, mut browser) = (&office.company, PageClient::new());
    assert_eq!(office.sign_in(&mut browser, "_request-1").unwrap(), "Success");
    assert_eq!(office.sessions("anna"), 1);

    company
        .run("offboard anna@example.com")
        .expect_code(0)
        .expect_stdout("disable anna in Keycloak")
        .expect_stderr("Nothing was written");
    company.run("offboard anna --apply").expect_code(2).expect_stderr("--yes");
    assert!(office.is_active("anna") && office.user("anna")["enabled"] == true, "only shown");

    company.sim.assign_group("Dev", company.sim.management_account(), "ReadOnlyAccess");
    company
        .run("offboard anna --apply --yes")
        .expect_code(0)
        .expect_stdout("1 h, the longest of their sets")
        .expect_stdout("identitystore:userId")
        .expect_stdout(&company.sim.user_id("anna@example.com").unwrap())
        .expect_stdout("singlesignon");
    assert_eq!(office.user("anna")["enabled"], false);
    assert_eq!(office.sessions("anna"), 0);
    assert!(office.sign_in(&mut browser, "_request-2").is_err(), "the cookie is worth nothing");
    let again = office.sign_in(&mut PageClient::new(), "_request-3");
    assert!(matches!(again, Err(Refusal::Alert(_))), "{again:?}");
    assert!(!office.is_active("anna"));
    assert_eq!(company.sim.members_of("Dev"), ["bob@example.com"]);
    assert!(office.is_active("bob") && office.user("bob")["enabled"] == true);

    let audit = std::fs::read_to_string(company.env.home().join("access.audit.jsonl")).unwrap();
    let records = audited(&audit);
    let actions: Vec<&str> = records.iter().map(|record| record["action"].as_str().unwrap()).collect();
    assert!(
        actions.ends_with(&["disable_in_keycloak", "end_sessions", "deactivate", "remove_members"]),
        "{audit}"
    );

    let writes = company.sim.count(Route::ScimPatchUser) + company.sim.count(Route::ScimPatchGroup);
    company.run("offboard anna --apply").expect_code(0).expect_stdout("nothing left to do");
    let report = company.run("offboard anna@example.com --json").expect_code(0).stdout_json();
    assert_eq!((&report["steps"], &report["left"]), (&json!([]), &json!([])), "{report}");
    assert!(report["clocks"]["role_credentials_expires_at"].is_string(), "{report}");
    assert_eq!(report["clocks"]["role_session"], json!({ "known_by": "maximum", "minutes": 720 }));
    assert_eq!(company.sim.count(Route::ScimPatchUser) + company.sim.count(Route::ScimPatchGroup), writes);
    company.run("sync plan --exit-code").expect_code(0).expect_stdout("no changes");
}

#[test]
fn a_person_may_be_on_one_side_only() {
    let server = require_keycloak!();
    let office = Office::new(server);
    let realm = &office.company.realm;
    realm.admin("DELETE", &format!("/users/{}", office.user("anna")["id"].as_str().unwrap()), None);
    let report = office.company.run("offboard anna@example.com --apply --yes --json").expect_code(0);
    assert_eq!(report.stdout_json()["keycloak"]["state"], "absent");
    assert!(!office.is_active("anna"));
    assert_eq!(office.company.sim.members_of("Dev"), ["bob@example.com"]);

    let carol = realm.create_user("carol", "carol@example.com", "a-password");
    office.company.run("offboard carol --apply --yes").expect_code(0).expect_stdout("no such user");
    assert_eq!((office.user("carol")["enabled"].as_bool(), carol.sessions()), (Some(false), 0));
    office
        .company
        .run("offboard mallory --apply --yes")
        .expect_code(1)
        .expect_stderr("there is no user `mallory`");
}

#[test]
fn a_side_that_refuses_is_reported_and_the_other_is_done() {
    let server = require_keycloak!();
    let office = Office::new(server);
    let (company, sim) = (&office.company, &office.company.sim);
    let denied = || Fault::status(400, r#"{"__type":"AccessDeniedException","message":"no"}"#);
    sim.fault(Route::ListUsers, denied());
    let report = company.run("offboard anna --apply --yes --json").expect_code(1).stdout_json();
    assert_eq!(report["identity_center"]["state"], "unread", "{report}");
    assert_eq!(office.user("anna")["enabled"], false);
    assert!(office.is_active("anna"));
    sim.clear_faults();
    sim.fault(Route::ScimPatchGroup, Fault::status(403, "{}"));
    company.run("offboard anna --apply --yes").expect_code(1).expect_stderr("1 thing is left");
    assert!(!office.is_active("anna"));
    sim.clear_faults();
    company.run("offboard anna --apply --yes").expect_code(0);
    assert_eq!(sim.members_of("Dev"), ["bob@example.com"]);
}

#[test]
fn a_service_account_that_may_only_read_ends_access_at_aws() {
    let server = require_keycloak!();
    let office = Office::new(server);
    let company = &office.company;
    let secret = company.env.write_home_file("reader", "SIMSECRET-of-the-reader\n");
    company.realm.create_service_account("reader", "SIMSECRET-of-the-reader", &["view-users", "view-realm"]);
    company.env.set_env("KCAWS_KEYCLOAK_SECRET_FILE", secret);
    let file = company.env.home().join("access.toml");
    let text = std::fs::read_to_string(&file).unwrap().replace("\"kcaws-admin\"", "\"reader\"");
    std::fs::write(&file, text).unwrap();
    company
        .run("offboard anna --apply --yes")
        .expect_code(1)
        .expect_stdout("manage-users")
        .expect_stderr("2 things are left");
    assert!(!office.is_active("anna"));
    assert_eq!(office.user("anna")["enabled"], true);
}

#[test]
fn people_who_are_protected_and_groups_of_others_stay() {
    let server = require_keycloak!();
    let office = Office::new(server);
    let (company, sim) = (&office.company, &office.company.sim);
    company.realm.create_user("break-glass-1", "break-glass-1@example.com", "a-password");
    company.run("offboard break-glass-1 --apply --yes").expect_code(8).expect_stderr("is protected");
    assert_eq!(office.user("break-glass-1")["enabled"], true);
    sim.add_groups([NewGroup::named("By hand")]);
    sim.add_members([("By hand", "anna@example.com")]);
    company.run("offboard anna --apply --yes").expect_code(0).expect_stdout("stays in the group By hand");
    assert_eq!(sim.members_of("By hand"), ["anna@example.com"]);

    // The simulator has an alice from the beginning.
    company.realm.create_user("alice", "alice@example.com", "a-password");
    company.run("offboard alice --apply --yes").expect_code(1).expect_stdout("is not from this realm");
    assert!(office.is_active("alice"));
    assert_eq!(office.user("alice")["enabled"], false);
}

#[test]
fn a_policy_on_disk_gets_the_id_once() {
    let server = require_keycloak!();
    let office = Office::new(server);
    let (company, sim) = (&office.company, &office.company.sim);
    let path = office.policy("\"Add user ID here\"");
    let before = std::fs::read_to_string(&path).unwrap();
    let line = format!("offboard anna --deny-policy {}", path.display());
    company.run(&line).expect_code(0).expect_stdout("will be added");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
    company.run(&format!("{line} --apply --yes")).expect_code(0).expect_stdout("was added");
    let id = sim.user_id("anna@example.com").unwrap();
    let after = before.replace("\"Add user ID here\"", &format!("[\"{id}\"]"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), after, "only the list changed");
    company.run(&format!("{line} --apply")).expect_code(0).expect_stdout("has the user already");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), after);

    let empty = company.env.write_home_file("empty.json", "{\"Statement\": []}");
    let line = format!("offboard bob --apply --yes --deny-policy {}", empty.display());
    company.run(&line).expect_code(3).expect_stderr("no Deny statement");
    assert!(office.is_active("bob"), "nothing was written");
}
