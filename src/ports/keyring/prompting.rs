//! Who may be asked something by a store, and for how long: the whole policy.

use std::time::Duration;

/// What a store may do where its service wants to ask a person.
///
/// | command | locked store or item | prompt of a write or a removal |
/// | --- | --- | --- |
/// | `login`, `configure`, `store migrate`, `logout` at a terminal | raised, waited for: [`Prompting::ATTENDED`] | raised, waited for |
/// | the same without a terminal | opened only if no one has to be asked | triggered, within the call's deadline |
/// | `credential-process` and all else that uses a login | the same | the same: a refresh writes |
/// | `status`, `store status`, `doctor` | the same | they write nothing |
///
/// A locked store opens without a person where `Unlock` needs no prompt (a keyring without a password) and where the
/// wallet behind it is open already (KWallet). The prompt of a write is part of the protocol: KeePassXC answers each one
/// with a prompt that completes by itself when it is triggered. One that does not is dismissed at the deadline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prompting {
    /// No one is expected to answer.
    #[default]
    Unattended,
    /// A person sits there and expects to be asked.
    Attended { patience: Duration },
}

impl Prompting {
    /// For a command that a person runs at a terminal to put tokens into a store or to take them out.
    pub const ATTENDED: Self = Self::Attended { patience: Duration::from_mins(1) };

    pub fn patience(self) -> Option<Duration> {
        match self {
            Self::Unattended => None,
            Self::Attended { patience } => Some(patience),
        }
    }
}
