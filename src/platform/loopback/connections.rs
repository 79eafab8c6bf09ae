//! The open connections of a listener, bounded in number.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::AbortHandle;

/// Oldest first.
///
/// One more than `limit` ends another: the oldest that has not sent a request yet, so that a client that opens many
/// connections neither keeps others out nor interrupts a response.
pub(crate) struct Connections {
    limit: usize,
    open: VecDeque<(AbortHandle, Asked)>,
}

/// Set as soon as a whole request has arrived.
pub(crate) type Asked = Arc<AtomicBool>;

impl Connections {
    pub(crate) fn at_most(limit: usize) -> Self {
        Self { limit, open: VecDeque::new() }
    }

    pub(crate) fn has_place(&mut self) -> bool {
        if self.open.len() >= self.limit {
            self.open.retain(|(task, _)| !task.is_finished());
        }
        self.open.len() < self.limit
    }

    pub(crate) fn add(&mut self, task: AbortHandle, asked: Asked) {
        if !self.has_place() && !self.end_one_that_waits() {
            self.end_at(0);
        }
        self.open.push_back((task, asked));
    }

    /// Ends the oldest idle connection; returns whether there was one.
    pub(crate) fn end_one_that_waits(&mut self) -> bool {
        let waits =
            |(task, asked): &(AbortHandle, Asked)| !task.is_finished() && !asked.load(Ordering::Relaxed);
        let oldest = self.open.iter().position(waits);
        oldest.is_some_and(|oldest| self.end_at(oldest))
    }

    fn end_at(&mut self, place: usize) -> bool {
        let ended = self.open.remove(place);
        ended.inspect(|(task, _)| task.abort()).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection() -> (tokio::task::JoinHandle<()>, Asked) {
        (tokio::spawn(std::future::pending()), Asked::default())
    }

    /// A task ends one turn of the scheduler after it was aborted.
    async fn is_open(task: &tokio::task::JoinHandle<()>) -> bool {
        tokio::task::yield_now().await;
        !task.is_finished()
    }

    #[tokio::test]
    async fn one_too_many_ends_the_oldest_that_waits_and_only_then_the_oldest() {
        let mut connections = Connections::at_most(2);
        let all: Vec<_> = (0..4).map(|_| connection()).collect();
        let add = |connections: &mut Connections, at: usize| {
            let (task, asked) = &all[at];
            connections.add(task.abort_handle(), asked.clone());
        };
        all[0].1.store(true, Ordering::Relaxed);
        add(&mut connections, 0);
        add(&mut connections, 1);
        add(&mut connections, 2);
        assert!(is_open(&all[0].0).await && !is_open(&all[1].0).await && is_open(&all[2].0).await);
        all[2].1.store(true, Ordering::Relaxed);
        add(&mut connections, 3);
        assert!(!is_open(&all[0].0).await, "all of them are being answered");
        assert!(is_open(&all[2].0).await && is_open(&all[3].0).await);
        assert!(!connections.has_place());
        assert!(connections.end_one_that_waits() && !is_open(&all[3].0).await && connections.has_place());
        assert!(!connections.end_one_that_waits() && is_open(&all[2].0).await);
    }
}
