//! Groups of the realm in `[[assign]]`: by path there, by external ID in Identity Center.

use idc_sim::{IdcSim, NewGroup, Route};
use kcaws_test_keycloak::{Server, require_keycloak};
use serde_json::{Value, json};

use crate::staff::{Staff, address};

const ACCOUNT: &str = "111122223333";

/// A staff, and an access file that gives groups of the realm an existing permission set.
struct Site<'k> {
    staff: Staff<'k>,
    head: String,
}

impl<'k> Site<'k> {
    fn new(server: &'k Server) -> Self {
        let sim = IdcSim::builder().no_assignments().operation_time(std::time::Duration::ZERO);
        let staff = Staff::new(server, sim.admin_throttle(None));
        let head = staff.company.env.read_home_file("access.toml");
        Self { staff, head }
    }

    /// Writes the access file anew, with these groups in the account.
    fn assign(&self, groups: &[&str]) {
        self.write(&format!(
            "[permission_sets.ReadOnlyAccess]\nexisting = true\n\n[[assign]]\nset = \"ReadOnlyAccess\"\ngroups = {groups:?}\naccounts = [\"{ACCOUNT}\"]\n"
        ));
    }

    fn write(&self, access: &str) {
        self.staff.company.env.write_home_file("access.toml", format!("{}\n{access}", self.head));
    }

    /// Changes the head of the access file.
    fn set(&mut self, from: &str, to: &str) {
        assert!(self.head.contains(from), "{}", self.head);
        self.head = self.head.replace(from, to);
    }

    fn id(&self, path: &str) -> String {
        let group = self.staff.company.realm.admin("GET", &format!("/group-by-path{path}"), None);
        group["id"].as_str().unwrap().to_owned()
    }

    /// Creates a group below another, and returns its ID.
    fn add(&self, parent: &str, name: &str) -> String {
        let path = format!("/groups/{}/children", self.id(parent));
        let group = self.staff.company.realm.admin("POST", &path, Some(&json!({ "name": name })));
        group["id"].as_str().unwrap().to_owned()
    }

    /// Moves a group below another.
    fn move_below(&self, group: &str, name: &str, parent: &str) {
        let path = format!("/groups/{}/children", self.id(parent));
        self.staff.company.realm.admin("POST", &path, Some(&json!({ "id": self.id(group), "name": name })));
    }

    /// Returns the names of the groups that have the permission set.
    #[track_caller]
    fn who(&self) -> Vec<(Value, Value)> {
        let report = self.staff.company.run("access who --json --deep").expect_ok().stdout_json();
        let rows = report["assignments"].as_array().unwrap().clone();
        rows.iter().map(|row| (row["group_path"].clone(), row["group"].clone())).collect()
    }

    #[track_caller]
    fn unchanged(&self) {
        let plan = self.staff.company.run("access plan --exit-code");
        plan.expect_code(0).expect_stdout("no changes");
    }

    fn additions(&self) -> usize {
        self.staff.company.sim.count(Route::CreateAccountAssignment)
    }
}

#[test]
fn a_path_waits_for_the_sync_and_follows_the_group_not_its_name() {
    let server = require_keycloak!();
    let site = Site::new(server);
    let (staff, company) = (&site.staff, &site.staff.company);
    staff.add_group("PowerUser");
    staff.add_group("Archive");
    staff.hire("anna", &["PowerUser"]);
    site.assign(&["/aws/PowerUser"]);

    // Not synchronized yet: shown, waited for, and never taken for done.
    let plan = company.run("access plan --exit-code");
    plan.expect_code(7)
        .expect_stdout("/aws/PowerUser: not in Identity Center yet, run `kcaws admin sync apply`");
    let apply = company.run("access apply --yes");
    apply.expect_code(1).expect_stderr("1 assignment waits").expect_stderr("kcaws admin sync apply");
    assert_eq!(site.additions(), 0);

    staff.apply();
    company.run("access apply --yes").expect_ok().expect_stdout("1 change done");
    site.unchanged();
    assert_eq!(site.who(), [(json!("/aws/PowerUser"), json!("PowerUser"))]);
    let theirs =
        company.run(&format!("access who --csv --user {}", address("anna"))).expect_ok().stdout_text();
    assert!(theirs.contains("/aws/PowerUser,PowerUser,,ReadOnlyAccess,111122223333,"), "{theirs}");

    // Renamed and moved in the realm: the same group, so the same assignment, also before the next sync.
    staff.rename_group("PowerUser", "Power");
    site.move_below("/aws/Power", "Power", "/aws/Archive");
    let gone = company.run("access plan");
    gone.expect_code(3)
        .expect_stderr("the realm has no group `/aws/PowerUser`")
        .expect_stderr("write the path");
    site.assign(&["/aws/Archive/Power"]);
    site.unchanged();
    assert_eq!(
        site.who(),
        [(json!("/aws/Archive/Power"), json!("PowerUser"))],
        "its name is still the old one"
    );
    staff.apply();
    site.unchanged();
    assert_eq!(site.who(), [(json!("/aws/Archive/Power"), json!("Power"))]);
    assert_eq!(site.additions(), 1);

    // Deleted, and created again under its name: another group, which has nothing yet.
    company.realm.admin("DELETE", &format!("/groups/{}", site.id("/aws/Archive/Power")), None);
    site.add("/aws/Archive", "Power");
    company.run("access plan --exit-code").expect_code(7).expect_stdout("not in Identity Center yet");
}

#[test]
fn groups_of_one_name_at_two_paths_are_two_groups() {
    let server = require_keycloak!();
    let mut site = Site::new(server);
    for unit in ["One", "Two"] {
        site.staff.add_group(unit);
        site.add(&format!("/aws/{unit}"), "Team");
    }
    site.staff.hire("anna", &["One/Team"]);
    site.staff.hire("bob", &["Two/Team"]);
    site.assign(&["/aws/Two/Team"]);
    let clash = site.staff.company.run("sync plan");
    clash.expect_code(3).expect_stderr("/aws/One/Team").expect_stderr("/aws/Two/Team");

    site.set("[directory]\n", "[directory]\ngroup_name = \"{path}\"\n");
    site.assign(&["/aws/Two/Team"]);
    site.staff.apply();
    let company = &site.staff.company;
    company.run("access apply --yes").expect_ok();
    assert_eq!(site.who(), [(json!("/aws/Two/Team"), json!("/aws/Two/Team"))]);
    let of = |name: &str| {
        let line = format!("access who --json --user {}", address(name));
        company.run(&line).expect_ok().stdout_json()["assignments"].as_array().unwrap().len()
    };
    assert_eq!((of("anna"), of("bob")), (0, 1));
    site.unchanged();
}

#[test]
fn a_group_of_another_realm_is_not_ours_whatever_its_name_is() {
    let server = require_keycloak!();
    let site = Site::new(server);
    let (staff, company) = (&site.staff, &site.staff.company);
    staff.add_group("PowerUser");
    staff.hire("anna", &["PowerUser"]);
    // The same name, and even the same ID of the group.
    let foreign = format!("kc:a-realm-that-is-gone:{}", site.id("/aws/PowerUser"));
    company.sim.add_groups([NewGroup::named("PowerUser").external_id(&foreign)]);
    site.assign(&["/aws/PowerUser"]);
    company.run("access plan").expect_ok().expect_stdout("/aws/PowerUser: not in Identity Center yet");
    company.run("access apply --yes").expect_code(1).expect_stderr("waits");
    assert_eq!(site.additions(), 0, "the other realm's group got it");
    company.run("sync apply --yes").expect_code(8).expect_stderr("PowerUser");

    // It can be named as what it is.
    site.assign(&["idc:PowerUser"]);
    company.run("access apply --yes").expect_ok();
    assert_eq!(site.who(), [(Value::Null, json!("PowerUser"))]);
    site.unchanged();
    let exported = company.run("access export").expect_ok().stdout_text();
    assert!(exported.contains("groups = [\"idc:PowerUser\"]"), "{exported}");
}

#[test]
fn a_group_that_is_named_twice_is_assigned_once() {
    let server = require_keycloak!();
    let site = Site::new(server);
    let company = &site.staff.company;
    site.staff.add_group("PowerUser");
    site.staff.hire("anna", &["PowerUser"]);
    site.staff.apply();
    site.assign(&["/aws/PowerUser", "idc:PowerUser"]);
    let report = company.run("access plan --json").expect_ok().stdout_json();
    assert_eq!(report["additions"].as_array().map(Vec::len), Some(1), "{report}");
    company.run("access apply --yes").expect_ok();
    assert_eq!(site.additions(), 1);
    site.unchanged();
}

/// Keycloak shows a slash within a name as it is, or as `~/`, by a setting of the server.
#[test]
fn slashes_within_names_survive_an_export() {
    let server = require_keycloak!();
    let mut site = Site::new(server);
    site.set("[directory]\n", "[directory]\ngroup_name = \"{path}\"\n");
    site.staff.add_group("CI");
    site.add("/aws/CI", "CD");
    for name in ["CI/CD", "ends/"] {
        site.add("/aws", name);
    }
    site.assign(&["/aws/CI~/CD", "/aws/ends~/"]);
    let company = &site.staff.company;
    site.staff.apply();
    company.run("access apply --yes").expect_ok();
    let expected = ["/aws/CI~/CD", "/aws/ends~/"].map(|path| (json!(path), json!(path)));
    assert_eq!(site.who(), expected);
    for option in ["", " --json"] {
        let exported = company.run(&format!("access export{option}")).expect_ok().stdout_text();
        let name = if option.is_empty() { "exported.toml" } else { "exported.json" };
        let file = company.env.write_home_file(name, &exported);
        let plan = company.run(&format!("access plan --exit-code --file {}", file.display()));
        plan.expect_code(0).expect_stdout("no changes");
        assert!(exported.contains("\"/aws/CI~/CD\""), "{exported}");
    }
}
