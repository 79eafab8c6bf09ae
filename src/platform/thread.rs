//! Starts threads fallibly: a limit on processes (RLIMIT_NPROC, a pids cgroup, a sandbox) is an error, not a panic.

use std::io::Result;
use std::thread::{Builder, JoinHandle, Scope, ScopedJoinHandle};

/// Starts a thread, or returns why the system provides none.
pub fn start<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<JoinHandle<T>> {
    Builder::new().spawn(work)
}

/// Starts a thread that ends within `scope`.
pub fn start_in<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>> {
    Builder::new().spawn_scoped(scope, work)
}

/// Returns whether the system provides a thread now: for libraries that panic otherwise.
pub fn can_be_had() -> bool {
    start(|| ()).is_ok_and(|thread| thread.join().is_ok())
}

/// Runs `work` on up to `count` threads at once until all are done.
///
/// With fewer threads it takes longer; with none, this one does all of it.
pub fn work_together(count: usize, work: impl Fn() + Sync) {
    std::thread::scope(|scope| {
        let started = (0..count).map_while(|_| start_in(scope, &work).ok()).count();
        if started == 0 && count > 0 {
            work();
        }
    });
}

/// Returns the result of `work`, which may block, without blocking the runtime that waits for it.
///
/// (tokio's own pool panics if there is no thread.)
pub async fn run_apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let (done, result) = tokio::sync::oneshot::channel();
    start(move || {
        // The receiver may be gone.
        let _ = done.send(work());
    })?;
    result.await.map_err(std::io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn work_is_done_by_as_many_as_are_asked_for() {
        for count in [0, 1, 5] {
            let done = AtomicUsize::new(0);
            work_together(count, || {
                done.fetch_add(1, Ordering::Relaxed);
            });
            assert_eq!(done.into_inner(), count);
        }
    }

    #[tokio::test]
    async fn what_blocks_is_waited_for() {
        assert_eq!(run_apart(|| 7).await.expect("a thread"), 7);
        assert!(can_be_had());
    }
}
