//! A plain numbered list, for a person at a terminal who named nothing.

use super::ui::{Ui, shown};

/// A typing mistake is forgiven, a pipe that answers nonsense is not waited for.
const TRIES: usize = 3;

/// The place of what the person picked among `rows`; `None` when nothing was picked. Only for
/// [`Ui::is_interactive`].
pub(super) fn pick(question: &str, rows: &[String], ui: &mut Ui) -> Option<usize> {
    let width = rows.len().to_string().len();
    for (index, row) in rows.iter().enumerate() {
        ui.tell(&format!("  {:>width$}  {}", index + 1, shown(row)));
    }
    for _ in 0..TRIES {
        let answer = ui.ask(&format!("{question} [1-{}] ", rows.len()))?;
        match answer.parse::<usize>() {
            Ok(number) if (1..=rows.len()).contains(&number) => return Some(number - 1),
            _ if answer.is_empty() => return None,
            _ => ui.tell("A number of the list, or nothing to leave it."),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::terminal::Terminal;

    fn picked(answers: &'static str) -> (Option<usize>, String) {
        let (mut terminal, _, stderr) = Terminal::captured();
        terminal.stdin = Box::new(answers.as_bytes());
        let mut ui = Ui::for_tests(terminal);
        let rows = ["dev".to_owned(), "prod\u{1b}[2J".to_owned()];
        (pick("Which profile?", &rows, &mut ui), stderr.text())
    }

    #[test]
    fn a_number_picks_and_nothing_or_the_end_leaves() {
        assert_eq!(picked("2\n").0, Some(1));
        assert_eq!(picked(" 1 \r\n").0, Some(0));
        assert_eq!(picked("0\nx\n2\n").0, Some(1));
        for none in ["", "\n", "3\n3\n3\n1\n"] {
            assert_eq!(picked(none).0, None, "{none:?}");
        }
    }

    #[test]
    fn names_are_shown_and_do_not_act() {
        let (_, text) = picked("1\n");
        assert!(
            text.contains("  1  dev\n  2  prod\\u{1b}[2J\n") && text.contains("Which profile? [1-2] "),
            "{text}"
        );
    }
}
