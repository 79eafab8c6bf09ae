//! Questions to the user at the terminal.

use super::{Ui, shown};
use crate::cli::error::{CommandError, ErrorCode, Exit};
use crate::platform::picker::{self, PickError};

/// Number of invalid answers before giving up.
const TRIES: usize = 3;

impl Ui {
    /// Asks for confirmation; an empty answer and the end of the input mean no.
    ///
    /// `instead` is the flag to use if there is no terminal.
    pub fn confirm(&mut self, question: &str, instead: &str) -> Result<bool, CommandError> {
        if !self.is_interactive() {
            return Err(CommandError::new(
                Exit::Usage,
                ErrorCode::InputNeeded,
                "this needs a confirmation and there is no terminal to ask for it",
            )
            .hint(format!("answer at a terminal, or add {instead}")));
        }
        self.yes_or_no(question, false, Some(instead))
    }

    /// Asks whether to continue; an empty answer means yes. Requires [`Ui::is_interactive`].
    pub fn confirm_unless_no(&mut self, question: &str) -> Result<bool, CommandError> {
        self.yes_or_no(question, true, None)
    }

    fn yes_or_no(
        &mut self,
        question: &str,
        usual: bool,
        instead: Option<&str>,
    ) -> Result<bool, CommandError> {
        let question = format!("{} {} ", shown(question), if usual { "[Y/n]" } else { "[y/N]" });
        let mut answer = String::new();
        for _ in 0..TRIES {
            answer = match self.ask(&question) {
                Some(answer) => answer,
                None => return Ok(false),
            };
            match answer.to_ascii_lowercase().as_str() {
                "" => return Ok(usual),
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => self.tell("Please answer y or n."),
            }
        }
        let instead = instead.map(|flag| format!(", or add {flag}")).unwrap_or_default();
        Err(CommandError::new(Exit::Usage, ErrorCode::BadAnswer, format!("`{answer}` is neither yes nor no"))
            .hint(format!("answer y or n{instead}")))
    }

    /// Lets the user pick a row and returns its index. Requires [`Ui::is_interactive`].
    pub fn pick(&self, question: &str, rows: Vec<String>) -> Result<usize, PickError> {
        picker::pick(question, rows, &self.terminal.surface)
    }

    /// Lets the user pick some rows and returns their indices in order.
    pub fn pick_several(&self, question: &str, rows: Vec<String>) -> Result<Vec<usize>, PickError> {
        picker::pick_several(question, rows, &self.terminal.surface)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Global;
    use crate::platform::terminal::{Captured, Terminal};

    fn at_a_terminal(typed: &'static str) -> (Ui, Captured) {
        let (mut terminal, _, stderr) = Terminal::captured();
        terminal.interactive = true;
        terminal.stdin = Box::new(typed.as_bytes());
        (Ui::new(terminal, &Global::default()), stderr)
    }

    #[test]
    fn an_answer_is_asked_for_until_it_is_understood() {
        for (typed, no_by_default, yes_by_default) in [
            ("y\n", true, true),
            (" YES \n", true, true),
            ("n\n", false, false),
            ("No\n", false, false),
            ("\n", false, true),
            (" \t\n", false, true),
            ("", false, false),
            ("maybe\ny\n", true, true),
            ("yep\nnope\nn\n", false, false),
            ("maybe\n", false, false),
        ] {
            let (mut ui, stderr) = at_a_terminal(typed);
            assert_eq!(ui.confirm("Go?", "--yes").ok(), Some(no_by_default), "{typed:?}");
            assert!(stderr.text().starts_with("Go? [y/N] "), "{}", stderr.text());
            let (mut ui, stderr) = at_a_terminal(typed);
            assert_eq!(ui.confirm_unless_no("Go?").ok(), Some(yes_by_default), "{typed:?}");
            assert!(stderr.text().starts_with("Go? [Y/n] "), "{}", stderr.text());
        }
    }

    #[test]
    fn three_answers_that_are_not_understood_are_wrong_usage() {
        let (mut ui, stderr) = at_a_terminal("maybe\nperhaps\nja\u{1b}\ny\n");
        let error = ui.confirm("Go?", "--yes").expect_err("not understood");
        assert_eq!(error.exit_code(), 2);
        assert!(error.hint_in(ui.situation()).is_some_and(|hint| hint.contains("--yes")));
        assert_eq!(stderr.text().matches("Go? [y/N]").count(), 3);
    }
}
