//! The profiles: all or some of the listing, and those imported from other tools.

use super::{Run, ask, session_questions};
use crate::app::App;
use crate::app::open::OpenSession;
use crate::cli::error::{CommandError, ErrorCode, Exit};
use crate::cli::profile::sync::{RENAME, changes, skipped, tell_names};
use crate::cli::profile::write_args::Changed;
use crate::cli::ui::{Ui, WIDEST, shown};
use crate::cli::{accounts, select};
use crate::columns;
use crate::configure::answers;
use crate::configure::other_tools;
use crate::configure::other_tools::{Found, Import};
use crate::ports::identity_center::Patience;
use crate::profile::SsoSession;
use crate::profile::draft::Draft;
use crate::profile::kcaws_profile;
use crate::profile::naming::Create;
use crate::profile::save::Outcome;
use crate::profile::sync::{Note, Plan, Sync, Unlisted, WantedProfile, Writer, wanted};
use crate::similar::did_you_mean;

/// Selects profiles of the listing.
pub(super) enum ProfileSelection {
    All,
    None,
    Named(Vec<String>),
    Ask,
}

impl ProfileSelection {
    pub(super) fn of(run: &Run<'_>, ui: &Ui) -> Self {
        match run.args.profiles.as_deref() {
            Some("all") => Self::All,
            Some("none") => Self::None,
            Some(names) => Self::Named(names.split(',').map(|name| name.trim().to_owned()).collect()),
            None if run.args.import => Self::None,
            None => match run.settings.create {
                Some(Create::All) => Self::All,
                Some(Create::None) => Self::None,
                Some(Create::Ask) | None if !ui.is_interactive() => Self::None,
                Some(Create::Ask) | None => Self::Ask,
            },
        }
    }
}

/// Writes the selected profiles of all accounts and permission sets; requires a login.
pub(super) fn of_listing(
    run: &mut Run<'_>,
    selection: &ProfileSelection,
    app: &App,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    let selected = select::session(app, Some(&run.name), ui)?;
    let session = selected.session.clone();
    let opened = OpenSession::for_use(app, selected, Patience::FOR_A_CROWD, ui.asking())?;
    let listing = accounts::listed(&opened, ui)?;
    accounts::warn_of_left_out(&opened, ui);
    if let Err(gap) = accounts::without_gaps(listing.gaps) {
        run.partial.get_or_insert(gap);
    }
    let listed = listing.accounts.iter().map(|one| (&one.account, one.roles.as_slice()));
    let all = wanted(&session.name, listed, &run.settings, &run.template);
    if all.is_empty() {
        ui.say("AWS lists no accounts for you; an administrator can assign permission sets.");
        if opened.endpoints.account_access.is_none() {
            ui.say(
                "If your company assigns IAM roles by account access manager, pass --account-access TENANT.",
            );
        }
        return Ok(());
    }
    let count = all.len();
    let mut chosen = choose(all, selection, ui)?;
    // As `profile sync` does: written beside them, each role would have two profiles from now on.
    let renames = chosen.len() == count;
    let mut answered = run.args.profile_region.is_some().then(|| run.settings.region.clone()).flatten();
    if chosen.iter().any(|one| one.region.is_none()) {
        let region = if matches!(selection, ProfileSelection::Ask) {
            let usual = Some(session.region.as_str());
            ask::until("Region of the new profiles", usual, ui, |text| Ok(answers::region(text)?))?
        } else {
            session.region.clone()
        };
        for one in &mut chosen {
            one.region.get_or_insert_with(|| region.clone());
        }
        answered.get_or_insert(region);
    }
    let (document, state) = (app.document()?, app.state());
    let note = Note::load(state, Writer::Sync, &session, document)?;
    let Some(mut plan) = put(run, &chosen, renames, &note, RENAME, app, ui)? else { return Ok(()) };
    plan.note.region = answered.or(plan.note.region);
    if !run.args.write.dry_run && !chosen.is_empty() {
        plan.note.save(state, Writer::Sync, &session, document)?;
    }
    Ok(())
}

/// Writes kcaws profiles for those of other tools, which are left alone.
///
/// Sync does not treat them as its own; the next import does.
pub(super) fn of_other_tools(
    run: &mut Run<'_>,
    found: Found,
    start_url: &str,
    app: &App,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    let tools: Vec<&str> = found.profiles.iter().map(|one| one.tool.name()).collect();
    let mut kinds = tools.clone();
    kinds.sort_unstable();
    kinds.dedup();
    let count = |kind: &&str| tools.iter().filter(|tool| *tool == kind).count();
    let counts: Vec<String> = kinds.iter().map(|kind| format!("{kind}: {}", count(kind))).collect();
    ui.say(&match (tools.len(), counts.join(", ")) {
        (0, _) => "Found no profiles from other tools to import.".to_owned(),
        (1, counts) => format!("Found 1 profile from another tool ({counts})."),
        (several, counts) => format!("Found {several} profiles from other tools ({counts})."),
    });
    tell_of_choice(run, start_url, app, ui)?;
    let suffix = match &run.args.import_suffix {
        None if ui.is_interactive() && !found.profiles.is_empty() => {
            ask::until("Suffix for the new names", Some(SUFFIX), ui, suffix)?
        }
        given => suffix(given.as_deref().unwrap_or(SUFFIX))?,
    };
    let Import { wanted, unclear, elsewhere } = other_tools::import(found, &run.name, start_url, &suffix);
    for one in &unclear {
        ui.warn(&format!("{}: profile `{}` skipped: {}", one.place, one.name, one.why));
    }
    for one in &elsewhere {
        ui.say(&shown(&format!("{}: profile `{}` belongs to another portal; skipped", one.place, one.name)));
    }
    run.unclear.extend(unclear);
    let (document, state) = (app.document()?, app.state());
    let session = document.session(&run.name).ok();
    let note = match &session {
        Some(session) => Note::load(state, Writer::Import, session, document)?,
        None => Note::default(),
    };
    let rename = "choose another --import-suffix";
    let plan = put(run, &wanted, false, &note, rename, app, ui)?;
    if let (Some(plan), Some(session), false) = (plan, session, run.args.write.dry_run) {
        plan.note.save(state, Writer::Import, &session, document)?;
    }
    Ok(())
}

/// Reports other sessions of the same portal, which could have been meant.
fn tell_of_choice(run: &Run<'_>, start_url: &str, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let known = session_questions::in_file(app.document()?);
    let names = known.iter().filter(|one| answers::is_same_portal(&one.start_url, start_url));
    let others: Vec<&str> = names.map(|one| one.name.as_str()).filter(|name| *name != run.name).collect();
    if !others.is_empty() {
        let others = others.join("`, `");
        ui.say(&shown(&format!(
            "Importing into session `{}`; `{others}` uses the same portal (choose with --session).",
            run.name
        )));
    }
    Ok(())
}

const SUFFIX: &str = "-kcaws";

pub(super) fn suffix(text: &str) -> Result<String, CommandError> {
    if crate::profile::draft::is_plain_name(text) {
        return Ok(text.to_owned());
    }
    Err(CommandError::new(
        Exit::Usage,
        ErrorCode::BadAnswer,
        format!("`{text}` cannot be part of a profile name"),
    )
    .hint("the suffix tells new profiles from existing ones; use letters, digits or `_.@%:+/-`"))
}

fn choose(
    all: Vec<WantedProfile>,
    selection: &ProfileSelection,
    ui: &Ui,
) -> Result<Vec<WantedProfile>, CommandError> {
    match selection {
        ProfileSelection::All => Ok(all),
        ProfileSelection::None => Ok(Vec::new()),
        ProfileSelection::Named(names) => named(all, names),
        ProfileSelection::Ask => {
            let some: Vec<String> = all.iter().take(3).map(|one| shown(&one.name)).collect();
            let more = if all.len() > 3 { ", …" } else { "" };
            let rows = vec![
                format!("all {}: {}{more}", all.len(), some.join(", ")),
                "some of them".to_owned(),
                "none".to_owned(),
            ];
            match ask::picked(ui.pick("Profiles:", rows))? {
                Some(0) => Ok(all),
                Some(1) => marked(all, ui),
                _ => Ok(Vec::new()),
            }
        }
    }
}

fn named(all: Vec<WantedProfile>, names: &[String]) -> Result<Vec<WantedProfile>, CommandError> {
    if let Some(stranger) = names.iter().find(|name| !all.iter().any(|one| one.name == **name)) {
        let there: Vec<&str> = all.iter().take(20).map(|one| one.name.as_str()).collect();
        let meant = did_you_mean(stranger, all.iter().map(|one| one.name.as_str()));
        return Err(CommandError::new(
            Exit::Usage,
            ErrorCode::NoSuchProfile,
            format!("no profile would be named `{stranger}`"),
        )
        .because(format!("the names would be: {}", there.join(", ")))
        .hint(format!("{meant}names come from --template; nothing was written")));
    }
    Ok(all.into_iter().filter(|one| names.contains(&one.name)).collect())
}

fn marked(all: Vec<WantedProfile>, ui: &Ui) -> Result<Vec<WantedProfile>, CommandError> {
    let width = all.iter().map(|one| columns::width(&one.name)).max().unwrap_or(0).min(WIDEST);
    let row = |one: &WantedProfile| {
        let role = &one.own.role;
        let name = columns::padded(&shown(&one.name), width);
        shown(&format!("{name}  {} in {}", role.role_name, role.account_id))
    };
    let rows = all.iter().map(row).collect();
    let Some(places) = ask::picked(ui.pick_several("Profiles:", rows))? else {
        return Ok(Vec::new());
    };
    let chosen = all.into_iter().enumerate().filter(|(at, _)| places.contains(at));
    Ok(chosen.map(|(_, one)| one).collect())
}

/// Returns `None` if the user declined.
fn put(
    run: &mut Run<'_>,
    wanted: &[WantedProfile],
    renames: bool,
    note: &Note,
    way_out: &str,
    app: &App,
    ui: &mut Ui,
) -> Result<Option<Plan>, CommandError> {
    let sync = Sync {
        wanted,
        program: &run.program,
        session: &run.name,
        note,
        prune: false,
        rename: renames,
        unknown: &[],
        unlisted: Unlisted::default(),
        unquote: false,
    };
    let edit = |draft: &mut Draft<'_>| sync.apply(draft);
    let outcome = run.target.change_if_agreed_after(
        tell_names,
        &run.args.write,
        run.args.yes,
        &run.command(),
        ui,
        edit,
    )?;
    let Some(outcome) = outcome else {
        ui.say("No profiles were written.");
        return Ok(None);
    };
    run.keep(&outcome);
    warn_of_shadows(&outcome, app, ui);
    run.profiles.extend(changes(&outcome.result));
    if let Err(error) = skipped(&outcome.result, way_out, ui) {
        run.partial.get_or_insert(error);
    }
    Ok(Some(outcome.result))
}

fn warn_of_shadows(outcome: &Outcome<Plan>, app: &App, ui: &mut Ui) {
    let (Some(written), credentials) = (&outcome.document, app.credentials_document()) else { return };
    for name in outcome.result.created.iter().chain(&outcome.result.updated) {
        for shadow in kcaws_profile::shadows(written, name, credentials) {
            ui.warn(&format!("`{name}`: some tools take {} at {} instead of kcaws", shadow.by, shadow.place));
        }
    }
}

/// Returns whether the user seems to be logged in, according to the last login's status file.
pub(super) fn is_noted(app: &App, session: &SsoSession) -> Result<bool, CommandError> {
    let noted = crate::session::status::read(app.state(), session)?;
    Ok(noted.is_some_and(|status| status.login.is_some()))
}

/// The profiles that were actually written.
pub(super) fn first_written(profiles: &[Changed]) -> Option<&str> {
    profiles
        .iter()
        .find(|one| matches!(one.change, "created" | "updated" | "renamed"))
        .map(|one| one.name.as_str())
}
