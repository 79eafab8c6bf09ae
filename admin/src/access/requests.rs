//! Requests to AWS: at what rate they are sent, when they are sent again, and how many there were.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use kcaws::ports::clock::Clock;

use crate::pacing::{MOST_FAILURES, MOST_REFUSALS, Pace};
use crate::ports::aws_call::{AwsError, AwsPage};

/// No list of AWS has as many pages.
const MOST_PAGES: usize = 10_000;
/// A list that has not settled after as many readings is not read.
const MOST_READINGS: usize = 12;

/// Sends all requests of a run, from any number of threads, at one rate.
pub(crate) struct Requests<'a> {
    pace: Arc<Pace<'a>>,
}

/// What is asked again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    /// Whatever may pass: throttling, conflicts with an earlier write, the network, the service.
    All,
    /// The network and the service only.
    Failures,
}

impl<'a> Requests<'a> {
    #[cfg(test)]
    pub(crate) fn new(clock: &'a dyn Clock, per_second: f64) -> Self {
        Self::paced(Arc::new(Pace::new(clock, per_second)))
    }

    /// Returns requests that share their rate with others.
    pub(crate) fn paced(pace: Arc<Pace<'a>>) -> Self {
        Self { pace }
    }

    pub(crate) fn sent(&self) -> u64 {
        self.pace.sent()
    }

    pub(crate) fn clock(&self) -> &'a dyn Clock {
        self.pace.clock()
    }

    /// Returns how long as many requests take.
    pub(crate) fn time_for(&self, requests: usize) -> Duration {
        // More requests than 2^32 are not made.
        Duration::from_secs_f64(
            f64::from(u32::try_from(requests).unwrap_or(u32::MAX)) / self.pace.highest_rate(),
        )
    }

    /// Waits for its turn and sends a request, again while AWS throttles, still spreads an earlier write, or fails.
    pub(crate) fn ask<T>(&self, call: impl Fn() -> Result<T, AwsError>) -> Result<T, AwsError> {
        self.send(Again::All, call)
    }

    /// The same, but a refusal because of too many or conflicting operations is the caller's to judge.
    pub(crate) fn ask_once<T>(&self, call: impl Fn() -> Result<T, AwsError>) -> Result<T, AwsError> {
        self.send(Again::Failures, call)
    }

    /// Returns the items of all pages of a list. A cursor that comes twice, or a page that begins with an item of an
    /// earlier one, is an error.
    pub(crate) fn pages<T: PartialEq>(
        &self,
        page: impl Fn(Option<&str>) -> Result<AwsPage<T>, AwsError>,
    ) -> Result<Vec<T>, AwsError> {
        let mut items: Vec<T> = Vec::new();
        let mut cursors: Vec<String> = Vec::new();
        loop {
            let AwsPage { items: more, next, operation } =
                self.ask(|| page(cursors.last().map(String::as_str)))?;
            // Pages in the middle may be empty. No list names a thing twice.
            if more.first().is_some_and(|first| items.contains(first)) {
                return Err(AwsError::RepeatedPage { operation });
            }
            items.extend(more);
            match next {
                None => return Ok(items),
                Some(next) if cursors.contains(&next) || cursors.len() >= MOST_PAGES => {
                    return Err(AwsError::EndlessList { operation });
                }
                Some(next) => cursors.push(next),
            }
        }
    }

    /// The same of a list that running operations change: one that ends between two pages moves the next item out of
    /// sight, or an earlier one into it again. A list of several pages is read until it is the same twice.
    pub(crate) fn settled_pages<T: PartialEq>(
        &self,
        page: impl Fn(Option<&str>) -> Result<AwsPage<T>, AwsError>,
    ) -> Result<Vec<T>, AwsError> {
        let operation = Cell::new(None);
        let noted = |cursor: Option<&str>| {
            let answer = page(cursor)?;
            if answer.next.is_some() {
                operation.set(Some(answer.operation));
            }
            Ok(answer)
        };
        let mut before = None;
        for readings_left in (0..MOST_READINGS).rev() {
            match self.pages(noted) {
                Ok(items) if operation.get().is_none() || before.as_ref() == Some(&items) => {
                    return Ok(items);
                }
                Ok(items) => before = Some(items),
                Err(AwsError::RepeatedPage { .. }) if readings_left > 0 => before = None,
                Err(error) => return Err(error),
            }
        }
        Err(AwsError::UnsettledList { operation: operation.get().unwrap_or_default() })
    }

    fn send<T>(&self, again: Again, call: impl Fn() -> Result<T, AwsError>) -> Result<T, AwsError> {
        let (mut refusals, mut failures) = (0, 0);
        loop {
            let turn = self.pace.next();
            let error = match call() {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let asked = match &error {
                AwsError::Throttled { retry_after, .. } => *retry_after,
                AwsError::Conflict { .. } => None,
                AwsError::Unreachable { .. } | AwsError::ServerTrouble { .. } if failures < MOST_FAILURES => {
                    failures += 1;
                    self.pace.wait_after_failure(failures, &error.to_string());
                    continue;
                }
                _ => return Err(error),
            };
            if again == Again::Failures || refusals >= MOST_REFUSALS {
                self.pace.slow_down(turn);
                return Err(error);
            }
            refusals += 1;
            self.pace.rest(turn, asked, refusals, &error.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use kcaws::ports::clock::FakeClock;

    use super::*;

    const OPERATION: &str = "ListPermissionSets";

    fn clock() -> FakeClock {
        FakeClock::at("2026-11-29T08:00:00Z")
    }

    #[test]
    fn requests_are_sent_at_the_rate() {
        let clock = clock();
        let requests = Requests::new(&clock, 20.0);
        for _ in 0..=100 {
            requests.ask(|| Ok(())).expect("an answer");
        }
        let took = clock.elapsed();
        assert!(took >= Duration::from_secs(5) && took < Duration::from_millis(5_010), "{took:?}");
        assert_eq!((requests.sent(), requests.time_for(100)), (101, Duration::from_secs(5)));
    }

    #[test]
    fn refusals_slow_down_and_are_asked_again() {
        for error in [
            || AwsError::Throttled { operation: OPERATION, retry_after: Some(Duration::from_secs(7)) },
            || AwsError::Conflict { operation: OPERATION, message: String::new() },
        ] {
            let clock = clock();
            let (requests, count) = (Requests::new(&clock, 20.0), AtomicU32::new(0));
            let call = || if count.fetch_add(1, Ordering::Relaxed) == 0 { Err(error()) } else { Ok(()) };
            requests.ask(call).expect("an answer after the pause");
            assert!(clock.elapsed() >= Duration::from_secs(1));
            assert_eq!(requests.sent(), 2);
            let refused = requests.ask_once(|| Err::<(), _>(error()));
            assert!(matches!(refused, Err(AwsError::Throttled { .. } | AwsError::Conflict { .. })));
            assert_eq!(requests.sent(), 3);
        }
    }

    #[test]
    fn a_refusal_that_is_the_callers_to_judge_halves_the_rate() {
        for error in [
            || AwsError::Throttled { operation: OPERATION, retry_after: None },
            || AwsError::Conflict { operation: OPERATION, message: String::new() },
        ] {
            let clock = clock();
            let requests = Requests::new(&clock, 20.0);
            assert!(requests.ask_once(|| Err::<(), _>(error())).is_err());
            for _ in 0..11 {
                requests.ask(|| Ok(())).expect("an answer");
            }
            let took = clock.elapsed();
            assert!(took >= Duration::from_secs(1) && took <= Duration::from_millis(1_100), "10/s: {took:?}");
        }
    }

    #[test]
    fn what_does_not_end_is_an_error() {
        let clock = clock();
        let requests = Requests::new(&clock, 20.0);
        let trouble = || Err::<(), _>(AwsError::ServerTrouble { operation: OPERATION, status: 500 });
        assert!(matches!(requests.ask(trouble), Err(AwsError::ServerTrouble { .. })));
        assert_eq!(requests.sent(), u64::from(MOST_FAILURES) + 1);
        let denied = || Err::<(), _>(AwsError::Denied { operation: OPERATION, message: String::new() });
        assert!(matches!(requests.ask(denied), Err(AwsError::Denied { .. })));
        let pages = |items: fn(u32) -> Vec<u32>, next: fn(u32) -> String| {
            let count = AtomicU32::new(0);
            requests.pages(|_: Option<&str>| {
                let at = count.fetch_add(1, Ordering::Relaxed);
                Ok(AwsPage { items: items(at), next: Some(next(at)), operation: OPERATION })
            })
        };
        let endless = pages(|at| vec![at], |_| "same".to_owned());
        assert!(matches!(endless, Err(AwsError::EndlessList { operation: OPERATION })));
        let repeated = pages(|_| vec![1], |at| at.to_string());
        assert!(matches!(repeated, Err(AwsError::RepeatedPage { operation: OPERATION })));
    }

    #[test]
    fn a_list_that_changes_between_two_pages_is_read_again() {
        let clock = clock();
        let requests = Requests::new(&clock, 20.0);
        // Two items a page. The first goes while the second page is asked for, as when an operation ends.
        let (items, asked) = (std::cell::RefCell::new(vec![1, 2, 3, 4, 5]), Cell::new(0));
        let page = |cursor: Option<&str>| {
            asked.set(asked.get() + 1);
            if asked.get() == 2 {
                items.borrow_mut().remove(0);
            }
            let from: usize = cursor.map_or(0, |cursor| cursor.parse().expect("a place"));
            let known = items.borrow();
            let some = known.iter().skip(from).take(2).copied().collect();
            let next = (from + 2 < known.len()).then(|| (from + 2).to_string());
            Ok(AwsPage { items: some, next, operation: OPERATION })
        };
        assert_eq!(requests.settled_pages(page).expect("settles"), [2, 3, 4, 5]);
        assert_eq!(asked.get(), 6, "the first reading had not seen 3");
        items.borrow_mut().truncate(2);
        asked.set(10);
        assert_eq!(requests.settled_pages(page).expect("settles"), [2, 3]);
        assert_eq!(asked.get(), 11, "one page is whole");
        let endless = |cursor: Option<&str>| {
            asked.set(asked.get() + 1);
            let next = cursor.is_none().then(|| "2".to_owned());
            Ok(AwsPage { items: vec![asked.get()], next, operation: OPERATION })
        };
        assert!(matches!(requests.settled_pages(endless), Err(AwsError::UnsettledList { .. })));
    }
}
