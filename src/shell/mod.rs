//! Writes variables in the syntax of shells: quoted so that nothing in a value has an effect, or refused.

pub mod quote;
pub mod words;

use std::fmt::Write as _;

use zeroize::Zeroizing;

use self::quote::Quoting;

/// A shell, or a machine-readable form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Nu,
    Elvish,
    Cmd,
    Dotenv,
    Json,
}

/// A value that this form cannot express.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the value of {name} cannot be written for {format}: it contains {what}")]
pub struct Unquotable {
    pub name: String,
    pub format: &'static str,
    pub what: &'static str,
}

impl Format {
    pub const ALL: [Self; 9] = [
        Self::Bash,
        Self::Zsh,
        Self::Fish,
        Self::Powershell,
        Self::Nu,
        Self::Elvish,
        Self::Cmd,
        Self::Dotenv,
        Self::Json,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Powershell => "powershell",
            Self::Nu => "nu",
            Self::Elvish => "elvish",
            Self::Cmd => "cmd",
            Self::Dotenv => "dotenv",
            Self::Json => "json",
        }
    }

    /// Returns the syntax of the shell in `$SHELL`, `None` if it is not supported.
    ///
    /// Without `$SHELL` it is that of POSIX, which bash's lines keep to.
    pub fn of_shell(path: Option<&str>) -> Option<Self> {
        let Some(path) = path else { return Some(Self::Bash) };
        Some(match name_of_shell(path) {
            // Including the descendants of the Bourne shell, which all support `export NAME=value`.
            "bash" | "rbash" | "sh" | "dash" | "ash" | "busybox" | "yash" | "posh" | "ksh" | "ksh93"
            | "ksh2020" | "mksh" | "lksh" | "pdksh" | "oksh" | "loksh" => Self::Bash,
            "zsh" | "rzsh" => Self::Zsh,
            "fish" => Self::Fish,
            "nu" => Self::Nu,
            "elvish" => Self::Elvish,
            "pwsh" | "powershell" => Self::Powershell,
            _ => return None,
        })
    }

    /// Returns whether the form can remove a variable.
    pub fn removes(self) -> bool {
        !matches!(self, Self::Dotenv | Self::Json)
    }

    /// Returns text that sets the variables, with its line end.
    pub fn set(self, variables: &[(&str, &str)]) -> Result<Zeroizing<String>, Unquotable> {
        self.change(&[], variables)
    }

    /// Returns text that sets the variables and removes `gone` if the form can, with its line end.
    pub fn change(self, gone: &[&str], variables: &[(&str, &str)]) -> Result<Zeroizing<String>, Unquotable> {
        let gone: Vec<&str> = gone
            .iter()
            .copied()
            .filter(|gone| self.removes() && variables.iter().all(|(name, _)| name != gone))
            .collect();
        // Large enough from the start, so that growing leaves no copy of a secret.
        let removal: usize = gone.iter().map(|name| name.len() + 32).sum();
        let length: usize = variables.iter().map(|(name, value)| name.len() + 4 * value.len() + 32).sum();
        let mut text = Zeroizing::new(String::with_capacity(removal + length + 16));
        if let Self::Nu | Self::Json = self {
            return Ok(json(text, &gone, variables));
        }
        for (name, value) in variables {
            self.check(name, value)?;
            match self {
                Self::Bash | Self::Zsh => {
                    let _ = write!(text, "export {name}=");
                    Quoting::Posix.push(&mut text, value);
                }
                Self::Fish => {
                    let _ = write!(text, "set -gx {name} ");
                    Quoting::Fish.push(&mut text, value);
                }
                Self::Powershell => {
                    let _ = write!(text, "$Env:{name} = ");
                    Quoting::Powershell.push(&mut text, value);
                }
                Self::Elvish => {
                    let _ = write!(text, "set-env {name} ");
                    Quoting::Elvish.push(&mut text, value);
                }
                Self::Cmd => {
                    let _ = write!(text, "set \"{name}={value}\"");
                }
                Self::Dotenv => {
                    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./:+=@-".contains(&byte);
                    let quote = if value.bytes().all(plain) { "" } else { "'" };
                    let _ = write!(text, "{name}={quote}{value}{quote}");
                }
                Self::Nu | Self::Json => {}
            }
            text.push('\n');
        }
        text.push_str(&self.unset(&gone));
        Ok(text)
    }

    /// Returns text that removes them.
    pub fn unset<S: AsRef<str>>(self, names: &[S]) -> String {
        let names = names.iter().map(AsRef::as_ref);
        if let Self::Nu | Self::Json = self {
            let names = names.map(|name| format!("\"{name}\"")).collect::<Vec<_>>();
            return format!("[{}]\n", names.join(","));
        }
        let line = |name: &str| match self {
            Self::Bash | Self::Zsh => format!("unset {name}\n"),
            // It fails for a variable that is not set, and the last line's status is that of `source`.
            Self::Fish => format!("set -e {name}; or true\n"),
            // Assigning nothing removes it, whether or not it was set, under strict mode too.
            Self::Powershell => format!("$Env:{name} = $null\n"),
            Self::Elvish => format!("unset-env {name}\n"),
            Self::Cmd => format!("set \"{name}=\"\n"),
            Self::Dotenv | Self::Nu | Self::Json => format!("{name}=\n"),
        };
        names.map(line).collect()
    }

    fn check(self, name: &str, value: &str) -> Result<(), Unquotable> {
        let refuse = |what| Err(Unquotable { name: name.to_owned(), format: self.name(), what });
        if value.contains('\0') {
            return refuse("a NUL");
        }
        match self {
            // `call` and delayed expansion interpret % and ! again, inside quotes too.
            Self::Cmd if value.contains(['"', '%', '!']) => refuse("one of \" % !"),
            // Its dialects agree on the meaning of single quotes, and on no escape.
            Self::Dotenv if value.contains('\'') => refuse("a single quote"),
            Self::Cmd | Self::Dotenv if value.chars().any(char::is_control) => {
                refuse("a line end or another control character")
            }
            _ => Ok(()),
        }
    }
}

/// Returns the name of the program in `$SHELL`.
pub fn name_of_shell(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    name.strip_suffix(".exe").unwrap_or(name)
}

/// Writes one flat object, which nu's `load-env` accepts from `from json`.
///
/// nu passes a variable that is null to no program.
fn json(mut text: Zeroizing<String>, gone: &[&str], variables: &[(&str, &str)]) -> Zeroizing<String> {
    text.push('{');
    for (at, (name, value)) in variables.iter().enumerate() {
        let value = Zeroizing::new(serde_json::to_string(value).expect("a string serializes"));
        let _ = write!(text, "{}\"{name}\":{}", if at == 0 { "" } else { "," }, *value);
    }
    for (at, name) in gone.iter().enumerate() {
        let comma = if variables.is_empty() && at == 0 { "" } else { "," };
        let _ = write!(text, "{comma}\"{name}\":null");
    }
    text.push_str("}\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(format: Format, value: &str) -> Result<String, Unquotable> {
        format.set(&[("A", value)]).map(|text| text.to_string())
    }

    #[test]
    fn a_value_is_quoted_for_its_shell() {
        let value = "a'b\\ $(x)\n";
        assert_eq!(set(Format::Bash, value).expect("quoted"), "export A='a'\\''b\\ $(x)\n'\n");
        assert_eq!(set(Format::Fish, value).expect("quoted"), "set -gx A 'a\\'b\\\\ $(x)\n'\n");
        assert_eq!(
            set(Format::Powershell, "it\u{2019}s'").expect("quoted"),
            "$Env:A = 'it\u{2019}\u{2019}s'''\n"
        );
        assert_eq!(set(Format::Elvish, value).expect("quoted"), "set-env A 'a''b\\ $(x)\n'\n");
        assert_eq!(set(Format::Nu, value).expect("quoted"), "{\"A\":\"a'b\\\\ $(x)\\n\"}\n");
        assert_eq!(set(Format::Dotenv, "a/b+c=").expect("plain"), "A=a/b+c=\n");
        assert_eq!(set(Format::Dotenv, "a b$c").expect("quoted"), "A='a b$c'\n");
        assert_eq!(set(Format::Cmd, "a & b").expect("quoted"), "set \"A=a & b\"\n");
    }

    #[test]
    fn what_cannot_be_quoted_is_refused() {
        for value in ["a\"b", "%PATH%", "!x!", "a\nb", "\u{1b}"] {
            assert!(set(Format::Cmd, value).is_err(), "{value:?}");
        }
        for value in ["it's", "a\nb"] {
            assert!(set(Format::Dotenv, value).is_err(), "{value:?}");
        }
        for format in [Format::Bash, Format::Fish, Format::Powershell, Format::Elvish] {
            let error = set(format, "a\0b").expect_err("refused").to_string();
            assert!(error.contains(format.name()) && error.contains("NUL"), "{error}");
        }
    }

    #[test]
    fn every_form_that_can_removes_what_is_not_set_again() {
        for (format, text) in [
            (Format::Bash, "export A='x'\nunset B\n"),
            (Format::Zsh, "export A='x'\nunset B\n"),
            (Format::Fish, "set -gx A 'x'\nset -e B; or true\n"),
            (Format::Powershell, "$Env:A = 'x'\n$Env:B = $null\n"),
            (Format::Nu, "{\"A\":\"x\",\"B\":null}\n"),
            (Format::Elvish, "set-env A 'x'\nunset-env B\n"),
            (Format::Cmd, "set \"A=x\"\nset \"B=\"\n"),
            (Format::Dotenv, "A=x\n"),
            (Format::Json, "{\"A\":\"x\"}\n"),
        ] {
            let changed = format.change(&["A", "B"], &[("A", "x")]).expect("written");
            assert_eq!(changed.as_str(), text, "{}", format.name());
            assert_eq!(format.removes(), text.contains('B'), "{}", format.name());
        }
    }

    #[test]
    fn the_shell_is_known_by_its_name() {
        for (path, expected) in [
            (Some("/usr/bin/fish"), Some(Format::Fish)),
            (Some("/bin/bash"), Some(Format::Bash)),
            (Some("/bin/dash"), Some(Format::Bash)),
            (Some("/bin/ksh93"), Some(Format::Bash)),
            (Some("mksh"), Some(Format::Bash)),
            (Some("/run/current-system/sw/bin/zsh"), Some(Format::Zsh)),
            (Some(r"C:\Program Files\Git\usr\bin\bash.exe"), Some(Format::Bash)),
            (Some("/usr/bin/tcsh"), None),
            (Some("/usr/bin/xonsh"), None),
            (Some("/usr/bin/bash-static-wrapper"), None),
            (None, Some(Format::Bash)),
        ] {
            assert_eq!(Format::of_shell(path), expected, "{path:?}");
        }
    }
}
