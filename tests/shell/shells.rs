//! The shells, started without anybody's start-up files.

use std::path::PathBuf;
use std::sync::OnceLock;

use kcaws_test_kit::{Client, TestCommand, TestEnv, clients, find_program};

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
    pub(crate) fn run(self, env: &TestEnv, script: &str) -> Option<TestCommand> {
        let flags: &[&str] = match self {
            Self::Bash => &["--noprofile", "--norc", "-c"],
            Self::Zsh => &["-f", "-c"],
            Self::Fish => &["--no-config", "-c"],
            Self::Elvish => &["-norc", "-c"],
            Self::Nu => &["--no-config-file", "-c"],
        };
        let program = self.program()?;
        Some(env.command(program).args(flags).arg(script))
    }

    /// Looked for once, so that a missing shell is said once and not by every test.
    fn program(self) -> Option<&'static PathBuf> {
        static FOUND: OnceLock<[Option<PathBuf>; 5]> = OnceLock::new();
        let look = |shell: Self| {
            if shell == Self::Nu {
                return clients().command_line_or_skip(Client::Nushell).map(|mut line| line.remove(0).into());
            }
            let found = find_program(shell.name());
            if found.is_none() {
                kcaws_test_kit::skipped(&format!("{} is not installed", shell.name()));
            }
            found
        };
        FOUND.get_or_init(|| Self::ALL.map(look))[self as usize].as_ref()
    }
}
