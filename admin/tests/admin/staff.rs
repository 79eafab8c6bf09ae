//! People in groups of a realm, and an access file that puts every group below `/aws` in scope.

use idc_sim::{Builder, Route};
use kcaws_test_keycloak::Server;
use serde_json::{Value, json};

use crate::fixture::{ALL_ROLES, Company};

/// The requests that change the directory.
const WRITES: [Route; 6] = [
    Route::ScimCreateUser,
    Route::ScimPatchUser,
    Route::ScimDeleteUser,
    Route::ScimCreateGroup,
    Route::ScimPatchGroup,
    Route::ScimDeleteGroup,
];

pub(crate) struct Staff<'k> {
    pub(crate) company: Company<'k>,
    aws: String,
}

impl<'k> Staff<'k> {
    /// Nobody yet, and no group below `/aws`.
    pub(crate) fn new(server: &'k Server, builder: Builder) -> Self {
        let company = Company::with(server, builder, ALL_ROLES);
        let file = company.access_file();
        let endpoint = company.sim.scim_endpoint();
        let text = format!("{file}scim_endpoint = \"{endpoint}\"\n\n[directory]\ngroups = [\"/aws/**\"]\n");
        company.env.write_home_file("access.toml", text);
        let token = company.env.write_home_file("scim-token", company.sim.issue_scim_token());
        company.env.set_env("KCAWS_SCIM_TOKEN_FILE", token);
        company.env.set_env("KCAWS_ADMIN_RATE", "500");
        company.realm.admin("POST", "/groups", Some(&json!({ "name": "aws" })));
        let top = company.realm.admin("GET", "/groups", None);
        let found = top.as_array().unwrap().iter().find(|group| group["name"] == "aws");
        let aws = found.and_then(|group| group["id"].as_str()).unwrap().to_owned();
        Self { company, aws }
    }

    /// Creates a group below `/aws`.
    pub(crate) fn add_group(&self, name: &str) {
        let path = format!("/groups/{}/children", self.aws);
        self.company.realm.admin("POST", &path, Some(&json!({ "name": name })));
    }

    fn group_id(&self, name: &str) -> String {
        let found = self.company.realm.admin("GET", &format!("/group-by-path/aws/{name}"), None);
        found["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn rename_group(&self, from: &str, to: &str) {
        let path = format!("/groups/{}", self.group_id(from));
        self.company.realm.admin("PUT", &path, Some(&json!({ "name": to })));
    }

    pub(crate) fn delete_group(&self, name: &str) {
        self.company.realm.admin("DELETE", &format!("/groups/{}", self.group_id(name)), None);
    }

    /// Creates someone in groups below `/aws`.
    pub(crate) fn hire(&self, name: &str, groups: &[&str]) {
        self.company.realm.create_user_from(&person(name, groups));
    }

    /// Creates many at once.
    pub(crate) fn hire_all(&self, people: &[Value]) {
        for some in people.chunks(500) {
            let import = json!({ "ifResourceExists": "FAIL", "users": some });
            let report = self.company.realm.admin("POST", "/partialImport", Some(&import));
            assert_eq!(report["added"], some.len(), "{}", report["errorMessage"]);
        }
    }

    pub(crate) fn id(&self, name: &str) -> String {
        let found = self.company.realm.admin("GET", &format!("/users?exact=true&username={name}"), None);
        found[0]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn join(&self, name: &str, group: &str) {
        self.company.realm.admin("PUT", &self.membership(name, group), None);
    }

    pub(crate) fn leave(&self, name: &str, group: &str) {
        self.company.realm.admin("DELETE", &self.membership(name, group), None);
    }

    fn membership(&self, name: &str, group: &str) -> String {
        format!("/users/{}/groups/{}", self.id(name), self.group_id(group))
    }

    pub(crate) fn change(&self, name: &str, change: &Value) {
        let path = format!("/users/{}", self.id(name));
        let mut user = self.company.realm.admin("GET", &path, None);
        for (key, value) in change.as_object().unwrap() {
            user[key] = value.clone();
        }
        self.company.realm.admin("PUT", &path, Some(&user));
    }

    /// Keycloak has each address once, too.
    pub(crate) fn swap_addresses(&self, one: &str, other: &str) {
        let email = |name: &str| {
            let path = format!("/users/{}", self.id(name));
            self.company.realm.admin("GET", &path, None)["email"].clone()
        };
        let (first, second) = (email(one), email(other));
        self.change(one, &json!({ "email": "between@example.com" }));
        self.change(other, &json!({ "email": first }));
        self.change(one, &json!({ "email": second }));
    }

    pub(crate) fn disable(&self, name: &str) {
        self.change(name, &json!({ "enabled": false }));
    }

    pub(crate) fn delete(&self, name: &str) {
        self.company.realm.admin("DELETE", &format!("/users/{}", self.id(name)), None);
    }

    pub(crate) fn writes(&self) -> usize {
        WRITES.into_iter().map(|route| self.company.sim.count(route)).sum()
    }

    /// Applies what there is to do, after which nothing is left.
    #[track_caller]
    pub(crate) fn apply(&self) {
        self.company.run("sync apply --yes").expect_code(0);
        self.company.run("sync plan --exit-code").expect_code(0).expect_stdout("no changes");
    }

    pub(crate) fn explain(&self, name: &str) -> String {
        self.company.run(&format!("sync explain {name}")).expect_code(0).stdout_text()
    }
}

/// A user as Keycloak takes it, with the address that becomes the name in Identity Center.
pub(crate) fn person(name: &str, groups: &[&str]) -> Value {
    let paths: Vec<String> = groups.iter().map(|group| format!("/aws/{group}")).collect();
    json!({
        "username": name, "email": address(name), "firstName": name, "lastName": "Doe", "enabled": true,
        "groups": paths,
    })
}

pub(crate) fn address(name: &str) -> String {
    format!("{name}@example.com")
}
