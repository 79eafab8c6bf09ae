//! The policy for prompts of a store: which commands may show them, and for how long.

use std::time::Duration;

/// What a store may do if its service wants to prompt.
///
/// | command | locked store or item | prompt of a write or a removal |
/// | --- | --- | --- |
/// | `login`, `configure`, `store migrate`, `logout` at a terminal | raised, waited for: [`Prompting::ATTENDED`] | raised, waited for |
/// | the same without a terminal | opened only if no one has to be asked | triggered, within the call's deadline |
/// | `credential-process` and all else that uses a login | the same | the same: a refresh writes |
/// | `status`, `store status`, `doctor` | the same | they write nothing |
///
/// A locked store opens without a user if `Unlock` needs no prompt (a keyring without a password) or if the wallet
/// behind it is already open (KWallet). The prompt of a write is part of the protocol: KeePassXC answers each write
/// with a prompt that completes by itself when it is triggered. One that does not is dismissed at the deadline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prompting {
    /// No user is expected to answer.
    #[default]
    Unattended,
    /// A user is present and expects to be prompted.
    Attended { patience: Duration },
}

impl Prompting {
    /// Returns the policy for a command run at a terminal that puts tokens into a store or takes them out.
    pub const ATTENDED: Self = Self::Attended { patience: Duration::from_mins(1) };

    pub fn patience(self) -> Option<Duration> {
        match self {
            Self::Unattended => None,
            Self::Attended { patience } => Some(patience),
        }
    }
}
