/// What is being done while an error comes up, as far as a hint depends on it: below `kcaws login` in a terminal,
/// "run `kcaws login` in a terminal" is no help.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Situation {
    pub(in crate::cli) doing: Doing,
    /// A person sits at the terminal and was asked what there is to ask.
    pub(in crate::cli) attended: bool,
}

/// The commands that differ in what they do with a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) enum Doing {
    /// Chooses a store and writes to it: `login`, `configure`.
    Login,
    /// `store migrate`.
    Move,
    /// `logout`.
    Logout,
    /// Reads, and writes what a refresh brought.
    #[default]
    Use,
}
