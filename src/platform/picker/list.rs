//! The state of a list to pick from: the typed text, the matching rows, the cursor.
//!
//! Pure; [`super::screen`] draws it.

/// A key that the user presses, by its function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Letter(char),
    Paste(String),
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Backspace,
    DropWord,
    Clear,
    SelectAll,
    SelectNone,
    Enter,
    Cancel,
    Interrupt,
}

/// The result of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Stay,
    /// The indexes of the rows, at least one.
    Taken(Vec<usize>),
    Cancelled,
    Interrupted,
}

pub(super) struct List {
    pub(super) question: String,
    rows: Vec<Row>,
    /// `None` if one row is picked, otherwise the selected ones.
    selected: Option<Vec<bool>>,
    pub(super) filter: String,
    /// Indexes of the matching rows, the best first.
    matching: Vec<usize>,
    /// The current one of `matching`.
    at: usize,
    /// The first one of `matching` that is shown.
    top: usize,
    /// How many are shown.
    page: usize,
}

struct Row {
    text: String,
    /// In lower case, for the filter.
    key: String,
}

/// A row on the screen.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown<'a> {
    pub(super) text: &'a str,
    pub(super) is_marked: bool,
    /// Only if several can be picked.
    pub(super) is_selected: Option<bool>,
}

impl List {
    pub(super) fn new(question: &str, rows: Vec<String>, several: bool) -> Self {
        let matching = (0..rows.len()).collect();
        let selected = several.then(|| vec![false; rows.len()]);
        let row = |text: String| Row { key: text.to_lowercase(), text };
        let rows = rows.into_iter().map(row).collect();
        let (question, filter) = (question.to_owned(), String::new());
        Self { question, rows, selected, filter, matching, at: 0, top: 0, page: 1 }
    }

    pub(super) fn is_for_several(&self) -> bool {
        self.selected.is_some()
    }

    pub(super) fn selected_count(&self) -> usize {
        self.selected.iter().flatten().filter(|selected| **selected).count()
    }

    /// Returns the rows on the screen, at most `page`, with the current one among them.
    pub(super) fn shown(&mut self, page: usize) -> Vec<Shown<'_>> {
        self.page = page.max(1);
        self.top = self.top.min(self.at).max((self.at + 1).saturating_sub(self.page));
        // No room is left empty at the end.
        self.top = self.top.min(self.matching.len().saturating_sub(self.page));
        let shown = self.matching.iter().enumerate().skip(self.top).take(page);
        let row = |(at, place): (usize, &usize)| Shown {
            text: &self.rows[*place].text,
            is_marked: at == self.at,
            is_selected: self.selected.as_ref().map(|selected| selected[*place]),
        };
        shown.map(row).collect()
    }

    pub(super) fn press(&mut self, key: Key) -> Step {
        match key {
            Key::Letter(' ') if self.selected.is_some() => self.select(),
            Key::Letter(letter) => self.filter_by(|filter| filter.push(letter)),
            Key::Paste(text) => self.filter_by(|filter| filter.extend(pasted(&text))),
            Key::Backspace => self.filter_by(|filter| {
                filter.pop();
            }),
            Key::DropWord => self.filter_by(drop_word),
            Key::Clear => self.filter_by(String::clear),
            Key::Up => self.at = self.at.checked_sub(1).unwrap_or(self.last()),
            Key::Down => self.at = if self.at == self.last() { 0 } else { self.at + 1 },
            Key::PageUp => self.at = self.at.saturating_sub(self.page),
            Key::PageDown => self.at = (self.at + self.page).min(self.last()),
            Key::First => self.at = 0,
            Key::Last => self.at = self.last(),
            Key::SelectAll => self.select_matching(true),
            Key::SelectNone => self.select_matching(false),
            Key::Enter => return self.taken(),
            Key::Cancel => return Step::Cancelled,
            Key::Interrupt => return Step::Interrupted,
        }
        Step::Stay
    }

    fn last(&self) -> usize {
        self.matching.len().saturating_sub(1)
    }

    fn taken(&self) -> Step {
        let picked: Vec<usize> = match &self.selected {
            None => self.matching.get(self.at).copied().into_iter().collect(),
            Some(selected) => (0..selected.len()).filter(|place| selected[*place]).collect(),
        };
        if !picked.is_empty() {
            return Step::Taken(picked);
        }
        // An empty selection is an answer; a filter without a match is a typo.
        if self.is_for_several() { Step::Cancelled } else { Step::Stay }
    }

    fn select(&mut self) {
        if let (Some(selected), Some(place)) = (&mut self.selected, self.matching.get(self.at)) {
            selected[*place] = !selected[*place];
        }
    }

    fn select_matching(&mut self, is_selected: bool) {
        if let Some(selected) = &mut self.selected {
            self.matching.iter().for_each(|place| selected[*place] = is_selected);
        }
    }

    /// Changes the filter, and moves the cursor to the best match, which is the first row.
    fn filter_by(&mut self, change: impl FnOnce(&mut String)) {
        let before = self.filter.clone();
        change(&mut self.filter);
        if self.filter == before {
            return;
        }
        let filter = self.filter.to_lowercase();
        let words: Vec<&str> = filter.split_whitespace().collect();
        let rank = |(place, row): (usize, &Row)| {
            let ranks: Option<Vec<u32>> = words.iter().map(|word| rank(word, &row.key)).collect();
            let ranks = ranks?;
            Some((ranks.contains(&LOOSE), ranks.iter().sum(), place))
        };
        let mut ranked: Vec<(bool, u32, usize)> = self.rows.iter().enumerate().filter_map(rank).collect();
        ranked.sort_unstable();
        // Most rows contain the letters of a short word somewhere: such matches only help if nothing contains the word.
        if ranked.first().is_some_and(|(is_loose, ..)| !is_loose) {
            ranked.retain(|(is_loose, ..)| !is_loose);
        }
        self.matching = ranked.into_iter().map(|(_, _, place)| place).collect();
        (self.at, self.top) = (0, 0);
    }
}

/// The rank of a row that has a word's letters in order with others between.
const LOOSE: u32 = 3;

/// Returns the rank of a row for the typed text; `None` if it does not match.
///
/// Rows that begin with the word come first, then those with a word that does, those that contain it, and those that
/// have its letters in order.
fn rank(word: &str, row: &str) -> Option<u32> {
    let begins_a_word = |at: usize| !row[..at].chars().next_back().is_some_and(char::is_alphanumeric);
    if row.starts_with(word) {
        return Some(0);
    }
    if row.match_indices(word).any(|(at, _)| begins_a_word(at)) {
        return Some(1);
    }
    if row.contains(word) {
        return Some(2);
    }
    let mut letters = row.chars();
    word.chars().all(|letter| letters.any(|other| other == letter)).then_some(LOOSE)
}

/// Returns the first line: a line end in pasted text must not be an answer.
fn pasted(text: &str) -> impl Iterator<Item = char> {
    text.trim_start()
        .chars()
        .take_while(|letter| !matches!(letter, '\r' | '\n'))
        .filter(|letter| !letter.is_control())
}

fn drop_word(filter: &mut String) {
    let kept = filter.trim_end();
    let end = kept.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    filter.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(rows: &[&str], several: bool) -> List {
        List::new("Profile:", rows.iter().map(|row| (*row).to_owned()).collect(), several)
    }

    fn type_text(list: &mut List, text: &str) {
        text.chars().for_each(|letter| assert_eq!(list.press(Key::Letter(letter)), Step::Stay));
    }

    fn texts(list: &mut List, page: usize) -> Vec<String> {
        let row = |row: Shown<'_>| format!("{}{}", if row.is_marked { ">" } else { " " }, row.text);
        list.shown(page).into_iter().map(row).collect()
    }

    #[test]
    fn enter_takes_the_marked_row_and_the_best_match_is_marked_after_typing() {
        let rows = ["prod-admin", "sandbox dev", "mydev", "DEV-admin", "dev-power", "d-e-v"];
        let mut list = list(&rows, false);
        list.press(Key::Down);
        type_text(&mut list, "dev");
        assert_eq!(texts(&mut list, 12), [">DEV-admin", " dev-power", " sandbox dev", " mydev"]);
        assert_eq!(list.press(Key::Enter), Step::Taken(vec![3]));
        list.press(Key::Down);
        assert_eq!(list.press(Key::Enter), Step::Taken(vec![4]));
        type_text(&mut list, " power");
        assert_eq!(texts(&mut list, 12), [">dev-power"]);
        type_text(&mut list, "x");
        assert!(texts(&mut list, 12).is_empty());
        assert_eq!(list.press(Key::Enter), Step::Stay, "nothing matches");
        list.press(Key::DropWord);
        assert_eq!(list.filter, "dev ");
        list.press(Key::Clear);
        assert_eq!(texts(&mut list, 12).len(), rows.len());
        type_text(&mut list, "pdadm");
        assert_eq!(texts(&mut list, 12), [">prod-admin"], "its letters, where nothing contains it");
    }

    #[test]
    fn the_marked_row_is_always_among_those_that_are_shown() {
        let names: Vec<String> = (0..200).map(|number| format!("profile-{number}")).collect();
        let mut list = List::new("Profile:", names, false);
        let keys =
            [Key::Down, Key::PageDown, Key::Last, Key::Up, Key::PageUp, Key::First, Key::Up, Key::Down];
        for page in [1, 12, 3, 500, 2] {
            for key in &keys {
                list.press(key.clone());
                let shown = texts(&mut list, page);
                assert_eq!(shown.len(), page.min(200));
                let marked: Vec<_> = shown.iter().filter_map(|row| row.strip_prefix('>')).collect();
                let Step::Taken(taken) = list.press(Key::Enter) else { panic!("nothing is taken") };
                assert_eq!(marked, [format!("profile-{}", taken[0])], "{page} {key:?}");
            }
        }
    }

    #[test]
    fn an_empty_list_takes_any_key() {
        for several in [false, true] {
            let mut list = list(&[], several);
            for key in [Key::Up, Key::Down, Key::PageDown, Key::Last, Key::Letter(' '), Key::SelectAll] {
                list.press(key);
                assert!(list.shown(1).is_empty());
            }
            assert!(!matches!(list.press(Key::Enter), Step::Taken(_)));
        }
    }

    #[test]
    fn several_are_selected_with_the_space_bar_and_stay_so_when_the_filter_hides_them() {
        let mut list = list(&["a", "b", "bc"], true);
        list.press(Key::Letter(' '));
        type_text(&mut list, "bc");
        list.press(Key::Letter(' '));
        assert_eq!(list.selected_count(), 2);
        assert_eq!(list.press(Key::Enter), Step::Taken(vec![0, 2]));
        list.press(Key::SelectNone);
        list.press(Key::Clear);
        assert_eq!(list.press(Key::Enter), Step::Taken(vec![0]));
        list.press(Key::SelectAll);
        assert_eq!(list.press(Key::Enter), Step::Taken(vec![0, 1, 2]));
        list.press(Key::SelectNone);
        assert_eq!(list.press(Key::Enter), Step::Cancelled, "nothing is selected");
    }

    #[test]
    fn what_is_pasted_is_no_answer() {
        let mut list = list(&["dev", "prod"], false);
        assert_eq!(list.press(Key::Paste("\tpr\u{1b}od\nrm -rf\n".into())), Step::Stay);
        assert_eq!(list.filter, "prod");
        assert_eq!(list.press(Key::Enter), Step::Taken(vec![1]));
    }
}
