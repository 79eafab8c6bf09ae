//! Measures how many columns of a terminal a text takes: wide characters take two, combining marks none.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar as _;

/// Marks where the rest of a text was cut off.
const MORE: char = '…';

/// Returns the columns that the text takes.
///
/// Characters are counted one by one, as terminals do, so that a sequence of emoji never takes more than this.
pub fn width(text: &str) -> usize {
    text.chars().map(width_of).sum()
}

fn width_of(letter: char) -> usize {
    letter.width().unwrap_or(0)
}

/// Returns the text in at most that many columns: whole, or its beginning and a mark that it was cut.
pub fn cut(text: &str, most: usize) -> Cow<'_, str> {
    if width(text) <= most {
        return Cow::Borrowed(text);
    }
    let Some(room) = most.checked_sub(1) else { return Cow::Borrowed("") };
    Cow::Owned(format!("{}{MORE}", beginning(text, room)))
}

/// Returns as much of the text's beginning as fits, with the combining marks of its last character.
fn beginning(text: &str, room: usize) -> &str {
    let mut taken = 0;
    let end = text.char_indices().find(|(_, letter)| {
        taken += width_of(*letter);
        taken > room
    });
    &text[..end.map_or(text.len(), |(at, _)| at)]
}

/// Returns as much of the text's end as fits.
pub fn end(text: &str, room: usize) -> &str {
    let mut taken = 0;
    let fits = text.char_indices().rev().take_while(|(_, letter)| {
        taken += width_of(*letter);
        taken <= room
    });
    &text[fits.last().map_or(text.len(), |(at, _)| at)..]
}

/// Returns the text padded with blanks to that many columns.
pub fn padded(text: &str, columns: usize) -> String {
    format!("{text}{:1$}", "", columns.saturating_sub(width(text)))
}

/// Shortens the widest columns of a table until a row takes no more than `most`, and returns their new widths.
///
/// A column is not made narrower than `least`, or than it was.
pub fn fitted(widths: &[usize], gap: usize, most: usize, least: usize) -> Vec<usize> {
    let mut widths = widths.to_vec();
    let gaps = gap * widths.len().saturating_sub(1);
    let mut excess = (widths.iter().sum::<usize>() + gaps).saturating_sub(most);
    while excess > 0 {
        let Some(widest) = widths.iter().copied().max().filter(|widest| *widest > least) else { break };
        let next = widths.iter().copied().filter(|width| *width < widest).max().unwrap_or(0).max(least);
        let as_wide: Vec<usize> = (0..widths.len()).filter(|at| widths[*at] == widest).collect();
        // All of them down to the next one, or as far as it takes.
        let step = (widest - next).min(excess.div_ceil(as_wide.len()));
        for at in as_wide {
            widths[at] -= step.min(excess);
            excess -= step.min(excess);
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_letters_take_two_columns_and_combining_marks_none() {
        for (text, expected) in
            [("", 0), ("dev", 3), ("本番", 4), ("Zoë", 3), ("Zoe\u{308}", 3), ("a…", 2), ("👩", 2)]
        {
            assert_eq!(width(text), expected, "{text}");
        }
        assert_eq!(padded("本", 4), "本  ");
        assert_eq!(padded("abc", 2), "abc");
    }

    #[test]
    fn a_text_is_cut_between_letters_and_says_so() {
        for (text, most, expected) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("本番環境", 8, "本番環境"),
            ("本番環境", 7, "本番環…"),
            ("本番環境", 6, "本番…"),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
            ("abc", 1, "…"),
            ("abc", 0, ""),
            ("", 0, ""),
        ] {
            assert_eq!(cut(text, most), expected, "{text} {most}");
            assert!(width(&cut(text, most)) <= most);
        }
        for (text, room, expected) in [("abc", 2, "bc"), ("a本番", 3, "番"), ("ab", 9, "ab"), ("ab", 0, "")]
        {
            assert_eq!(end(text, room), expected);
        }
    }

    #[test]
    fn a_table_is_fitted_at_the_cost_of_its_widest_columns() {
        for (widths, most, expected) in [
            (vec![10, 20], 40, vec![10, 20]),
            (vec![10, 20], 32, vec![10, 20]),
            (vec![10, 20], 30, vec![10, 18]),
            (vec![20, 20], 41, vec![19, 20]),
            (vec![30, 20, 5], 40, vec![15, 16, 5]),
            // Not narrower than that, even if it does not help.
            (vec![40, 40, 3], 10, vec![8, 8, 3]),
            (vec![3], 1, vec![3]),
            (vec![], 1, vec![]),
        ] {
            assert_eq!(fitted(&widths, 2, most, 8), expected, "{widths:?} in {most}");
        }
    }
}
