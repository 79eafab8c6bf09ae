use clap::Args;

use super::add::program;
use super::write_args::{Changed, Target, WriteArgs, report, warn_of_dangling};
use crate::app::App;
use crate::app::open::OpenSession;
use crate::cli::accounts;
use crate::cli::error::{CommandError, ErrorCode, Exit};
use crate::cli::session_args::SessionArgs;
use crate::cli::ui::{Ui, shown};
use crate::credentials::accounts::{Gap, Listing};
use crate::ports::identity_center::Patience;
use crate::profile::draft::Draft;
use crate::profile::naming::Template;
use crate::profile::sync::{Note, Plan, Skipped, Sync, Unlisted, Why, Writer, wanted};
use crate::profile::{Role, SsoSession};
use crate::shell::quote::argument;

/// Write a profile for every account and permission set that you have
///
/// Names come from a template; Regions and aliases from config.toml (see docs/configuration.md). A profile that sync
/// wrote is renamed in place when its name changes, and so is each `source_profile` that refers to it. It is removed
/// when AWS no longer lists its account and permission set for you, with a warning if you had added lines to it. Other
/// profiles are left alone, and so are those whose account or permission set you changed. An interrupted run is resumed
/// by the next one.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws profile sync corp --dry-run\n  kcaws profile sync --yes --template '{account_name|kebab}.{role|lower}'"
)]
pub(super) struct SyncArgs {
    #[command(flatten)]
    of: SessionArgs,
    /// Name template: {account_name} {account_id} {role} {session}, |lower |kebab |trim_prefix:TEXT |replace:FROM:TO
    #[arg(long)]
    template: Option<String>,
    /// Keep profiles whose account or permission set is no longer assigned
    #[arg(long)]
    no_prune: bool,
    /// Write without asking
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    pub(super) write: WriteArgs,
}

pub(super) fn run(args: &SyncArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    args.template.as_deref().map(Template::parse).transpose()?;
    let must_ask = !args.yes && !args.write.dry_run;
    // A diff and a question would precede the JSON.
    if must_ask && (args.write.json || !ui.is_interactive()) {
        return Err(CommandError::new(
            Exit::Usage,
            ErrorCode::MustAsk,
            "cannot ask for confirmation: stdin is not a terminal",
        )
        .hint("check with --dry-run, then pass --yes"));
    }
    let program = program(app)?;
    let selected = args.of.select(app, ui)?;
    let session = selected.session.clone();
    // Before listing, which may take a minute.
    let mut settings = app.settings()?.profiles(&session.name);
    settings.name = args.template.clone().or(settings.name);
    let template = settings.template()?;
    let opened = OpenSession::for_use(app, selected, Patience::FOR_A_CROWD, ui.asking())?;
    let listing = accounts::listed(&opened, ui)?;
    let (document, state) = (app.document()?, app.state());
    let note = Note::load(state, Writer::Sync, &session, document)?;
    settings.region = settings.region.or_else(|| note.region.clone());
    let listed = listing.accounts.iter().map(|one| (&one.account, one.roles.as_slice()));
    let wanted = wanted(&session.name, listed, &settings, &template);
    let left_out = opened.left_out();

    let target = Target::at(app, app.config_path()?, &args.write);
    let unknown: Vec<&str> = listing.unavailable.iter().map(|one| one.account.id.as_str()).collect();
    let sync = Sync {
        wanted: &wanted,
        program: &program,
        session: &session.name,
        note: &note,
        // An entry that cannot be read may belong to an existing profile.
        prune: !args.no_prune && left_out.is_empty(),
        rename: true,
        unknown: &unknown,
        unlisted: unlisted(&listing.gaps),
        unquote: true,
    };
    let edit = |draft: &mut Draft<'_>| sync.apply(draft);
    let outcome =
        target.change_if_agreed_after(tell_names, &args.write, args.yes, &command(&session), ui, edit)?;
    let Some(outcome) = outcome else {
        ui.say("Nothing was written.");
        return Ok(());
    };
    if !args.write.dry_run {
        outcome.result.note.save(state, Writer::Sync, &session, document)?;
    }
    report(ui, &args.write, target.path(), &outcome, &changes(&outcome.result));
    warn_of_lost_lines(&outcome.result, args.write.dry_run, ui);
    skipped(&outcome.result, RENAME, ui)?;
    whole(&listing)?;
    accounts::without_gaps(listing.gaps)?;
    left_out_of(&left_out)
}

fn unlisted(gaps: &[Gap]) -> Unlisted {
    Unlisted {
        permission_sets: gaps.iter().any(|gap| matches!(gap, Gap::PermissionSets(_))),
        iam_roles: gaps.iter().any(|gap| matches!(gap, Gap::IamRoles(_))),
    }
}

/// Returns the error for accounts that were skipped (exit 1).
fn whole(listing: &Listing) -> Result<(), CommandError> {
    let Some((first, others)) = listing.unavailable.split_first() else { return Ok(()) };
    let message = match others.len() {
        0 => format!("skipped the profiles of account {}", first.account.id),
        more => format!("skipped the profiles of {} accounts, such as {}", more + 1, first.account.id),
    };
    Err(CommandError::new(Exit::Failed, ErrorCode::Partial, message)
        .because(format!("AWS does not report your permission sets there: {}", first.reason))
        .hint("ask an administrator whether the account is suspended or being closed"))
}

/// Returns the error for entries of AWS's list with unusable names (exit 1).
fn left_out_of(left_out: &[String]) -> Result<(), CommandError> {
    let Some((first, others)) = left_out.split_first() else { return Ok(()) };
    let more = if others.is_empty() { String::new() } else { format!(", and {} more", others.len()) };
    Err(CommandError::new(
        Exit::Failed,
        ErrorCode::Partial,
        "part of AWS's list was not understood; no profiles were removed",
    )
    .because(format!("skipped: {first}{more}"))
    .hint("ask an administrator to rename it, then run the same command again"))
}

/// How to change the names of synced profiles.
pub(in crate::cli) const RENAME: &str = "give the account or the permission set an alias in config.toml";

/// Reports renamed profiles, whose names may be used elsewhere: in scripts, in other files.
pub(in crate::cli) fn tell_names(plan: &Plan, ui: &mut Ui) {
    for one in plan.renamed.iter().take(MOST_NAMED) {
        ui.say(&shown(&format!("Renamed: `{}` to `{}`.", one.from, one.to)));
    }
    if let Some(more @ 1..) = plan.renamed.len().checked_sub(MOST_NAMED) {
        ui.say(&format!("Renamed: {more} more."));
    }
    for one in &plan.followed {
        let (place, key, profile) = (&one.place, one.key, &one.profile);
        ui.say(&shown(&format!("{place}: updated {key} of profile `{profile}` to `{}`.", one.to)));
    }
    warn_of_dangling(&plan.dangling, ui);
}

const MOST_NAMED: usize = 20;

/// Warns about removed profiles with lines that the user had added.
fn warn_of_lost_lines(plan: &Plan, dry_run: bool, ui: &mut Ui) {
    let Some(first) = plan.removed_with_more.first() else { return };
    let whose = match plan.removed_with_more.len() {
        1 => format!("profile `{first}`"),
        count => format!("{count} profiles, such as `{first}`,"),
    };
    ui.warn(&shown(&if dry_run {
        format!("{whose} would be removed with lines that you added")
    } else {
        format!("removed {whose} with lines that you added; `kcaws profile undo` restores them")
    }));
}

fn command(session: &SsoSession) -> String {
    format!("profile sync {}", session.name)
}

pub(in crate::cli) fn changes(plan: &Plan) -> Vec<Changed> {
    let of = |names: &[String], change| -> Vec<Changed> {
        names.iter().map(|name| Changed::new(name.as_str(), change)).collect()
    };
    let skipped: Vec<String> = plan.skipped.iter().map(|one| one.name.clone()).collect();
    let mut changes = of(&plan.created, "created");
    changes.extend(of(&plan.updated, "updated"));
    let renamed = plan.renamed.iter();
    changes.extend(
        renamed
            .map(|one| Changed { from: Some(one.from.clone()), ..Changed::new(one.to.as_str(), "renamed") }),
    );
    changes.extend(of(&plan.removed, "removed"));
    changes.extend(of(&plan.unchanged, "unchanged"));
    changes.extend(of(&skipped, "skipped"));
    changes
}

/// Returns the error for profiles that were skipped (exit 1); `rename` is how to change the names of new profiles.
pub(in crate::cli) fn skipped(plan: &Plan, rename: &str, ui: &mut Ui) -> Result<(), CommandError> {
    let Some((first, others)) = plan.skipped.split_first() else { return Ok(()) };
    let message = match others.len() {
        0 => format!("skipped profile `{}`", first.name),
        more => format!("skipped {} profiles, such as `{}`", more + 1, first.name),
    };
    for one in others {
        ui.say(&shown(&format!("skipped {}: {}", one.name, reason(one))));
    }
    Err(CommandError::new(Exit::Failed, ErrorCode::Partial, message)
        .because(reason(first))
        .hint(way_out(first, rename)))
}

fn reason(skipped: &Skipped) -> String {
    let why = match &skipped.why {
        Why::NotOurs => "the name is already used by a profile that kcaws did not write".to_owned(),
        Why::OfSession(session) => format!("the name is already used by session `{session}`"),
        Why::ChangedByHand => "its account or permission set was changed by hand".to_owned(),
        Why::WouldBeDefault => "it would become the default profile".to_owned(),
        Why::Unwritable => {
            "its session or permission set cannot be written in a form that every tool can read".to_owned()
        }
        Why::Ambiguous(one, other) => {
            let named = |role: &Role| format!("{} in {}", role.role_name, role.account_id);
            format!("it would be the name of both {} and {}", named(one), named(other))
        }
    };
    match &skipped.place {
        Some(place) => format!("{why} ({place})"),
        None => why,
    }
}

fn way_out(skipped: &Skipped, rename: &str) -> String {
    let name = argument(&skipped.name);
    match &skipped.why {
        Why::NotOurs | Why::OfSession(_) => format!("{rename}, or rename the profile"),
        Why::ChangedByHand => {
            format!(
                "if that is intended, rename it; otherwise run `kcaws profile remove {name}`, then the same command again"
            )
        }
        Why::WouldBeDefault => {
            format!("{rename}; to write the default profile, use `kcaws profile add default`")
        }
        Why::Unwritable => "rename the session, using only letters, digits and `_.@%:+/-`".to_owned(),
        Why::Ambiguous(..) => format!("{rename}, or use a template that distinguishes them"),
    }
}
