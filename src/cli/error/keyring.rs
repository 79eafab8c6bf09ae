//! Errors of the stores, with hints that depend on the command.

use super::{CommandError, Doing, ErrorCode, Exit, Hint, Situation, chain};
use crate::ports::keyring::{KeyringError, StoreKind};
use crate::ports::passphrase::PassphraseError;

impl From<KeyringError> for CommandError {
    fn from(error: KeyringError) -> Self {
        let failure = Self::new(Exit::Keyring, ErrorCode::Keyring, error.to_string());
        let cause = chain(&error);
        let failure = match &error {
            KeyringError::Locked(store) => {
                Self { code: ErrorCode::KeyringLocked, ..failure }.store_hint(StoreHint::Locked(*store))
            }
            KeyringError::ItemLocked { .. } => Self { code: ErrorCode::KeyringLocked, ..failure }
                .because(
                    "the keyring is open, but it is set to confirm each access (in KeePassXC: Settings, Secret Service \
                     Integration, \"Confirm when passwords are retrieved by clients\")",
                )
                .store_hint(StoreHint::ItemLocked),
            KeyringError::NoDefault(_) => {
                Self { code: ErrorCode::KeyringAbsent, ..failure }.store_hint(StoreHint::NoDefault)
            }
            KeyringError::Absent { store, .. } => {
                Self { code: ErrorCode::KeyringAbsent, ..failure }.store_hint(StoreHint::Absent(*store))
            }
            KeyringError::TooSlow { .. } => Self { code: ErrorCode::KeyringTooSlow, ..failure }
                .hint("check whether the keyring is waiting for an answer on your desktop, then try again"),
            KeyringError::Unanswered { store, .. } => {
                Self { code: ErrorCode::KeyringTooSlow, ..failure }.store_hint(StoreHint::Unanswered(*store))
            }
            KeyringError::Refused(store) => {
                Self { code: ErrorCode::KeyringRefused, ..failure }.store_hint(StoreHint::Refused(*store))
            }
            KeyringError::NobodyToAsk(store) => {
                Self { code: ErrorCode::KeyringLocked, ..failure }.store_hint(StoreHint::Refused(*store))
            }
            KeyringError::Damaged { .. } => Self { code: ErrorCode::KeyringDamaged, ..failure }
                .hint("run `kcaws logout` to remove it, then log in again; nothing was changed"),
            KeyringError::WrongPassphrase(_) => Self { code: ErrorCode::WrongPassphrase, ..failure }.hint(
                "try again; if the passphrase is lost, log in with another store, such as KCAWS_KEYRING=keyutils",
            ),
            KeyringError::NoPassphrase { source, .. } => {
                Self { code: ErrorCode::NoPassphrase, ..failure }.hint(passphrase_hint(source))
            }
            KeyringError::Failed { .. } | KeyringError::Changing { .. } => {
                failure.hint("run with -v for details, or log in with another store (KCAWS_KEYRING)")
            }
        };
        failure.because_of(cause)
    }
}

impl CommandError {
    fn store_hint(self, hint: StoreHint) -> Self {
        Self { hint: Some(Hint::OfStore(hint)), ..self }
    }
}

/// A problem with a store that the user can fix in a way that depends on the command.
#[derive(Clone, Copy, Debug)]
pub(super) enum StoreHint {
    Locked(StoreKind),
    ItemLocked,
    NoDefault,
    Absent(StoreKind),
    Unanswered(StoreKind),
    Refused(StoreKind),
}

impl StoreHint {
    pub(super) fn text(self, situation: Situation) -> &'static str {
        match self {
            Self::Locked(StoreKind::SecretService) => locked(situation),
            Self::Refused(StoreKind::SecretService) | Self::Unanswered(StoreKind::SecretService) => {
                not_opened(situation)
            }
            Self::Locked(store) | Self::Refused(store) | Self::Unanswered(store) => unlock_hint(store),
            Self::ItemLocked => match situation {
                Situation { doing: Doing::Use, .. } | Situation { attended: false, .. } => {
                    "turn that setting off, because access from other tools cannot be confirmed, or move the tokens: `kcaws store migrate --to keyutils`"
                }
                _ => {
                    "allow it in the dialog, or turn that setting off: access from tools cannot be confirmed later"
                }
            },
            Self::NoDefault => match situation {
                Situation { doing: Doing::Login | Doing::Move, attended: true } => {
                    "create a keyring in your desktop's password manager, or use another store: `KCAWS_KEYRING=keyutils kcaws login`"
                }
                _ => {
                    "`KCAWS_KEYRING=secret-service kcaws login` in a desktop terminal creates one; for another store: `KCAWS_KEYRING=keyutils kcaws login`"
                }
            },
            Self::Absent(store) => absent(store),
        }
    }
}

/// Returns the hint if nothing was asked, or asking would not help.
fn locked(situation: Situation) -> &'static str {
    match (situation.doing, situation.attended) {
        (Doing::Login, true) => not_opened(situation),
        (Doing::Login, false) => {
            "there is no terminal to prompt on: unlock the keyring on the desktop, or use another store: KCAWS_KEYRING=keyutils or file"
        }
        (Doing::Move | Doing::Logout, false) => {
            "there is no terminal to prompt on: unlock the keyring on the desktop, or run the same command in a desktop terminal"
        }
        (Doing::Move | Doing::Logout, true) => {
            "unlock the keyring on the desktop, then run the same command again"
        }
        (Doing::Use, _) => {
            "unlock the keyring (log in to the desktop, or run `kcaws login` in a terminal there)"
        }
    }
}

/// Returns the hint after a prompt was shown, or could not be.
fn not_opened(situation: Situation) -> &'static str {
    match situation.doing {
        Doing::Login => {
            "unlock the keyring on the desktop and try again, or use another store: `KCAWS_KEYRING=keyutils kcaws login`, or KCAWS_KEYRING=file"
        }
        Doing::Move | Doing::Logout => "unlock the keyring on the desktop, then run the same command again",
        Doing::Use => {
            "unlock the keyring on the desktop, or log in with another store: `KCAWS_KEYRING=keyutils kcaws login`"
        }
    }
}

fn absent(store: StoreKind) -> &'static str {
    match store {
        StoreKind::SecretService => {
            "start a Secret Service (gnome-keyring, KWallet's ksecretd, KeePassXC), or log in with KCAWS_KEYRING=keyutils or file"
        }
        StoreKind::Keyutils => {
            "containers often forbid the kernel keyring; start a Secret Service (gnome-keyring, KWallet, KeePassXC), or log in with KCAWS_KEYRING=file"
        }
        StoreKind::Keychain | StoreKind::Wincred => "log in to a desktop session as this user",
        StoreKind::File => "check the state folder (XDG_STATE_HOME)",
    }
}

fn unlock_hint(store: StoreKind) -> &'static str {
    match store {
        StoreKind::SecretService => "unlock the keyring on the desktop",
        StoreKind::Keyutils => "run `keyctl show @u` to see what this user's kernel keyring allows",
        StoreKind::Keychain => "unlock the login keychain: `security unlock-keychain`",
        StoreKind::Wincred => "log in to Windows as this user",
        StoreKind::File => {
            "set KCAWS_PASSPHRASE_COMMAND or KCAWS_PASSPHRASE_FD: there is no terminal to ask for the passphrase"
        }
    }
}

fn passphrase_hint(error: &PassphraseError) -> &'static str {
    match error {
        PassphraseError::Descriptor(_) => {
            "it must be a number such as 3; if a program in between closes it, use KCAWS_PASSPHRASE_COMMAND"
        }
        PassphraseError::CommandAbsent { .. } => {
            "it is run without a shell: name a program on PATH, and quote words with spaces"
        }
        PassphraseError::CommandFailed { .. } | PassphraseError::CommandTooSlow { .. } => {
            "run it by hand: it must print the passphrase on one line, without delay"
        }
        PassphraseError::Empty => "an empty passphrase protects nothing",
        PassphraseError::NotALine => "the passphrase must be UTF-8 without line breaks",
        PassphraseError::Differ => "nothing was written; try again",
        PassphraseError::NoTerminal(_) => "set KCAWS_PASSPHRASE_COMMAND or KCAWS_PASSPHRASE_FD",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hints(doing: Doing, attended: bool) -> Vec<String> {
        let store = StoreKind::SecretService;
        let errors = [
            KeyringError::Locked(store),
            KeyringError::ItemLocked { store, item: "kcaws: corp".to_owned() },
            KeyringError::NoDefault(store),
            KeyringError::Refused(store),
            KeyringError::NobodyToAsk(store),
            KeyringError::Unanswered { store, after: std::time::Duration::from_secs(60) },
        ];
        let hint = |error| CommandError::from(error).hint_in(Situation { doing, attended }).expect("a hint");
        errors.into_iter().map(hint).collect()
    }

    #[test]
    fn no_hint_sends_a_person_in_a_circle() {
        for hint in hints(Doing::Login, true) {
            assert!(!hint.contains("in a terminal"), "{hint}");
            // The same command is named with what makes it another.
            assert_eq!(
                hint.matches("kcaws login").count(),
                hint.matches("KCAWS_KEYRING=keyutils kcaws login").count(),
                "{hint}"
            );
        }
        for hint in hints(Doing::Login, false) {
            assert!(!hint.contains("run `kcaws login`"), "{hint}");
        }
    }

    #[test]
    fn where_a_keyring_stays_locked_a_login_names_the_other_stores() {
        for attended in [true, false] {
            let hint = &hints(Doing::Login, attended)[0];
            assert!(hint.contains("keyutils") && hint.contains("file") && hint.contains("desktop"), "{hint}");
        }
    }

    #[test]
    fn a_tool_is_told_that_a_login_in_a_terminal_helps() {
        assert!(hints(Doing::Use, false)[0].contains("`kcaws login` in a terminal"));
    }
}
