use clap::Args;

use super::add::program;
use super::written::{Changed, Target, WriteArgs, report};
use crate::app::App;
use crate::cli::error::{CommandError, Exit};
use crate::cli::selection::{self, Opened};
use crate::cli::ui::Ui;
use crate::ports::identity_center::Patience;
use crate::profile::SsoSession;
use crate::profile::draft::Draft;
use crate::profile::sync::{Note, Plan, Sync, wanted};

/// Write a profile for every account and permission set that you have
///
/// Names come from a template; regions and aliases from config.toml (README has the list). Profiles that sync wrote
/// and that you have no longer are removed; nobody else's are touched. A run that was cut off is taken up by the
/// next one.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws profile sync corp --dry-run\n  kcaws profile sync --yes --template '{account_name|kebab}.{role|lower}'"
)]
pub(super) struct SyncArgs {
    /// Name of an [sso-session …]
    session: Option<String>,
    /// {account_name} {account_id} {role} {session}, with |lower |kebab |trim_prefix:TEXT |replace:FROM:TO
    #[arg(long)]
    template: Option<String>,
    /// Keep profiles of accounts and permission sets that are gone
    #[arg(long)]
    no_prune: bool,
    /// Write without asking
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    pub(super) write: WriteArgs,
}

pub(super) fn run(args: &SyncArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    // Before a minute of listing.
    let mut settings = app.settings()?.profiles.clone();
    settings.name = args.template.clone().or(settings.name);
    let template = settings.template()?;
    let must_ask = !args.yes && !args.write.dry_run;
    // A diff and a question would stand before the JSON.
    if must_ask && (args.write.json || !ui.is_interactive()) {
        return Err(CommandError::new(
            Exit::Usage,
            "must_ask",
            "sync asks before it writes, and nobody can answer",
        )
        .hint("look with --dry-run, then say --yes"));
    }
    let program = program(app)?;
    let selected = selection::session(app, args.session.as_deref(), ui)?;
    let session = selected.session.clone();
    let opened = Opened::for_use(app, selected, Patience::FOR_A_CROWD, ui)?;
    let listed = opened.accounts(ui)?;
    let listed = listed.iter().map(|one| (&one.account, one.roles.as_slice()));
    let wanted = wanted(&session.name, listed, &settings, &template)?;

    let (target, document, state) =
        (Target::at(app, app.config_path()?, &args.write), app.document()?, &**app.state());
    let note = Note::load(state, &session, document)?;
    let sync = Sync {
        wanted: &wanted,
        program: &program,
        session: &session.name,
        note: &note,
        prune: !args.no_prune,
    };
    let edit = |draft: &mut Draft<'_>| sync.apply(draft);
    let outcome = target.change_if_agreed(&args.write, args.yes, &command(&session), ui, edit)?;
    let Some(outcome) = outcome else {
        ui.say("Nothing was written.");
        return Ok(());
    };
    if !args.write.dry_run {
        outcome.result.note.save(state, &session, document)?;
    }
    report(ui, &args.write, target.path(), &outcome, &changes(&outcome.result));
    skipped(&outcome.result, ui)
}

fn command(session: &SsoSession) -> String {
    format!("profile sync {}", session.name)
}

pub(in crate::cli) fn changes(plan: &Plan) -> Vec<Changed> {
    let of = |names: &[String], change| -> Vec<Changed> {
        names.iter().map(|name| Changed { name: name.clone(), change }).collect()
    };
    let skipped: Vec<String> = plan.skipped.iter().map(|(name, _)| name.clone()).collect();
    let mut changes = of(&plan.created, "created");
    changes.extend(of(&plan.updated, "updated"));
    changes.extend(of(&plan.removed, "removed"));
    changes.extend(of(&plan.unchanged, "unchanged"));
    changes.extend(of(&skipped, "skipped"));
    changes
}

/// Done but for these: exit 1.
pub(in crate::cli) fn skipped(plan: &Plan, ui: &mut Ui) -> Result<(), CommandError> {
    let Some((first, place)) = plan.skipped.first() else { return Ok(()) };
    let at = place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
    let message = match plan.skipped.len() {
        1 => format!("profile `{first}` was left as it is"),
        count => format!("{count} profiles were left as they are, such as `{first}`"),
    };
    for (name, place) in plan.skipped.iter().skip(1) {
        let at = place.as_ref().map(|place| format!(", see {place}")).unwrap_or_default();
        ui.say(&crate::cli::ui::shown(&format!("left as it is: {name}{at}")));
    }
    Err(CommandError::new(Exit::Failed, "partial", message)
        .because(format!("a profile of that name is not one that sync wrote for this session{at}"))
        .hint("give the account or the permission set an alias in config.toml, or rename the profile"))
}
