//! Determines the session: its start URL, Region and name, from flags, the file, or questions.

use super::{ConfigureArgs, ask};
use crate::app::App;
use crate::cli::error::{CommandError, ErrorCode, Exit};
use crate::cli::ui::{Ui, shown};
use crate::configure::answers::{self, BadAnswer, is_same_portal};
use crate::configure::other_tools::{self, Found};
use crate::profile::{Document, Heading};
use crate::session::start_url::{self, StartUrlError};

pub(super) struct Answers {
    pub(super) name: String,
    pub(super) start_url: String,
    pub(super) region: String,
}

/// An `[sso-session …]` section as written; missing keys are empty.
#[derive(Clone, Default)]
pub(super) struct KnownSession {
    pub(super) name: String,
    pub(super) start_url: String,
    pub(super) region: String,
}

pub(super) fn known(document: &Document) -> Vec<KnownSession> {
    let names = document.names(|heading| match heading {
        Heading::SsoSession(name) => Some(name),
        _ => None,
    });
    let of = |name: String| {
        let section = document.section(&Heading::SsoSession(name.clone()))?;
        let get = |key| section.get(key).unwrap_or_default().to_owned();
        let region = other_tools::unquoted(&get("sso_region")).to_owned();
        Some(KnownSession { start_url: get("sso_start_url"), region, name })
    };
    names.into_iter().filter_map(of).collect()
}

/// Values that are not given as flags and cannot be asked for.
pub(super) fn missing(args: &ConfigureArgs, known: &[KnownSession], found: &Found) -> Vec<&'static str> {
    let mut missing = Vec::new();
    let session = match &args.session {
        Some(name) => known.iter().find(|one| one.name == *name),
        None => known.first(),
    };
    let url = args.start_url.as_deref().or(session.map(|one| one.start_url.as_str()));
    let url = url
        .filter(|url| !url.is_empty())
        .map(str::to_owned)
        .or_else(|| only_portal(args, found).map(|(url, _)| url));
    match url {
        None => missing.push("--start-url"),
        // A company URL may lead to one that contains it.
        Some(url) => {
            let is_known = args.region.is_some()
                || session.is_some_and(|one| !one.region.is_empty() && is_same_portal(&one.start_url, &url))
                || !start_url::is_portal(&url)
                || start_url::region_of(&url).is_some()
                || only_portal(args, found).is_some_and(|(_, region)| region.is_some());
            if !is_known {
                missing.push("--region");
            }
        }
    }
    if args.profiles.is_none() && !args.import && !args.no_login && !args.write.dry_run {
        missing.push("--profiles");
    }
    if !args.yes && !args.write.dry_run {
        missing.push("--yes");
    }
    missing
}

pub(super) fn session(
    args: &ConfigureArgs,
    app: &App,
    found: &Found,
    ui: &mut Ui,
) -> Result<Answers, CommandError> {
    let known = known(app.document()?);
    let named = args.start_url.as_deref().map(answers::start_url).transpose()?;
    let session = match (&args.session, &named) {
        (Some(name), _) => known.iter().find(|one| one.name == *name).cloned(),
        (None, Some(url)) => known.iter().find(|one| is_same_portal(&one.start_url, url)).cloned(),
        (None, None) => one_of(&known, ui)?,
    };
    let before = session.clone().unwrap_or_default();
    let proposed = only_portal(args, found);
    let (start_url, in_url) = match named {
        Some(url) if is_same_portal(&url, &before.start_url) => unchanged(&before),
        Some(url) => {
            let in_url = region_of_portal(&url, app)?;
            (url, in_url)
        }
        None if !before.start_url.is_empty() => unchanged(&before),
        None => ask_start_url(proposed.as_ref().map(|(url, _)| url.as_str()), app, ui)?,
    };
    let region = match (in_url, args.region.as_deref().map(answers::region).transpose()?) {
        (Some(in_url), Some(named)) if in_url != named => {
            return Err(BadAnswer::OtherRegion { in_url, named }.into());
        }
        (Some(in_url), _) => in_url,
        (None, Some(named)) => named,
        (None, None) if !before.region.is_empty() && is_same_portal(&before.start_url, &start_url) => {
            before.region.clone()
        }
        (None, None) => {
            let usual = Some(before.region).filter(|region| !region.is_empty());
            ask_region(usual.or(proposed.and_then(|(_, region)| region)), ui)?
        }
    };
    let name = match (&args.session, session) {
        (Some(name), _) => answers::session_name(name)?,
        (None, Some(session)) => session.name,
        (None, None) => {
            let usual = free(&answers::usual_name(&start_url), &known);
            if ui.is_interactive() {
                ask::until("Name of the session", Some(&usual), ui, |text| Ok(answers::session_name(text)?))?
            } else {
                usual
            }
        }
    };
    Ok(Answers { name, start_url, region })
}

/// Takes over a session that is already in the file without using the network, which the login does. Corrects a
/// spelling that AWS rejects.
fn unchanged(before: &KnownSession) -> (String, Option<String>) {
    let url = match start_url::cleaned(&before.start_url) {
        Ok(cleaned) if !start_url::is_well_spelled(&before.start_url) => cleaned,
        _ => before.start_url.clone(),
    };
    let in_url = start_url::region_of(&url);
    (url, in_url)
}

/// Returns `None` if the user wants another one, or there is none.
fn one_of(known: &[KnownSession], ui: &Ui) -> Result<Option<KnownSession>, CommandError> {
    match known {
        [] => Ok(None),
        several if ui.is_interactive() => {
            let mut rows: Vec<String> = several
                .iter()
                .map(|one| shown(&format!("{}  {}  {}", one.name, one.start_url, one.region)))
                .collect();
            rows.push("another Identity Center".to_owned());
            let at = ui.pick("Session:", rows)?;
            Ok(several.get(at).cloned())
        }
        [only] => Ok(Some(only.clone())),
        several => {
            let names: Vec<&str> = several.iter().map(|one| one.name.as_str()).collect();
            Err(CommandError::new(Exit::Usage, ErrorCode::WhichSession, "which session?")
                .because(format!("sessions: {}", names.join(", ")))
                .hint("pass --session, or --start-url for another portal"))
        }
    }
}

/// Returns the Region contained in the portal's address, if any.
fn region_of_portal(url: &str, app: &App) -> Result<Option<String>, CommandError> {
    match start_url::resolve(url, "", &*app.redirects()?) {
        Ok(portal) => Ok(Some(portal.region)),
        Err(StartUrlError::NoRegion { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn ask_start_url(
    usual: Option<&str>,
    app: &App,
    ui: &mut Ui,
) -> Result<(String, Option<String>), CommandError> {
    let take = |text: &str| {
        let url = answers::start_url(text)?;
        let in_url = region_of_portal(&url, app)?;
        Ok((url, in_url))
    };
    if !ui.is_interactive() {
        return take(usual.unwrap_or_default());
    }
    ui.tell("Enter your AWS access portal URL, or a company URL that redirects to it.");
    ask::until("Start URL", usual, ui, take)
}

fn ask_region(usual: Option<String>, ui: &mut Ui) -> Result<String, CommandError> {
    if !ui.is_interactive() {
        return match usual {
            Some(region) => Ok(answers::region(&region)?),
            None => Err(super::input_needed(&["--region"])),
        };
    }
    ui.tell("The URL doesn't show which Region your Identity Center is in. If you enter the wrong one, you will only find out in the browser.");
    ask::until("Region of Identity Center", usual.as_deref(), ui, |text| Ok(answers::region(text)?))
}

/// Returns the portal of the profiles to import if they share one.
fn only_portal(args: &ConfigureArgs, found: &Found) -> Option<(String, Option<String>)> {
    match other_tools::portals(found).as_slice() {
        // A password in it must not be shown, and could not be used.
        [(url, region)] if args.import => Some((answers::start_url(url).ok()?, region.clone())),
        _ => None,
    }
}

/// Returns `corp`, or `corp-2` if that name belongs to another portal.
fn free(name: &str, known: &[KnownSession]) -> String {
    let is_taken = |name: &str| known.iter().any(|one| one.name == name);
    // One more candidate than sessions, so one of them is free.
    let numbered = (2..=known.len() + 1).map(|number| format!("{name}-{number}"));
    std::iter::once(name.to_owned()).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default()
}
