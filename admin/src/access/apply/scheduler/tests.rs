//! The scheduler on a virtual clock.

use std::sync::Arc;

use kcaws::ports::clock::{Clock, FakeClock};

use super::*;
use crate::access::requests::Requests;
use crate::ports::sso_admin::access::{AccessAdmin as _, Principal};
use crate::ports::sso_admin::fake_access::FakeAccessAdmin;

struct Bench {
    clock: Arc<FakeClock>,
    admin: FakeAccessAdmin,
    set: String,
}

impl Bench {
    fn new() -> Self {
        let clock = Arc::new(FakeClock::at("2026-11-29T08:00:00Z"));
        let admin = FakeAccessAdmin::new(clock.clone());
        let set = admin.state().add_set("Power", &[]);
        Self { clock, admin, set }
    }

    fn assign(&self, account: usize, group: usize) -> RoleOperation {
        RoleOperation {
            set: self.set.clone(),
            account: format!("{account:012}"),
            action: RoleAction::Assign(Principal::Group(format!("g-{group}"))),
        }
    }

    fn run(&self, operations: Vec<RoleOperation>) -> Vec<(RoleOperation, OperationEnd)> {
        let requests = Requests::new(&*self.clock, 20.0);
        let at = InstanceAccess { admin: &self.admin, requests: &requests };
        let mut ends = Ends(Vec::new());
        run(at, operations, &EarlierOperations::default(), &BTreeSet::new(), &mut ends).expect("works");
        ends.0
    }
}

struct Ends(Vec<(RoleOperation, OperationEnd)>);

impl OperationWatch for Ends {
    fn started(&mut self, _operation: &RoleOperation, _id: &str) -> io::Result<()> {
        Ok(())
    }

    fn ended(&mut self, operation: &RoleOperation, end: OperationEnd) -> io::Result<()> {
        self.0.push((operation.clone(), end));
        Ok(())
    }
}

#[test]
fn many_operations_take_the_time_that_aws_needs() {
    let bench = Bench::new();
    let operations: Vec<_> = (0..1200).map(|at| bench.assign(at / 6, at % 6)).collect();
    let ends = bench.run(operations);
    assert!(ends.len() == 1200 && ends.iter().all(|(_, end)| *end == OperationEnd::Succeeded));
    let took = bench.clock.elapsed();
    assert!(took <= Duration::from_secs(660), "{took:?}");
    let state = bench.admin.state();
    assert_eq!((state.assignments.len(), state.most_in_account), (1200, 1));
    assert!(state.refused * 100 < 3 * 1200, "{} refused", state.refused);
}

#[test]
fn what_a_killed_run_started_is_taken_up() {
    let bench = Bench::new();
    let operations: Vec<_> = (0..6).map(|at| bench.assign(at, 0)).collect();
    for operation in &operations[..3] {
        bench.admin.start(operation).expect("starts");
    }
    // Somebody else's.
    bench.admin.start(&bench.assign(4, 9)).expect("starts");
    let ends = bench.run(operations);
    assert_eq!(ends.len(), 6);
    let state = bench.admin.state();
    assert_eq!((state.operations.len(), state.most_in_account), (7, 1), "nothing is started twice");
}

#[test]
fn others_leave_less_room() {
    let bench = Bench::new();
    bench.admin.state().most_outstanding = 4;
    let ends = bench.run((0..40).map(|at| bench.assign(at, 0)).collect());
    assert_eq!(ends.len(), 40);
    assert!(bench.admin.state().refused <= 40, "{}", bench.admin.state().refused);
}

#[test]
fn what_is_never_taken_ends_with_an_error() {
    let bench = Bench::new();
    bench.admin.state().most_outstanding = 0;
    let requests = Requests::new(&*bench.clock, 20.0);
    let at = InstanceAccess { admin: &bench.admin, requests: &requests };
    let result = run(
        at,
        vec![bench.assign(0, 0)],
        &EarlierOperations::default(),
        &BTreeSet::new(),
        &mut Ends(Vec::new()),
    );
    assert!(matches!(result, Err(ApplyError::Aws(AwsError::Throttled { .. }))));
    assert!(bench.clock.elapsed() < Duration::from_secs(20 * 60));
}

#[test]
fn a_conflict_waits_and_the_others_go_on() {
    let bench = Bench::new();
    bench.admin.state().conflicts.insert("CreateAccountAssignment", 3);
    let ends = bench.run((0..8).map(|at| bench.assign(at, 0)).collect());
    assert!(ends.len() == 8 && ends.iter().all(|(_, end)| *end == OperationEnd::Succeeded));
    assert!(bench.clock.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_failure_has_awss_reason_and_ends_nothing_else() {
    let bench = Bench::new();
    let reason = "Received a 404 status error: Not supported policy".to_owned();
    bench.admin.state().broken_accounts.insert(format!("{:012}", 2), reason.clone());
    let ends = bench.run((0..8).map(|at| bench.assign(at, 0)).collect());
    let failed: Vec<_> = ends.iter().filter(|(_, end)| *end != OperationEnd::Succeeded).collect();
    assert_eq!(failed, [&(bench.assign(2, 0), OperationEnd::Failed(reason))]);
}
