//! The programs of a Unix desktop that open a page, for when the `webbrowser` crate finds no browser.
//!
//! In a toolbox, a distrobox or under sway, `xdg-settings` is missing or has no browser configured, while `xdg-open` or
//! a program that reaches the host works.

use std::path::Path;

use super::{BrowserError, Runs, StartedBrowser, start};
use crate::platform::env::Env;
use crate::platform::which;

/// In the order in which they are tried.
///
/// Those that reach a host are only installed in a container, and fail at once if they reach none.
const OPENERS: [&[&str]; 12] = [
    &["xdg-open"],
    &["flatpak-xdg-open"],
    &["flatpak-spawn", "--host", "xdg-open"],
    &["distrobox-host-exec", "xdg-open"],
    &["host-spawn", "xdg-open"],
    &["wslview"],
    &["wsl-open"],
    &["explorer.exe"],
    &["gio", "open"],
    &["kde-open"],
    &["exo-open"],
    &["sensible-browser"],
];

/// Files that flatpak, podman, toolbox and distrobox create in their containers.
const SIGNS_OF_A_CONTAINER: [&str; 3] = ["/.flatpak-info", "/run/.containerenv", "/run/.toolboxenv"];

/// Returns whether this is a container, whose default browser may not be that of its host.
pub(super) fn is_in_a_container(env: &Env) -> bool {
    env.get("container").is_some() || SIGNS_OF_A_CONTAINER.iter().any(|sign| Path::new(sign).exists())
}

/// Opens `url` with the first of them that does not fail.
pub(super) fn open(url: &str, env: &Env) -> Result<StartedBrowser, BrowserError> {
    let mut failures = Vec::new();
    for command in OPENERS {
        let [name, arguments @ ..] = command else { continue };
        let Some(program) = which::on_path(name, env) else { continue };
        let arguments: Vec<String> = arguments.iter().chain([&url]).map(|&word| word.to_owned()).collect();
        match start(&program, &arguments, Runs::Apart) {
            Ok(()) => return Ok(StartedBrowser::With(command.join(" "))),
            Err(error) => failures.push(error.why()),
        }
    }
    if failures.is_empty() {
        return Err(BrowserError::NoOpener);
    }
    Err(BrowserError::NotStarted(failures.join("; ")))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::platform::which::script;

    const URL: &str = "http://127.0.0.1:1/a?b&c";

    /// Opens with these programs, each with its exit code, and returns the result and what they were given.
    fn opened(programs: &[(&str, u8)]) -> (Result<StartedBrowser, BrowserError>, String) {
        let folder = tempfile::tempdir().expect("a temp folder");
        let list = folder.path().join("list");
        let mut env = Env::from_pairs(&[("PATH", "/nowhere")]);
        for (name, code) in programs {
            let text = format!("echo {name} \"$@\" >> '{}'; exit {code}", list.display());
            env = script(folder.path(), name, &text);
        }
        (open(URL, &env), std::fs::read_to_string(list).unwrap_or_default())
    }

    #[test]
    fn the_first_program_that_does_not_fail_opens_the_page() {
        for (programs, by) in [
            (&[("xdg-open", 0), ("wslview", 0)][..], "xdg-open"),
            (&[("flatpak-xdg-open", 0), ("flatpak-spawn", 0)][..], "flatpak-xdg-open"),
            (&[("xdg-open", 3), ("flatpak-spawn", 0)][..], "flatpak-spawn --host xdg-open"),
            (&[("flatpak-spawn", 1), ("distrobox-host-exec", 0)][..], "distrobox-host-exec xdg-open"),
            (&[("xdg-open", 4), ("wslview", 0)][..], "wslview"),
            (&[("gio", 0)][..], "gio open"),
        ] {
            let (outcome, given) = opened(programs);
            assert_eq!(outcome.expect("opens"), StartedBrowser::With(by.to_owned()));
            assert_eq!(given.lines().last(), Some(&*format!("{by} {URL}")), "{given}");
        }
    }

    #[test]
    fn failures_are_named_and_so_is_that_there_is_no_program() {
        let (outcome, _) = opened(&[("xdg-open", 3), ("wslview", 2)]);
        let why = outcome.expect_err("fail").to_string();
        assert!(
            why.contains("xdg-open`: exit status: 3; ") && why.contains("wslview`: exit status: 2"),
            "{why}"
        );
        assert!(matches!(opened(&[]).0, Err(BrowserError::NoOpener)));
    }
}
