//! Lets the user pick from a list: by typing part of a row if the terminal can be drawn on, else by number.

mod frame;
mod list;
mod screen;

use std::io::{BufRead, Write};

use self::list::List;
use crate::columns;
use crate::platform::terminal::Surface;

#[derive(Debug, thiserror::Error)]
pub enum PickError {
    /// Escape, an empty line, or the end of the input.
    #[error("cancelled")]
    Nothing,
    #[error("interrupted")]
    Interrupted,
    #[error("the terminal cannot be used for prompts")]
    Terminal(#[source] std::io::Error),
}

/// Returns the indexes of all picked rows, in order; at least one.
pub fn pick_several(question: &str, rows: Vec<String>, surface: &Surface) -> Result<Vec<usize>, PickError> {
    if surface.draws {
        screen::ask(List::new(question, rows, true), surface)
    } else {
        let rows = cut(rows, surface);
        numbers(question, &rows, &mut std::io::stdin().lock(), &mut std::io::stderr())
    }
}

/// Returns the index of the picked row.
///
/// Prompts on stderr, since stdout is data. Only to be called if someone can answer.
pub fn pick(question: &str, rows: Vec<String>, surface: &Surface) -> Result<usize, PickError> {
    if surface.draws {
        let picked = screen::ask(List::new(question, rows, false), surface)?;
        picked.first().copied().ok_or(PickError::Nothing)
    } else {
        let rows = cut(rows, surface);
        numbered(question, &rows, &mut std::io::stdin().lock(), &mut std::io::stderr())
    }
}

/// Returns the rows cut to fit after their numbers.
fn cut(rows: Vec<String>, surface: &Surface) -> Vec<String> {
    let Some((width, _)) = (surface.size)() else { return rows };
    let room = usize::from(width).saturating_sub(NUMBER + 1).max(NUMBER);
    rows.iter().map(|row| columns::cut(row, room).into_owned()).collect()
}

/// Returns the columns of a number and the blanks after it.
const NUMBER: usize = 6;

fn numbered(
    question: &str,
    rows: &[String],
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> Result<usize, PickError> {
    let again = format!("Enter a number from 1 to {}", rows.len());
    asked((question, "a number", &again), rows, input, output, |answer| one_of(answer, rows.len()))
}

fn numbers(
    question: &str,
    rows: &[String],
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> Result<Vec<usize>, PickError> {
    let again = format!("Enter numbers from 1 to {}, such as 1,3-5", rows.len());
    let form = "numbers such as 1,3-5";
    asked((question, form, &again), rows, input, output, |answer| several_of(answer, rows.len()))
}

fn one_of(answer: &str, count: usize) -> Option<usize> {
    answer.parse().ok().filter(|number| (1..=count).contains(number)).map(|number: usize| number - 1)
}

/// Parses `1,3-5`; each number counts once.
fn several_of(answer: &str, count: usize) -> Option<Vec<usize>> {
    let mut picked = Vec::new();
    for part in answer.split([',', ' ']).filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        picked.extend(one_of(first.trim(), count)?..=one_of(last.trim(), count)?);
    }
    picked.sort_unstable();
    picked.dedup();
    (!picked.is_empty()).then_some(picked)
}

/// Repeats the question until the answer is valid.
fn asked<T>(
    (question, form, again): (&str, &str, &str),
    rows: &[String],
    input: &mut impl BufRead,
    output: &mut impl Write,
    read: impl Fn(&str) -> Option<T>,
) -> Result<T, PickError> {
    let mut text = String::new();
    for (number, row) in (1..).zip(rows) {
        writeln!(output, "{number:>4}  {row}").map_err(PickError::Terminal)?;
    }
    loop {
        write!(output, "{question} ({form}) ").and_then(|()| output.flush()).map_err(PickError::Terminal)?;
        text.clear();
        input.read_line(&mut text).map_err(PickError::Terminal)?;
        match text.trim() {
            "" => return Err(PickError::Nothing),
            answer => match read(answer) {
                Some(picked) => return Ok(picked),
                None => writeln!(output, "{again}").map_err(PickError::Terminal)?,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> (Result<usize, PickError>, String) {
        let mut shown = Vec::new();
        let rows = ["one".to_owned(), "two".to_owned()];
        let picked = numbered("which?", &rows, &mut text.as_bytes(), &mut shown);
        (picked, String::from_utf8(shown).expect("text"))
    }

    #[test]
    fn a_number_picks_and_nonsense_is_asked_again() {
        let (picked, shown) = answer("0\nthree\n2\n");
        assert!(matches!(picked, Ok(1)), "{shown}");
        assert!(shown.starts_with("   1  one\n   2  two\n"), "{shown}");
        assert_eq!(shown.matches("which?").count(), 3);
        assert_eq!(shown.matches("Enter a number from 1 to 2\n").count(), 2);
    }

    #[test]
    fn a_numbered_row_fits_behind_its_number() {
        let surface = |size| Surface { draws: false, color: false, size };
        let rows = || vec!["本番".repeat(50), "dev".to_owned()];
        for row in cut(rows(), &surface(|| Some((80, 24)))) {
            assert!(columns::width(&row) + NUMBER < 80, "{row}");
        }
        assert_eq!(cut(rows(), &surface(|| None)), rows());
        assert_eq!(cut(rows(), &surface(|| Some((1, 1)))).len(), 2);
    }

    #[test]
    fn several_are_picked_by_numbers_and_spans() {
        for (text, expected) in [("2", Some(vec![1])), ("3, 1-2 ,2", Some(vec![0, 1, 2])), ("3-1", None)] {
            assert_eq!(several_of(text, 3), expected, "{text}");
        }
        for text in ["0", "4", "1-9", "x", "-"] {
            assert_eq!(several_of(text, 3), None, "{text}");
        }
    }

    #[test]
    fn an_empty_line_and_the_end_pick_nothing() {
        for text in ["\n", ""] {
            assert!(matches!(answer(text).0, Err(PickError::Nothing)));
        }
    }
}
