use clap::Args;

use super::write_args::{Changed, Target, WriteArgs, report, warn_of_dangling};
use crate::app::App;
use crate::app::resolve;
use crate::cli::error::CommandError;
use crate::cli::ui::Ui;
use crate::profile::draft::Draft;
use crate::profile::references::Reference;
use crate::profile::{ConfigError, Document, Heading, OwnLine, Place};
use crate::shell::quote::argument;

const EXAMPLES: &str = "\
Examples:
  kcaws profile remove dev
  kcaws profile remove dev prod --dry-run
  kcaws profile remove --all-of-kcaws    before kcaws is uninstalled";

/// Remove profiles that kcaws wrote
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct RemoveArgs {
    /// Names of the profiles
    #[arg(required_unless_present = "all_of_kcaws")]
    names: Vec<String>,
    /// Remove all profiles that kcaws wrote, after showing them
    #[arg(long, conflicts_with_all = ["names", "force"])]
    all_of_kcaws: bool,
    /// Do not ask before all of them are removed
    #[arg(short, long, requires = "all_of_kcaws")]
    yes: bool,
    /// Also remove profiles that kcaws did not write
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    pub(super) write: WriteArgs,
}

/// The names of what is removed, and what the user may not expect.
struct Removed {
    names: Vec<String>,
    /// Lines of other profiles that refer to it.
    dangling: Vec<Reference>,
    /// Lines of a removed profile that kcaws did not write.
    own_lines: Vec<(String, Vec<OwnLine>)>,
    /// With `--all-of-kcaws`, profiles that run kcaws and stay.
    left: Vec<(String, Place)>,
}

pub(super) fn run(args: &RemoveArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    resolve::check_config_file(app)?;
    let target = Target::at(app, app.config_path()?, &args.write);
    let mut names = args.names.clone();
    names.sort();
    names.dedup();
    let edit = |draft: &mut Draft<'_>| {
        let names = if args.all_of_kcaws { of_kcaws(draft.document()) } else { names.clone() };
        let document = draft.document();
        let own_lines = names.iter().map(|name| (name.clone(), document.own_lines(name)));
        let own_lines = own_lines.filter(|(_, lines)| !lines.is_empty()).collect();
        let left = if args.all_of_kcaws { document.with_other_options() } else { Vec::new() };
        for name in &names {
            if let (Some(place), false) = (draft.document().foreign(name), args.force) {
                return Err(ConfigError::Foreign { place, name: name.clone(), hides: None });
            }
            if !draft.remove(&Heading::Profile(name.clone()))? {
                return Err(draft.document().no_such_profile(name));
            }
        }
        let references = draft.document().references().into_iter();
        let dangling = references.filter(|one| names.contains(&one.to) && !names.contains(&one.profile));
        Ok(Removed { dangling: dangling.collect(), names, own_lines, left })
    };
    let outcome = if args.all_of_kcaws {
        let command = "profile remove --all-of-kcaws";
        let outcome = target.change_if_agreed_after(warn, &args.write, args.yes, command, ui, edit)?;
        let Some(outcome) = outcome else {
            ui.say("Nothing was removed.");
            return Ok(());
        };
        outcome
    } else {
        warn(&target.writer().preview(edit)?.result, ui);
        target.change(&args.write, &format!("profile remove {}", names.join(" ")), ui, edit)?
    };
    let Removed { names, left, .. } = &outcome.result;
    let removed = names.iter().map(|name| Changed::new(name.clone(), "removed"));
    let skipped = left.iter().map(|(name, _)| Changed::new(name.clone(), "skipped"));
    let changes: Vec<Changed> = removed.chain(skipped).collect();
    report(ui, &args.write, target.path(), &outcome, &changes);
    if args.all_of_kcaws {
        warn_of_left(left, app, ui);
    }
    Ok(())
}

fn warn(removed: &Removed, ui: &mut Ui) {
    warn_of_dangling(&removed.dangling, ui);
    for (name, lines) in &removed.own_lines {
        let words = |OwnLine { line, key }: &OwnLine| match key {
            Some(key) => format!("`{key}` (line {line})"),
            None => format!("a comment (line {line})"),
        };
        let words: Vec<String> = lines.iter().map(words).collect();
        ui.warn(&format!("lines of your own are removed with profile `{name}`: {}", words.join(", ")));
    }
}

/// Names the profiles whose program will be gone once kcaws is uninstalled.
fn warn_of_left(left: &[(String, Place)], app: &App, ui: &mut Ui) {
    for (name, place) in left {
        ui.warn(&format!(
            "{place}: profile `{name}` is left, since its credential_process runs kcaws with other options than kcaws writes; to remove it: kcaws profile remove {} --force",
            argument(name)
        ));
    }
    let in_credentials = app.credentials_document().map(Document::with_kcaws_in_credentials);
    for (name, place) in in_credentials.unwrap_or_default() {
        ui.warn(&format!(
            "{place}: profile `{name}` still runs kcaws; kcaws does not edit that file, so remove the line yourself"
        ));
    }
}

fn of_kcaws(document: &Document) -> Vec<String> {
    let mut names = document.profile_names();
    names.retain(|name| document.own(name).is_some());
    names
}
