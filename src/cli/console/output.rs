//! Outputs the URL: to the browser, stdout or the clipboard.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use serde::Serialize;

use super::sign_in_url::{ConsoleLink, ConsoleTarget};
use crate::app::App;
use crate::cli::error::{self, CommandError, ErrorCode, Exit};
use crate::cli::ui::{Ui, shown};
use crate::cli::visitors;
use crate::platform::one_time_redirect::OneTimeRedirect;
use crate::platform::osc52::Multiplexer;
use crate::ports::browser::{Browser, BrowserOptions, NoBrowser};
use crate::secret::{self, Secret};

/// How long a browser may take from its start to requesting the page.
const BROWSER_PATIENCE: Duration = Duration::from_mins(1);

#[derive(Args, Debug)]
pub(super) struct Out {
    /// Print the URL instead of opening it
    #[arg(long, group = "handed_over")]
    print: bool,
    /// Copy the URL to the clipboard instead of opening it; without a display, to the terminal's clipboard (OSC 52)
    #[arg(long, group = "handed_over")]
    copy: bool,
    /// Print the URL and its details as JSON instead of opening it
    #[arg(long, group = "handed_over")]
    pub(super) json: bool,
    /// Browser to use: firefox, chrome, chromium, edge, brave, vivaldi (also as a Flatpak or snap), or a program or
    /// path
    #[arg(long, value_name = "NAME|PATH", conflicts_with = "handed_over")]
    browser: Option<String>,
    /// Browser profile: its name for Firefox, otherwise the name of its folder, such as `Profile 1`
    #[arg(long, value_name = "NAME", conflicts_with = "handed_over")]
    browser_profile: Option<String>,
    /// Firefox container, with the extension "Open external links in a container" [default: named after the profile]
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "", conflicts_with = "handed_over")]
    container: Option<String>,
}

impl Out {
    /// Checks the options before anything is requested.
    pub(super) fn check(&self, app: &App, session: &str) -> Result<(), CommandError> {
        // A browser named by the user is always tried.
        if self.print || self.copy || self.json || self.browser.is_some() {
            return Ok(());
        }
        refuse_without_browser(app.browser(session).unavailable())
    }

    pub(super) fn hand_over(
        &self,
        goal: &ConsoleTarget,
        opening: &ConsoleLink,
        app: &App,
        ui: &mut Ui,
    ) -> Result<(), CommandError> {
        let signs_in = opening.expires_at.is_some();
        if signs_in && (self.json || self.print) {
            ui.warn_of_readers_of_stdout("run `chmod 600` on it");
        }
        if self.json {
            print_json(goal, opening, ui);
        } else if self.print {
            ui.secret_data(&opening.url);
            if signs_in {
                ui.say("Anyone who opens this URL within 15 minutes is signed in: keep it to yourself.");
            }
        } else if self.copy {
            copy(&opening.url, app, ui)?;
            if signs_in {
                ui.say("Anyone who opens it within 15 minutes is signed in.");
            }
        } else {
            let browser = app.browser(&goal.selected.session.name);
            open(opening, &self.manner(goal), BROWSER_PATIENCE, &*browser, ui)?;
            let (name, account) = (shown(goal.role.role_name.name()), &goal.role.account_id);
            ui.say(&format!("Opening the console for account {account} as {name} ({}).", opening.via.name()));
        }
        Ok(())
    }

    fn manner(&self, goal: &ConsoleTarget) -> BrowserOptions {
        let of_role = || match &goal.selected.profile {
            Some(profile) => profile.clone(),
            None => format!("{}@{}", goal.role.role_name, goal.role.account_id),
        };
        let container = self.container.clone().map(|name| if name.is_empty() { of_role() } else { name });
        BrowserOptions { program: self.browser.clone(), profile: self.browser_profile.clone(), container }
    }
}

/// Copies to the clipboard of the desktop, or else of the terminal, which may be on another machine.
fn copy(url: &Secret<String>, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let Err(error) = app.clipboard().put(url) else {
        ui.say("Copied the URL to the clipboard.");
        return Ok(());
    };
    if !ui.copy_to_terminal(url, &app.env) {
        return Err(error.into());
    }
    ui.say("Sent the URL to the terminal's clipboard (OSC 52).");
    ui.say(match Multiplexer::of(&app.env) {
        Multiplexer::Tmux => {
            "If it does not arrive: `tmux set -s set-clipboard on`, or use --print; the terminal must allow it too."
        }
        _ => "If it does not arrive, the terminal does not allow it: use --print.",
    });
    Ok(())
}

fn refuse_without_browser(missing: Option<NoBrowser>) -> Result<(), CommandError> {
    let why = match missing {
        None => return Ok(()),
        Some(NoBrowser::Ssh) => "not opening a browser over SSH",
        Some(NoBrowser::NoDisplay) => "no display is available",
    };
    Err(CommandError::new(Exit::Failed, ErrorCode::NoBrowser, why)
        .hint("`kcaws console --print` prints the URL; open it on your own machine within 15 minutes"))
}

/// Opens the URL in the browser; `patience` is how long the browser may take from its start to requesting the page.
fn open(
    opening: &ConsoleLink,
    manner: &BrowserOptions,
    patience: Duration,
    browser: &dyn Browser,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    if opening.expires_at.is_none() {
        // It contains no secret, so it may be on a command line.
        browser.open_in(manner, opening.url.expose())?;
        return Ok(());
    }
    let handoff = OneTimeRedirect::listen()?;
    let page = handoff.url();
    let serving = handoff.serve(&opening.url, patience)?;
    let asked = serving.visitors();
    let opened = browser.open_in(manner, &page)?;
    let spinner = ui.spinner("Waiting for the browser …");
    let fetched = serving.wait();
    spinner.finish_and_clear();
    visitors::report(&asked, ui);
    fetched.map_err(|error| error::not_opened(error, manner, &opened))
}

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    #[serde(serialize_with = "secret::expose")]
    url: &'a Secret<String>,
    /// Expiry of the URL, not of the console session; null for a link that contains no secret.
    url_expires_at: Option<String>,
    via: &'static str,
    account_id: &'a str,
    role_name: &'a str,
    /// Null for a permission set.
    role_arn: Option<&'a str>,
    region: &'a str,
    destination: &'a str,
}

fn print_json(goal: &ConsoleTarget, opening: &ConsoleLink, ui: &mut Ui) {
    let rfc3339 = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let report = Report {
        schema: 1,
        url: &opening.url,
        url_expires_at: opening.expires_at.map(rfc3339),
        via: opening.via.name(),
        account_id: &goal.role.account_id,
        role_name: goal.role.role_name.name(),
        role_arn: goal.role.role_name.arn(),
        region: &goal.destination.region,
        destination: &goal.destination.url,
    };
    let text = Secret::new(serde_json::to_string_pretty(&report).expect("strings serialize"));
    ui.secret_data(&text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Global;
    use crate::cli::error::Situation;
    use crate::console::Via;
    use crate::platform::terminal::Terminal;
    use crate::ports::browser::FakeBrowser;

    /// Returns the error for a browser that starts and never asks for the page.
    fn refusal(container: Option<&str>, profile: Option<&str>) -> String {
        let browser = FakeBrowser::default();
        let (terminal, ..) = Terminal::captured();
        let mut ui = Ui::new(terminal, &Global::default());
        let opening = ConsoleLink {
            url: Secret::from("https://signin.aws.amazon.com/federation?SigninToken=hidden"),
            via: Via::Federation,
            expires_at: Some(DateTime::UNIX_EPOCH),
        };
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let manner = BrowserOptions { program: None, profile: owned(profile), container: owned(container) };
        let error = open(&opening, &manner, Duration::ZERO, &browser, &mut ui).expect_err("no one asks");
        assert!(browser.opened()[0].starts_with("http://127.0.0.1:"));
        let hint = error.hint_in(Situation::default()).expect("a hint");
        assert!(hint.contains("`kcaws console --print`"), "{hint}");
        format!("{}\n{}\n{hint}", error.message, error.cause.unwrap_or_default())
    }

    #[test]
    fn a_page_that_was_not_asked_for_has_the_likely_reason_of_how_it_was_opened() {
        for (container, profile, words) in [
            (
                Some("dev"),
                None,
                ["\"Open external links in a container\" may be missing", "addons.mozilla.org"],
            ),
            (Some("dev"), Some("work"), ["\"Open external links in a container\"", "leave out --container"]),
            (None, Some("work"), ["may not have a profile `work`", "about:profiles"]),
            (None, None, ["`fake` was started", "--browser"]),
        ] {
            let text = refusal(container, profile);
            assert!(text.starts_with("the browser did not open the page within 0 s\n"), "{text}");
            for word in words {
                assert!(text.contains(word), "{text}");
            }
        }
    }
}
