//! The only way to run async code.
//!
//! A tokio runtime waits for its blocking threads when it is dropped. One of them may be in the system's resolver,
//! which cannot be interrupted and takes a minute if no name server answers: a call would end long after its deadline.
//! This runtime leaves such threads behind. They end with the resolver, or with the process, which waits for none.

use std::future::Future;
use std::io;

/// Runs futures on the calling thread, and never waits for resolver threads.
pub struct Runtime(Option<tokio::runtime::Runtime>);

impl Runtime {
    /// Creates a runtime with network and timers; fails if the system has no descriptor left for it.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn new() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self(Some(runtime)))
    }

    /// Blocks until `future` is done. Spawned tasks run meanwhile, and only then.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.as_ref().expect("it is taken when dropped alone").block_on(future)
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_thread_that_blocks_is_not_waited_for() {
        let (release, held) = mpsc::channel::<()>();
        let (ended, end) = mpsc::channel();
        let runtime = Runtime::new().expect("a runtime");
        runtime.block_on(async {
            tokio::task::spawn_blocking(move || {
                // Blocks as long as the test keeps its end, like a resolver that waits for a name server.
                let _ = held.recv();
                let _ = ended.send(());
            });
            tokio::time::sleep(Duration::from_millis(1)).await;
        });
        drop(runtime);
        assert!(end.try_recv().is_err(), "the thread was waited for");
        drop(release);
        end.recv().expect("it ends by itself");
    }
}
