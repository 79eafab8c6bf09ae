//! The user's browser.

mod listed;
mod named;
mod openers;
mod packaged;

pub use self::named::is_known_browser;

use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::platform::env::Env;
use crate::platform::thread;

/// Why no browser is even tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoBrowser {
    /// Over SSH a browser would open on the remote desktop, if anywhere.
    Ssh,
    NoDisplay,
}

#[derive(Debug, thiserror::Error)]
pub enum BrowserError {
    #[error("the browser could not be started: {0}")]
    NotStarted(String),
    #[error("no program to open web pages was found")]
    NoOpener,
    #[error("browser `{name}` was not found")]
    NotFound { name: String, known: Vec<&'static str> },
    #[error("kcaws cannot select profiles of `{name}`")]
    NoProfiles { name: String },
    #[error("`{name}` has no containers")]
    NoContainers { name: String },
    #[error("which browser's profile?")]
    WhichBrowser,
}

/// How to open a page. If empty, as the desktop opens pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrowserOptions {
    /// `firefox`, `chrome` and similar, or any program by name or path. It gets the URL as its last argument.
    pub program: Option<String>,
    /// A profile of that browser.
    ///
    /// For Firefox it is its name, for Chrome and its relatives the name of its folder (`Default`, `Profile 1`).
    pub profile: Option<String>,
    /// A Firefox container; needs the extension "Open external links in a container".
    pub container: Option<String>,
}

/// The browser that was started to open a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartedBrowser {
    /// This program.
    With(String),
    /// The browser that is the desktop's default.
    ByDefault,
}

impl BrowserError {
    /// Returns the reason alone, without the words that describe what failed.
    fn why(self) -> String {
        match self {
            Self::NotStarted(why) => why,
            other => other.to_string(),
        }
    }
}

pub trait Browser {
    /// Returns why no browser would open in front of the user; `None` if one can be expected to.
    fn unavailable(&self) -> Option<NoBrowser>;
    /// Returns whether one would open on this very machine, so that a page there can redirect here.
    fn opens_here(&self) -> bool {
        self.unavailable().is_none()
    }
    /// Starts it without waiting for it. `url` is on a command line, so it must not contain a secret.
    fn open_in(&self, manner: &BrowserOptions, url: &str) -> Result<StartedBrowser, BrowserError>;

    fn open(&self, url: &str) -> Result<(), BrowserError> {
        self.open_in(&BrowserOptions::default(), url).map(|_| ())
    }
}

/// Opens pages with a browser of this machine.
///
/// That is the one in the settings, or else in `BROWSER`, or else the desktop's default, or else a program that opens
/// pages.
pub struct SystemBrowser {
    env: Env,
    usual: Option<String>,
}

pub(super) const SSH: [&str; 3] = ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"];
/// Variables that are set if the user is at another machine than this one.
const ELSEWHERE: [&str; 5] = [SSH[0], SSH[1], SSH[2], "CODESPACES", "REMOTE_CONTAINERS"];

/// How long a browser command may take to fail. One that still runs then has succeeded, or is the browser itself.
const TIME_TO_FAIL: Duration = Duration::from_secs(2);

impl SystemBrowser {
    /// Creates the browser; `usual` is the program in the settings.
    pub fn new(env: Env, usual: Option<String>) -> Self {
        Self { env, usual }
    }
}

impl Browser for SystemBrowser {
    fn unavailable(&self) -> Option<NoBrowser> {
        let set = |name| self.env.get(name).is_some();
        if set("BROWSER") {
            return None;
        }
        if SSH.into_iter().any(set) {
            return Some(NoBrowser::Ssh);
        }
        let needs_display = cfg!(all(unix, not(target_os = "macos")));
        let has_display = set("DISPLAY") || set("WAYLAND_DISPLAY") || set("WSL_DISTRO_NAME");
        (needs_display && !has_display).then_some(NoBrowser::NoDisplay)
    }

    /// Returns whether a page opens on this very machine.
    ///
    /// Over SSH, and in an editor's container, `BROWSER` may name a program that opens it on the user's machine.
    fn opens_here(&self) -> bool {
        self.unavailable().is_none() && ELSEWHERE.iter().all(|name| self.env.get(name).is_none())
    }

    fn open_in(&self, manner: &BrowserOptions, url: &str) -> Result<StartedBrowser, BrowserError> {
        let mut manner = manner.clone();
        // Containers are a Firefox feature, whatever the usual browser is.
        if manner.program.is_none() && manner.container.is_none() {
            manner.program.clone_from(&self.usual);
        }
        if manner == BrowserOptions::default() {
            // On Windows a colon is part of a path, and no program there reads the variable.
            let list = self.env.get("BROWSER").filter(|_| !cfg!(windows));
            let listed = list.and_then(|list| listed::open(&list, url, &self.env));
            return listed.unwrap_or_else(|| open_by_default(url, &self.env));
        }
        let (program, arguments) = named::command(&manner, url, &self.env)?;
        start(&program, &arguments, Runs::Apart)?;
        Ok(StartedBrowser::With(program.display().to_string()))
    }
}

/// Opens `url` with the desktop's default, which is tried last in a container.
///
/// If a program of the host's desktop (`gio open`) is installed there and fails, the crate mistakes that for a success.
fn open_by_default(url: &str, env: &Env) -> Result<StartedBrowser, BrowserError> {
    if cfg!(any(windows, target_os = "macos")) {
        return open_as_the_desktop_does(url);
    }
    if openers::is_in_a_container(env) {
        return openers::open(url, env).or_else(|error| match open_as_the_desktop_does(url) {
            Ok(opened) => Ok(opened),
            Err(_) => Err(error),
        });
    }
    open_as_the_desktop_does(url).or_else(|_| openers::open(url, env))
}

fn open_as_the_desktop_does(url: &str) -> Result<StartedBrowser, BrowserError> {
    let url = url.to_owned();
    give_it_time_to_fail(move || {
        let mut options = webbrowser::BrowserOptions::new();
        options.with_suppress_output(true);
        let result = webbrowser::open_browser_with_options(webbrowser::Browser::Default, &url, &options);
        result.map_err(|error| BrowserError::NotStarted(error.to_string()))
    })?;
    Ok(StartedBrowser::ByDefault)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Runs {
    InTheTerminal,
    Apart,
}

/// explorer.exe exits with 1 even if it has opened the page.
const SAYS_NOTHING: &str = "explorer.exe";

fn start(program: &std::path::Path, arguments: &[String], runs: Runs) -> Result<(), BrowserError> {
    #[expect(clippy::disallowed_methods, reason = "this is the port")]
    let mut command = Command::new(program);
    command.args(arguments);
    if runs == Runs::Apart {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl-C in our terminal is not meant for a browser that outlives us.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
    }
    let says_nothing = program.file_name().is_some_and(|name| name.eq_ignore_ascii_case(SAYS_NOTHING));
    let failed = |what: String| BrowserError::NotStarted(format!("`{}`: {what}", program.display()));
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    let name = program.display().to_string();
    give_it_time_to_fail(move || match child.wait() {
        Ok(status) if status.success() || says_nothing => Ok(()),
        Ok(status) => Err(BrowserError::NotStarted(format!("`{name}`: {status}"))),
        Err(error) => Err(BrowserError::NotStarted(format!("`{name}`: {error}"))),
    })
}

/// Waits on a thread of its own for a process that may run as long as a window is open.
fn give_it_time_to_fail(
    run: impl FnOnce() -> Result<(), BrowserError> + Send + 'static,
) -> Result<(), BrowserError> {
    let (sender, outcome) = mpsc::channel();
    let waiting = thread::start(move || {
        // The receiver is gone if the browser ran longer than we waited.
        let _ = sender.send(run());
    });
    waiting.map_err(|error| BrowserError::NotStarted(error.to_string()))?;
    outcome.recv_timeout(TIME_TO_FAIL).unwrap_or(Ok(()))
}

/// Records the pages that it was asked to open.
#[derive(Clone, Default)]
pub struct FakeBrowser {
    pub missing: Option<NoBrowser>,
    /// Starting it fails.
    pub broken: bool,
    /// It opens on another machine.
    pub elsewhere: bool,
    opened: Arc<Mutex<Vec<String>>>,
}

impl FakeBrowser {
    pub fn opened(&self) -> Vec<String> {
        self.opened.lock().expect("no test panics while holding it").clone()
    }
}

impl Browser for FakeBrowser {
    fn unavailable(&self) -> Option<NoBrowser> {
        self.missing
    }

    fn opens_here(&self) -> bool {
        self.missing.is_none() && !self.elsewhere
    }

    fn open_in(&self, _manner: &BrowserOptions, url: &str) -> Result<StartedBrowser, BrowserError> {
        if self.broken {
            return Err(BrowserError::NotStarted("broken".to_owned()));
        }
        self.opened.lock().expect("no test panics while holding it").push(url.to_owned());
        Ok(StartedBrowser::With("fake".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unavailable(pairs: &[(&str, &str)]) -> Option<NoBrowser> {
        SystemBrowser::new(Env::from_pairs(pairs), None).unavailable()
    }

    #[test]
    fn over_ssh_no_browser_is_tried_unless_one_is_named() {
        assert_eq!(unavailable(&[("SSH_CONNECTION", "1 2 3 4"), ("DISPLAY", ":10")]), Some(NoBrowser::Ssh));
        assert_eq!(unavailable(&[("SSH_CONNECTION", "1 2 3 4"), ("BROWSER", "lynx")]), None);
    }

    #[test]
    fn a_page_can_come_back_only_from_a_browser_on_this_machine() {
        let opens_here =
            |pairs: &[(&str, &str)]| SystemBrowser::new(Env::from_pairs(pairs), None).opens_here();
        assert!(opens_here(&[("BROWSER", "firefox")]) && opens_here(&[("BROWSER", "x"), ("DISPLAY", ":0")]));
        for elsewhere in ["SSH_CONNECTION", "SSH_TTY", "CODESPACES", "REMOTE_CONTAINERS"] {
            assert!(!opens_here(&[("BROWSER", "code --open-external"), (elsewhere, "1")]), "{elsewhere}");
        }
        assert_eq!(opens_here(&[]), cfg!(any(windows, target_os = "macos")), "no display");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn without_a_display_no_browser_is_tried() {
        assert_eq!(unavailable(&[]), Some(NoBrowser::NoDisplay));
        assert_eq!(unavailable(&[("WAYLAND_DISPLAY", "wayland-0")]), None);
        assert_eq!(unavailable(&[("WSL_DISTRO_NAME", "Debian")]), None);
    }

    /// A real program and the fake: both are given the URL, and neither is waited for.
    #[cfg(unix)]
    #[test]
    fn the_contract_holds_for_both_forms() {
        use crate::platform::which::script;
        let folder = tempfile::tempdir().expect("a temp folder");
        let list = folder.path().join("list");
        // Like a browser that was not running before: it runs as long as its window.
        let env = script(
            folder.path(),
            "firefox",
            &format!("echo \"$@\" >> '{}'; exec /bin/sleep 30", list.display()),
        );
        let real = SystemBrowser::new(env, Some("firefox".to_owned()));
        let fake = FakeBrowser::default();
        let listed = || {
            std::fs::read_to_string(&list).unwrap_or_default().lines().map(str::to_owned).collect::<Vec<_>>()
        };
        let given = || fake.opened();
        let forms: [(&dyn Browser, &dyn Fn() -> _); 2] = [(&real, &listed), (&fake, &given)];
        for (browser, opened) in forms {
            for url in ["http://127.0.0.1:1/a?b&c#d", "http://127.0.0.1:1/e"] {
                browser.open(url).expect("opens");
            }
            assert_eq!(opened(), ["http://127.0.0.1:1/a?b&c#d", "http://127.0.0.1:1/e"]);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_browser_that_fails_at_once_is_an_error() {
        use crate::platform::which::script;
        let folder = tempfile::tempdir().expect("a temp folder");
        let env = script(folder.path(), "firefox", "exit 7");
        let failed = SystemBrowser::new(env, Some("firefox".to_owned())).open("http://127.0.0.1:1/");
        assert!(failed.expect_err("fails").to_string().contains("exit status: 7"));
    }

    #[cfg(unix)]
    #[test]
    fn a_browser_of_the_variable_that_fails_is_an_error_at_once() {
        let env = Env::from_pairs(&[("BROWSER", "/bin/false"), ("PATH", "/bin:/usr/bin")]);
        let failed = SystemBrowser::new(env, None).open("http://127.0.0.1:1/").expect_err("fails");
        assert!(failed.to_string().contains("`/bin/false`: exit status: 1"), "{failed}");
    }
}
