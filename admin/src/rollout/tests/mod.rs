//! Whole runs over both halves in memory, which are looked at after every write.

mod life;
mod safety;

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Mutex;

use kcaws::ports::clock::Clock as _;

use super::{AccessHalf, Reads, RolloutError, RolloutOutcome, RolloutPlan, apply, synced_groups};
use crate::access::accounts::{AccountInventory, InventoryNeeds};
use crate::access::apply::{AccessAudit, AccessRecord, EarlierOperations, Recording};
use crate::access::plan::tests::{Company, OWNER, settings};
use crate::access::plan::{AccessPlan, AccessPlanError, PlanInput, PlanOptions as AccessOptions, make};
use crate::access::read::{GroupDirectory, InstanceAccess, RealmGroups, SyncedGroups};
use crate::access::requests::Requests;
use crate::pacing::DEFAULT_RATE;
use crate::ports::identity_store::StoreGroup;
use crate::ports::keycloak::fake::FakeGroup;
use crate::ports::keycloak::{FakeKeycloak, KeycloakUser};
use crate::ports::sso_admin::access::{Assignment, Principal};
use crate::sync::apply::{Applier, Audit, AuditEntry};
use crate::sync::call::Calls;
use crate::sync::plan::{Plan, PlanOptions, Planner};
use crate::sync::scope::{DirectorySettings, MaxRemovals};
use crate::sync::source::KeycloakRealm;
use crate::sync::target::fake::FakeDirectory;

/// A realm with groups below `/aws`, a directory, and an instance with ten accounts.
struct World {
    company: Company,
    keycloak: FakeKeycloak,
    directory: FakeDirectory,
    settings: DirectorySettings,
    sync_options: PlanOptions,
    /// The parts of the access file about access.
    text: String,
    /// How many writes are recorded before the audit file is full.
    room: usize,
}

/// The end of an apply.
type End = Result<(), RolloutError<AccessPlanError>>;

/// Keeps the records, and looks at the world after each of them.
struct Watch<'a> {
    lines: Mutex<Vec<String>>,
    room: usize,
    look: &'a (dyn Fn() + Sync),
}

impl Watch<'_> {
    fn line(&self, line: String) -> io::Result<()> {
        (self.look)();
        let mut lines = self.lines.lock().expect("no test panics while holding it");
        if lines.len() == self.room {
            return Err(io::ErrorKind::StorageFull.into());
        }
        lines.push(line);
        Ok(())
    }
}

impl Audit for Watch<'_> {
    fn record(&self, entry: &AuditEntry<'_>) -> io::Result<()> {
        self.line(format!("{:?} {}", entry.action, entry.name))
    }
}

impl AccessAudit for Watch<'_> {
    fn record(&self, entry: &AccessRecord<'_>) -> io::Result<()> {
        self.line(format!("{:?} {}", entry.action, entry.what))
    }
}

impl World {
    /// Four people in `/aws/Old` and `/aws/All`, and everything in step with `text`.
    fn in_step(text: &str) -> Self {
        let world = Self::new(text);
        world.in_realm("Old", &["anna", "bob", "carol", "dave"]);
        world.in_realm("All", &["anna", "bob", "carol", "dave"]);
        world.goes_well();
        world
    }

    fn new(text: &str) -> Self {
        let company = Company::of(10, 0);
        let keycloak = FakeKeycloak::default();
        keycloak.realm_mut().groups.push(group("aws", None, &[]));
        let world = Self {
            company,
            keycloak,
            directory: FakeDirectory::default(),
            settings: toml::from_str("groups = [\"/aws/*\"]").expect("settings"),
            sync_options: PlanOptions::default(),
            text: text.to_owned(),
            room: usize::MAX,
        };
        world.directory.state().now = world.company.clock.now();
        world
    }

    /// Puts exactly these people into a group below `/aws`, and creates what is missing.
    fn in_realm(&self, name: &str, members: &[&str]) {
        let mut realm = self.keycloak.realm_mut();
        for member in members {
            if !realm.users.iter().any(|user| user.id == *member) {
                realm.users.push(person(member));
            }
        }
        realm.groups.retain(|group| group.name != name);
        realm.groups.push(group(name, Some("aws"), members));
    }

    fn limit(&mut self, limit: MaxRemovals) {
        self.sync_options.max_removals = Some(limit);
        self.company.options.max_removals = limit;
    }

    fn with_planner<T>(&self, work: impl FnOnce(&Planner<'_>) -> T) -> T {
        let clock = &*self.company.clock;
        work(&Planner {
            realm: &KeycloakRealm(&self.keycloak),
            directory: &self.directory,
            settings: &self.settings,
            realm_calls: &Calls::new(clock, 1_000.0),
            directory_calls: &Calls::new(clock, DEFAULT_RATE),
        })
    }

    fn sync_plan(&self) -> Plan {
        self.with_planner(|planner| planner.plan(&self.sync_options)).expect("a plan")
    }

    fn access_plan(
        &self,
        at: InstanceAccess<'_>,
        synced: SyncedGroups,
        options: &AccessOptions,
    ) -> Result<AccessPlan, AccessPlanError> {
        let settings = settings(&self.text);
        let needs = InventoryNeeds::of(settings.assign.iter().flat_map(|assign| &assign.accounts));
        let state = self.directory.state();
        let groups = state.groups.values().map(|group| StoreGroup {
            id: group.id.clone(),
            display_name: Some(group.name.clone()),
            external_ids: group.external_id.iter().cloned().collect(),
            revision: None,
        });
        let groups = groups.collect();
        drop(state);
        make(&PlanInput {
            settings: &settings,
            wanted_sets: &settings.wanted_sets(Path::new("/nowhere")).expect("no files"),
            owner: OWNER,
            partition: "aws",
            at,
            inventory: &AccountInventory::read(&self.company.organizations, at.requests, needs)?,
            groups: &GroupDirectory::of(groups).after(synced),
            realm: Some(&RealmGroups::open(&self.keycloak).expect("opens")),
            acting: &self.company.acting,
            options,
            has_permission_sets: true,
            entitlements: None,
        })
    }

    fn with_instance<T>(&self, work: impl FnOnce(InstanceAccess<'_>) -> T) -> T {
        let requests = Requests::new(&*self.company.clock, DEFAULT_RATE);
        work(InstanceAccess { admin: &self.company.admin, requests: &requests })
    }

    fn planned(&self) -> RolloutPlan {
        let sync = self.sync_plan();
        let options = &self.company.options;
        let access =
            self.with_instance(|at| self.access_plan(at, synced_groups(&sync), options)).expect("a plan");
        let reads = Reads { all: 0, of_access: access.cost.requests_read, per_second: DEFAULT_RATE };
        RolloutPlan::new(Some(sync), Some(access), self.company.options.max_removals, reads)
    }

    fn apply(&self, plan: &RolloutPlan) -> (RolloutOutcome, End) {
        self.apply_watched(plan, &|| {}, &|| {}).0
    }

    /// Applies a plan, looks after every write, and does `between` after users and groups.
    fn apply_watched(
        &self,
        plan: &RolloutPlan,
        look: &(dyn Fn() + Sync),
        between: &dyn Fn(),
    ) -> ((RolloutOutcome, End), Vec<String>) {
        let audit = Watch { lines: Mutex::default(), room: self.room, look };
        let applied = self.with_planner(|planner| {
            let applier = Applier {
                directory: planner.directory,
                calls: planner.directory_calls,
                audit: &audit,
                actor: "admin",
                stop: &|| false,
            };
            self.with_instance(|at| {
                let mut progress = |_| {};
                let again = |synced| {
                    between();
                    let earlier = EarlierOperations::read(at)?;
                    Ok((earlier, self.access_plan(at, synced, &self.company.options.held_to_plan())?))
                };
                let half = AccessHalf {
                    at,
                    account_access: None,
                    earlier: EarlierOperations::read(at).expect("reads"),
                    recording: Recording { audit: &audit, actor: "admin", progress: &mut progress },
                    again: Box::new(again),
                };
                apply(plan, Some(&applier), Some(half))
            })
        });
        (applied, audit.lines.into_inner().expect("a lock"))
    }

    /// Plans and applies. Everything goes well, and nothing is left to do.
    fn goes_well(&self) -> RolloutPlan {
        let plan = self.planned();
        assert!(!plan.is_refused(), "{plan:?}");
        let (outcome, end) = self.apply(&plan);
        assert!(end.is_ok(), "{end:?}");
        let (sync, access) = (outcome.sync.expect("a sync"), outcome.access.expect("access"));
        assert!(sync.failures.is_empty() && access.failures.is_empty(), "{sync:?} {access:?}");
        assert!(!self.planned().has_changes(), "{:?}", self.planned());
        plan
    }

    /// Returns the accounts in which somebody has the permission set `Power`.
    fn accounts_of(&self, name: &str) -> BTreeSet<String> {
        let directory = self.directory.state();
        let access = self.company.admin.state();
        let email = format!("{name}@example.com");
        let user = directory.users.values().find(|user| user.record.user_name() == email && user.active);
        let has = |one: &&Assignment| match (&one.principal, user) {
            (Principal::Group(group), Some(user)) => {
                let members = directory.members.get(group);
                access.sets[&one.set].name == "Power"
                    && members.is_some_and(|members| members.contains(&user.id))
            }
            _ => false,
        };
        access.assignments.iter().filter(has).map(|one| one.account.clone()).collect()
    }

    /// Returns what people see of both halves.
    fn seen(&self) -> (Vec<String>, BTreeSet<Assignment>, Vec<String>) {
        let (directory, access) = (self.directory.state(), self.company.admin.state());
        let sets = access.sets.values().map(|set| set.name.clone()).collect();
        (directory.seen(), access.assignments.clone(), sets)
    }
}

fn person(name: &str) -> KeycloakUser {
    KeycloakUser {
        id: name.to_owned(),
        username: name.to_owned(),
        email: Some(format!("{name}@example.com")),
        enabled: true,
        first_name: Some(name.to_owned()),
        last_name: Some("Doe".to_owned()),
        ..KeycloakUser::default()
    }
}

/// A group whose ID is its name in small letters.
fn group(name: &str, parent: Option<&str>, members: &[&str]) -> FakeGroup {
    FakeGroup {
        id: name.to_lowercase(),
        name: name.to_owned(),
        parent: parent.map(str::to_owned),
        members: members.iter().map(|member| (*member).to_owned()).collect(),
    }
}

/// `Power` for groups in accounts; what is not listed goes.
fn access(groups: &[&str], accounts: &[&str]) -> String {
    format!(
        "[permission_sets.Power]\nmanaged = [\"PowerUserAccess\"]\n[[assign]]\nset = \"Power\"\ngroups = {groups:?}\n\
         accounts = {accounts:?}\n[unlisted]\nassignments = \"remove\"\npermission_sets = \"remove\"\n"
    )
}

const ACCOUNTS: [&str; 2] = ["000000000001", "000000000002"];
