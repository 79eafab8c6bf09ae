use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::*;
use crate::ports::clock::FakeClock;
use crate::ports::state_folder::FakeStateFolder;
use crate::session::testing::corp;

const NOON: &str = "2026-11-24T12:00:00Z";

fn clock() -> FakeClock {
    FakeClock::at(NOON)
}

/// A service that allows so many a second, and as many at once.
struct Bucket {
    per_second: f64,
    burst: f64,
    tokens: f64,
    filled_at: Duration,
    refused: u32,
}

impl Bucket {
    fn new(per_second: f64, burst: f64) -> Self {
        Self { per_second, burst, tokens: burst, filled_at: Duration::ZERO, refused: 0 }
    }

    fn asked(&mut self, now: Duration) -> bool {
        let gained = now.saturating_sub(self.filled_at).as_secs_f64() * self.per_second;
        self.tokens = (self.tokens + gained).min(self.burst);
        self.filled_at = now;
        let is_good = self.tokens >= 1.0;
        if is_good {
            self.tokens -= 1.0;
        } else {
            self.refused += 1;
        }
        is_good
    }
}

struct Crowd {
    answered: u32,
    refused: u32,
    took: Duration,
}

/// Simulates many processes, started every few milliseconds with the time of one call each, against a bucket.
///
/// A response takes `way`. Time is virtual.
fn crowd(processes: u64, every: Duration, way: Duration, bucket: Bucket) -> Crowd {
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    enum Step {
        Look,
        Answer { turn: Option<u64>, is_good: bool },
    }
    let (clock, state, bucket) = (clock(), FakeStateFolder::default(), RefCell::new(bucket));
    let pace = SharedRate::of(&corp(), &clock, &state);
    let whole_call = Duration::from_secs(14);
    let mut steps = BinaryHeap::new();
    for number in 0..processes {
        let start = every * u32::try_from(number).expect("few");
        steps.push(Reverse((start, number, Step::Look)));
    }
    let (mut answered, mut took) = (0, Duration::ZERO);
    while let Some(Reverse((at, number, step))) = steps.pop() {
        clock.advance(at.saturating_sub(clock.elapsed()));
        let left = (every * u32::try_from(number).expect("few") + whole_call).saturating_sub(at);
        match step {
            Step::Answer { is_good: true, .. } => (answered, took) = (answered + 1, at),
            Step::Answer { turn, .. } => {
                assert!(pace.refused(Turn(turn), None));
                steps.push(Reverse((at, number, Step::Look)));
            }
            Step::Look => match pace.look() {
                Look::Go(Turn(turn)) => {
                    let is_good = bucket.borrow_mut().asked(at);
                    steps.push(Reverse((at + way, number, Step::Answer { turn, is_good })));
                }
                Look::Wait(wait) if wait < left => {
                    let again = at + wait.saturating_add(spread(left)).min(left);
                    steps.push(Reverse((again, number, Step::Look)));
                }
                Look::Wait(_) => {}
            },
        }
    }
    Crowd { answered, refused: bucket.into_inner().refused, took }
}

#[test]
fn a_crowd_is_answered_near_the_limits_own_time() {
    let (every, way) = (Duration::from_millis(5), Duration::from_millis(5));
    for processes in [60, 150, 250] {
        let crowd = crowd(processes, every, way, Bucket::new(20.0, 20.0));
        let own = (f64::from(u32::try_from(processes).expect("few")) - 20.0) / 20.0;
        assert_eq!(u64::from(crowd.answered), processes);
        assert!(
            crowd.took.as_secs_f64() < 2.0 * own,
            "{processes}: {:?}, the limit's own {own} s",
            crowd.took
        );
        let share = f64::from(crowd.refused) / f64::from(crowd.refused + crowd.answered);
        assert!(share < 0.35, "{processes}: {} refused", crowd.refused);
    }
}

#[test]
fn more_than_can_be_answered_in_time_do_not_keep_the_others_from_their_answers() {
    let crowd = crowd(500, Duration::from_millis(5), Duration::from_millis(5), Bucket::new(20.0, 20.0));
    assert!(crowd.answered >= 250 && crowd.answered < 400, "{} answered", crowd.answered);
    assert!(crowd.refused < 200, "{} refused", crowd.refused);
}

#[test]
fn a_slow_network_brings_refusals_late_and_all_are_answered_all_the_same() {
    let crowd = crowd(150, Duration::from_millis(5), Duration::from_millis(150), Bucket::new(20.0, 20.0));
    assert_eq!(crowd.answered, 150);
}

#[test]
fn a_tighter_limit_is_found() {
    let crowd = crowd(40, Duration::from_millis(5), Duration::from_millis(5), Bucket::new(5.0, 5.0));
    assert_eq!(crowd.answered, 40);
}

#[test]
fn without_a_refusal_there_is_no_file_and_no_wait() {
    let (clock, state) = (clock(), FakeStateFolder::default());
    let pace = SharedRate::of(&corp(), &clock, &state);
    assert_eq!(pace.wait(Duration::ZERO), Some(Turn(None)));
    assert!(state.list("pace").expect("lists").is_empty() && clock.naps().is_empty());
}

#[test]
fn a_refusal_makes_all_wait_and_a_second_of_the_same_moment_changes_nothing() {
    let (clock, state) = (clock(), FakeStateFolder::default());
    let pace = SharedRate::of(&corp(), &clock, &state);
    assert!(pace.refused(Turn(None), None));
    let file = state.read(&pace.name).expect("reads");
    assert!(pace.refused(Turn(None), None));
    assert_eq!(state.read(&pace.name).expect("reads"), file);
    assert_eq!(pace.wait(clock.elapsed()), None, "no time to wait");
    let turn = pace.wait(clock.elapsed() + Duration::from_secs(5)).expect("a turn");
    assert!(turn.0.is_some() && !clock.naps().is_empty());
    let other =
        SharedRate::of(&crate::profile::SsoSession { name: "other".into(), ..corp() }, &clock, &state);
    assert_eq!(other.wait(Duration::ZERO), Some(Turn(None)), "another login has a limit of its own");
}

#[test]
fn what_the_service_asks_for_is_waited_for_within_bounds() {
    for (asked, least, most) in [(1, 1000, 1500), (4, 4000, 4500), (3600, 5000, 5500)] {
        let (clock, state) = (clock(), FakeStateFolder::default());
        let pace = SharedRate::of(&corp(), &clock, &state);
        pace.refused(Turn(None), Some(Duration::from_secs(asked)));
        pace.wait(Duration::from_secs(14)).expect("a turn");
        let took = clock.elapsed().as_millis();
        assert!((least..=most).contains(&took), "asked for {asked} s, waited {took} ms");
    }
}

#[test]
fn a_pace_without_turns_is_over_and_its_file_goes() {
    let (clock, state) = (clock(), FakeStateFolder::default());
    let pace = SharedRate::of(&corp(), &clock, &state);
    pace.refused(Turn(None), None);
    clock.advance(IDLE + Duration::from_secs(1));
    assert_eq!(pace.wait(Duration::ZERO), Some(Turn(None)));
    assert_eq!(state.read(&pace.name).expect("reads"), None);
}

#[test]
fn a_clock_that_jumps_either_way_ends_the_pace() {
    for start in ["2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z"] {
        let (before, state) = (clock(), FakeStateFolder::default());
        SharedRate::of(&corp(), &before, &state).refused(Turn(None), None);
        let after = FakeClock::at(start);
        let pace = SharedRate::of(&corp(), &after, &state);
        assert_eq!(pace.wait(Duration::ZERO), Some(Turn(None)), "{start}");
        assert!(pace.refused(Turn(None), None), "and another can begin");
        assert_eq!(pace.wait(Duration::ZERO), None, "{start}");
    }
}

#[test]
fn a_file_that_is_none_of_ours_is_passed_by() {
    let (clock, state) = (clock(), FakeStateFolder::default());
    let pace = SharedRate::of(&corp(), &clock, &state);
    pace.refused(Turn(None), None);
    let good = String::from_utf8(state.read(&pace.name).expect("reads").expect("is there")).expect("text");
    let slow = good.replace("\"per_second\":20.0", "\"per_second\":1e-300");
    let huge = good.replace("\"per_second\":20.0", "\"per_second\":1e300");
    assert_ne!(slow, good);
    for text in ["", "{", "null", "[1]", &slow, &huge] {
        state.write(&pace.name, text.as_bytes()).expect("writes");
        assert_eq!(pace.wait(Duration::ZERO), Some(Turn(None)), "{text}");
    }
}

#[test]
fn a_folder_that_takes_no_file_is_told_of() {
    let (clock, state) = (clock(), FakeStateFolder::default());
    state.fail_writes();
    let pace = SharedRate::of(&corp(), &clock, &state);
    assert!(!pace.refused(Turn(None), None));
    assert_eq!(pace.wait(Duration::ZERO), Some(Turn(None)));
}

#[test]
fn a_back_off_grows_to_two_seconds() {
    for (tries, least, most) in
        [(0, 100, 200), (1, 200, 400), (2, 400, 800), (4, 1000, 2000), (99, 1000, 2000)]
    {
        let pause = back_off(tries).as_millis();
        assert!((least..=most).contains(&pause), "{tries}: {pause} ms");
    }
}
