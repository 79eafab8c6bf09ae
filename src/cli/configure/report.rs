//! What `kcaws configure` has done, for `--json`, or the diff of a dry run.

use serde::Serialize;

use super::{Run, session_questions, shell};
use crate::cli::profile::write_args::Changed;
use crate::cli::ui::Ui;

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    path: String,
    dry_run: bool,
    session: SessionRow<'a>,
    logged_in: bool,
    profiles: &'a [Changed],
    not_understood: Vec<UnclearRow<'a>>,
    shell_line: Option<shell::Row>,
    /// The backup IDs for `undo`, in the order of the writes.
    backups: &'a [u64],
    /// Set only in a dry run.
    diff: Option<String>,
}

#[derive(Serialize)]
struct SessionRow<'a> {
    name: &'a str,
    start_url: &'a str,
    region: &'a str,
    /// `created`, `updated`, `unchanged`, `skipped`.
    change: &'static str,
}

#[derive(Serialize)]
struct UnclearRow<'a> {
    name: &'a str,
    path: String,
    line: usize,
    reason: &'static str,
}

pub(super) fn report(
    run: &Run<'_>,
    answers: &session_questions::Answers,
    change: &'static str,
    logged_in: bool,
    shell_line: Option<shell::Row>,
    ui: &mut Ui,
) {
    let dry_run = run.args.write.dry_run;
    if !run.args.write.json {
        return ui.text(&run.target.staged_diff());
    }
    let diff = dry_run.then(|| run.target.staged_diff());
    let unclear = run.unclear.iter().map(|one| UnclearRow {
        name: &one.name,
        path: one.place.path.display().to_string(),
        line: one.place.line,
        reason: one.why,
    });
    ui.json(&Report {
        schema: 1,
        path: run.target.path().display().to_string(),
        dry_run,
        session: SessionRow {
            name: &answers.name,
            start_url: &answers.start_url,
            region: &answers.region,
            change,
        },
        logged_in,
        profiles: &run.profiles,
        not_understood: unclear.collect(),
        shell_line,
        backups: &run.backups,
        diff,
    });
}
