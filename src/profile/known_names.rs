//! The names that a file has, for the complaint that one is not among them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::similar::did_you_mean;

/// Names that a message lists.
const MOST_LISTED: usize = 20;
/// Names that are compared with wanted ones. A person makes a few typos; ten thousand profiles that each name another
/// missing one were written by a program.
const MOST_COMPARED: usize = 50_000;

/// Shared by all complaints about one document: there may be ten thousand names, and ten thousand complaints.
#[derive(Clone, Debug, Default)]
pub struct KnownNames {
    names: Arc<[String]>,
    compared: Arc<AtomicUsize>,
}

impl KnownNames {
    pub fn of(names: Vec<String>) -> Self {
        Self { names: names.into(), compared: Arc::default() }
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub fn all(&self) -> &[String] {
        &self.names
    }

    /// Returns the beginning of a hint, a question with the names that are near the wanted one; empty where none is, or
    /// where too many were compared already.
    pub fn near(&self, wanted: &str) -> String {
        if self.compared.fetch_add(self.names.len(), Ordering::Relaxed) > MOST_COMPARED {
            return String::new();
        }
        did_you_mean(wanted, self.names.iter().map(String::as_str))
    }

    /// Returns the names as one text; of many, the first ones and how many follow.
    pub fn listed(&self) -> String {
        let (listed, more) = self.names.split_at(MOST_LISTED.min(self.names.len()));
        let listed = listed.join(", ");
        if more.is_empty() { listed } else { format!("{listed} and {} more", more.len()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(number: usize) -> KnownNames {
        KnownNames::of((0..number).map(|n| format!("name{n}")).collect())
    }

    #[test]
    fn many_names_are_not_all_listed() {
        assert_eq!(known(2).listed(), "name0, name1");
        assert!(known(20).listed().ends_with("name18, name19"));
        assert!(known(10_000).listed().ends_with("name19 and 9980 more"));
    }

    #[test]
    fn comparing_ends_however_many_complaints_there_are() {
        let known = known(10_000);
        let near: Vec<String> = (0..10_000).map(|_| known.clone().near("nam0")).collect();
        assert!(near[0].contains("`name0`"), "{}", near[0]);
        assert_eq!(near.iter().filter(|hint| !hint.is_empty()).count(), MOST_COMPARED / 10_000 + 1);
    }
}
