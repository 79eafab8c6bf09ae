//! What a run may cost: asserted in the suite, and printed beside its budget for `tests/bench/run --admin`.

use std::time::Duration;

/// Returns by how much smaller the companies of the suite are: ten times, or with KCAWS_TEST_LONG=1 not at all.
pub(crate) fn scale() -> u32 {
    if kcaws_test_kit::is_long() { 1 } else { 10 }
}

/// Asserts that a figure is within its budget, and prints both.
#[expect(clippy::print_stdout, reason = "read by `tests/bench/run --admin`")]
#[track_caller]
pub(crate) fn within(what: &str, figure: f64, budget: f64, unit: &str) {
    let ratio = if budget > 0.0 { format!("{:.2}", figure / budget) } else { "-".to_owned() };
    println!("budget: {what:<58} {figure:>8.1} {ratio:>6} x {budget:.1} {unit}");
    assert!(figure <= budget, "{what}: {figure} {unit} are more than {budget}");
}

/// The same of things that are counted.
#[track_caller]
pub(crate) fn at_most(what: &str, count: usize, budget: usize, unit: &str) {
    let number = |count: usize| f64::from(u32::try_from(count).expect("few"));
    within(what, number(count), number(budget), unit);
}

/// The same of time, which is asserted of the whole company only: a busy machine takes its part of it.
#[track_caller]
pub(crate) fn in_time(what: &str, took: Duration, budget: Duration) {
    if scale() == 1 {
        within(what, took.as_secs_f64(), budget.as_secs_f64(), "s");
    }
}
