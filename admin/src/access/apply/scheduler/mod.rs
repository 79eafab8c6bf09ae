//! Changes of roles, as many at a time as AWS takes.
//!
//! AWS changes one role at a time in an account, and takes a limited number of operations that have not ended. So the
//! accounts take turns, each with one operation, and one list of what is running is asked for instead of each status.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::time::Duration;

use super::ApplyError;
use crate::access::plan::OUTSTANDING;
use crate::access::read::InstanceAccess;
use crate::platform::unrecorded::Unrecorded;
use crate::ports::aws_call::AwsError;
use crate::ports::sso_admin::access::{OperationKind, OperationStatus, Progress, RoleAction, RoleOperation};

/// Between two looks at what is running: a twentieth of how long an operation takes, which is five seconds or more.
const LOOK: Duration = Duration::from_millis(250);
const LONGEST_LOOK: Duration = Duration::from_secs(10);
/// How long an account rests after a conflict, and then twice as long, up to a minute.
const REST: Duration = Duration::from_secs(2);
/// With their pauses, about ten minutes.
const MOST_CONFLICTS: u32 = 14;
/// So many operations in a row that AWS's own faults kept from being started mean that the rest will be, too.
const MOST_TROUBLES: u32 = 5;
/// An operation that takes longer is reported and not waited for.
const LONGEST: Duration = Duration::from_secs(30 * 60);

/// The operations that were running before the plan was made.
///
/// Their ends may have come too late for the plan, and too early to be found when it is applied.
#[derive(Debug, Default)]
pub(crate) struct EarlierOperations {
    ids: Vec<(OperationKind, String)>,
}

impl EarlierOperations {
    pub(crate) fn read(at: InstanceAccess<'_>) -> Result<Self, AwsError> {
        let mut ids = Vec::new();
        for kind in OperationKind::ALL {
            let read = || at.requests.pages(|cursor| at.admin.running(kind, cursor));
            let mut running = read()?;
            // An operation that ends between two pages can move another one out of sight. The one that ended is not in
            // the next list.
            while !running.is_empty() {
                let again = read()?;
                let is_stable = again == running;
                ids.extend(running.into_iter().map(|id| (kind, id)));
                if is_stable {
                    break;
                }
                running = again;
            }
        }
        Ok(Self { ids })
    }

    fn of(&self, kind: OperationKind) -> impl Iterator<Item = &String> {
        self.ids.iter().filter(move |(known, _)| *known == kind).map(|(_, id)| id)
    }
}

const FORGOTTEN: &str = "AWS does not know the operation any more, and not how it ended";

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OperationEnd {
    Succeeded,
    /// AWS's reason.
    Failed(String),
}

struct Running {
    operation: RoleOperation,
    /// Whether its end is reported.
    is_ours: bool,
    since: Duration,
}

impl Running {
    fn kind(&self) -> OperationKind {
        self.operation.action.kind()
    }
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
    /// How many operations in a row could not be started for reasons of AWS.
    troubles: u32,
    watch: &'a mut dyn OperationWatch,
}

/// Is notified of each step. An error ends everything.
pub(super) trait OperationWatch {
    /// AWS has taken the operation, under an ID.
    fn started(&mut self, operation: &RoleOperation, id: &str) -> io::Result<()>;

    fn ended(&mut self, operation: &RoleOperation, end: OperationEnd) -> io::Result<()>;
}

/// Does all operations. Returns an error if no further request would succeed.
///
/// An operation that somebody started before counts, unless it is about one of the `outdated` permission sets.
pub(super) fn run(
    at: InstanceAccess<'_>,
    operations: Vec<RoleOperation>,
    earlier: &EarlierOperations,
    outdated: &BTreeSet<String>,
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
    let mut scheduler = Scheduler {
        at,
        queues,
        turns,
        running: BTreeMap::new(),
        room: OUTSTANDING,
        refusals: 0,
        troubles: 0,
        watch,
    };
    scheduler.take_up(earlier, outdated)?;
    scheduler.work()
}

impl Scheduler<'_> {
    /// Finds what is running already, or has ended since the plan was made: an earlier run may have been killed, or
    /// somebody else is at work.
    fn take_up(
        &mut self,
        earlier: &EarlierOperations,
        outdated: &BTreeSet<String>,
    ) -> Result<(), ApplyError> {
        let InstanceAccess { admin, requests } = self.at;
        for kind in OperationKind::ALL {
            let running = requests.settled_pages(|cursor| admin.running(kind, cursor))?;
            let ids: BTreeSet<String> = running.into_iter().chain(earlier.of(kind).cloned()).collect();
            for id in ids {
                let Some(status) = self.status(kind, &id)? else { continue };
                let OperationStatus { operation, progress, .. } = status;
                let counts = !outdated.contains(&operation.set);
                match progress {
                    Progress::Running => {
                        let (is_ours, since) = (counts && self.take(&operation), self.now());
                        self.running.insert(id, Running { operation, is_ours, since });
                    }
                    Progress::Succeeded if counts && self.take(&operation) => {
                        self.watch.ended(&operation, OperationEnd::Succeeded)?;
                    }
                    // One that failed is started again.
                    Progress::Succeeded | Progress::Failed(_) => {}
                }
            }
        }
        Ok(())
    }

    /// Returns the status of an operation; `None` if AWS does not know it any more.
    fn status(&self, kind: OperationKind, id: &str) -> Result<Option<OperationStatus>, AwsError> {
        match self.at.requests.ask(|| self.at.admin.status(kind, id)) {
            Ok(status) => Ok(Some(status)),
            Err(AwsError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
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
            self.at.requests.clock().sleep(self.pause());
            self.look()?;
        }
    }

    fn pause(&self) -> Duration {
        let now = self.now();
        let youngest = self.running.values().map(|running| now.saturating_sub(running.since)).min();
        (youngest.unwrap_or_default() / 20).clamp(LOOK, LONGEST_LOOK)
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
        let running = self.running.values();
        let busy: BTreeSet<String> = running.map(|running| running.operation.account.clone()).collect();
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
        let unrecorded = Unrecorded::default();
        let start = || unrecorded.send(|| self.at.admin.start(&operation));
        let error = match self.at.requests.ask_once(start) {
            Ok(status) => {
                if let Some(queue) = self.queues.get_mut(&operation.account) {
                    queue.conflicts = 0;
                }
                (self.refusals, self.troubles) = (0, 0);
                self.watch.started(&operation, &status.id)?;
                drop(unrecorded);
                if let Some(end) = ended(status.progress) {
                    self.watch.ended(&operation, end)?;
                } else {
                    let running = Running { operation, is_ours: true, since: self.now() };
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
            AwsError::Denied { .. }
            | AwsError::NotFound { .. }
            | AwsError::QuotaExceeded { .. }
            | AwsError::Refused { .. } => {
                self.watch.ended(&operation, OperationEnd::Failed(error.to_string()))?;
                Ok(true)
            }
            AwsError::ServerTrouble { .. } | AwsError::Incomplete { .. } => {
                self.troubles += 1;
                if self.troubles >= MOST_TROUBLES {
                    return Err(error.into());
                }
                self.watch.ended(&operation, OperationEnd::Failed(error.to_string()))?;
                Ok(true)
            }
            error @ (AwsError::NoCredentials { .. }
            | AwsError::NotAuthenticated { .. }
            | AwsError::Unreachable { .. }
            | AwsError::NotAws { .. }
            | AwsError::RepeatedPage { .. }
            | AwsError::EndlessList { .. }
            | AwsError::UnsettledList { .. }) => Err(error.into()),
        }
    }

    /// Lets the account rest while an earlier change spreads.
    fn conflict(&mut self, operation: RoleOperation, error: &AwsError) -> Result<(), ApplyError> {
        let Some(queue) = self.queues.get_mut(&operation.account) else { return Ok(()) };
        queue.conflicts += 1;
        // Whatever is in the way there, the account's other operations are tried once each.
        if queue.conflicts > MOST_CONFLICTS {
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
        let kinds: BTreeSet<OperationKind> = self.running.values().map(Running::kind).collect();
        for kind in kinds {
            let still: BTreeSet<String> =
                requests.pages(|cursor| admin.running(kind, cursor))?.into_iter().collect();
            let others =
                self.running.iter().filter(|(id, running)| running.kind() == kind && !still.contains(*id));
            let gone: Vec<String> = others.map(|(id, _)| id.clone()).collect();
            for id in gone {
                match self.status(kind, &id)?.map(|status| ended(status.progress)) {
                    Some(Some(end)) => self.end(&id, end)?,
                    // The list is behind: the operation is asked for again.
                    Some(None) => {}
                    None => self.end(&id, OperationEnd::Failed(FORGOTTEN.to_owned()))?,
                }
            }
        }
        self.give_up()
    }

    fn end(&mut self, id: &str, end: OperationEnd) -> Result<(), ApplyError> {
        let Some(running) = self.running.remove(id) else { return Ok(()) };
        self.room = (self.room + 1).min(OUTSTANDING);
        if running.is_ours {
            self.watch.ended(&running.operation, end)?;
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
