pub(super) mod format;

use chrono::DateTime;
use clap::Args;

use self::format::Reader;
use super::ui::Ui;
use super::variables::NESTED;
use crate::app::App;
use crate::app::hot::HotPorts;
use crate::app::resolve::{self, ResolvedRole};
use crate::credentials::cache::{CacheKey, IssuerFingerprint};
use crate::platform::color;
use crate::platform::file_stamp::FileStamp;
use crate::platform::terminal;
use crate::prompt::{self, Map, Ours, PromptState, View};
use crate::session::status;

const HELP: &str = "\
Example:
  kcaws prompt --format '{color}{profile}[:{role}] {left}{reset}'

In the format: {profile} {session} {account} {role} {region} {left} {minutes} {state}; {color} (by state) {red} \
{green} {yellow} {blue} {magenta} {cyan} {bold} {dim} {reset}; a part in [brackets] is left out if anything in it is \
empty; [[ is a bracket. {left} is a time such as 42m, or: renews (the next use fetches new credentials), \
log in, ended (in `kcaws exec`), other keys (keys in the environment take precedence over the profile).

Prints nothing if neither AWS_PROFILE nor AWS_DEFAULT_PROFILE is set outside of `kcaws exec`, or if kcaws does not \
manage the profile. Never fails.";

/// Print a short summary of the current profile, role and time left
///
/// Reads small files only. A role is shown once AWS has issued its credentials.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[command(after_help = HELP)]
pub(super) struct PromptArgs {
    /// Text to print [default: $KCAWS_PROMPT_FORMAT, else `{profile}[:{role}] {left}`]
    #[arg(long)]
    pub(super) format: Option<String>,
    /// Escape colors and percent signs for this shell's prompt
    #[arg(long, value_enum)]
    pub(super) shell: Option<Reader>,
}

/// Prints the prompt after reading the config again.
pub(super) fn run(args: &PromptArgs, app: &App, ui: &Ui) {
    let color = ui.may_color();
    let text = at_once(args, app, color).or_else(|| {
        let profile = app.env.profile()?;
        let map = mapped(&profile, app);
        Some(text_of(args, app, color, &profile, map.as_ref()?.0.as_ref()?))
    });
    // A prompt never shows errors.
    let _ = terminal::write_stdout(text.unwrap_or_default().as_bytes());
}

/// Returns the text, which may be empty, if it needs neither the config nor the keyring.
pub(super) fn at_once(args: &PromptArgs, hot: &HotPorts, color: bool) -> Option<String> {
    if let Some(view) = of_exec(hot) {
        return Some(written(args, hot, color, &view));
    }
    let Some(profile) = hot.env.profile() else { return Some(String::new()) };
    // Without a config there is no profile.
    let Some(stamp) = hot.config_path().ok().and_then(|path| FileStamp::of(&path)) else {
        return Some(String::new());
    };
    let map = Map::read(&profile, &hot.config_path().ok()?, &hot.env, hot.state(), stamp)?;
    Some(match map.0 {
        Some(ours) => text_of(args, hot, color, &profile, &ours),
        None => String::new(),
    })
}

fn text_of(args: &PromptArgs, hot: &HotPorts, color: bool, profile: &str, ours: &Ours) -> String {
    let mut view = prompt::look(profile, ours, hot.state(), hot.clock.now());
    if hot.env.get("AWS_ACCESS_KEY_ID").is_some() {
        view = View { role_name: None, standing: PromptState::OtherKeys, left: None, ..view };
    }
    written(args, hot, color, &view)
}

fn written(args: &PromptArgs, hot: &HotPorts, color: bool, view: &View) -> String {
    let format = args.format.clone().or_else(|| hot.env.get("KCAWS_PROMPT_FORMAT"));
    let color = color && !color::is_refused(&hot.env);
    format::text(format.as_deref().unwrap_or(format::DEFAULT), view, args.shell, color)
}

/// Returns `None` if something else takes precedence: tools look at keys, then the profile, then the endpoint.
fn of_exec(hot: &HotPorts) -> Option<View> {
    let has = |name| hot.env.get(name).is_some();
    let label = hot.env.get(NESTED)?;
    let ends_at = if has("AWS_ACCESS_KEY_ID") {
        let text = hot.env.get("AWS_CREDENTIAL_EXPIRATION")?;
        Some(DateTime::parse_from_rfc3339(&text).ok()?.to_utc())
    } else if has("AWS_CONTAINER_CREDENTIALS_FULL_URI") && hot.env.profile().is_none() {
        None
    } else {
        return None;
    };
    Some(prompt::of_exec(label, hot.env.get("AWS_REGION"), ends_at, hot.clock.now()))
}

/// Returns the profile's settings from the config, and caches them for the next prompt.
fn mapped(profile: &str, app: &App) -> Option<Map> {
    let config = app.config_path().ok()?;
    let (stamp, _) = app.stamped_document().ok()?;
    // A profile that does not exist, belongs to another tool or is broken prints nothing.
    let map = Map(ours(profile, app));
    if let Some(stamp) = stamp.filter(|stamp| stamp.is_settled(app.clock.now())) {
        map.write(profile, &config, &app.env, app.state(), stamp);
    }
    Some(map)
}

pub(super) fn ours(profile: &str, app: &App) -> Option<Ours> {
    let ResolvedRole { selected, role, region } = resolve::role_of_profile(app, profile).ok()?;
    let of_profile = selected.owed_to_profile(app).ok()?;
    let config = app.config_path().ok()?;
    let wanted = CacheKey::new(&selected.session.name, &role, &config, &app.env, &of_profile);
    Some(Ours {
        note: wanted.note_path(),
        issuer: IssuerFingerprint::of_role(
            &selected.session,
            selected.endpoints(app).ok()?,
            selected.source_role(&role),
        )
        .to_text(),
        status: status::file_name(&selected.session),
        session: selected.session.name.clone(),
        account_id: role.account_id.clone(),
        role_name: role.role_name.clone(),
        region: region.unwrap_or_default(),
    })
}
