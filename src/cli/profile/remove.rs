use clap::Args;

use super::write_args::{Changed, Target, WriteArgs, report, warn_of_dangling};
use crate::app::App;
use crate::app::resolve;
use crate::cli::error::CommandError;
use crate::cli::ui::Ui;
use crate::profile::draft::Draft;
use crate::profile::references::Reference;
use crate::profile::{ConfigError, Document, Heading};

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

/// The names of what is removed, and the lines of other profiles that refer to it.
struct Removed {
    names: Vec<String>,
    dangling: Vec<Reference>,
}

pub(super) fn run(args: &RemoveArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    resolve::check_config_file(app)?;
    let target = Target::at(app, app.config_path()?, &args.write);
    let mut names = args.names.clone();
    names.sort();
    names.dedup();
    let edit = |draft: &mut Draft<'_>| {
        let names = if args.all_of_kcaws { of_kcaws(draft.document()) } else { names.clone() };
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
        Ok(Removed { dangling: dangling.collect(), names })
    };
    let outcome = if args.all_of_kcaws {
        let tell = |removed: &Removed, ui: &mut Ui| warn_of_dangling(&removed.dangling, ui);
        let command = "profile remove --all-of-kcaws";
        let outcome = target.change_if_agreed_after(tell, &args.write, args.yes, command, ui, edit)?;
        let Some(outcome) = outcome else {
            ui.say("Nothing was removed.");
            return Ok(());
        };
        outcome
    } else {
        warn_of_dangling(&target.writer().preview(edit)?.result.dangling, ui);
        target.change(&args.write, &format!("profile remove {}", names.join(" ")), ui, edit)?
    };
    let removed: Vec<Changed> =
        outcome.result.names.iter().map(|name| Changed::new(name.clone(), "removed")).collect();
    report(ui, &args.write, target.path(), &outcome, &removed);
    Ok(())
}

fn of_kcaws(document: &Document) -> Vec<String> {
    let mut names = document.profile_names();
    names.retain(|name| document.own(name).is_some());
    names
}
