//! How far an apply is.

use std::io::Result;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::sync::apply::{Audit, AuditEntry};

/// Records every write, and tells how many there were.
pub(super) struct Counted<A, F> {
    audit: A,
    tell: F,
    writes: AtomicUsize,
}

impl<A, F> Counted<A, F> {
    pub(super) fn new(audit: A, tell: F) -> Self {
        Self { audit, tell, writes: AtomicUsize::new(0) }
    }
}

impl<A: Audit, F: Fn(usize) + Send + Sync> Audit for Counted<A, F> {
    fn record(&self, entry: &AuditEntry<'_>) -> Result<()> {
        self.audit.record(entry)?;
        (self.tell)(self.writes.fetch_add(1, Ordering::Relaxed) + 1);
        Ok(())
    }
}
