//! What a person should do about a store that does not give or take.

use super::{CommandError, Exit, chain};
use crate::ports::keyring::{KeyringError, StoreKind};
use crate::ports::passphrase::PassphraseError;

impl From<KeyringError> for CommandError {
    fn from(error: KeyringError) -> Self {
        let failure = Self::new(Exit::Keyring, "keyring", error.to_string());
        let cause = chain(&error);
        let failure = match &error {
            KeyringError::Locked(store) => Self { code: "keyring_locked", ..failure }.hint(unlock_hint(*store)),
            KeyringError::Absent { store, .. } => {
                Self { code: "keyring_absent", ..failure }.hint(match store {
                    StoreKind::SecretService => {
                        "start a Secret Service (gnome-keyring, KWallet, KeePassXC), or log in with KCAWS_KEYRING=keyutils or file"
                    }
                    StoreKind::Keyutils => {
                        "containers often forbid the kernel keyring; start a Secret Service (gnome-keyring, KWallet, KeePassXC), or log in with KCAWS_KEYRING=file"
                    }
                    StoreKind::Keychain | StoreKind::Wincred => "log in to a desktop session of this user",
                    StoreKind::File => "check the state folder (XDG_STATE_HOME)",
                })
            }
            KeyringError::TooSlow { .. } => Self { code: "keyring_too_slow", ..failure }
                .hint("see whether the keyring waits for an answer on your desktop, then try again"),
            KeyringError::Refused(store) => Self { code: "keyring_refused", ..failure }.hint(unlock_hint(*store)),
            KeyringError::Damaged { .. } => Self { code: "keyring_damaged", ..failure }
                .hint("it was left as it is; `kcaws logout` removes it, then log in again"),
            KeyringError::WrongPassphrase(_) => Self { code: "wrong_passphrase", ..failure }.hint(
                "nothing was changed; if the passphrase is lost, log in with another store, such as KCAWS_KEYRING=keyutils",
            ),
            KeyringError::NoPassphrase { source, .. } => {
                Self { code: "no_passphrase", ..failure }.hint(passphrase_hint(source))
            }
            KeyringError::Failed { .. } => failure.hint("`kcaws -v …` shows more; another store: KCAWS_KEYRING at login"),
        };
        failure.because_of(cause)
    }
}

fn unlock_hint(store: StoreKind) -> &'static str {
    match store {
        StoreKind::SecretService => {
            "unlock the keyring (log in to the desktop, or run `kcaws login` in a terminal)"
        }
        StoreKind::Keyutils => "run `keyctl show @u` to see what this user's kernel keyring allows",
        StoreKind::Keychain => "unlock the login keychain: `security unlock-keychain`",
        StoreKind::Wincred => "log in to Windows as this user",
        StoreKind::File => {
            "tools cannot be asked for the passphrase: set KCAWS_PASSPHRASE_COMMAND or KCAWS_PASSPHRASE_FD; commands at a terminal ask"
        }
    }
}

fn passphrase_hint(error: &PassphraseError) -> &'static str {
    match error {
        PassphraseError::Descriptor(_) => {
            "it is a number such as 3; the program between may close it: then use KCAWS_PASSPHRASE_COMMAND"
        }
        PassphraseError::CommandAbsent { .. } => {
            "it is run without a shell; name a program on PATH, quote words with blanks"
        }
        PassphraseError::CommandFailed { .. } | PassphraseError::CommandTooSlow { .. } => {
            "run it by hand: it must print the passphrase on one line, and soon"
        }
        PassphraseError::Empty => "an empty passphrase protects nothing",
        PassphraseError::NotALine => "UTF-8, without line ends",
        PassphraseError::Differ => "nothing was written; try again",
        PassphraseError::NoTerminal(_) => "set KCAWS_PASSPHRASE_COMMAND or KCAWS_PASSPHRASE_FD",
    }
}
