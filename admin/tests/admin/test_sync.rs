//! Users, groups and members: from a real Keycloak into the simulator.

use idc_sim::{Fault, IdcSim, NewGroup, NewUser, Route};
use kcaws_test_keycloak::{Server, require_keycloak};
use serde_json::{Value, json};

use crate::fixture::{ALL_ROLES, Company};

/// Anna and bob are in `/aws/Dev`, anna in `/aws/Ops` too.
struct Staff<'k> {
    company: Company<'k>,
    dev: String,
    ops: String,
}

impl<'k> Staff<'k> {
    fn new(server: &'k Server) -> Self {
        let company = Company::with(server, IdcSim::builder(), ALL_ROLES);
        let file = company.access_file();
        let endpoint = company.sim.scim_endpoint();
        let text = format!("{file}scim_endpoint = \"{endpoint}\"\n\n[directory]\ngroups = [\"/aws/**\"]\n");
        company.env.write_home_file("access.toml", text);
        let token = company.env.write_home_file("scim-token", company.sim.issue_scim_token());
        company.env.set_env("KCAWS_SCIM_TOKEN_FILE", token);
        company.env.set_env("KCAWS_ADMIN_RATE", "500");
        let aws = created(&company, "/groups", &json!({ "name": "aws" }));
        let dev = created(&company, &format!("/groups/{aws}/children"), &json!({ "name": "Dev" }));
        let ops = created(&company, &format!("/groups/{aws}/children"), &json!({ "name": "Ops" }));
        let staff = Self { company, dev, ops };
        staff.hire("anna");
        staff.hire("bob");
        staff.join("anna", &staff.ops);
        staff
    }

    fn hire(&self, name: &str) {
        let user = json!({
            "username": name, "email": format!("{name}@example.com"), "firstName": name, "lastName": "Doe",
            "enabled": true,
        });
        self.company.realm.create_user_from(&user);
        self.join(name, &self.dev);
    }

    fn id(&self, name: &str) -> String {
        let users = self.company.realm.users();
        let user = users.iter().find(|user| user["username"] == name).unwrap();
        user["id"].as_str().unwrap().to_owned()
    }

    fn join(&self, name: &str, group: &str) {
        self.company.realm.admin("PUT", &format!("/users/{}/groups/{group}", self.id(name)), None);
    }

    fn change(&self, name: &str, change: &Value) {
        let path = format!("/users/{}", self.id(name));
        let mut user = self.company.realm.admin("GET", &path, None);
        for (key, value) in change.as_object().unwrap() {
            user[key] = value.clone();
        }
        self.company.realm.admin("PUT", &path, Some(&user));
    }

    fn writes(&self) -> usize {
        let routes = [
            Route::ScimCreateUser,
            Route::ScimPatchUser,
            Route::ScimDeleteUser,
            Route::ScimCreateGroup,
            Route::ScimPatchGroup,
            Route::ScimDeleteGroup,
        ];
        routes.into_iter().map(|route| self.company.sim.count(route)).sum()
    }

    fn apply(&self) {
        self.company.run("sync apply --yes").expect_code(0);
        self.company.run("sync plan --exit-code").expect_code(0).expect_stdout("no changes");
    }
}

/// Creates a group in the realm and returns its id.
fn created(company: &Company<'_>, path: &str, body: &Value) -> String {
    let created = company.realm.admin("POST", path, Some(body));
    // Only a group below another one is sent back.
    let of = |group: &Value| group["id"].as_str().map(str::to_owned);
    of(&created).unwrap_or_else(|| {
        let top = company.realm.admin("GET", "/groups", None);
        let found = top.as_array().unwrap().iter().find(|group| group["name"] == body["name"]).and_then(of);
        found.unwrap()
    })
}

#[test]
fn people_come_change_leave_and_return() {
    let server = require_keycloak!();
    let staff = Staff::new(server);
    let sim = &staff.company.sim;
    staff.company.run("sync plan --exit-code").expect_code(7).expect_stdout("+ user anna@example.com");
    assert_eq!(staff.writes(), 0, "a plan writes nothing");
    staff.apply();
    assert_eq!(sim.members_of("Dev"), ["anna@example.com", "bob@example.com"]);
    assert_eq!(sim.members_of("Ops"), ["anna@example.com"]);
    let anna = sim.user("anna@example.com").unwrap();
    assert!(anna["externalId"].as_str().unwrap().ends_with(&staff.id("anna")), "{anna}");

    staff.change("anna", &json!({ "email": "anna.roe@example.com", "lastName": "Roe" }));
    staff.change("bob", &json!({ "enabled": false }));
    staff.company.realm.admin(
        "PUT",
        &format!("/groups/{}", staff.ops),
        Some(&json!({ "name": "Operations" })),
    );
    staff.apply();
    let renamed = sim.user("anna.roe@example.com").unwrap();
    assert_eq!(renamed["id"], anna["id"], "the same user");
    assert_eq!(renamed["displayName"], "anna Roe");
    assert_eq!(sim.user("bob@example.com").unwrap()["active"], false);
    assert_eq!(sim.members_of("Dev"), ["anna.roe@example.com"]);
    assert_eq!(sim.members_of("Operations"), ["anna.roe@example.com"]);

    staff.change("bob", &json!({ "enabled": true }));
    staff.apply();
    assert_eq!(sim.user("bob@example.com").unwrap()["active"], true);
    assert_eq!(sim.members_of("Dev"), ["anna.roe@example.com", "bob@example.com"]);

    let audit = std::fs::read_to_string(staff.company.env.home().join("access.audit.jsonl")).unwrap();
    let lines: Vec<Value> = audit.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), staff.writes());
    assert!(lines.iter().all(|line| line["request_id"].is_string() && line["error"].is_null()), "{audit}");
}

#[test]
fn an_explanation_leads_from_keycloak_to_aws() {
    let server = require_keycloak!();
    let staff = Staff::new(server);
    staff.apply();
    let told = staff.company.run("sync explain anna@example.com").expect_code(0).stdout_text();
    assert!(told.contains("standing  in scope") && told.contains("/aws/Ops: selected"), "{told}");
    assert!(told.contains("→ Ops (member)"), "{told}");
    let report = staff.company.run("sync explain bob --json").stdout_json();
    assert_eq!(report["users"][0]["directory_user"]["active"], true, "{report}");
    staff.company.run("sync explain mallory").expect_code(1).expect_stderr("there is no user `mallory`");
}

#[test]
fn what_another_owner_made_is_adopted_only_when_asked() {
    let server = require_keycloak!();
    let staff = Staff::new(server);
    let sim = &staff.company.sim;
    sim.add_users([NewUser::named("anna@example.com")]);
    sim.add_groups([NewGroup::named("Dev")]);
    let id = sim.user_id("anna@example.com");
    staff.company.run("sync apply --yes").expect_code(8).expect_stderr("refused for safety");
    assert_eq!(staff.writes(), 0);
    staff.company.run("sync apply --yes --adopt").expect_code(0);
    assert_eq!(sim.user_id("anna@example.com"), id);
    assert_eq!(sim.members_of("Dev").len(), 2);
    staff.company.run("sync plan --exit-code").expect_code(0);
}

#[test]
fn a_saved_plan_is_applied_as_it_was_or_not_at_all() {
    let server = require_keycloak!();
    let staff = Staff::new(server);
    let plan = staff.company.env.home().join("plan.json");
    let out = format!("sync plan --out {}", plan.display());
    let apply = format!("sync apply {}", plan.display());
    staff.company.run(&out).expect_code(0);
    staff.hire("carol");
    staff.company.run(&apply).expect_code(8).expect_stderr("has changed");
    assert_eq!(staff.writes(), 0);
    staff.company.run(&out).expect_code(0);
    staff.company.run(&apply).expect_code(0);
    assert_eq!(staff.company.sim.members_of("Dev").len(), 3);
}

#[test]
fn nothing_is_written_where_a_reading_fails_or_nobody_is_left() {
    let server = require_keycloak!();
    let staff = Staff::new(server);
    staff.apply();
    let before = staff.writes();
    staff
        .company
        .sim
        .fault(Route::ListGroupMemberships, Fault::status(400, r#"{"__type":"AccessDeniedException"}"#));
    staff.company.run("sync apply --yes").expect_code(1).expect_stderr("denied");
    staff.company.sim.clear_faults();
    for name in ["anna", "bob"] {
        staff.change(name, &json!({ "enabled": false }));
    }
    staff
        .company
        .run("sync apply --yes --max-removals 100%")
        .expect_code(8)
        .expect_stderr("nobody is in scope");
    assert_eq!(staff.writes(), before);
}

#[test]
fn one_bad_record_fails_alone_and_every_time() {
    let server = require_keycloak!();
    let staff = Staff::new(server);
    staff.change("bob", &json!({ "lastName": "" }));
    for _ in 0..2 {
        staff.company.run("sync apply --yes").expect_code(1).expect_stdout("last name is missing");
        assert_eq!(staff.company.sim.members_of("Dev"), ["anna@example.com"]);
    }
    staff.company.run("sync apply").expect_code(1);
    staff.change("bob", &json!({ "lastName": "Doe" }));
    staff.company.run("sync apply").expect_code(2).expect_stderr("--yes");
    staff.apply();
}
