//! The programs that `BROWSER` lists: those of `a:b` are tried one after the other.

use std::path::{Path, PathBuf};

use super::{BrowserError, Runs, StartedBrowser, start};
use crate::platform::env::Env;
use crate::platform::which;

/// Browsers that run in the terminal that they are started from.
const TEXT_BROWSERS: [&str; 7] = ["elinks", "links", "links2", "lynx", "netrik", "retawq", "w3m"];

/// Opens `url` with the first program that does not fail; `None` if none of them is on this machine.
pub(super) fn open(list: &str, url: &str, env: &Env) -> Option<Result<StartedBrowser, BrowserError>> {
    let mut failures = Vec::new();
    for words in list.split(':').filter_map(|command| words(command, url)) {
        let Some(program) = find(&words[0], env) else { continue };
        let runs = if is_text_browser(&program) { Runs::InTheTerminal } else { Runs::Apart };
        match start(&program, &words[1..], runs) {
            Ok(()) => return Some(Ok(StartedBrowser::With(words[0].clone()))),
            Err(error) => failures.push(error.why()),
        }
    }
    (!failures.is_empty()).then(|| Err(BrowserError::NotStarted(failures.join("; "))))
}

/// Expands a command: `%s` is the URL, `%c` a colon, `%%` a percent sign.
///
/// Without a `%s` the URL is the last argument.
fn words(command: &str, url: &str) -> Option<Vec<String>> {
    let mut has_url = false;
    let mut words: Vec<String> = command
        .split_ascii_whitespace()
        .map(|word| {
            let (mut text, mut letters) = (String::new(), word.chars());
            while let Some(letter) = letters.next() {
                match (letter, letter == '%') {
                    (_, false) => text.push(letter),
                    (_, true) => match letters.next() {
                        Some('s') => {
                            text.push_str(url);
                            has_url = true;
                        }
                        Some('c') => text.push(':'),
                        Some('%') | None => text.push('%'),
                        Some(other) => text.extend(['%', other]),
                    },
                }
            }
            text
        })
        .collect();
    if words.is_empty() {
        return None;
    }
    if !has_url {
        words.push(url.to_owned());
    }
    Some(words)
}

fn find(name: &str, env: &Env) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|path| which::is_program(path));
    }
    which::on_path(name, env)
}

fn is_text_browser(program: &Path) -> bool {
    program.file_name().and_then(|name| name.to_str()).is_some_and(|name| TEXT_BROWSERS.contains(&name))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::platform::which::script;

    #[test]
    fn the_url_stands_where_it_is_asked_for_or_last_and_exactly_once() {
        let url = "http://127.0.0.1:1/%s%c";
        for (command, expected) in [
            ("firefox", vec!["firefox", url]),
            ("firefox --new-window", vec!["firefox", "--new-window", url]),
            ("open %s -x", vec!["open", url, "-x"]),
            ("open --url=%s%%", vec!["open", "--url=http://127.0.0.1:1/%s%c%"]),
            ("a%cb %z %", vec!["a:b", "%z", "%", url]),
        ] {
            assert_eq!(words(command, url).expect("words"), expected, "{command}");
        }
        assert_eq!(words("  ", url), None);
    }

    /// Returns the URL that each program was asked to open.
    fn opened(folder: &Path) -> String {
        std::fs::read_to_string(folder.join("opened")).unwrap_or_default()
    }

    #[test]
    fn one_that_fails_is_passed_over_and_one_that_is_missing_does_not_count() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let list = folder.path().join("opened");
        script(folder.path(), "fails", "exit 3");
        let env = script(folder.path(), "works", &format!("echo \"$@\" >> '{}'", list.display()));
        let url = "http://127.0.0.1:1/";
        assert!(
            matches!(open("absent:fails:/nowhere/x:works -a %s:fails", url, &env), Some(Ok(StartedBrowser::With(program))) if program == "works")
        );
        assert_eq!(opened(folder.path()), format!("-a {url}\n"));
        assert!(open("absent::/nowhere/x", url, &env).is_none());
        assert!(open("", url, &env).is_none());
        let failure = open("fails:absent:fails", url, &env).expect("there are programs").expect_err("fail");
        assert_eq!(failure.to_string().matches("exit status: 3").count(), 2, "{failure}");
    }

    #[test]
    fn one_whose_status_says_nothing_is_believed() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let env = script(folder.path(), "explorer.exe", "exit 1");
        assert!(matches!(open("explorer.exe", "http://127.0.0.1:1/", &env), Some(Ok(_))));
    }
}
