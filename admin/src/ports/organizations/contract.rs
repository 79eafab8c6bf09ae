//! What both forms of the port do, the real one against the simulator.

use std::collections::BTreeMap;

use super::fake::{FakeAccount, FakeOrganizations};
use super::{AccountState, Organizations};
use crate::ports::testing::{AdminSim, whole};

fn check(organizations: &dyn Organizations, has_paths: bool) {
    assert_eq!(organizations.organization().expect("answers").management_account, "000011112222");
    assert_eq!(organizations.delegated_administrators().expect("answers"), ["222233334444"]);
    let accounts = whole(|cursor| organizations.accounts(cursor));
    let states: BTreeMap<_, _> = accounts
        .iter()
        .map(|account| (account.id.as_str(), (account.name.as_str(), account.state)))
        .collect();
    assert_eq!(states["111122223333"], ("dev", AccountState::Active));
    assert_eq!(states["444455556666"], ("audit", AccountState::Suspended));
    assert_eq!(states.len(), 5);
    let roots = whole(|cursor| organizations.roots(cursor));
    let [root] = roots.as_slice() else { panic!("one root: {roots:?}") };
    let top = whole(|cursor| organizations.units(root, cursor));
    let [workloads] = top.as_slice() else { panic!("one unit: {top:?}") };
    assert_eq!(workloads.name, "Workloads");
    let below = whole(|cursor| organizations.units(&workloads.id, cursor));
    let [prod] = below.as_slice() else { panic!("one unit: {below:?}") };
    let within = whole(|cursor| organizations.accounts_in(&prod.id, cursor));
    assert_eq!(within.iter().map(|account| account.id.as_str()).collect::<Vec<_>>(), ["333344445555"]);
    let path = accounts.iter().find(|account| account.id == "333344445555").and_then(|one| one.path.clone());
    let expected = format!("/{root}/{}/{}/333344445555/", workloads.id, prod.id);
    assert_eq!(path.is_some_and(|path| path.ends_with(&expected)), has_paths);
    let tags = whole(|cursor| organizations.tags("111122223333", cursor));
    assert_eq!(tags, [("lifecycle".to_owned(), "retired".to_owned())]);
}

#[test]
fn the_real_form() {
    for has_paths in [true, false] {
        let sim = idc_sim::IdcSim::builder()
            .delegated_administrator("222233334444")
            .account_unit("333344445555", "/Workloads/Prod")
            .account_tag("111122223333", "lifecycle", "retired")
            .account_state("444455556666", idc_sim::AccountState::Suspended)
            .account_paths(has_paths)
            .admin_throttle(None)
            .start();
        check(&AdminSim::of(&sim).organizations(), has_paths);
    }
}

#[test]
fn the_fake_form() {
    let account = |id: &str, name: &str| FakeAccount {
        id: id.to_owned(),
        name: name.to_owned(),
        ..FakeAccount::default()
    };
    for has_paths in [true, false] {
        let mut dev = account("111122223333", "dev");
        dev.tags = vec![("lifecycle".to_owned(), "retired".to_owned())];
        let mut prod = account("333344445555", "prod");
        prod.unit = "/Workloads/Prod".to_owned();
        let mut audit = account("444455556666", "audit");
        audit.state = Some(AccountState::Suspended);
        let all =
            vec![account("000011112222", "management"), dev, account("222233334444", "staging"), prod, audit];
        let mut fake = FakeOrganizations::of(all);
        fake.delegated = vec!["222233334444".to_owned()];
        fake.without_paths = !has_paths;
        check(&fake, has_paths);
    }
}
