//! Interrupts wait from the answer to a write until it is recorded in the audit file.

use std::cell::Cell;

use kcaws::platform::interrupt::CriticalSection;

/// Holds back interrupts after a write has succeeded, until it is dropped.
#[derive(Default)]
pub(crate) struct Unrecorded(Cell<Option<CriticalSection>>);

impl Unrecorded {
    /// Sends a request that changes something. A pause before it is sent again can be interrupted.
    pub(crate) fn send<T, E>(&self, call: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        // One that this thread has already, of a write before, would wait for itself.
        let section = self.0.take().unwrap_or_else(CriticalSection::enter_unless_ending);
        let answer = call()?;
        self.0.set(Some(section));
        Ok(answer)
    }
}
