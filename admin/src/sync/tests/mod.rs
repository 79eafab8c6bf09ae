//! Whole runs, over a realm and a directory in memory and a clock that only moves when somebody waits.

#[cfg(unix)]
mod budgets;
mod conflicts;
mod faults;
mod keeping;
mod kills;
mod life;
#[cfg(target_os = "linux")]
mod memory;
mod model;
mod names;
mod only;
mod reach;
mod renames;
mod safety;
mod scale;
mod show;
mod takeover;

use std::sync::Mutex;

use kcaws::ports::clock::{Clock, FakeClock};

use super::apply::{Applier, Audit, AuditEntry, Outcome};
use super::call::Calls;
use super::plan::{Plan, PlanOptions, Planner};
use super::read_fault::PlanError;
use super::scope::DirectorySettings;
use super::source::fake::{FakeRealm, RealmState};
use super::target::fake::FakeDirectory;
use crate::pacing::DEFAULT_RATE;

struct World {
    realm: FakeRealm,
    directory: FakeDirectory,
    clock: FakeClock,
    settings: DirectorySettings,
    options: PlanOptions,
    audit: MemoryAudit,
}

/// Keeps the lines, and fails when a test wants it.
#[derive(Default)]
struct MemoryAudit {
    lines: Mutex<Vec<String>>,
    is_full: bool,
}

impl Audit for MemoryAudit {
    fn record(&self, entry: &AuditEntry<'_>) -> std::io::Result<()> {
        if self.is_full {
            return Err(std::io::Error::other("no space left"));
        }
        let line = serde_json::to_string(entry).expect("JSON");
        self.lines.lock().expect("no test panics while holding it").push(line);
        Ok(())
    }
}

impl World {
    fn new(state: RealmState, settings: &str) -> Self {
        let world = Self {
            realm: FakeRealm::new(state),
            directory: FakeDirectory::default(),
            clock: FakeClock::at("2026-11-29T08:00:00Z"),
            settings: toml::from_str(settings).expect("settings"),
            options: PlanOptions::default(),
            audit: MemoryAudit::default(),
        };
        world.directory.state().now = world.clock.now();
        world
    }

    /// Twelve people in two groups, already in step.
    fn in_step() -> Self {
        let world = Self::new(company(), "groups = [\"/aws/**\"]");
        world.sync();
        world
    }

    fn plan(&self) -> Result<Plan, PlanError> {
        let calls = Calls::new(&self.clock, DEFAULT_RATE);
        let planner = Planner {
            realm: &self.realm,
            directory: &self.directory,
            settings: &self.settings,
            realm_calls: &Calls::new(&self.clock, 1_000.0),
            directory_calls: &calls,
        };
        planner.plan(&self.options)
    }

    fn planned(&self) -> Plan {
        self.plan().expect("a plan")
    }

    fn apply(&self, plan: &Plan) -> Outcome {
        self.apply_until(plan, usize::MAX)
    }

    /// Applies a plan until the directory has taken so many more writes.
    fn apply_until(&self, plan: &Plan, writes: usize) -> Outcome {
        let end = self.directory.state().writes.saturating_add(writes);
        let calls = Calls::new(&self.clock, DEFAULT_RATE);
        let applier = Applier {
            directory: &self.directory,
            calls: &calls,
            audit: &self.audit,
            actor: "admin",
            stop: &|| self.directory.state().writes >= end,
        };
        applier.apply(plan)
    }

    /// Plans and applies, and checks that everything went well and nothing is left to do.
    fn sync(&self) -> Plan {
        let plan = self.planned();
        assert_eq!(plan.refusals, []);
        let outcome = self.apply(&plan);
        assert!(outcome.failures.is_empty() && outcome.halted.is_none(), "{outcome:?}");
        let next = self.planned();
        assert!(!next.has_changes(), "{next:?}");
        plan
    }

    fn seen(&self) -> Vec<String> {
        self.directory.state().seen()
    }

    fn writes(&self) -> usize {
        self.directory.state().writes
    }
}

/// Returns a realm with twelve people in two groups below `/aws`, and one in none.
fn company() -> RealmState {
    let mut state = RealmState { id: "r1".to_owned(), ..RealmState::default() };
    let ids: Vec<String> = (0..12).map(|at| format!("p{at:02}")).collect();
    for (at, id) in ids.iter().enumerate() {
        state.add_user(id, &format!("user{at:02}@example.com"));
    }
    state.add_user("outside", "outside@example.com");
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    state.add_group("aws", "aws", None, &[]);
    state.add_group("dev", "Dev", Some("aws"), &all);
    state.add_group("ops", "Ops", Some("aws"), &all[..3]);
    state.add_group("other", "Other", None, &["outside", "p00"]);
    state
}
