//! What the commands `plan` and `apply` of users, groups and access have in common: arguments, the question, files.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::Ui;
use kcaws::platform::foreign_file;
use kcaws::ports::clock::Clock;
use serde::Serialize;

use super::FileArg;
use crate::access_file::AccessFile;
use crate::app::AdminApp;
use crate::only::{OnlyKind, Selector};
use crate::pacing::{DEFAULT_RATE, Pace};
use crate::platform::{audit_file, output_file};
use crate::sync::apply::JsonLines;
use crate::sync::plan::LONGEST_LIFE;
use crate::sync::scope::MaxRemovals;

/// The first plan of 5,000 users in 500 groups takes 5 MB, and AWS takes 100,000 users.
const LARGEST_PLAN: u64 = 256 * 1024 * 1024;
/// The variable with the requests a second.
const RATE_VARIABLE: &str = "KCAWS_ADMIN_RATE";

/// What a plan is about, by what can be allowed in it.
pub(super) trait Subject: ValueEnum + Send + Sync + 'static {
    /// What `--only` can select.
    const KINDS: &'static [OnlyKind];
}

/// What decides about a plan. A saved plan brings its own.
#[derive(Args, Debug)]
pub(super) struct PlanningArgs<A: Subject> {
    /// Take over objects of the same name that kcaws did not create
    #[arg(long)]
    pub(super) adopt: bool,
    /// Most objects that may be removed, as a number or a percentage [default: 5%, at least 5]
    #[arg(long, value_name = "N|P%")]
    pub(super) max_removals: Option<MaxRemovals>,
    /// Allow what is refused otherwise
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(super) allow: Vec<A>,
    /// Make only the changes of what is named, such as group:/aws/*; can be repeated
    #[arg(long, value_name = "KIND:PATTERN", value_parser = |text: &str| Selector::of(text, A::KINDS))]
    pub(super) only: Vec<Selector>,
}

/// How assignments are read, by a command that takes a saved plan or not.
#[derive(Args, Debug)]
pub(super) struct ReadingArgs<const TAKES_PLAN: bool> {
    /// Read every permission set in every account: sees assignments of single users and deleted groups
    #[arg(long, conflicts_with_all = if TAKES_PLAN { &["plan"][..] } else { &[] })]
    pub(super) deep: bool,
}

/// The arguments of a `plan`.
#[derive(Args, Debug)]
#[group(skip)]
pub(super) struct PlanArgs<A: Subject> {
    #[command(flatten)]
    pub(super) file: FileArg,
    #[command(flatten)]
    pub(super) planning: PlanningArgs<A>,
    /// Save the plan for `apply PLAN`, which refuses it after an hour or if anything changed
    #[arg(long, value_name = "PLAN")]
    pub(super) out: Option<PathBuf>,
    /// Exit 7 if there are changes
    #[arg(long)]
    pub(super) exit_code: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// The arguments of an `apply`.
#[derive(Args, Debug)]
#[group(skip)]
pub(super) struct ApplyArgs<A: Subject> {
    /// Plan that `plan --out` saved
    #[arg(value_name = "PLAN", conflicts_with_all = ["adopt", "max_removals", "allow", "only"])]
    pub(super) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(super) file: FileArg,
    #[command(flatten)]
    pub(super) planning: PlanningArgs<A>,
    /// Do not ask
    #[arg(short, long)]
    pub(super) yes: bool,
    /// File to which every write is added as a line of JSON [default: the access file's name with .audit.jsonl]
    #[arg(long, value_name = "PATH")]
    audit: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

impl<A: Subject> ApplyArgs<A> {
    pub(super) fn audit(&self, file: &AccessFile) -> PathBuf {
        self.audit.clone().unwrap_or_else(|| file.path.with_extension("audit.jsonl"))
    }

    /// Asks whether to apply what was shown, unless nobody has to be. `of` is the command without `apply`.
    ///
    /// `show` prints the plan again for who is asked while stdout is for JSON.
    pub(super) fn ask(
        &self,
        of: &str,
        clock: &dyn Clock,
        show: impl FnOnce(&mut Ui),
        ui: &mut Ui,
    ) -> Result<(), CommandError> {
        if self.yes || self.plan.is_some() {
            return Ok(());
        }
        if !ui.is_interactive() {
            let message = format!("`{of} apply` asks before it changes anything, and nobody can answer");
            return Err(CommandError::new(Exit::Usage, ErrorCode::InputNeeded, message)
                .hint(format!("add --yes, or apply a plan that was saved: `{of} apply plan.json`")));
        }
        if self.json {
            ui.on_stderr(show);
        }
        let asked_at = clock.now();
        match ui.ask("Apply these changes? [y/N] ").as_deref() {
            Some("y" | "Y" | "yes") => {}
            _ => return Err(declined(ui)),
        }
        if clock.now().signed_duration_since(asked_at) > LONGEST_LIFE {
            let message = "the plan is older than an hour: the answer came too late";
            return Err(CommandError::new(Exit::Unsafe, ErrorCode::Unsafe, message)
                .hint("nothing was written; run the same command again, which shows a new plan"));
        }
        Ok(())
    }
}

/// Returns the end of a command whose question was not answered with yes.
pub(super) fn declined(ui: &mut Ui) -> CommandError {
    ui.say("Nothing was changed.");
    CommandError::silent()
}

/// Warns of selectors that name nothing: they may have a typo.
pub(super) fn warn_of_unmatched<'s>(selectors: impl IntoIterator<Item = &'s Selector>, ui: &mut Ui) {
    for selector in selectors {
        ui.warn(&format!("--only `{selector}` matches no {}", selector.kind().title()));
    }
}

/// Saves a plan.
pub(super) fn save(path: &Path, plan: &impl Serialize) -> Result<(), CommandError> {
    let mut text = serde_json::to_vec(plan).expect("names and times serialize");
    text.push(b'\n');
    output_file::write(path, &text).map_err(|error| unwritable(path, &error))
}

/// Returns the text of a saved plan. `of` is the command without `plan`.
pub(super) fn saved_text(path: &Path, of: &str) -> Result<String, CommandError> {
    let bytes = foreign_file::read_up_to(LARGEST_PLAN, path).map_err(|error| {
        CommandError::new(Exit::Usage, ErrorCode::NoSuchFile, format!("cannot read `{}`", path.display()))
            .because(error.to_string())
            .hint(format!("`{of} plan --out plan.json` writes one"))
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A file that could not be written.
pub(super) fn unwritable(path: &Path, error: &std::io::Error) -> CommandError {
    CommandError::new(Exit::Failed, ErrorCode::OutputFile, format!("cannot write `{}`", path.display()))
        .because(error.to_string())
        .hint("nothing was changed; name another file")
}

/// Opens the audit file and records there that writes begin.
///
/// A file that takes no record ends the command before its first write, not after those that are under way at once.
pub(super) fn audit_lines(path: &Path, actor: &str, app: &AdminApp) -> Result<JsonLines<File>, CommandError> {
    let begin = |file: File| {
        let lines = JsonLines::new(file);
        lines.start(app.clock.now(), actor).map(|()| lines)
    };
    audit_file::open(path).and_then(begin).map_err(|error| unwritable(path, &error))
}

/// Returns the pace of all requests of a run to AWS.
pub(super) fn pace(app: &AdminApp) -> Result<Arc<Pace<'_>>, CommandError> {
    Ok(Arc::new(Pace::new(&*app.clock, rate(app)?)))
}

/// Returns the requests a second to AWS.
pub(super) fn rate(app: &AdminApp) -> Result<f64, CommandError> {
    let Some(text) = app.env.get(RATE_VARIABLE) else { return Ok(DEFAULT_RATE) };
    let rate = text.parse().ok().filter(|rate: &f64| rate.is_finite() && *rate > 0.0);
    rate.ok_or_else(|| {
        let message = format!("{RATE_VARIABLE}: `{text}` is not a number of requests a second");
        CommandError::new(Exit::Configuration, ErrorCode::Settings, message).hint("unset it for 20")
    })
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};
    use std::time::Duration;

    use clap::Parser;
    use kcaws::cli::Global;
    use kcaws::platform::terminal::Terminal;
    use kcaws::ports::clock::FakeClock;

    use super::*;

    #[derive(Clone, Copy, Debug, ValueEnum)]
    enum Anything {}

    impl Subject for Anything {
        const KINDS: &'static [OnlyKind] = &[];
    }

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: ApplyArgs<Anything>,
    }

    /// Somebody who answers after a while.
    struct Slow(Arc<FakeClock>, Duration, &'static str);

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0.advance(self.1);
            self.2.as_bytes().read(buffer)
        }
    }

    /// Returns the end of a question that is answered after some minutes, and what is on stdout and stderr.
    fn asked(line: &str, minutes: u64) -> (Result<(), CommandError>, String, String) {
        answered(line, minutes, "y\n")
    }

    fn answered(
        line: &str,
        minutes: u64,
        answer: &'static str,
    ) -> (Result<(), CommandError>, String, String) {
        let (mut terminal, stdout, stderr) = Terminal::captured();
        let clock = Arc::new(FakeClock::at("2026-11-29T08:00:00Z"));
        terminal.interactive = true;
        terminal.stdin = Box::new(BufReader::new(Slow(clock.clone(), Duration::from_mins(minutes), answer)));
        let mut ui = Ui::new(terminal, &Global::default());
        let args = Command::parse_from(line.split(' ')).args;
        let end = args.ask("kcaws admin", &*clock, |ui| ui.data("+ user a"), &mut ui);
        (end, stdout.text(), stderr.text())
    }

    #[test]
    fn an_answer_is_good_as_long_as_a_saved_plan() {
        assert!(asked("apply", 60).0.is_ok());
        let late = asked("apply", 61).0.expect_err("is refused");
        assert_eq!(late.exit_code(), Exit::Unsafe as u8);
        assert!(asked("apply --yes", 61).0.is_ok(), "nobody is asked");
    }

    #[test]
    fn who_is_asked_sees_the_plan_although_stdout_is_for_json() {
        let question = "Apply these changes? [y/N] ";
        let (_, stdout, stderr) = asked("apply --json", 0);
        assert_eq!((stdout.as_str(), stderr), ("", format!("+ user a\n{question}")));
        assert_eq!(asked("apply", 0).2, question, "it is on stdout already");
        assert_eq!(asked("apply --json --yes", 0).2, "");
    }

    #[test]
    fn who_does_not_say_yes_reads_that_nothing_was_changed() {
        for answer in ["n\n", "\n", ""] {
            let (end, stdout, stderr) = answered("apply --json", 0, answer);
            let end = end.expect_err("ends");
            assert!(end.is_silent() && end.exit_code() == 0, "{answer:?}");
            assert!(stdout.is_empty() && stderr.ends_with("Nothing was changed.\n"), "{answer:?}: {stderr}");
        }
    }

    #[test]
    fn a_plan_of_a_large_company_can_be_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("plan.json");
        let names = vec!["somebody@example.com"; 500_000];
        save(&path, &names).expect("writes");
        let text = saved_text(&path, "kcaws admin sync").expect("reads");
        assert!(text.len() as u64 > foreign_file::LARGEST && text.ends_with("]\n"));
        assert_eq!(text.lines().count(), 1, "without the blanks that would double it");
    }
}
