//! Organizations: accounts, units, tags.

use std::collections::BTreeMap;

use idc_sim::{AccountState, IdcSim};
use serde_json::{Value, json};

use super::{Api, MANAGEMENT, assert_refused, ok, unlimited};
use crate::client::DEV;

const PROD: &str = "333344445555";

fn organization() -> IdcSim {
    unlimited()
        .account_unit(DEV, "/Workloads/Dev")
        .account_unit(PROD, "/Workloads/Prod")
        .organizational_unit("/Suspended")
        .account_state("444455556666", AccountState::Suspended)
        .account_tag(DEV, "lifecycle", "retired")
        .delegated_administrator("222233334444")
        .start()
}

fn accounts(api: &Api<'_>) -> BTreeMap<String, Value> {
    let accounts = api.all(|api, page| api.organizations("ListAccounts", page), &json!({}), "Accounts");
    let by_id = |account: Value| (account["Id"].as_str().expect("an id").to_owned(), account);
    accounts.into_iter().map(by_id).collect()
}

/// The units right below one, by name.
fn units(api: &Api<'_>, parent: &Value) -> BTreeMap<String, Value> {
    let list = "OrganizationalUnits";
    let ask = |api: &Api<'_>, page: &Value| api.organizations("ListOrganizationalUnitsForParent", page);
    let units = api.all(ask, &json!({ "ParentId": parent }), list);
    units.into_iter().map(|unit| (unit["Name"].as_str().expect("a name").to_owned(), unit)).collect()
}

#[test]
fn accounts_have_states_and_paths_and_status_by_a_switch() {
    let sim = organization();
    let accounts = accounts(&Api::new(&sim));
    let ids: Vec<_> = accounts.keys().map(String::as_str).collect();
    assert_eq!(ids, [MANAGEMENT, DEV, "222233334444", PROD, "444455556666"]);
    assert_eq!(accounts["444455556666"]["State"], "SUSPENDED");
    assert!(accounts.values().all(|account| account.get("Status").is_none()));
    let path = accounts[PROD]["Paths"][0].as_str().expect("a path");
    assert_eq!(path.matches("/ou-").count(), 2, "{path}");
    assert!(path.starts_with("o-a1b2c3d4e5/r-ab12/ou-") && path.ends_with("/333344445555/"), "{path}");

    let sim = unlimited().account_paths(false).account_status(true).start();
    let account = ok(&Api::new(&sim).organizations("DescribeAccount", &json!({ "AccountId": DEV })));
    assert_eq!(account["Account"]["Status"], "ACTIVE");
    assert_eq!(account["Account"].get("Paths"), None);
}

#[test]
fn the_tree_can_be_walked_and_accounts_move_in_it() {
    let sim = organization();
    let api = Api::new(&sim);
    let root = ok(&api.organizations("ListRoots", &json!({})))["Roots"][0]["Id"].clone();
    let top = units(&api, &root);
    assert_eq!(top.keys().collect::<Vec<_>>(), ["Suspended", "Workloads"]);
    let below = units(&api, &top["Workloads"]["Id"]);
    let of = |unit: &Value| {
        let ask = |api: &Api<'_>, page: &Value| api.organizations("ListAccountsForParent", page);
        let accounts = api.all(ask, &json!({ "ParentId": unit["Id"] }), "Accounts");
        accounts.iter().map(|account| account["Id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(of(&below["Prod"]), [PROD]);
    assert!(of(&top["Workloads"]).is_empty(), "only its own accounts");
    sim.move_account(PROD, "/Workloads/Dev");
    assert_eq!(of(&below["Dev"]), [DEV, PROD]);
    let path = accounts(&api)[PROD]["Paths"][0].as_str().expect("a path").to_owned();
    assert_eq!(path, format!("{}{PROD}/", below["Dev"]["Path"].as_str().expect("a path")));
}

#[test]
fn tags_and_what_does_not_exist() {
    let sim = organization();
    let api = Api::new(&sim);
    let tags = ok(&api.organizations("ListTagsForResource", &json!({ "ResourceId": DEV })));
    assert_eq!(tags["Tags"], json!([{ "Key": "lifecycle", "Value": "retired" }]));
    for (operation, members, exception) in [
        ("DescribeAccount", json!({ "AccountId": "999999999999" }), "AccountNotFoundException"),
        ("ListTagsForResource", json!({ "ResourceId": "999999999999" }), "TargetNotFoundException"),
        ("ListAccountsForParent", json!({ "ParentId": "r-zzzz" }), "ParentNotFoundException"),
        ("ListAccountsForParent", json!({ "ParentId": "root" }), "InvalidInputException"),
        ("ListAccountsForParent", json!({}), "InvalidInputException"),
    ] {
        assert_refused(&api.organizations(operation, &members), exception);
    }
}

#[test]
fn members_learn_of_the_organization_and_administrators_of_its_accounts() {
    let sim = organization();
    for (account, describes, lists) in [
        (MANAGEMENT, None, None),
        ("222233334444", None, None),
        (DEV, None, Some("AccessDeniedException")),
        (
            "999999999999",
            Some("AWSOrganizationsNotInUseException"),
            Some("AWSOrganizationsNotInUseException"),
        ),
    ] {
        let api = Api::with_key(&sim, sim.access_key(account, &["*"]));
        for (operation, exception) in [
            ("DescribeOrganization", describes),
            ("ListAccounts", lists),
            ("ListRoots", lists),
            ("ListDelegatedAdministrators", lists),
        ] {
            let answer = api.organizations(operation, &json!({}));
            match exception {
                Some(exception) => assert_refused(&answer, exception),
                None => drop(ok(&answer)),
            }
        }
    }
    let api = Api::new(&sim);
    let organization = ok(&api.organizations("DescribeOrganization", &json!({})))["Organization"].clone();
    assert_eq!(organization["MasterAccountId"], MANAGEMENT);
    let ask = |service: &str| {
        api.organizations("ListDelegatedAdministrators", &json!({ "ServicePrincipal": service }))
    };
    assert_eq!(ok(&ask("sso.amazonaws.com"))["DelegatedAdministrators"][0]["Id"], "222233334444");
    assert_eq!(ok(&ask("guardduty.amazonaws.com"))["DelegatedAdministrators"], json!([]));
}

#[test]
fn a_page_may_be_empty_and_not_the_last_one() {
    let sim = organization();
    let first = ok(&Api::new(&sim).organizations("ListAccounts", &json!({})));
    assert_eq!(first["Accounts"], json!([]));
    assert!(first["NextToken"].is_string());
    let sim = unlimited().empty_pages(false).start();
    let first = ok(&Api::new(&sim).organizations("ListAccounts", &json!({})));
    assert_ne!(first["Accounts"], json!([]));
}
