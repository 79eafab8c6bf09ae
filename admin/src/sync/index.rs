//! Finds things by a text of theirs, in a sorted list: a map of 50,000 users would take several times the memory.

use std::cmp::Ordering;

/// Places by text. Of several things with one text, some one is found.
pub(crate) struct Index<'a> {
    entries: Vec<(&'a str, u32)>,
    compare: fn(&str, &str) -> Ordering,
}

impl<'a> Index<'a> {
    /// Finds texts that are the same.
    pub(crate) fn exact(entries: impl IntoIterator<Item = (&'a str, u32)>) -> Self {
        Self::new(entries, Ord::cmp)
    }

    /// Finds texts that are the same but for their case.
    pub(crate) fn of_any_case(entries: impl IntoIterator<Item = (&'a str, u32)>) -> Self {
        Self::new(entries, compare_lowercase)
    }

    fn new(entries: impl IntoIterator<Item = (&'a str, u32)>, compare: fn(&str, &str) -> Ordering) -> Self {
        let mut entries: Vec<(&str, u32)> = entries.into_iter().collect();
        entries.shrink_to_fit();
        entries.sort_unstable_by(|(a, at), (b, other)| compare(a, b).then(at.cmp(other)));
        Self { entries, compare }
    }

    pub(crate) fn get(&self, text: &str) -> Option<usize> {
        let found = self.entries.binary_search_by(|(entry, _)| (self.compare)(entry, text));
        found.ok().map(|at| self.entries[at].1 as usize)
    }

    pub(crate) fn contains(&self, text: &str) -> bool {
        self.get(text).is_some()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn places(&self) -> impl Iterator<Item = usize> {
        self.entries.iter().map(|(_, at)| *at as usize)
    }

    /// Returns neighbours with the same text.
    pub(crate) fn shared(&self) -> impl Iterator<Item = (u32, u32)> {
        let pairs = self.entries.windows(2).filter(|pair| (self.compare)(pair[0].0, pair[1].0).is_eq());
        pairs.map(|pair| (pair[0].1, pair[1].1))
    }
}

fn compare_lowercase(a: &str, b: &str) -> Ordering {
    a.chars().flat_map(char::to_lowercase).cmp(b.chars().flat_map(char::to_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_exactly_or_in_any_case() {
        let entries = || [("b", 0), ("A", 1), ("Ä", 2), ("a", 3)];
        let exact = Index::exact(entries());
        assert_eq!((exact.get("A"), exact.get("a"), exact.get("B")), (Some(1), Some(3), None));
        assert_eq!(exact.shared().count(), 0);
        let any = Index::of_any_case(entries());
        assert_eq!((any.get("B"), any.get("ä"), any.contains("c")), (Some(0), Some(2), false));
        assert_eq!(any.shared().collect::<Vec<_>>(), [(1, 3)]);
    }
}
