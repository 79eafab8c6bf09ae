//! Quotes text as one word of a shell, so that nothing in it has an effect.

use std::path::Path;

use super::Format;

/// How a shell writes text that it takes literally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    Posix,
    Fish,
    Powershell,
    Elvish,
    Nu,
}

impl Quoting {
    /// Returns that of a form; `None` if it is not a shell's, or the shell has no such quotes.
    pub(super) fn of(format: Format) -> Option<Self> {
        Some(match format {
            Format::Bash | Format::Zsh => Self::Posix,
            Format::Fish => Self::Fish,
            Format::Powershell => Self::Powershell,
            Format::Elvish => Self::Elvish,
            Format::Nu => Self::Nu,
            Format::Cmd | Format::Dotenv | Format::Json => return None,
        })
    }

    /// Appends the value in quotes; into `text`, because a copy of a secret would stay in memory.
    pub(super) fn push(self, text: &mut String, value: &str) {
        let quote = if self == Self::Nu { '"' } else { '\'' };
        text.push(quote);
        for letter in value.chars() {
            match self.escaped(letter) {
                Some(escaped) => text.push_str(escaped),
                None => text.push(letter),
            }
        }
        text.push(quote);
    }

    fn escaped(self, letter: char) -> Option<&'static str> {
        Some(match (self, letter) {
            (Self::Posix, '\'') => r"'\''",
            (Self::Fish, '\'') => r"\'",
            (Self::Fish | Self::Nu, '\\') => r"\\",
            (Self::Nu, '"') => "\\\"",
            (Self::Elvish | Self::Powershell, '\'') => "''",
            // PowerShell accepts the typographic ones as quotes too (about_Quoting_Rules).
            (Self::Powershell, '\u{2018}') => "\u{2018}\u{2018}",
            (Self::Powershell, '\u{2019}') => "\u{2019}\u{2019}",
            (Self::Powershell, '\u{201a}') => "\u{201a}\u{201a}",
            (Self::Powershell, '\u{201b}') => "\u{201b}\u{201b}",
            _ => return None,
        })
    }
}

/// Returns the path of a program as a word of the shell; `None` if the shell cannot write it.
pub fn path(format: Format, path: &Path) -> Option<String> {
    let path = path.to_str().filter(|path| !path.chars().any(char::is_control))?;
    let mut word = String::new();
    Quoting::of(format)?.push(&mut word, path);
    Some(word)
}

/// Returns a name that can be pasted into a POSIX shell, in quotes if it needs them.
pub fn argument(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.@%:+/-".contains(&byte);
    if !name.is_empty() && name.bytes().all(is_plain) {
        return name.to_owned();
    }
    let mut word = String::new();
    Quoting::Posix.push(&mut word, name);
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_quoted_for_its_shell() {
        let word = |format| path(format, Path::new("/it's \"here\"\\kcaws"));
        assert_eq!(word(Format::Bash).as_deref(), Some(r#"'/it'\''s "here"\kcaws'"#));
        assert_eq!(word(Format::Fish).as_deref(), Some(r#"'/it\'s "here"\\kcaws'"#));
        assert_eq!(word(Format::Elvish).as_deref(), Some(r#"'/it''s "here"\kcaws'"#));
        assert_eq!(word(Format::Nu).as_deref(), Some(r#""/it's \"here\"\\kcaws""#));
        assert_eq!(word(Format::Powershell).as_deref(), Some(r#"'/it''s "here"\kcaws'"#));
        assert_eq!(word(Format::Dotenv), None);
        for format in Format::ALL {
            assert_eq!(path(format, Path::new("/a\nb")), None, "{}", format.name());
        }
    }

    #[test]
    fn an_argument_has_quotes_only_if_it_needs_them() {
        assert_eq!(argument("corp-1.eu"), "corp-1.eu");
        assert_eq!(argument("https://d-1.awsapps.com/start/#/"), "'https://d-1.awsapps.com/start/#/'");
        assert_eq!(argument("it's; rm -rf"), r"'it'\''s; rm -rf'");
        assert_eq!(argument(""), "''");
    }
}
