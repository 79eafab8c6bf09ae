//! A large company over the wire: the requests that the simulator of AWS counts.

use std::time::Duration;

use kcaws::ports::clock::{Clock, FakeClock};

use super::scale::{GROUPS, MEMBERS, USERS, large_company};
use super::{MemoryAudit, World};
use crate::sync::apply::Applier;
use crate::sync::call::{Calls, DEFAULT_RATE};
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

/// The long form, KCAWS_TEST_LONG=1: ten thousand requests take a minute.
#[test]
#[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "it says what it counted")]
fn five_thousand_people_in_the_simulator() {
    if std::env::var_os("KCAWS_TEST_LONG").is_none_or(|long| long != "1") {
        kcaws_test_kit::skipped_allowed(
            "5,000 people in the simulator are of the long form: KCAWS_TEST_LONG=1",
        );
        return;
    }
    let aws = Simulated::start();
    let others = aws.sim.user_count();
    let world = World::new(large_company(), "groups = [\"/aws/**\"]");
    let (_, took, first) = run(&world, &aws);
    println!("first run: {} reads, {} writes, {took:.0?} at 20 a second", first.reads, first.writes);
    assert!(first.writes <= 6_000, "{first:?}");
    assert_eq!(aws.sim.user_count() - others, USERS);
    assert_eq!((aws.sim.group_count(), aws.sim.membership_count()), (GROUPS, GROUPS * MEMBERS));

    let (plan, took, second) = run(&world, &aws);
    println!("second run: {} reads, {} writes, {took:.0?}", second.reads, second.writes);
    assert!(!plan.has_changes());
    assert!(second.reads <= 560 && second.writes == 0, "{second:?}");
    assert!(took.as_secs_f64() <= 1.05 * 560.0 / DEFAULT_RATE, "{took:?}");
}
