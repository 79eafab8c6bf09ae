//! A large company over the wire: the requests that the simulator of AWS counts.

use std::time::Duration;

use kcaws::ports::clock::{Clock, FakeClock};

use super::scale::{GROUPS, MEMBERS, USERS, company};
use super::{MemoryAudit, World};
use crate::budget::{at_most, in_time, scale};
use crate::pacing::DEFAULT_RATE;
use crate::sync::apply::Applier;
use crate::sync::call::Calls;
use crate::sync::plan::{Plan, Planner};
use crate::sync::target::simulated::Simulated;

/// What the simulator was asked since its log was cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Requests {
    reads: usize,
    writes: usize,
}

impl Requests {
    fn to(aws: &Simulated) -> Self {
        let requests = aws.sim.requests();
        let is_write = |path: &str, method: &str| path.contains("/scim/v2/") && method != "GET";
        let writes = requests.iter().filter(|request| is_write(&request.path, &request.method)).count();
        Self { reads: requests.len() - writes, writes }
    }
}

/// Plans, and applies what is planned. Returns the plan, what it took of the clock, and the requests.
fn run(world: &World, aws: &Simulated) -> (Plan, Duration, Requests) {
    let directory = aws.directory();
    let clock = FakeClock::at("2026-11-29T08:00:00Z");
    let (realm_calls, calls) = (Calls::new(&clock, 1_000.0), Calls::new(&clock, DEFAULT_RATE));
    aws.sim.clear_log();
    let planner = Planner {
        realm: &world.realm,
        directory: &directory,
        settings: &world.settings,
        realm_calls: &realm_calls,
        directory_calls: &calls,
    };
    let plan = planner.plan(&world.options).expect("a plan");
    let audit = MemoryAudit::default();
    let applier =
        Applier { directory: &directory, calls: &calls, audit: &audit, actor: "admin", stop: &|| false };
    let outcome = applier.apply(&plan);
    assert!(outcome.failures.is_empty() && outcome.halted.is_none(), "{outcome:?}");
    (plan, clock.elapsed(), Requests::to(aws))
}

/// A tenth of the company in the suite, all of it with KCAWS_TEST_LONG=1: ten thousand requests take a minute.
#[test]
fn five_thousand_people_in_the_simulator() {
    let part = |of: usize| of / usize::try_from(scale()).expect("small");
    let (users, groups) = (part(USERS), part(GROUPS));
    let name = format!("{users} users, {groups} groups, {} memberships", groups * MEMBERS);
    let aws = Simulated::start();
    let others = aws.sim.user_count();
    let world = World::new(company(users, groups), "groups = [\"/aws/**\"]");
    let (_, took, first) = run(&world, &aws);
    at_most(&format!("sync apply, {name}"), first.writes, part(6_000), "writes");
    in_time(&format!("sync apply, {name}, at 20/s"), took, Duration::from_secs(315));
    assert_eq!(aws.sim.user_count() - others, users);
    assert_eq!((aws.sim.group_count(), aws.sim.membership_count()), (groups, groups * MEMBERS));

    let before = world.realm.calls();
    let (plan, took, second) = run(&world, &aws);
    assert!(!plan.has_changes());
    // Two of them do not depend on the size.
    let fixed = if scale() > 1 { 2 } else { 0 };
    at_most(&format!("sync plan, {name}"), second.reads, part(560) + fixed, "AWS reads");
    // What does not depend on the size: the realm, the counts.
    let realm = world.realm.calls() - before;
    at_most(&format!("sync plan, {name}"), realm, part(500) + 10, "Keycloak calls");
    at_most(&format!("sync apply, {name}, second run"), second.writes, 0, "writes");
    let own = Duration::from_secs_f64(1.05 * 560.0 / DEFAULT_RATE);
    in_time(&format!("sync plan, {name}, at 20/s"), took, own);
}
