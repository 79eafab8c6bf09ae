//! The line that enables kcaws in a shell, and its place in the shell's startup file.
//!
//! That file belongs to the user: one line is appended, and every byte before it stays.

use std::path::PathBuf;

use crate::platform::env::Env;
use crate::platform::folders::Folders;
use crate::shell::{Format, name_of_shell};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellLine {
    pub shell: Format,
    pub line: String,
    /// `None` if one line is not enough: nushell and elvish load a file, and only PowerShell knows where its own
    /// profile is.
    pub file: Option<PathBuf>,
}

impl ShellLine {
    /// Returns the line for the shell in `SHELL`, with `program` quoted for it; `None` for an unsupported shell.
    pub fn of_this_person(
        env: &Env,
        folders: &Folders,
        program: impl Fn(Format) -> Option<String>,
    ) -> Option<Self> {
        let path = env.get("SHELL")?;
        let shell = Format::of_shell(Some(&path))?;
        // Other POSIX shells share its syntax, but not its hook.
        if shell == Format::Bash && name_of_shell(&path) != "bash" {
            return None;
        }
        let program = program(shell)?;
        let home = || folders.home.clone();
        let folder = |variable, below: &str| {
            env.raw(variable).map(PathBuf::from).or_else(|| Some(home()?.join(below)))
        };
        let name = shell.name();
        let (line, file) = match shell {
            Format::Bash => (format!("eval -- \"$({program} init bash)\""), Some(home()?.join(".bashrc"))),
            Format::Zsh => {
                (format!("eval -- \"$({program} init zsh)\""), Some(folder("ZDOTDIR", "")?.join(".zshrc")))
            }
            Format::Fish => (
                format!("{program} init fish | source"),
                Some(folder("XDG_CONFIG_HOME", ".config")?.join("fish/config.fish")),
            ),
            Format::Powershell => (format!("Invoke-Expression (& {program} init {name} | Out-String)"), None),
            _ => (format!("{program} init {name}"), None),
        };
        Some(Self { shell, line, file })
    }

    /// Returns whether the file already runs it, by any path of kcaws; a comment does not count.
    pub fn is_in(&self, content: &[u8]) -> bool {
        let text = String::from_utf8_lossy(content);
        let call = format!("init {}", self.shell.name());
        text.lines().map(str::trim).filter(|line| !line.starts_with('#')).any(|line| {
            line.match_indices(&call).any(|(at, _)| {
                let before = line[..at].trim_end().trim_end_matches(['\'', '"']);
                let program =
                    before.rsplit(['/', '\\', ' ', '(', '\'', '"', '`', '&']).next().unwrap_or_default();
                matches!(program, "kcaws" | "kcaws.exe")
                    && !line[at + call.len()..].starts_with(char::is_alphanumeric)
            })
        })
    }

    /// Returns the file with the line appended; `None` if it already has it.
    pub fn appended(&self, content: &[u8]) -> Option<Vec<u8>> {
        if self.is_in(content) {
            return None;
        }
        let end: &[u8] = if content.ends_with(b"\r\n") { b"\r\n" } else { b"\n" };
        let mut new = content.to_vec();
        if !content.is_empty() && !content.ends_with(b"\n") {
            new.extend_from_slice(end);
        }
        // A trailing backslash would join the line with the command before it.
        let last = content.strip_suffix(b"\n").unwrap_or(content);
        if last.strip_suffix(b"\r").unwrap_or(last).ends_with(b"\\") {
            new.extend_from_slice(end);
        }
        new.extend_from_slice(self.line.as_bytes());
        new.extend_from_slice(end);
        Some(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(env: &[(&str, &str)]) -> Option<ShellLine> {
        let folders = Folders { home: Some("/home/alice".into()), ..Folders::default() };
        ShellLine::of_this_person(&Env::from_pairs(env), &folders, |_| Some("kcaws".to_owned()))
    }

    #[test]
    fn each_shell_has_its_line_and_its_file() {
        let line = |env: &[(&str, &str)]| {
            let line = of(env).expect("a known shell");
            (line.line, line.file.map(|file| file.display().to_string().replace('\\', "/")))
        };
        let at = |file: &str| Some(file.to_owned());
        assert_eq!(
            line(&[("SHELL", "/bin/bash")]),
            ("eval -- \"$(kcaws init bash)\"".into(), at("/home/alice/.bashrc"))
        );
        assert_eq!(line(&[("SHELL", "/bin/zsh")]).1, at("/home/alice/.zshrc"));
        assert_eq!(line(&[("SHELL", "/bin/zsh"), ("ZDOTDIR", "/z")]).1, at("/z/.zshrc"));
        assert_eq!(
            line(&[("SHELL", "/usr/bin/fish")]),
            ("kcaws init fish | source".into(), at("/home/alice/.config/fish/config.fish"))
        );
        assert_eq!(line(&[("SHELL", "/usr/bin/nu")]), ("kcaws init nu".into(), None));
        for path in ["/bin/dash", "/bin/ksh", "/usr/bin/tcsh", "/usr/bin/xonsh"] {
            assert_eq!(of(&[("SHELL", path)]), None, "{path}");
        }
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn a_line_that_is_there_in_any_form_is_not_added_again() {
        let bash = of(&[("SHELL", "/bin/bash")]).expect("bash");
        for there in [
            "eval -- \"$(kcaws init bash)\"",
            "  eval \"$(/opt/bin/kcaws init bash)\"",
            "eval \"$('/opt/my tools/kcaws' init bash)\" # mine",
            "source <(kcaws init bash)",
            "command -v kcaws && eval \"$(kcaws   init bash)\"",
        ] {
            let content = format!("x=1\n{there}\ny=2\n");
            assert_eq!(bash.appended(content.as_bytes()), None, "{there}");
        }
        for other in [
            "# eval \"$(kcaws init bash)\"",
            "eval \"$(mykcaws init bash)\"",
            "kcaws init bashful",
            "kcaws init zsh",
        ] {
            assert!(bash.appended(other.as_bytes()).is_some(), "{other}");
        }
    }

    #[test]
    fn what_was_there_stays_byte_for_byte() {
        let bash = of(&[("SHELL", "/bin/bash")]).expect("bash");
        let line = bash.line.as_bytes();
        for (before, between, end) in [
            (&b""[..], &b""[..], &b"\n"[..]),
            (b"a\n", b"", b"\n"),
            (b"a", b"\n", b"\n"),
            (b"a\r\n", b"", b"\r\n"),
            (b"\xff\xfe", b"\n", b"\n"),
            (b"a \\\n", b"\n", b"\n"),
            (b"a \\", b"\n\n", b"\n"),
        ] {
            let new = bash.appended(before).expect("is not there");
            assert_eq!(new, [before, between, line, end].concat(), "{before:?}");
            assert_eq!(bash.appended(&new), None);
        }
    }
}
