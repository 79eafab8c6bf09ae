use clap::{Args, ValueEnum};

use super::error::{CommandError, ErrorCode, Exit};
use super::ui::Ui;
use crate::app::App;
use crate::platform::process;
use crate::shell::{Format, quote};

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

    fn format(self) -> Format {
        match self {
            Self::Bash => Format::Bash,
            Self::Zsh => Format::Zsh,
            Self::Fish => Format::Fish,
            Self::Nu => Format::Nu,
            Self::Elvish => Format::Elvish,
            Self::Powershell => Format::Powershell,
        }
    }

    fn print(self, parts: &[&str], app: &App, ui: &mut Ui) -> Result<(), CommandError> {
        let path =
            process::lasting_path_of_self(&app.env).ok().and_then(|path| quote::path(self.format(), &path));
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
    fn every_file_has_the_marker() {
        for shell in Shell::value_variants() {
            assert!(shell.hook().contains(MARKER) && shell.completion().contains(MARKER), "{shell:?}");
        }
    }
}
