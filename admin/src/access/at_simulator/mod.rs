//! Plans are made and applied at the simulator, on its clock: who waits moves it.

mod budgets;
mod patience;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use idc_sim::{Builder, IdcSim, PageSize};
use kcaws::ports::clock::Clock;

use super::accounts::{AccountInventory, InventoryNeeds};
use super::apply::{self, AccessOutcome, ApplyError, EarlierOperations};
use super::plan::tests::{OWNER, settings};
use super::plan::{AccessPlan, AccessPlanError, Acting, PlanInput, PlanOptions, make};
use super::read::{GroupDirectory, InstanceAccess};
use super::requests::Requests;
use crate::pacing::DEFAULT_RATE;
use crate::ports::identity_store::SdkIdentityStore;
use crate::ports::identity_store::testing::client_at;
use crate::ports::organizations::SdkOrganizations;
use crate::ports::sso_admin::SdkAccessAdmin;
use crate::ports::testing::AdminSim;
use crate::sync::apply::JsonLines;

const STORE: &str = "d-1234567890";

/// The simulator's clock. It runs with real time, and jumps ahead instead of waiting.
struct SimulatorClock {
    sim: Arc<IdcSim>,
    start: SystemTime,
}

impl Clock for SimulatorClock {
    fn now(&self) -> DateTime<Utc> {
        self.sim.now().into()
    }

    fn since_epoch(&self) -> Duration {
        self.sim.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    fn elapsed(&self) -> Duration {
        self.sim.now().duration_since(self.start).unwrap_or_default()
    }

    fn sleep(&self, span: Duration) {
        self.sim.advance(span);
    }
}

/// An organization at the simulator, whose limits are AWS's.
struct AtSimulator {
    sim: Arc<IdcSim>,
    clock: SimulatorClock,
    admin: SdkAccessAdmin,
    organizations: SdkOrganizations,
    store: SdkIdentityStore,
}

fn account(number: usize) -> String {
    format!("3{number:011}")
}

impl AtSimulator {
    /// With so many accounts and groups, and nothing assigned.
    fn of(builder: Builder, accounts: usize, groups: usize) -> Self {
        Self::with_pages(builder, PageSize::Fixed(100), accounts, groups)
    }

    fn with_pages(builder: Builder, page_size: PageSize, accounts: usize, groups: usize) -> Self {
        let builder = builder
            .no_assignments()
            .identity_store(STORE)
            .page_size(page_size)
            // Requests are signed with the real time.
            .signature_skew(Duration::from_hours(100_000));
        let builder = (0..accounts).fold(builder, |builder, number| {
            builder.account(&account(number), &format!("account-{number}"), "team@example.com")
        });
        let sim = Arc::new(builder.start());
        sim.add_groups((0..groups).map(|number| idc_sim::NewGroup::named(&format!("Group{number}"))));
        let key = sim.administrator_key();
        let ports = AdminSim::with_key(&sim, &key);
        let at = Self {
            clock: SimulatorClock { start: sim.now(), sim: sim.clone() },
            admin: ports.access_admin(),
            organizations: ports.organizations(),
            store: client_at(sim.url(), sim.region(), (&key.id, &key.secret), STORE),
            sim,
        };
        at.sim.clear_log();
        at
    }

    fn with<T>(&self, text: &str, work: impl FnOnce(&PlanInput<'_>) -> T) -> Result<T, AccessPlanError> {
        let settings = settings(text);
        let wanted_sets = settings.wanted_sets(Path::new("/nowhere")).expect("no files");
        let requests = Requests::new(&self.clock, DEFAULT_RATE);
        let needs = InventoryNeeds::of(settings.assign.iter().flat_map(|assign| &assign.accounts));
        let management = self.sim.management_account().to_owned();
        let acting = Acting { account: management.clone(), management, ..Acting::default() };
        Ok(work(&PlanInput {
            settings: &settings,
            wanted_sets: &wanted_sets,
            owner: OWNER,
            partition: "aws",
            at: InstanceAccess { admin: &self.admin, requests: &requests },
            inventory: &AccountInventory::read(&self.organizations, &requests, needs)?,
            groups: &GroupDirectory::read(&self.store, &requests)?,
            realm: None,
            acting: &acting,
            options: &PlanOptions::default(),
            has_permission_sets: true,
            entitlements: None,
        }))
    }

    fn plan(&self, text: &str) -> Result<AccessPlan, AccessPlanError> {
        self.with(text, make)?
    }

    /// Plans and applies.
    fn apply(&self, text: &str) -> (AccessOutcome, Result<(), ApplyError>) {
        let apply = |input: &PlanInput<'_>| {
            let earlier = EarlierOperations::read(input.at).expect("reads");
            let plan = make(input).expect("plans");
            let audit = JsonLines::new(Vec::new());
            let recording = apply::Recording { audit: &audit, actor: "alice", progress: &mut |_| {} };
            apply::apply(&plan, &earlier, input.at, None, recording)
        };
        self.with(text, apply).expect("reads")
    }

    /// Returns how many requests changed something since the log was cleared.
    fn writes(&self) -> usize {
        let requests = self.sim.requests();
        let operations = requests.iter().filter_map(|request| request.target()?.split('.').nth(1));
        let is_read = |name: &str| ["Describe", "Get", "List"].iter().any(|verb| name.starts_with(verb));
        operations.filter(|name| !is_read(name)).count()
    }

    /// Returns what `work` took of the simulator's clock.
    fn time<T>(&self, work: impl FnOnce() -> T) -> (T, Duration) {
        let start = self.clock.elapsed();
        let result = work();
        (result, self.clock.elapsed().saturating_sub(start))
    }
}
