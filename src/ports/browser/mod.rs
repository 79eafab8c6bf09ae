//! The person's browser.

use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::env::Env;

/// Why no browser is even tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoBrowser {
    /// Over SSH the browser would open on the far desktop, if anywhere.
    Ssh,
    NoDisplay,
}

#[derive(Debug, thiserror::Error)]
#[error("the browser could not be started: {0}")]
pub struct BrowserError(String);

pub trait Browser {
    /// `None` when a browser can be expected to open where the person sits.
    fn unavailable(&self) -> Option<NoBrowser>;
    /// Starts it and does not wait for it. `url` stands on a command line: no secret in it.
    fn open(&self, url: &str) -> Result<(), BrowserError>;
}

/// What `BROWSER` names, else the desktop's default.
pub struct SystemBrowser {
    env: Env,
}

/// How long a browser command may take to fail. One that still runs then has opened, or is the browser itself.
const TIME_TO_FAIL: Duration = Duration::from_secs(2);

impl SystemBrowser {
    pub fn new(env: Env) -> Self {
        Self { env }
    }
}

impl Browser for SystemBrowser {
    fn unavailable(&self) -> Option<NoBrowser> {
        let set = |name| self.env.get(name).is_some();
        if set("BROWSER") {
            return None;
        }
        if set("SSH_CONNECTION") || set("SSH_CLIENT") || set("SSH_TTY") {
            return Some(NoBrowser::Ssh);
        }
        let needs_display = cfg!(all(unix, not(target_os = "macos")));
        let has_display = set("DISPLAY") || set("WAYLAND_DISPLAY") || set("WSL_DISTRO_NAME");
        (needs_display && !has_display).then_some(NoBrowser::NoDisplay)
    }

    fn open(&self, url: &str) -> Result<(), BrowserError> {
        // `BROWSER` may name a program that runs as long as its window: wait for it on a thread of its own.
        let (sender, outcome) = mpsc::channel();
        let url = url.to_owned();
        std::thread::spawn(move || {
            let mut options = webbrowser::BrowserOptions::new();
            options.with_suppress_output(true);
            let result = webbrowser::open_browser_with_options(webbrowser::Browser::Default, &url, &options);
            // Nobody listens any more when the browser outlived our patience.
            let _ = sender.send(result.map_err(|error| BrowserError(error.to_string())));
        });
        outcome.recv_timeout(TIME_TO_FAIL).unwrap_or(Ok(()))
    }
}

/// Records what it was asked to open.
#[derive(Clone, Default)]
pub struct FakeBrowser {
    pub missing: Option<NoBrowser>,
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

    fn open(&self, url: &str) -> Result<(), BrowserError> {
        self.opened.lock().expect("no test panics while holding it").push(url.to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unavailable(pairs: &[(&str, &str)]) -> Option<NoBrowser> {
        SystemBrowser::new(Env::from_pairs(pairs)).unavailable()
    }

    #[test]
    fn over_ssh_no_browser_is_tried_unless_one_is_named() {
        assert_eq!(unavailable(&[("SSH_CONNECTION", "1 2 3 4"), ("DISPLAY", ":10")]), Some(NoBrowser::Ssh));
        assert_eq!(unavailable(&[("SSH_CONNECTION", "1 2 3 4"), ("BROWSER", "lynx")]), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn without_a_display_no_browser_is_tried() {
        assert_eq!(unavailable(&[]), Some(NoBrowser::NoDisplay));
        assert_eq!(unavailable(&[("WAYLAND_DISPLAY", "wayland-0")]), None);
        assert_eq!(unavailable(&[("WSL_DISTRO_NAME", "Debian")]), None);
    }
}
