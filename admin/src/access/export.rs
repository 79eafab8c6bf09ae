//! What is there as an access file, which plans to no changes.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value, json};
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table};

use super::definition::{Boundary, CustomerPolicy, SessionLength, SetDefinition};
use super::entitlements::account_of;
use super::read::ObservedSet;
use crate::access_file::json::{OTHER_ASSIGNMENTS, toml_value};
use crate::ports::account_access::Entitlement;
use crate::ports::sso_admin::access::{Assignment, Principal};

/// What an access file says about access.
pub(crate) const PARTS: [&str; 4] = ["permission_sets", "accounts", "assign", "unlisted"];

/// Permission sets of AWS's own services: they are assigned, and never changed.
const OF_AWS: &str = "AWS";

/// The parts of an access file about access, and what they cannot express.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct ExportedAccess {
    pub(crate) permission_sets: BTreeMap<String, Value>,
    pub(crate) assign: Vec<ExportedAssign>,
    /// Groups by the ARN of an IAM role.
    pub(crate) roles: BTreeMap<String, BTreeSet<String>>,
    pub(crate) others: BTreeSet<OtherAssignment>,
}

/// An assignment of a user, of a principal that is gone, or in an account in which AWS changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct OtherAssignment {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) permission_set: Option<String>,
    /// The ARN of an IAM role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<String>,
    pub(crate) account_id: String,
    pub(crate) principal: Principal,
    /// As an access file writes it, if it can.
    pub(crate) group: Option<String>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ExportedAssign {
    pub(crate) set: String,
    pub(crate) groups: BTreeSet<String>,
    pub(crate) accounts: BTreeSet<String>,
}

/// Turns what was read into the parts of an access file.
///
/// `group` writes a group by its ID, if that can be done; `is_active` is asked for the ID of an account.
pub(crate) fn export(
    sets: &BTreeMap<String, ObservedSet>,
    assignments: &BTreeSet<Assignment>,
    group: impl Fn(&str) -> Option<String>,
    is_active: impl Fn(&str) -> bool,
) -> ExportedAccess {
    let mut exported = ExportedAccess::default();
    for (name, set) in sets {
        let written = match &set.content {
            Some(content) if !name.starts_with(OF_AWS) => definition(&content.definition),
            _ => json!({ "existing": true }),
        };
        exported.permission_sets.insert(name.clone(), written);
    }
    let names: BTreeMap<&str, &String> = sets.iter().map(|(name, set)| (set.arn.as_str(), name)).collect();
    let mut accounts: BTreeMap<(&String, String), BTreeSet<String>> = BTreeMap::new();
    for Assignment { set, account, principal } in assignments {
        let Some(name) = names.get(set.as_str()) else { continue };
        let reference = match principal {
            Principal::Group(id) => group(id),
            Principal::User(_) => None,
        };
        match reference {
            Some(reference) if is_active(account) => {
                accounts.entry((name, reference)).or_default().insert(account.clone());
            }
            group => drop(exported.others.insert(OtherAssignment {
                permission_set: Some((*name).clone()),
                role: None,
                account_id: account.clone(),
                principal: principal.clone(),
                group,
            })),
        }
    }
    // Groups with a permission set in the same accounts share an entry.
    let mut groups: BTreeMap<(&String, BTreeSet<String>), BTreeSet<String>> = BTreeMap::new();
    for ((set, group), accounts) in accounts {
        groups.entry((set, accounts)).or_default().insert(group);
    }
    exported.assign = groups
        .into_iter()
        .map(|((set, accounts), groups)| ExportedAssign { set: set.clone(), groups, accounts })
        .collect();
    exported
}

fn definition(set: &SetDefinition) -> Value {
    let mut members = Map::new();
    let mut add = |key: &str, value: Value| drop(members.insert(key.to_owned(), value));
    if let Some(description) = &set.head.description {
        add("description", description.as_str().into());
    }
    if set.head.session != SessionLength::default() {
        add("session", set.head.session.to_string().into());
    }
    if let Some(relay_state) = &set.head.relay_state {
        add("relay_state", relay_state.as_str().into());
    }
    if !set.managed.is_empty() {
        add("managed", set.managed.iter().map(ToString::to_string).collect::<Vec<_>>().into());
    }
    if !set.customer.is_empty() {
        let policy = |policy: &CustomerPolicy| json!({ "name": policy.name, "path": policy.path });
        add("customer", set.customer.iter().map(policy).collect::<Vec<_>>().into());
    }
    if let Some(boundary) = &set.boundary {
        add(
            "boundary",
            match boundary {
                Boundary::Managed(policy) => json!({ "managed": policy.to_string() }),
                Boundary::Customer(policy) => json!({ "customer": policy.name, "path": policy.path }),
            },
        );
    }
    if !set.tags.is_empty() {
        add("tags", json!(set.tags));
    }
    if let Some(inline) = &set.inline {
        add("inline", inline.value());
    }
    Value::Object(members)
}

impl ExportedAccess {
    /// Adds IAM roles; `group` writes a group by its ID, if that can be done.
    pub(crate) fn add_roles(&mut self, entitlements: &[Entitlement], group: impl Fn(&str) -> Option<String>) {
        for Entitlement { role_arn, principal, .. } in entitlements {
            let reference = match principal {
                Principal::Group(id) => group(id),
                Principal::User(_) => None,
            };
            // A role is listed although nobody of it can be written: what it has is then reported.
            let groups = self.roles.entry(role_arn.clone()).or_default();
            match reference {
                Some(reference) => drop(groups.insert(reference)),
                None => drop(self.others.insert(OtherAssignment {
                    permission_set: None,
                    role: Some(role_arn.clone()),
                    account_id: account_of(role_arn).to_owned(),
                    principal: principal.clone(),
                    group: None,
                })),
            }
        }
    }

    /// Returns the parts as JSON.
    pub(crate) fn json(&self) -> Map<String, Value> {
        let assign = |assign: &ExportedAssign| json!({ "set": assign.set, "groups": assign.groups, "accounts": assign.accounts });
        let roles = self.roles.iter().map(|(role, groups)| json!({ "role": role, "groups": groups }));
        let parts = [
            ("permission_sets", json!(self.permission_sets)),
            ("assign", self.assign.iter().map(assign).chain(roles).collect()),
            (OTHER_ASSIGNMENTS, json!(self.others)),
        ];
        parts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }

    /// Puts the parts into an access file, in place of those that are there.
    pub(crate) fn write_toml(&self, document: &mut DocumentMut) {
        for part in PARTS {
            document.remove(part);
        }
        let mut sets = Table::new();
        sets.set_implicit(true);
        for (name, set) in &self.permission_sets {
            let mut table = Table::new();
            for (key, value) in set.as_object().into_iter().flatten() {
                if let Some(value) = toml_value(value) {
                    table.insert(key, Item::Value(value));
                }
            }
            sets.insert(name, Item::Table(table));
        }
        document.insert("permission_sets", Item::Table(sets));
        let mut assigns = ArrayOfTables::new();
        for assign in &self.assign {
            let mut table = Table::new();
            table.insert("set", toml_edit::value(assign.set.as_str()));
            table.insert("groups", toml_edit::value(Array::from_iter(&assign.groups)));
            table.insert("accounts", toml_edit::value(Array::from_iter(&assign.accounts)));
            assigns.push(table);
        }
        for (role, groups) in &self.roles {
            let mut table = Table::new();
            table.insert("role", toml_edit::value(role.as_str()));
            table.insert("groups", toml_edit::value(Array::from_iter(groups)));
            assigns.push(table);
        }
        document.insert("assign", Item::ArrayOfTables(assigns));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::plan::tests::{Company, settings};
    use crate::access::read::{AssignmentReading, AssignmentView, InstanceAccess, SetDetail, read_sets};
    use crate::access::requests::Requests;

    const SETS: &str = r#"
[permission_sets.Power]
description = "Everything \"but\" IAM"
session = "1h30m"
relay_state = "https://console.aws.amazon.com/"
managed = ["PowerUserAccess", "ViewOnlyAccess"]
customer = [{ name = "guard", path = "/security/" }]
boundary = { customer = "limit", path = "/" }
inline = { Version = "2012-10-17", Statement = [{ Effect = "Deny", Action = ["iam:*"], Resource = "*", Condition = { NumericLessThan = { "aws:MultiFactorAuthAge" = 3600 } } }] }
tags = { owner = "platform", "cost center" = "12" }
[permission_sets.Reader]
boundary = { managed = "ReadOnlyAccess" }
[[assign]]
set = "Power"
groups = ["idc:Group0", "idc:Group1"]
accounts = ["ou:/Workloads/**", "000000000000"]
[[assign]]
set = "Reader"
groups = ["idc:Group2"]
accounts = ["ou:/**"]
"#;

    fn exported(company: &Company) -> ExportedAccess {
        let requests = Requests::new(&*company.clock, 1000.0);
        let at = InstanceAccess { admin: &company.admin, requests: &requests };
        let sets = read_sets(at, |_, _| SetDetail::All).expect("reads");
        let view = AssignmentView {
            sets: sets.values().map(|set| set.arn.clone()).collect(),
            ..AssignmentView::default()
        };
        let (all, _) = AssignmentReading::Deep.read(at, &view, &[], 10).expect("reads");
        let group = |id: &str| id.strip_prefix("g-").map(|number| format!("idc:Group{number}"));
        export(&sets, &all, group, |_| true)
    }

    #[test]
    fn an_export_plans_to_no_changes_whoever_made_the_sets() {
        let company = Company::new();
        assert_eq!(company.apply(SETS).failures, []);
        let of_aws = company.admin.state().add_set("AWSReadOnlyAccess", &[]);
        company.admin.state().assign(&of_aws, "000000000003", Principal::Group("g-1".to_owned()));
        company.admin.state().assign(&of_aws, "000000000003", Principal::User("u-1".to_owned()));
        for is_owned in [true, false] {
            if !is_owned {
                company.admin.state().sets.values_mut().for_each(|set| drop(set.tags.remove("kcaws:owner")));
            }
            let exported = exported(&company);
            assert_eq!(exported.permission_sets["AWSReadOnlyAccess"], json!({ "existing": true }));
            assert_eq!((exported.assign.len(), exported.others.len()), (3, 1));
            let mut document = DocumentMut::new();
            exported.write_toml(&mut document);
            let text = document.to_string();
            let plan = company.planned(&text);
            assert!(plan.is_empty() && plan.blockers.is_empty(), "{text}\n{plan:?}");
            assert!(plan.unlisted.is_empty(), "{:?}", plan.unlisted);
            assert_eq!(settings(&text).permission_sets.len(), 3);
            assert_eq!(exported.json()["assign"].as_array().map(Vec::len), Some(3));
        }
    }
}
