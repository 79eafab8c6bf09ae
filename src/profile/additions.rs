//! Detects lines in a profile that sync did not write.

use super::document::{Document, Entry, Heading, Section};
use super::sync::Noted;

impl Document {
    /// Returns whether the section has nothing but what was written: no other key, no comment, no other Region.
    pub(super) fn is_as_noted(&self, heading: &Heading, noted: &Noted) -> bool {
        let Some(view) = self.section(heading) else { return false };
        let is_same = |key, noted: &Option<String>| view.get(key) == noted.as_deref();
        let is_plain = |section: &&Section| {
            let lines = self.text()[section.header.start..self.last_word(section)].lines();
            let lines = lines.filter(|line| !line.trim().is_empty()).count();
            let is_ours = |entry: &Entry| {
                matches!(&*self.key_of(entry), "credential_process" | "region" | "output")
                    && entry.raw_value == entry.value
            };
            self.text()[section.header.clone()].trim_end().ends_with(']')
                && lines == self.entries(section).len() + 1
                && self.entries(section).iter().all(is_ours)
        };
        self.all(heading).iter().all(is_plain)
            && is_same("region", &noted.region)
            && is_same("output", &noted.output)
    }
}
