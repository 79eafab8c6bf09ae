//! Several requests at once: the rate limits them, not the time that each takes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use kcaws::platform::thread::work_together;

/// Enough for 20 requests a second of 400 ms each.
const WORKERS: usize = 8;

/// Does `work` for each item on several threads, until one returns an error. Returns the first error.
pub(crate) fn for_each<T: Sync, E: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(None);
    work_together(WORKERS.min(items.len()), || {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = work(item) {
                next.store(items.len(), Ordering::Relaxed);
                failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
        }
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_worked_on_once_and_an_error_ends_it() {
        let sum = AtomicUsize::new(0);
        let items: Vec<usize> = (1..=1000).collect();
        let add = |item: &usize| {
            sum.fetch_add(*item, Ordering::Relaxed);
            Ok::<(), ()>(())
        };
        assert_eq!(for_each(&items, add), Ok(()));
        assert_eq!(sum.into_inner(), 500_500);
        let count = AtomicUsize::new(0);
        let fail = |item: &usize| {
            count.fetch_add(1, Ordering::Relaxed);
            Err(*item)
        };
        assert!(for_each(&items, fail).is_err());
        assert!(count.into_inner() <= WORKERS, "each thread stops at the first error");
    }
}
