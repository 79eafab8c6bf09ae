use std::path::Path;

use clap::{Args, ValueEnum};

use super::error::{CommandError, ErrorCode, Exit};
use super::ui::Ui;
use crate::app::App;
use crate::platform::process;
use crate::shell::Format;

const EXAMPLES: &str = "\
Examples:
  eval -- \"$(kcaws init bash)\"   in ~/.bashrc
  eval -- \"$(kcaws init zsh)\"    in ~/.zshrc
  kcaws init fish | source       in ~/.config/fish/config.fish
  Invoke-Expression (& kcaws init powershell | Out-String)   in $PROFILE

nu and elvish load a file; its first lines show where to put it:
  kcaws init nu | head -20";

/// Print the shell integration script: `kcaws use`, completion, and a function for your prompt
///
/// The script prints nothing when it is loaded and does not change your prompt.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct InitArgs {
    /// Shell to print the script for
    #[arg(value_enum)]
    shell: Shell,
}

/// Print only the completion script: commands, options, profiles, sessions, accounts, permission sets, Regions
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  eval -- \"$(kcaws completions bash)\"\n\nAlready included in `kcaws init`."
)]
pub(super) struct CompletionsArgs {
    /// Shell to print the script for
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Nu,
    Elvish,
    #[value(alias = "pwsh")]
    Powershell,
}

/// Variable that marks a call through the hook, set for that call only.
pub(super) const HOOK: &str = "KCAWS_HOOK";
/// Placeholder in the files in `shell/` for the path of kcaws, including the quotes.
const MARKER: &str = "'::KCAWS::'";

impl Shell {
    fn hook(self) -> &'static str {
        match self {
            Self::Bash => include_str!("../../shell/kcaws.bash"),
            Self::Zsh => include_str!("../../shell/kcaws.zsh"),
            Self::Fish => include_str!("../../shell/kcaws.fish"),
            Self::Nu => include_str!("../../shell/kcaws.nu"),
            Self::Elvish => include_str!("../../shell/kcaws.elv"),
            Self::Powershell => include_str!("../../shell/kcaws.ps1"),
        }
    }

    fn completion(self) -> &'static str {
        match self {
            Self::Bash => include_str!("../../shell/completion.bash"),
            Self::Zsh => include_str!("../../shell/completion.zsh"),
            Self::Fish => include_str!("../../shell/completion.fish"),
            Self::Nu => include_str!("../../shell/completion.nu"),
            Self::Elvish => include_str!("../../shell/completion.elv"),
            Self::Powershell => include_str!("../../shell/completion.ps1"),
        }
    }

    /// Returns `None` if the path cannot be written in this shell's syntax.
    fn quoted(self, path: &Path) -> Option<String> {
        let path = path.to_str().filter(|path| !path.chars().any(char::is_control))?;
        Some(match self {
            Self::Bash | Self::Zsh => format!("'{}'", path.replace('\'', r"'\''")),
            Self::Fish => format!("'{}'", path.replace('\\', r"\\").replace('\'', r"\'")),
            Self::Elvish => format!("'{}'", path.replace('\'', "''")),
            Self::Nu => format!("\"{}\"", path.replace('\\', r"\\").replace('"', "\\\"")),
            Self::Powershell => {
                let quote = |letter| matches!(letter, '\'' | '\u{2018}'..='\u{201b}');
                let twice = |letter| if quote(letter) { vec![letter; 2] } else { vec![letter] };
                format!("'{}'", path.chars().flat_map(twice).collect::<String>())
            }
        })
    }

    fn print(self, parts: &[&str], app: &App, ui: &mut Ui) -> Result<(), CommandError> {
        let path = process::lasting_path_of_self(&app.env).ok().and_then(|path| self.quoted(&path));
        let Some(path) = path else {
            return Err(CommandError::new(
                Exit::Failed,
                ErrorCode::OwnPath,
                "the path of kcaws cannot be written in the script",
            )
            .hint("install it in a folder without special characters in its name"));
        };
        for part in parts {
            ui.script(part.replace(MARKER, &path).trim_end());
        }
        Ok(())
    }
}

/// Quotes `path` as a word of the shell; `None` if that is not possible or the shell is not supported.
pub(super) fn quoted(format: Format, path: &Path) -> Option<String> {
    Shell::from_str(format.name(), true).ok()?.quoted(path)
}

pub(super) fn run(args: &InitArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let Shell::Nu = args.shell else {
        return args.shell.print(&[args.shell.hook(), "", args.shell.completion()], app, ui);
    };
    // nu requires a completer to be defined before the command that uses it.
    args.shell.print(&[args.shell.completion(), "", args.shell.hook()], app, ui)
}

pub(super) fn completions(args: &CompletionsArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    args.shell.print(&[args.shell.completion()], app, ui)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_the_marker_and_a_path_is_quoted_for_its_shell() {
        for shell in Shell::value_variants() {
            assert!(shell.hook().contains(MARKER) && shell.completion().contains(MARKER), "{shell:?}");
            assert_eq!(shell.quoted(Path::new("/a\nb")), None);
        }
        let path = Path::new("/it's \"here\"\\kcaws");
        assert_eq!(Shell::Bash.quoted(path).as_deref(), Some(r#"'/it'\''s "here"\kcaws'"#));
        assert_eq!(Shell::Fish.quoted(path).as_deref(), Some(r#"'/it\'s "here"\\kcaws'"#));
        assert_eq!(Shell::Elvish.quoted(path).as_deref(), Some(r#"'/it''s "here"\kcaws'"#));
        assert_eq!(Shell::Nu.quoted(path).as_deref(), Some(r#""/it's \"here\"\\kcaws""#));
        assert_eq!(Shell::Powershell.quoted(path).as_deref(), Some(r#"'/it''s "here"\kcaws'"#));
    }
}
