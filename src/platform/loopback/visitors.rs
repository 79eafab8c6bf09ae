//! Records who sent requests to a loopback listener.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::platform::peer_owner::Peer;

/// What a user should know about the requests.
#[derive(Default)]
pub struct Visitors {
    seen: Mutex<Seen>,
    changed: Condvar,
}

#[derive(Default)]
struct Seen {
    refused: Option<u32>,
    is_unreported: bool,
    has_unknown: bool,
}

impl Visitors {
    pub(crate) fn note(&self, peer: Peer) {
        let mut seen = self.seen();
        match peer {
            Peer::OtherUser(uid) if seen.refused.is_none() => {
                tracing::info!("another user of this machine (uid {uid}) was refused a page");
                (seen.refused, seen.is_unreported) = (Some(uid), true);
                self.changed.notify_all();
            }
            Peer::Unknown => seen.has_unknown = true,
            Peer::OtherUser(_) | Peer::SameUser | Peer::Gone => {}
        }
    }

    /// Returns the first other user that was refused, once.
    pub fn take_refused(&self) -> Option<u32> {
        let mut seen = self.seen();
        if std::mem::take(&mut seen.is_unreported) { seen.refused } else { None }
    }

    /// Waits until [`Visitors::take_refused`] has one, and returns it.
    pub fn wait_for_refused(&self) -> u32 {
        let mut seen = self.seen();
        loop {
            if let (true, Some(uid)) = (seen.is_unreported, seen.refused) {
                seen.is_unreported = false;
                return uid;
            }
            seen = self.changed.wait(seen).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Returns whether a request was answered whose user this system does not report.
    pub fn has_unknown(&self) -> bool {
        self.seen().has_unknown
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_user_is_reported_once() {
        let visitors = Visitors::default();
        visitors.note(Peer::SameUser);
        assert_eq!((visitors.take_refused(), visitors.has_unknown()), (None, false));
        visitors.note(Peer::OtherUser(1001));
        visitors.note(Peer::OtherUser(1002));
        assert_eq!((visitors.take_refused(), visitors.take_refused()), (Some(1001), None));
        visitors.note(Peer::OtherUser(1003));
        visitors.note(Peer::Unknown);
        assert_eq!((visitors.take_refused(), visitors.has_unknown()), (None, true));
    }
}
