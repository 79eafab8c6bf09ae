//! Determines the session: its start URL, Region and name, from flags, the file, or questions.

use super::{ConfigureArgs, ask};
use crate::app::App;
use crate::cli::error::{CommandError, ErrorCode, Exit};
use crate::cli::ui::{Ui, shown};
use crate::configure::answers::{self, BadAnswer, is_same_portal};
use crate::configure::other_tools::{self, Found};
use crate::profile::naming::Create;
use crate::profile::{Document, Heading};
use crate::session::start_url::{self, StartUrlError};
use crate::settings::{SessionOffer, Settings};
use crate::shell::quote::argument;
use crate::similar::similar;

pub(super) struct Answers {
    pub(super) name: String,
    pub(super) start_url: String,
    pub(super) region: String,
    /// Of a new session; `None` for the usual ones.
    pub(super) scopes: Option<Vec<String>>,
}

/// An `[sso-session …]` section as written, or a session of the settings; missing keys are empty.
#[derive(Clone, Default)]
pub(super) struct KnownSession {
    pub(super) name: String,
    pub(super) start_url: String,
    pub(super) region: String,
    scopes: Option<Vec<String>>,
    /// Where the settings have it.
    place: Option<String>,
}

/// The sessions of `~/.aws/config`, with what the settings say about them, and those of the settings alone.
pub(super) struct KnownSessions {
    all: Vec<KnownSession>,
    /// The one to set up, if it has been named.
    named: Option<String>,
    /// Whether the file has none: then the only one of the settings is meant.
    is_first: bool,
}

impl KnownSessions {
    /// Collects the sessions. The settings beat the file, which `configure` writes from them.
    pub(super) fn of(document: &Document, settings: &Settings, named: Option<&str>) -> Self {
        let mut all = in_file(document);
        let is_first = all.is_empty();
        for SessionOffer { name, start_url, region, scopes, place } in settings.offers() {
            let at = all.iter().position(|one| one.name == name).unwrap_or_else(|| {
                all.push(KnownSession { name, ..KnownSession::default() });
                all.len() - 1
            });
            let one = &mut all[at];
            let stays = is_same_portal(&one.start_url, &start_url);
            one.region = region.unwrap_or_else(|| if stays { one.region.clone() } else { String::new() });
            (one.start_url, one.scopes, one.place) = (start_url, scopes, Some(place));
        }
        Self { all, named: named.map(str::to_owned), is_first }
    }

    fn find(&self, name: &str) -> Option<&KnownSession> {
        self.all.iter().find(|one| one.name == name)
    }

    /// Returns the only one that can be meant.
    fn only(&self) -> Option<&KnownSession> {
        match self.all.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }
}

pub(super) fn in_file(document: &Document) -> Vec<KnownSession> {
    let names = document.names(|heading| match heading {
        Heading::SsoSession(name) => Some(name),
        _ => None,
    });
    let of = |name: String| {
        let section = document.section(&Heading::SsoSession(name.clone()))?;
        let get = |key| section.get(key).unwrap_or_default().to_owned();
        let region = other_tools::unquoted(&get("sso_region")).to_owned();
        Some(KnownSession { start_url: get("sso_start_url"), region, name, ..KnownSession::default() })
    };
    names.into_iter().filter_map(of).collect()
}

/// Values that are not given as flags and cannot be asked for.
pub(super) fn missing(
    args: &ConfigureArgs,
    known: &KnownSessions,
    found: &Found,
    settings: &Settings,
) -> Vec<&'static str> {
    let mut missing = Vec::new();
    let session = match &known.named {
        Some(name) => known.find(name),
        None => known.all.first(),
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
    let name = known.named.as_deref().or(session.map(|one| one.name.as_str())).unwrap_or_default();
    let is_decided = matches!(settings.profiles(name).create, Some(Create::All | Create::None));
    if args.profiles.is_none() && !is_decided && !args.import && !args.no_login && !args.write.dry_run {
        missing.push("--profiles");
    }
    if !args.yes && !args.write.dry_run {
        missing.push("--yes");
    }
    missing
}

/// Returns the error that values are missing, with the sessions that may be meant by a name that is none of them.
pub(super) fn input_needed(known: &KnownSessions, missing: &[&str]) -> CommandError {
    let error = super::input_needed(missing);
    let unknown = known.named.as_deref().filter(|name| known.find(name).is_none());
    let names: Vec<&str> = known.all.iter().map(|one| one.name.as_str()).collect();
    let Some(name) = unknown.filter(|_| missing.contains(&"--start-url") && !names.is_empty()) else {
        return error;
    };
    let hint = match similar(name, names.iter().copied()).first() {
        Some(near) => format!("did you mean `kcaws configure {}`? ", argument(near)),
        None => String::new(),
    };
    error
        .because(format!(
            "not given: {}; there is no session `{name}`, but: {}",
            missing.join(", "),
            names.join(", ")
        ))
        .hint(format!("{hint}a new session needs --start-url"))
}

pub(super) fn session(
    args: &ConfigureArgs,
    known: &KnownSessions,
    app: &App,
    found: &Found,
    ui: &mut Ui,
) -> Result<Answers, CommandError> {
    let named = args.start_url.as_deref().map(answers::start_url).transpose()?;
    let session = match (&known.named, &named) {
        (Some(name), _) => known.find(name).cloned(),
        (None, Some(url)) => known.all.iter().find(|one| is_same_portal(&one.start_url, url)).cloned(),
        (None, None) => one_of(known, ui)?,
    };
    let before = session.clone().unwrap_or_default();
    let proposed = only_portal(args, found);
    let (start_url, in_url) = match named {
        Some(url) if is_same_portal(&url, &before.start_url) => unchanged(&before),
        Some(url) => {
            let in_url = region_of_portal(&url, app)?;
            (url, in_url)
        }
        None if before.place.is_some() => of_settings(&before, args, app)?,
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
    let name = match (&known.named, session) {
        (Some(name), _) => answers::session_name(name)?,
        (None, Some(session)) => session.name,
        (None, None) => {
            let usual = free(&answers::usual_name(&start_url), &known.all);
            if ui.is_interactive() {
                ask::until("Name of the session", Some(&usual), ui, |text| Ok(answers::session_name(text)?))?
            } else {
                usual
            }
        }
    };
    Ok(Answers { name, start_url, region, scopes: before.scopes })
}

/// Returns the start URL of the settings, and its Region if neither the settings nor a flag has one.
fn of_settings(
    before: &KnownSession,
    args: &ConfigureArgs,
    app: &App,
) -> Result<(String, Option<String>), CommandError> {
    let at = |error: BadAnswer| {
        CommandError::from(error)
            .because_of(before.place.as_ref().map(|place| format!("it is set in {place}")))
    };
    let url = answers::start_url(&before.start_url).map_err(at)?;
    let is_known = !before.region.is_empty() || args.region.is_some();
    let in_url = match start_url::region_of(&url) {
        None if !is_known => region_of_portal(&url, app)?,
        in_url => in_url,
    };
    Ok((url, in_url))
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
fn one_of(known: &KnownSessions, ui: &Ui) -> Result<Option<KnownSession>, CommandError> {
    if let Some(only) = known.only().filter(|_| known.is_first) {
        return Ok(Some(only.clone()));
    }
    match known.all.as_slice() {
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
                .hint("name one: `kcaws configure SESSION`, or pass --start-url for another portal"))
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
