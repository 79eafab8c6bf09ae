//! A person picks one of a list: by typing some letters of it where the terminal can be drawn on, else by number.

use std::io::{BufRead, Write};

use super::env::Env;

#[derive(Debug, thiserror::Error)]
pub enum PickError {
    /// Escape, an empty line, the end of the input.
    #[error("nothing was picked")]
    Nothing,
    #[error("interrupted")]
    Interrupted,
    #[error("the terminal cannot be asked")]
    Terminal(#[source] std::io::Error),
}

/// The place of the picked row. Asks on stderr: stdout is data. Only for somebody who can answer.
pub fn pick(question: &str, rows: Vec<String>, env: &Env) -> Result<usize, PickError> {
    let can_draw = env.get("TERM").is_some_and(|term| term != "dumb") || cfg!(windows);
    if can_draw {
        drawn(question, rows)
    } else {
        numbered(question, &rows, &mut std::io::stdin().lock(), &mut std::io::stderr())
    }
}

fn drawn(question: &str, rows: Vec<String>) -> Result<usize, PickError> {
    use inquire::InquireError;
    let picked = inquire::Select::new(question, rows)
        .with_page_size(12)
        .with_help_message("letters of it, then Enter; Esc leaves everything as it is")
        .raw_prompt();
    match picked {
        Ok(picked) => Ok(picked.index),
        Err(InquireError::OperationInterrupted) => Err(PickError::Interrupted),
        Err(InquireError::IO(error)) => Err(PickError::Terminal(error)),
        Err(InquireError::NotTTY) => Err(PickError::Terminal(std::io::ErrorKind::Unsupported.into())),
        Err(_) => Err(PickError::Nothing),
    }
}

fn numbered(
    question: &str,
    rows: &[String],
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> Result<usize, PickError> {
    let mut text = String::new();
    for (number, row) in (1..).zip(rows) {
        writeln!(output, "{number:>4}  {row}").map_err(PickError::Terminal)?;
    }
    loop {
        write!(output, "{question} (a number) ")
            .and_then(|()| output.flush())
            .map_err(PickError::Terminal)?;
        text.clear();
        input.read_line(&mut text).map_err(PickError::Terminal)?;
        match text.trim() {
            "" => return Err(PickError::Nothing),
            answer => match answer.parse::<usize>() {
                Ok(number) if (1..=rows.len()).contains(&number) => return Ok(number - 1),
                _ => writeln!(output, "1 to {}, please", rows.len()).map_err(PickError::Terminal)?,
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
    }

    #[test]
    fn an_empty_line_and_the_end_pick_nothing() {
        for text in ["\n", ""] {
            assert!(matches!(answer(text).0, Err(PickError::Nothing)));
        }
    }
}
