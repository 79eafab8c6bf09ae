//! A company in memory, and what plans come to in it.

mod life;
mod only;
mod safety;
mod scale;

use std::path::Path;
use std::sync::Arc;

use kcaws::ports::clock::{Clock, FakeClock};

use super::*;
use crate::access::accounts::{AccountInventory, InventoryNeeds};
use crate::access::apply::{self, EarlierOperations};
use crate::access::entitlements::{EntitlementAccess, application};
use crate::access::read::{GroupDirectory, InstanceAccess, RealmGroups};
use crate::access::requests::Requests;
use crate::access::settings::AccessSettings;
use crate::access_file::AccessFile;
use crate::ports::account_access::AccountAccess;
use crate::ports::account_access::fake::{FakeAccountAccess, INSTANCE};
use crate::ports::iam::fake::FakeIam;
use crate::ports::identity_store::StoreGroup;
use crate::ports::keycloak::FakeKeycloak;
use crate::ports::keycloak::fake::FakeGroup;
use crate::ports::organizations::fake::{FakeAccount, FakeOrganizations};
use crate::ports::sso_admin::fake_access::FakeAccessAdmin;
use crate::sync::apply::JsonLines;
use crate::sync::scope::MaxRemovals;

pub(crate) const OWNER: &str = "https://sso.example.com/realms/corp";
const HEAD: &str = r#"version = 1
[realm]
url = "https://sso.example.com"
name = "corp"
client_id = "kcaws-admin"
[identity_center]
region = "eu-central-1"
instance = "ssoins-1234567890abcdef"
"#;

/// A company of ten accounts and three groups.
pub(crate) struct Company {
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) admin: FakeAccessAdmin,
    pub(crate) organizations: FakeOrganizations,
    pub(crate) groups: Vec<StoreGroup>,
    pub(crate) acting: Acting,
    pub(crate) options: PlanOptions,
    pub(crate) keycloak: Option<FakeKeycloak>,
    pub(crate) account_access: FakeAccountAccess,
    pub(crate) iam: FakeIam,
    pub(crate) has_permission_sets: bool,
}

impl Company {
    pub(crate) fn new() -> Self {
        Self::of(10, 3)
    }

    pub(crate) fn of(accounts: usize, groups: usize) -> Self {
        let clock = Arc::new(FakeClock::at("2026-11-29T08:00:00Z"));
        let account = |at: usize| FakeAccount {
            id: format!("{at:012}"),
            name: format!("account-{at}"),
            unit: if at.is_multiple_of(2) { String::new() } else { "/Workloads".to_owned() },
            ..FakeAccount::default()
        };
        let group = |at: usize| StoreGroup {
            id: format!("g-{at}"),
            display_name: Some(format!("Group{at}")),
            external_ids: Vec::new(),
            revision: None,
        };
        let organizations = FakeOrganizations::of((0..accounts).map(account).collect());
        let acting = Acting {
            account: "000000000000".to_owned(),
            management: "000000000000".to_owned(),
            ..Acting::default()
        };
        Self {
            admin: FakeAccessAdmin::new(clock.clone()),
            clock,
            organizations,
            groups: (0..groups).map(group).collect(),
            acting,
            options: PlanOptions::default(),
            keycloak: None,
            account_access: FakeAccountAccess::new(),
            iam: FakeIam::default(),
            has_permission_sets: true,
        }
    }

    pub(crate) fn plan(&self, text: &str) -> Result<AccessPlan, AccessPlanError> {
        self.with(text, make)
    }

    pub(crate) fn planned(&self, text: &str) -> AccessPlan {
        self.plan(text).expect("plans")
    }

    /// Plans and applies, whatever blocks it.
    pub(crate) fn apply(&self, text: &str) -> apply::AccessOutcome {
        let plan = self.planned(text);
        let audit = JsonLines::new(Vec::new());
        let recording = apply::Recording { audit: &audit, actor: "alice", progress: &mut |_| {} };
        let (outcome, end) = self.with(text, |input| {
            let service = Some(&self.account_access as &dyn AccountAccess);
            apply::apply(&plan, &EarlierOperations::default(), input.at, service, recording)
        });
        end.expect("is applied");
        outcome
    }

    fn with<T>(&self, text: &str, work: impl FnOnce(&PlanInput<'_>) -> T) -> T {
        let settings = settings(text);
        let wanted_sets = settings.wanted_sets(Path::new("/nowhere")).expect("no files");
        let requests = Requests::new(&*self.clock, 20.0);
        let selectors = settings.accounts.values().flatten();
        let needs =
            InventoryNeeds::of(selectors.chain(settings.assign.iter().flat_map(|assign| &assign.accounts)));
        let inventory = AccountInventory::read(&self.organizations, &requests, needs).expect("reads");
        let realm = self.keycloak.as_ref().map(|keycloak| RealmGroups::open(keycloak).expect("opens"));
        let application = (!settings.roles.is_empty())
            .then(|| application::required(&self.account_access, &requests, INSTANCE).expect("is there"));
        work(&PlanInput {
            settings: &settings,
            wanted_sets: &wanted_sets,
            owner: OWNER,
            partition: "aws",
            at: InstanceAccess { admin: &self.admin, requests: &requests },
            inventory: &inventory,
            groups: &GroupDirectory::of(self.groups.clone()),
            realm: realm.as_ref(),
            acting: &self.acting,
            options: &self.options,
            has_permission_sets: self.has_permission_sets,
            entitlements: application.as_ref().map(|application| EntitlementAccess {
                service: &self.account_access,
                application,
                iam: Some(&self.iam),
            }),
        })
    }

    pub(crate) fn arn(&self, name: &str) -> String {
        let state = self.admin.state();
        let found = state.sets.iter().find(|(_, set)| set.name == name);
        found.map(|(arn, _)| arn.clone()).expect("there is one")
    }
}

pub(crate) fn settings(text: &str) -> AccessSettings {
    let file = AccessFile::parse(Path::new("access.toml"), &format!("{HEAD}{text}"));
    file.expect("reads").access
}

pub(crate) const POWER: &str = r#"
[permission_sets.Power]
description = "Everything but IAM"
session = "4h"
managed = ["PowerUserAccess"]
inline = { Statement = [{ Effect = "Deny", Action = "iam:*", Resource = "*" }] }
tags = { owner = "platform" }
[[assign]]
set = "Power"
groups = ["idc:Group0", "idc:Group1"]
accounts = ["ou:/Workloads/**"]
"#;

pub(crate) const REMOVE: &str = "[unlisted]\nassignments = \"remove\"\npermission_sets = \"remove\"\n";
