//! Changes of roles, as many at a time as AWS takes.
//!
//! AWS changes one role at a time in an account, and takes a limited number of operations that have not ended. So the
//! accounts take turns, each with one operation, and one list of what is running is asked for instead of each status.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::time::Duration;

use super::ApplyError;
use crate::access::plan::OUTSTANDING;
use crate::access::read::InstanceAccess;
use crate::ports::aws_call::AwsError;
use crate::ports::sso_admin::access::{OperationKind, Progress, RoleAction, RoleOperation};

/// Between two looks at what is running: a twentieth of how long an operation takes.
const LOOK: Duration = Duration::from_millis(250);
/// How long an account rests after a conflict, and then twice as long, up to a minute.
const REST: Duration = Duration::from_secs(2);
/// With their pauses, about ten minutes.
const MOST_CONFLICTS: u32 = 14;
/// An operation that takes longer is reported and not waited for.
const LONGEST: Duration = Duration::from_secs(30 * 60);

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OperationEnd {
    Succeeded,
    /// AWS's reason.
    Failed(String),
}

struct Running {
    kind: OperationKind,
    /// `None` if somebody else started it and it concerns several accounts.
    operation: Option<RoleOperation>,
    /// Whether its end is reported.
    is_ours: bool,
    since: Duration,
}

/// The operations of an account that have not been started.
#[derive(Default)]
struct AccountQueue {
    operations: VecDeque<RoleOperation>,
    not_before: Duration,
    conflicts: u32,
}

struct Scheduler<'a> {
    at: InstanceAccess<'a>,
    queues: BTreeMap<String, AccountQueue>,
    /// Accounts in the order of their turns.
    turns: VecDeque<String>,
    running: BTreeMap<String, Running>,
    /// How many may be running, as far as AWS let us.
    room: usize,
    /// How often AWS took nothing, although nothing was running.
    refusals: u32,
    watch: &'a mut dyn OperationWatch,
}

/// Is told what happens. An error ends everything.
pub(super) trait OperationWatch {
    /// AWS has taken the operation, under an ID.
    fn started(&mut self, operation: &RoleOperation, id: &str) -> io::Result<()>;

    fn ended(&mut self, operation: &RoleOperation, end: OperationEnd) -> io::Result<()>;
}

/// Does all operations. Returns an error if no further request would succeed.
pub(super) fn run(
    at: InstanceAccess<'_>,
    operations: Vec<RoleOperation>,
    watch: &mut dyn OperationWatch,
) -> Result<(), ApplyError> {
    if operations.is_empty() {
        return Ok(());
    }
    let mut queues: BTreeMap<String, AccountQueue> = BTreeMap::new();
    for operation in operations {
        queues.entry(operation.account.clone()).or_default().operations.push_back(operation);
    }
    let turns = queues.keys().cloned().collect();
    let mut scheduler =
        Scheduler { at, queues, turns, running: BTreeMap::new(), room: OUTSTANDING, refusals: 0, watch };
    scheduler.take_up()?;
    scheduler.work()
}

impl Scheduler<'_> {
    /// Finds what is running already: an earlier run may have been killed, or somebody else is at work.
    fn take_up(&mut self) -> Result<(), ApplyError> {
        let InstanceAccess { admin, requests } = self.at;
        for kind in OperationKind::ALL {
            for id in requests.pages(|cursor| admin.running(kind, cursor))? {
                let status = requests.ask(|| admin.status(kind, &id))?;
                if status.progress != Progress::Running {
                    continue;
                }
                let operation = status.operation;
                let is_ours = operation.as_ref().is_some_and(|operation| self.take(operation));
                self.running.insert(id, Running { kind, operation, is_ours, since: self.now() });
            }
        }
        Ok(())
    }

    /// Takes an operation out of its queue; false if it is not there.
    fn take(&mut self, operation: &RoleOperation) -> bool {
        let Some(queue) = self.queues.get_mut(&operation.account) else { return false };
        let found = queue.operations.iter().position(|queued| queued == operation);
        found.and_then(|at| queue.operations.remove(at)).is_some()
    }

    fn work(&mut self) -> Result<(), ApplyError> {
        loop {
            self.start_what_fits()?;
            if self.queues.values().all(|queue| queue.operations.is_empty())
                && self.running.values().all(|running| !running.is_ours)
            {
                return Ok(());
            }
            self.at.requests.clock().sleep(LOOK);
            self.look()?;
        }
    }

    fn start_what_fits(&mut self) -> Result<(), ApplyError> {
        while self.running.len() < self.room {
            let Some(operation) = self.next() else { return Ok(()) };
            if !self.start(operation)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Returns the next operation of an account in which nothing is running.
    fn next(&mut self) -> Option<RoleOperation> {
        let now = self.now();
        let running = self.running.values().filter_map(|running| running.operation.as_ref());
        let busy: BTreeSet<String> = running.map(|operation| operation.account.clone()).collect();
        for _ in 0..self.turns.len() {
            let account = self.turns.pop_front()?;
            let queue = self.queues.get_mut(&account)?;
            let is_free = !busy.contains(&account) && queue.not_before <= now;
            let operation = if is_free { queue.operations.pop_front() } else { None };
            if !queue.operations.is_empty() || operation.is_some() {
                self.turns.push_back(account);
            }
            if operation.is_some() {
                return operation;
            }
        }
        None
    }

    /// Starts an operation; false if AWS takes no more for now.
    fn start(&mut self, operation: RoleOperation) -> Result<bool, ApplyError> {
        let error = match self.at.requests.ask_once(|| self.at.admin.start(&operation)) {
            Ok(status) => {
                if let Some(queue) = self.queues.get_mut(&operation.account) {
                    queue.conflicts = 0;
                }
                self.refusals = 0;
                let kind = operation.action.kind();
                self.watch.started(&operation, &status.id)?;
                if let Some(end) = ended(status.progress) {
                    self.watch.ended(&operation, end)?;
                } else {
                    let operation = Some(operation);
                    let running = Running { kind, operation, is_ours: true, since: self.now() };
                    self.running.insert(status.id, running);
                }
                return Ok(true);
            }
            Err(error) => error,
        };
        match error {
            AwsError::Throttled { retry_after, .. } => {
                self.put_back(operation, retry_after.unwrap_or(REST));
                self.room = self.running.len().max(1);
                if !self.running.is_empty() {
                    return Ok(false);
                }
                // Others use up what AWS takes.
                self.refusals += 1;
                if self.refusals > MOST_CONFLICTS {
                    return Err(error.into());
                }
                self.at.requests.clock().sleep(longer(self.refusals));
                Ok(false)
            }
            AwsError::Conflict { .. } => {
                self.conflict(operation, &error)?;
                Ok(true)
            }
            // It is gone already.
            AwsError::NotFound { .. } if matches!(operation.action, RoleAction::Unassign(_)) => {
                self.watch.ended(&operation, OperationEnd::Succeeded)?;
                Ok(true)
            }
            AwsError::Denied { .. } | AwsError::NotFound { .. } | AwsError::Refused { .. } => {
                self.watch.ended(&operation, OperationEnd::Failed(error.to_string()))?;
                Ok(true)
            }
            error => Err(error.into()),
        }
    }

    /// Lets the account rest while an earlier change spreads.
    fn conflict(&mut self, operation: RoleOperation, error: &AwsError) -> Result<(), ApplyError> {
        let Some(queue) = self.queues.get_mut(&operation.account) else { return Ok(()) };
        queue.conflicts += 1;
        if queue.conflicts > MOST_CONFLICTS {
            queue.conflicts = 0;
            return Ok(self.watch.ended(&operation, OperationEnd::Failed(error.to_string()))?);
        }
        let pause = longer(queue.conflicts);
        self.put_back(operation, pause);
        Ok(())
    }

    fn put_back(&mut self, operation: RoleOperation, pause: Duration) {
        let not_before = self.now().saturating_add(pause);
        if let Some(queue) = self.queues.get_mut(&operation.account) {
            queue.not_before = not_before;
            queue.operations.push_front(operation);
        }
    }

    /// Looks at what has ended.
    fn look(&mut self) -> Result<(), ApplyError> {
        let InstanceAccess { admin, requests } = self.at;
        let kinds: BTreeSet<OperationKind> = self.running.values().map(|running| running.kind).collect();
        for kind in kinds {
            let still: BTreeSet<String> =
                requests.pages(|cursor| admin.running(kind, cursor))?.into_iter().collect();
            let others =
                self.running.iter().filter(|(id, running)| running.kind == kind && !still.contains(*id));
            let gone: Vec<String> = others.map(|(id, _)| id.clone()).collect();
            for id in gone {
                let status = requests.ask(|| admin.status(kind, &id))?;
                // The list may be behind: then it is asked for again.
                if let Some(end) = ended(status.progress) {
                    self.end(&id, end)?;
                }
            }
        }
        self.give_up()
    }

    fn end(&mut self, id: &str, end: OperationEnd) -> Result<(), ApplyError> {
        let Some(running) = self.running.remove(id) else { return Ok(()) };
        self.room = (self.room + 1).min(OUTSTANDING);
        if let (Some(operation), true) = (running.operation, running.is_ours) {
            self.watch.ended(&operation, end)?;
        }
        Ok(())
    }

    /// Stops waiting for what takes far too long.
    fn give_up(&mut self) -> Result<(), ApplyError> {
        let now = self.now();
        let late = self.running.iter().filter(|(_, running)| now.saturating_sub(running.since) > LONGEST);
        let late: Vec<String> = late.map(|(id, _)| id.clone()).collect();
        for id in late {
            self.end(&id, OperationEnd::Failed("it has not ended after 30 minutes".to_owned()))?;
        }
        Ok(())
    }

    fn now(&self) -> Duration {
        self.at.requests.clock().elapsed()
    }
}

/// Returns how long to wait after so many refusals: twice as long each time, up to a minute.
fn longer(refusals: u32) -> Duration {
    REST.saturating_mul(1 << refusals.min(5)).min(Duration::from_secs(60))
}

fn ended(progress: Progress) -> Option<OperationEnd> {
    match progress {
        Progress::Running => None,
        Progress::Succeeded => Some(OperationEnd::Succeeded),
        Progress::Failed(reason) => Some(OperationEnd::Failed(reason)),
    }
}

#[cfg(test)]
mod tests {
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
            run(at, operations, &mut ends).expect("works");
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
        let result = run(at, vec![bench.assign(0, 0)], &mut Ends(Vec::new()));
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
}
