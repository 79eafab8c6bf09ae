//! Whole processes, interleaved, medians and ratios in one table: `tests/bench/run` builds what it needs.
//!
//! ```text
//! kcaws-bench KCAWS NOOP [ROUNDS]
//! kcaws-bench profiles KCAWS [ROUNDS]    the last part alone
//! kcaws-bench storm KCAWS                many roles at once at AWS's limit, alone
//! kcaws-bench admin KCAWS_ADMIN          the administrator's program: `tests/bench/run --admin`
//! ```
//! Compare within one table only: machines differ, and the same machine differs by the hour.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark for people"
)]

mod admin;
mod counts;
mod fixture;
mod login;
mod peers;
mod profiles;
mod storm;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::fixture::Fixture;

/// One row: what is run, and what is done before each run, unmeasured.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(&'static str, PathBuf)>,
    pub(crate) before: Option<fn(&Fixture)>,
    /// Slow peers are run less often.
    pub(crate) one_in: usize,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [part, kcaws, rounds @ ..] = args.as_slice()
        && part == "profiles"
    {
        return profiles::measure(
            kcaws.as_ref(),
            rounds.first().and_then(|text| text.parse().ok()).unwrap_or(50),
        );
    }
    if let [part, kcaws] = args.as_slice()
        && part == "storm"
    {
        return storm::measure(kcaws.as_ref());
    }
    if let [part, program] = args.as_slice()
        && part == "admin"
    {
        return admin::measure(program.as_ref());
    }
    let [kcaws, noop, rounds @ ..] = args.as_slice() else {
        println!("usage: kcaws-bench KCAWS NOOP [ROUNDS]");
        return;
    };
    let rounds: usize = rounds.first().and_then(|text| text.parse().ok()).unwrap_or(300);
    let fixture = Fixture::new(PathBuf::from(kcaws));
    let mut rows = vec![
        Row {
            name: "no-op, static Rust".into(),
            program: noop.into(),
            args: vec![],
            env: vec![],
            before: None,
            one_in: 1,
        },
        fixture.row("credential-process, warm"),
    ];
    rows.extend(fixture.prompts());
    rows.push(fixture.iam_role_row());
    rows.push(fixture.cold_row());
    rows.extend(peers::found(&fixture));
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); rows.len()];
    for round in 0..rounds {
        for (row, times) in rows.iter().zip(&mut times) {
            if round % row.one_in == 0 {
                if let Some(before) = row.before {
                    before(&fixture);
                }
                // All in the wake of the same process: what ran before decides what the caches hold.
                once(&fixture, &rows[0]);
                times.push(once(&fixture, row));
            }
        }
    }
    let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();
    println!("{:<44} {:>10} {:>8} {:>6}", "command", "median µs", "x no-op", "runs");
    for ((row, median), times) in rows.iter().zip(&medians).zip(&times) {
        println!("{:<44} {median:>10.0} {:>8.2} {:>6}", row.name, median / medians[0], times.len());
    }
    let counted = ["no-op, static Rust", "credential-process, warm", "prompt", "prompt, 10,000 profiles"];
    for row in rows.iter().filter(|row| counted.contains(&row.name.as_str())) {
        counts::print(&fixture, row);
    }
    login::print(&fixture);
    fixture.crowds();
    storm::measure(kcaws.as_ref());
    profiles::measure(kcaws.as_ref(), rounds);
}

fn once(fixture: &Fixture, row: &Row) -> Duration {
    let mut command = fixture.command(&row.program);
    command.args(&row.args).envs(row.env.iter().map(|(name, value)| (name, value)));
    let start = Instant::now();
    let status = command.status().unwrap();
    let took = start.elapsed();
    assert!(status.success(), "{} failed", row.name);
    took
}

pub(crate) fn median(times: &mut [Duration]) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e6
}
