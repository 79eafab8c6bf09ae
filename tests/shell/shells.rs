//! The shells, started without anybody's start-up files.

use kcaws_test_kit::{Client, Desk, DeskCommand, clients, find_program};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
    Elvish,
    Nu,
}

impl Shell {
    pub(crate) const ALL: [Self; 5] = [Self::Bash, Self::Zsh, Self::Fish, Self::Elvish, Self::Nu];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Elvish => "elvish",
            Self::Nu => "nu",
        }
    }

    /// Runs `script`. `None`, and said, where the shell is not installed.
    pub(crate) fn run(self, desk: &Desk, script: &str) -> Option<DeskCommand> {
        let flags: &[&str] = match self {
            Self::Bash => &["--noprofile", "--norc", "-c"],
            Self::Zsh => &["-f", "-c"],
            Self::Fish => &["--no-config", "-c"],
            Self::Elvish => &["-norc", "-c"],
            Self::Nu => &["--no-config-file", "-c"],
        };
        let program = if self == Self::Nu {
            clients().command_line_or_skip(Client::Nushell)?.remove(0).into()
        } else if let Some(program) = find_program(self.name()) {
            program
        } else {
            kcaws_test_kit::skipped(&format!("{} is not installed", self.name()));
            return None;
        };
        Some(desk.command(program).args(flags).arg(script))
    }
}
