//! Tables for people: columns of text without rules, at most as wide as the terminal.

use super::{Ui, shown};
use crate::columns;

/// Maximum width of all columns but the last; names from the network can have any length.
pub const WIDEST: usize = 100;
/// Minimum width of a column, so that an account ID is never cut.
const NARROWEST: usize = 12;
/// Minimum width of the last column, which is wrapped.
const NARROWEST_LAST: usize = 24;
/// The same if there are too many columns.
const NARROWEST_OF_MANY: usize = 6;
const GAP: usize = 2;

impl Ui {
    /// Writes a table, shortened to the terminal's width if stdout is one. A pipe gets all of it.
    pub fn table(&mut self, head: &[&str], rows: &[Vec<String>]) {
        let width = self.terminal.stdout_is_terminal.then(self.terminal.surface.size).flatten();
        for line in lines(head, rows, width.map(|(columns, _)| usize::from(columns))) {
            self.data(&line);
        }
    }
}

fn lines(head: &[&str], rows: &[Vec<String>], most: Option<usize>) -> Vec<String> {
    let last = head.len().saturating_sub(1);
    let cell = |(column, text): (usize, &String)| {
        let text = shown(text);
        if column == last { text } else { columns::cut(&text, WIDEST).into_owned() }
    };
    let head: Vec<String> = head.iter().map(|title| (*title).to_owned()).collect();
    let rows = rows.iter().map(|row| row.iter().enumerate().map(cell).collect());
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| columns::width(&row[column])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..=last).map(width).collect();
    let Some(most) = most.filter(|most| row_width(&widths) > *most) else {
        return rows.iter().flat_map(|row| lines_of(row, &widths)).collect();
    };
    // An empty column would take room from the others.
    let is_empty = |column: &usize| rows.iter().skip(1).all(|row| row[*column].is_empty());
    let kept: Vec<usize> = (0..=last).filter(|column| !is_empty(column)).collect();
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| kept.iter().map(|column| row[*column].clone()).collect()).collect();
    let widths = fitted(kept.iter().map(|column| widths[*column]).collect(), most);
    rows.iter().flat_map(|row| lines_of(row, &widths)).collect()
}

fn row_width(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

/// Returns widths that fit, as far as possible.
///
/// The last column is narrowed first, since it is wrapped and nothing is lost; the first one last, because it is the
/// name that people type.
fn fitted(mut widths: Vec<usize>, most: usize) -> Vec<usize> {
    if let Some((last, others)) = widths.split_last_mut() {
        let room = most.saturating_sub(others.iter().map(|width| width + GAP).sum());
        *last = (*last).min(room.max(NARROWEST_LAST));
    }
    let count = widths.len();
    // First the columns between the first and the last, then also the last, then all.
    for (from, to) in [(1, count.saturating_sub(1)), (1, count)] {
        if from < to {
            let elsewhere = row_width(&widths) - row_width(&widths[from..to]);
            let room = most.saturating_sub(elsewhere);
            let narrower = columns::fitted(&widths[from..to], GAP, room, NARROWEST);
            widths[from..to].copy_from_slice(&narrower);
        }
    }
    columns::fitted(&columns::fitted(&widths, GAP, most, NARROWEST), GAP, most, NARROWEST_OF_MANY)
}

fn lines_of(row: &[String], widths: &[usize]) -> Vec<String> {
    let Some(((last, others), (last_width, other_widths))) = row.split_last().zip(widths.split_last()) else {
        return Vec::new();
    };
    let cell = |(text, width): (&String, &usize)| columns::padded(&columns::cut(text, *width), width + GAP);
    let mut before: String = others.iter().zip(other_widths).map(cell).collect();
    let indent = " ".repeat(columns::width(&before));
    let mut lines = Vec::new();
    for piece in wrapped(last, *last_width) {
        lines.push(format!("{before}{piece}").trim_end().to_owned());
        before.clone_from(&indent);
    }
    lines
}

/// Wraps the text at spaces; cuts a word that is too long.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    if columns::width(text) <= width {
        return vec![text.to_owned()];
    }
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let line = lines.last_mut().expect("there is one");
        if line.is_empty() {
            line.push_str(&columns::cut(word, width));
        } else if columns::width(line) + 1 + columns::width(word) <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(columns::cut(word, width).into_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn a_table_is_aligned_without_trailing_blanks() {
        let rows = [row(&["xyz", "1"]), row(&["x", "\u{7}"]), row(&["", ""])];
        assert_eq!(lines(&["A", "LONG"], &rows, None), ["A    LONG", "xyz  1", "x    \\u{7}", ""]);
    }

    #[test]
    fn wide_letters_and_combining_marks_do_not_shift_a_column() {
        let rows = [row(&["本番", "x"]), row(&["Zoe\u{308}", "x"]), row(&["dev", "x"])];
        for most in [None, Some(80)] {
            for line in lines(&["NAME", "ROLE"], &rows, most).iter().skip(1) {
                let before = line.strip_suffix('x').expect("the second column");
                assert_eq!(columns::width(before), 6, "{line}");
            }
        }
    }

    #[test]
    fn a_cell_of_any_length_has_its_place_in_a_table() {
        let (long, end) = ("n".repeat(70_000), "r".repeat(70_000));
        let table = lines(&["A", "B"], &[row(&[&long, &end])], None);
        let (name, rest) = table[1].split_once("  ").expect("two cells");
        assert_eq!((columns::width(name), name.ends_with('…')), (WIDEST, true));
        assert_eq!(rest, end, "nothing follows it");
    }

    #[test]
    fn a_terminal_gets_lines_that_fit_and_a_pipe_gets_everything() {
        let head = ["PROFILE", "ACCOUNT", "ROLE"];
        let rows = [
            row(&["workloads-development-administrator-access", "111122223333", "AdministratorAccess"]),
            row(&["dev", "111122223333", "PowerUserAccess, ReadOnlyAccess, AdministratorAccess"]),
        ];
        let pipe = lines(&head, &rows, None);
        assert!(pipe.len() == 3 && pipe[2].ends_with("AdministratorAccess") && pipe[1].contains("-access "));
        for most in [40, 60, 80, 100, 200] {
            let table = lines(&head, &rows, Some(most));
            let widest = table.iter().map(|line| columns::width(line)).max();
            assert!(widest.is_some_and(|widest| widest <= most), "{most}: {table:#?}");
            let text = table.join("\n");
            assert!(text.matches("111122223333").count() == 2, "{text}");
            assert!(most < 80 || text.matches("AdministratorAccess").count() == 2, "{text}");
            assert_eq!(text.contains('…'), most < 80, "{most}: {text}");
        }
    }

    #[test]
    fn a_narrow_terminal_spares_the_first_column_and_leaves_out_an_empty_one() {
        let head = ["PROFILE", "SOURCE", "SESSION", "ACCOUNT", "PERMISSION SET", "REGION", "SHADOWED BY"];
        let mut rows = ["staging-administrator-access", "staging-power-user-access"].map(|name| {
            row(&[name, "kcaws", "corp", "111122223333", "AdministratorAccess", "eu-central-1", ""])
        });
        let table = lines(&head, &rows, Some(80));
        assert_eq!(
            table[1],
            "staging-administrato…  kcaws   corp     111122223333  Administrat…  eu-central-1"
        );
        assert!(!table[0].contains("SHADOWED"));
        assert_eq!(table.len(), 3);
        rows[0][6] = "sso_session at /home/alice/.aws/config:12".to_owned();
        let table = lines(&head, &rows, Some(80));
        assert!(
            table[0].ends_with("SHADOWED BY") && table.iter().all(|line| columns::width(line) <= 80),
            "{table:#?}"
        );
        assert!(lines(&head, &rows[1..], None)[0].ends_with("SHADOWED BY"), "a pipe gets all columns");
    }

    #[test]
    fn a_word_without_blanks_is_cut() {
        let url = "https://d-1234567890.awsapps.com/start";
        assert_eq!(wrapped(url, 24), ["https://d-1234567890.aw…"]);
        assert_eq!(wrapped("a b", 3), ["a b"]);
        assert_eq!(wrapped("aa bb cc", 5), ["aa bb", "cc"]);
    }
}
