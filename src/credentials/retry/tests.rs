use std::cell::RefCell;

use super::*;
use crate::ports::clock::Clock;
use crate::session::testing::Fixture;

fn server_error() -> ServiceError {
    ServiceError::ServerError { host: "portal".to_owned(), status: 503 }
}

fn lost() -> ServiceError {
    ServiceError::Unreachable { host: "portal".to_owned(), why: "reset".to_owned() }
}

/// Asks with so much time for a call that answers so; returns the outcome and how often it was asked.
fn asked(
    fixture: &Fixture,
    time: Duration,
    answers: impl Fn(usize) -> Result<(), ServiceError>,
) -> (Result<(), ServiceError>, usize) {
    let session = Session { retry_until: time, ..fixture.session() };
    let count = RefCell::new(0);
    let outcome = session.at_the_pace(|| {
        *count.borrow_mut() += 1;
        answers(*count.borrow())
    });
    (outcome, count.into_inner())
}

const CALL: Duration = Duration::from_secs(14);

#[test]
fn refusals_and_trouble_are_asked_again_until_they_end() {
    for error in [|| ServiceError::Throttled, server_error] {
        let fixture = Fixture::new();
        let (outcome, count) = asked(&fixture, CALL, |count| if count < 6 { Err(error()) } else { Ok(()) });
        assert!(outcome.is_ok() && count == 6, "{:?} after {count}", outcome.err());
        assert!(fixture.clock.elapsed() < CALL);
    }
}

#[test]
fn what_does_not_end_is_an_error_when_the_time_is_up() {
    for error in [|| ServiceError::Throttled, server_error] {
        let fixture = Fixture::new();
        let (outcome, count) = asked(&fixture, CALL, |_| Err(error()));
        assert_eq!(outcome.expect_err("no end").to_string(), error().to_string());
        assert!(count > 4 && fixture.clock.elapsed() < CALL, "{count} in {:?}", fixture.clock.elapsed());
        assert!(fixture.clock.elapsed() > CALL / 2, "{:?}", fixture.clock.elapsed());
    }
}

#[test]
fn a_lost_connection_is_tried_once_more() {
    let (outcome, count) = asked(&Fixture::new(), CALL, |_| Err(lost()));
    assert!(matches!(outcome, Err(ServiceError::Unreachable { .. })) && count == 2, "{count}");
}

#[test]
fn a_word_of_awss_is_not_asked_for_twice() {
    for error in [|| ServiceError::Forbidden, || ServiceError::NotAws { host: "portal".into(), status: 403 }]
    {
        let (outcome, count) = asked(&Fixture::new(), CALL, |_| Err(error()));
        assert!(outcome.is_err() && count == 1, "{count}");
    }
}

#[test]
fn without_time_it_asks_once_and_where_others_wait_not_at_all() {
    let fixture = Fixture::new();
    let (outcome, count) = asked(&fixture, Duration::ZERO, |_| Err(ServiceError::Throttled));
    assert!(matches!(outcome, Err(ServiceError::Throttled)) && count == 1);
    let (outcome, count) = asked(&fixture, Duration::ZERO, |_| Ok(()));
    assert!(matches!(outcome, Err(ServiceError::Throttled)) && count == 0, "the pace of the refusal before");
    assert!(fixture.clock.naps().is_empty());
}

#[test]
fn a_folder_that_takes_no_file_makes_each_back_off_by_itself() {
    let fixture = Fixture::new();
    fixture.state.fail_writes();
    let (outcome, count) =
        asked(&fixture, CALL, |count| if count < 4 { Err(ServiceError::Throttled) } else { Ok(()) });
    assert!(outcome.is_ok() && count == 4);
    assert_eq!(fixture.clock.naps().len(), 3);
}
