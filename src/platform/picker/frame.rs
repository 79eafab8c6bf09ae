//! Lays out a list as lines of text, cut to the terminal.

use super::list::{List, Shown};
use crate::columns;

/// The most rows at once; a list that fills the screen hides what was there.
const PAGE: usize = 12;
/// The question, the help, and a free line: what scrolls could not be removed.
const OTHER_LINES: usize = 3;

const BOLD: &str = "\u{1b}[1m";
const CYAN: &str = "\u{1b}[36m";
const DIM: &str = "\u{1b}[2m";
const RESET: &str = "\u{1b}[0m";

/// The lines on the screen; the cursor is always in the first, so that the rest is below.
pub(super) struct Frame {
    pub(super) lines: Vec<String>,
    pub(super) cursor: usize,
}

impl Frame {
    pub(super) fn of(list: &mut List, (columns, rows): (u16, u16), color: bool) -> Self {
        // In the last column some terminals wrap to the next line at once, others do not.
        let (width, height) = (usize::from(columns).saturating_sub(1), usize::from(rows));
        let page = PAGE.min(height.saturating_sub(OTHER_LINES).max(1)).min(height.saturating_sub(1));
        let paint = |style: &str, text: String| {
            if color && !text.is_empty() { format!("{style}{text}{RESET}") } else { text }
        };
        let (question, filter) = first_line(list, width);
        let gap = if question.is_empty() { "" } else { " " };
        let cursor = columns::width(&question) + gap.len() + columns::width(&filter);
        let mut lines = vec![format!("{}{gap}{filter}", paint(BOLD, question))];
        let help = columns::cut(&help(list), width).into_owned();
        let shown = list.shown(page);
        if shown.is_empty() && page > 0 {
            lines.push(columns::cut("  no match", width).into_owned());
        }
        for row in &shown {
            let line = columns::cut(&line_of(row), width).into_owned();
            lines.push(if row.is_marked { paint(CYAN, line) } else { line });
        }
        if lines.len() + 1 < height {
            lines.push(paint(DIM, help));
        }
        Self { lines, cursor: cursor.min(width) }
    }
}

/// Returns the question and the typed text, or the end of it if there is not enough room.
fn first_line(list: &List, width: usize) -> (String, String) {
    let typed = columns::width(&list.filter);
    // One column for a blank, and one for the cursor.
    let question = if columns::width(&list.question) + 2 + typed <= width {
        list.question.clone()
    } else {
        columns::cut(&list.question, (width / 2).max(width.saturating_sub(typed + 2))).into_owned()
    };
    let room = width.saturating_sub(columns::width(&question) + 2);
    let filter = columns::end(&list.filter, room).to_owned();
    (question, filter)
}

fn line_of(row: &Shown<'_>) -> String {
    let marker = if row.is_marked { "> " } else { "  " };
    let selected = match row.is_selected {
        None => "",
        Some(true) => "[x] ",
        Some(false) => "[ ] ",
    };
    format!("{marker}{selected}{}", row.text)
}

fn help(list: &List) -> String {
    if list.is_for_several() {
        let count = list.selected_count();
        format!("[{count} selected: Space to select, type to filter, Enter to confirm, Esc to cancel]")
    } else {
        "[type to filter, Enter to select, Esc to cancel]".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::list::Key;
    use super::*;

    fn profiles(count: usize) -> List {
        let row = |number: usize| {
            format!(
                "本番-account-{number}-administrator-access  AdministratorAccess  111122223333  {:40}  59m",
                "名"
            )
        };
        List::new("Profile:", (0..count).map(row).collect(), false)
    }

    #[test]
    fn a_frame_fits_any_terminal_and_shows_the_marked_row() {
        for several in [false, true] {
            for columns in [1, 2, 3, 5, 10, 40, 60, 79, 80, 100, 300] {
                for rows in [1, 2, 3, 4, 5, 15, 24, 60] {
                    let mut list = profiles(200);
                    if several {
                        list = List::new("Profiles:", vec!["本番環境".repeat(30); 3], true);
                    }
                    for key in ["", "a", "本番", "a very long filter that does not fit into any line at all"]
                    {
                        list.press(Key::Paste(key.to_owned()));
                        let frame = Frame::of(&mut list, (columns, rows), false);
                        let size = format!("{columns}x{rows} {:?}", frame.lines);
                        assert!(frame.lines.len() <= usize::from(rows), "{size}");
                        let width = usize::from(columns).saturating_sub(1);
                        assert!(frame.lines.iter().all(|line| columns::width(line) <= width), "{size}");
                        assert!(frame.cursor <= width, "{size}");
                        if rows > 1 && columns > 1 && !list.shown(1).is_empty() {
                            let marked =
                                frame.lines.iter().skip(1).filter(|line| line.starts_with(['>', '…']));
                            assert!(marked.count() >= 1, "{size}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn as_many_rows_are_shown_as_leave_the_question_the_help_and_a_line() {
        for (rows, shown) in [(24, 12), (15, 12), (14, 11), (10, 7), (4, 1), (3, 1), (2, 1)] {
            let frame = Frame::of(&mut profiles(200), (80, rows), false);
            let options = frame.lines.iter().filter(|line| line.contains("administrator")).count();
            assert_eq!(options, shown, "{rows}");
        }
    }

    #[test]
    fn colors_are_there_only_where_they_are_wanted() {
        let mut list = profiles(3);
        assert!(Frame::of(&mut list, (80, 24), true).lines.iter().any(|line| line.contains('\u{1b}')));
        assert!(!Frame::of(&mut list, (80, 24), false).lines.iter().any(|line| line.contains('\u{1b}')));
    }

    #[test]
    fn the_end_of_what_is_typed_stays_visible() {
        let mut list = profiles(1);
        list.press(Key::Paste("abcdefghijklmnopqrstuvwxyz".into()));
        assert_eq!(Frame::of(&mut list, (40, 24), false).lines[0], "Profile: abcdefghijklmnopqrstuvwxyz");
        let frame = Frame::of(&mut list, (20, 24), false);
        assert!(
            frame.lines[0].starts_with("Profile: ") && frame.lines[0].ends_with("xyz"),
            "{:?}",
            frame.lines
        );
        assert!(Frame::of(&mut list, (10, 24), false).lines[0].ends_with("xyz"));
    }
}
