/// What was being done when an error occurred, as far as a hint depends on it.
///
/// For example, "run `kcaws login` in a terminal" is no help in `kcaws login` in a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Situation {
    pub doing: Doing,
    /// Whether there is an interactive terminal on which all questions were asked.
    pub attended: bool,
}

/// What the command does with a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Doing {
    /// Chooses a store and writes to it: `login`, `configure`.
    Login,
    /// `store migrate`.
    Move,
    /// `logout`.
    Logout,
    /// Reads tokens, and writes refreshed ones.
    #[default]
    Use,
}
