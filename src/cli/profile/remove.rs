use clap::Args;

use super::write_args::{Changed, Target, WriteArgs, report, warn_of_dangling};
use crate::app::App;
use crate::app::resolve;
use crate::cli::error::CommandError;
use crate::cli::ui::Ui;
use crate::profile::draft::Draft;
use crate::profile::{ConfigError, Heading};

/// Remove profiles that kcaws wrote
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  kcaws profile remove dev\n  kcaws profile remove dev prod --dry-run")]
pub(super) struct RemoveArgs {
    /// Names of the profiles
    #[arg(required = true)]
    names: Vec<String>,
    /// Also remove profiles that kcaws did not write
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    pub(super) write: WriteArgs,
}

pub(super) fn run(args: &RemoveArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    resolve::check_config_file(app)?;
    let target = Target::at(app, app.config_path()?, &args.write);
    let mut names = args.names.clone();
    names.sort();
    names.dedup();
    let edit = |draft: &mut Draft<'_>| {
        for name in &names {
            if let (Some(place), false) = (draft.document().foreign(name), args.force) {
                return Err(ConfigError::Foreign { place, name: name.clone(), hides: None });
            }
            if !draft.remove(&Heading::Profile(name.clone()))? {
                return Err(draft.document().no_such_profile(name));
            }
        }
        let references = draft.document().references().into_iter();
        Ok(references
            .filter(|one| names.contains(&one.to) && !names.contains(&one.profile))
            .collect::<Vec<_>>())
    };
    warn_of_dangling(&target.writer().preview(edit)?.result, ui);
    let outcome = target.change(&args.write, &format!("profile remove {}", names.join(" ")), ui, edit)?;
    let removed: Vec<Changed> = names.into_iter().map(|name| Changed::new(name, "removed")).collect();
    report(ui, &args.write, target.path(), &outcome, &removed);
    Ok(())
}
