//! An edit of the config file: collected on one document, written as one new text.
//!
//! Only the edited lines change; comments, order, blank lines, line ends and a missing last line end stay.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use zeroize::Zeroizing;

use super::document::{Document, Entry, Heading, Section};
use super::reading::without_end;
use super::{ConfigError, Place};

pub struct Draft<'a> {
    document: &'a Document,
    splices: Vec<(Range<usize>, String)>,
    appended: Vec<String>,
    /// The lines of headers that botocore reads differently, by what may be meant.
    odd_headers: HashMap<Heading, usize>,
    /// New names by old ones.
    renamed: HashMap<Heading, Heading>,
    /// What must be true of the new text.
    promises: Vec<Promise>,
}

/// The keys that a section must have, or that there must be no section of this name.
type Promise = (Heading, Option<Vec<(String, String)>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Created,
    Updated,
    Unchanged,
}

/// Returns whether kcaws may write this as a section name: every tool reads it without quotes (rule 11).
pub fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(is_plain_byte)
}

pub(super) fn is_plain_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_.@%:+/-".contains(&byte)
}

impl<'a> Draft<'a> {
    /// Refuses a file that not every tool can read.
    pub fn of(document: &'a Document) -> Result<Self, ConfigError> {
        document.check_for_every_tool()?;
        let odd = document.odd_headers().into_iter();
        let odd_headers = odd.flat_map(|(line, meant)| meant.into_iter().map(move |heading| (heading, line)));
        let odd_headers = odd_headers.collect();
        Ok(Self {
            document,
            splices: Vec::new(),
            appended: Vec::new(),
            odd_headers,
            renamed: HashMap::new(),
            promises: Vec::new(),
        })
    }

    /// Returns the only section of this heading, if every tool can find it there.
    fn only(&self, heading: &Heading) -> Result<Option<&'a Section>, ConfigError> {
        if let Some(line) = self.odd_headers.get(heading) {
            return Err(self.document.unshared(
                *line,
                "a section header that the AWS CLI and Python ignore or read as another name",
            ));
        }
        self.document.only(heading)
    }

    /// Returns the document as it was before this draft.
    pub fn document(&self) -> &'a Document {
        self.document
    }

    /// Sets these keys of a section; other keys stay.
    ///
    /// A missing section is added at the end of the file. Each section can be set at most once in one draft.
    pub fn set(&mut self, heading: &Heading, keys: &[(&str, &str)]) -> Result<Change, ConfigError> {
        for (key, value) in keys {
            check_pair(key, value)?;
        }
        let Some(section) = self.only(heading)? else {
            self.appended.push(self.new_section(heading, keys)?);
            self.promise(heading, keys);
            return Ok(Change::Created);
        };
        let before = self.splices.len();
        let mut missing = Vec::new();
        for (key, value) in keys {
            match self.document.entries(section).iter().find(|entry| self.document.key_of(entry) == **key) {
                Some(entry) => self.set_value(entry, value),
                None => missing.push((*key, *value)),
            }
        }
        self.add_lines(section, &missing);
        self.promise(heading, keys);
        Ok(if self.splices.len() == before { Change::Unchanged } else { Change::Updated })
    }

    /// Removes keys with all of their lines, and returns how many.
    pub fn unset_all(
        &mut self,
        heading: &Heading,
        is_meant: impl Fn(&str) -> bool,
    ) -> Result<usize, ConfigError> {
        let Some(section) = self.only(heading)? else { return Ok(0) };
        let before = self.splices.len();
        let entries =
            self.document.entries(section).iter().filter(|entry| is_meant(&self.document.key_of(entry)));
        self.splices.extend(entries.map(|entry| (entry.span.clone(), String::new())));
        Ok(self.splices.len() - before)
    }

    /// Removes a section, from its header to its last setting.
    ///
    /// Comments and blank lines after that stay, except for the one that separated it.
    pub fn remove(&mut self, heading: &Heading) -> Result<bool, ConfigError> {
        let Some(section) = self.only(heading)? else { return Ok(false) };
        let text = self.document.text();
        let mut gone = section.header.start..self.document.last_word(section);
        let (above, below) = (line_above(text, gone.start), line_below(text, gone.end));
        if is_blank(text, &below) || below.is_empty() {
            if !above.is_empty() && is_blank(text, &above) {
                gone.start = above.start;
            } else if above.is_empty() && !below.is_empty() {
                gone.end = below.end;
            }
        }
        self.splices.push((gone, String::new()));
        self.promises.push((heading.clone(), None));
        Ok(true)
    }

    /// Renames a section; its place and all of its lines stay.
    ///
    /// Until the end of the draft it is addressed by its old name.
    pub fn rename(&mut self, from: &Heading, to: &Heading) -> Result<bool, ConfigError> {
        let Some(section) = self.only(from)? else { return Ok(false) };
        if let Heading::Profile(name) = to
            && !is_plain_name(name)
        {
            return Err(ConfigError::BadName { name: name.clone() });
        }
        let header = &self.document.text()[section.header.clone()];
        let (Some(open), Some(close)) = (header.find('['), header.find(']')) else { return Ok(false) };
        let start = section.header.start;
        self.splices.push((start + open..start + close + 1, to.to_string()));
        self.promises.push((from.clone(), None));
        self.renamed.insert(from.clone(), to.clone());
        self.promises.push((from.clone(), Some(Vec::new())));
        Ok(true)
    }

    /// Returns the new document, after checking that it has the requested content and that every tool can read it.
    pub fn finish(mut self) -> Result<Document, ConfigError> {
        let old = self.document.text();
        self.splices.sort_by_key(|(range, _)| (range.start, range.end));
        let mut new = String::with_capacity(old.len() + 256 * (self.splices.len() + self.appended.len()));
        let mut at = 0;
        for (range, replacement) in &self.splices {
            // Two removals may share the blank line between them.
            new.push_str(&old[at..range.start.max(at)]);
            new.push_str(replacement);
            at = at.max(range.end);
        }
        new.push_str(&old[at..]);
        let end = self.line_end(old.len());
        for section in &self.appended {
            if !new.is_empty() {
                if !new.ends_with('\n') {
                    new.push_str(end);
                }
                if !is_blank(&new, &line_above(&new, new.len())) {
                    new.push_str(end);
                }
            }
            new.push_str(section);
        }
        let ended = without_end(&new);
        // A blank line that is last now had no line end.
        if !old.is_empty() && !old.ends_with('\n') && !ended.is_empty() && !ended.ends_with('\n') {
            new.truncate(ended.len());
        }
        let new = Document::of_text(self.document.path(), Zeroizing::new(new));
        self.check(&new)?;
        Ok(new)
    }

    fn check(&self, read: &Document) -> Result<(), ConfigError> {
        let broken =
            |place: Place| ConfigError::Unshared { place, what: "the edit would not be read as intended" };
        read.check_for_every_tool()?;
        let new_names: HashSet<&Heading> = self.renamed.values().collect();
        for (heading, keys) in &self.promises {
            let now = match keys {
                Some(_) => self.renamed.get(heading).unwrap_or(heading),
                // Another section has taken over the name.
                None if new_names.contains(heading) => continue,
                None => heading,
            };
            let kept = match (read.section(now), keys) {
                (None, None) => true,
                (Some(view), Some(keys)) => {
                    keys.iter().all(|(key, value)| view.get(key).unwrap_or_default() == value)
                }
                _ => false,
            };
            if !kept {
                let line = self.document.all(heading).first().map_or(1, |section| section.line);
                return Err(broken(self.document.place_at(line)));
            }
        }
        Ok(())
    }

    fn promise(&mut self, heading: &Heading, keys: &[(&str, &str)]) {
        let keys = keys.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        self.promises.push((heading.clone(), Some(keys)));
    }

    fn new_section(&self, heading: &Heading, keys: &[(&str, &str)]) -> Result<String, ConfigError> {
        let (Heading::Profile(name)
        | Heading::SsoSession(name)
        | Heading::Services(name)
        | Heading::Other(name)) = heading;
        if !is_plain_name(name) || matches!(heading, Heading::Other(_) | Heading::Services(_)) {
            return Err(ConfigError::BadName { name: name.clone() });
        }
        let end = self.line_end(self.document.text().len());
        let mut lines = format!("{heading}{end}");
        for (key, value) in keys {
            lines.extend([key, " = ", value, end]);
        }
        Ok(lines)
    }

    fn set_value(&mut self, entry: &Entry, value: &str) {
        let text = self.document.text();
        let raw = &text[entry.raw_value.clone()];
        if raw == value && entry.below.is_none() {
            return;
        }
        let line = line_of(text, entry.span.start);
        let end = &text[line.start + without_end(&text[line.clone()]).len()..line.end];
        let before = &text[line.start..entry.raw_value.start];
        // `key =` with no value.
        let gap = if before.ends_with('=') && raw.is_empty() { " " } else { "" };
        let mut new = String::new();
        // botocore reads an inline comment as part of the value, so the comment gets a line of its own.
        let mut marks = raw.match_indices(['#', ';']);
        if let Some((at, _)) = marks.find(|(at, _)| *at == 0 || raw[..*at].ends_with(char::is_whitespace)) {
            new.extend([&raw[at..], self.line_end(line.start)]);
        }
        new.extend([before, gap, value, end]);
        self.splices.push((entry.span.clone(), new));
    }

    /// Inserts a key below the last setting of the section, in the same style.
    fn add_lines(&mut self, section: &Section, keys: &[(&str, &str)]) {
        if keys.is_empty() {
            return;
        }
        let text = self.document.text();
        let at = self.document.last_word(section);
        let end = self.line_end(at);
        let equals = match self.document.entries(section).last() {
            Some(entry) if text[..entry.raw_value.start].ends_with('=') && !entry.raw_value.is_empty() => "=",
            _ => " = ",
        };
        let mut new = String::new();
        if !text[..at].ends_with('\n') {
            new.push_str(end);
        }
        for (key, value) in keys {
            new.extend([key, equals, value, end]);
        }
        self.splices.push((at..at, new));
    }

    /// Returns the line end of the line above, or else of the file's first line.
    fn line_end(&self, at: usize) -> &'static str {
        let text = self.document.text();
        let above = &text[line_above(text, at)];
        let model =
            if above.ends_with('\n') { above } else { text.split_inclusive('\n').next().unwrap_or_default() };
        if model.ends_with("\r\n") { "\r\n" } else { "\n" }
    }
}

fn check_pair(key: &str, value: &str) -> Result<(), ConfigError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let begins_comment = |at: usize| at == 0 || value[..at].ends_with(char::is_whitespace);
    let is_fine = !key.is_empty()
        && key.bytes().all(plain)
        && !value.is_empty()
        && value.trim() == value
        && !value.chars().any(char::is_control)
        && !value.match_indices(['#', ';']).any(|(at, _)| begins_comment(at));
    if is_fine { Ok(()) } else { Err(ConfigError::CannotBeWritten { key: key.to_owned() }) }
}

/// Returns the line that contains `at`.
fn line_of(text: &str, at: usize) -> Range<usize> {
    at..text[at..].find('\n').map_or(text.len(), |end| at + end + 1)
}

/// Returns the line that ends at `at`; empty at the start of the file.
fn line_above(text: &str, at: usize) -> Range<usize> {
    let before = &text[..at];
    let body = before.strip_suffix('\n').unwrap_or(before);
    body.rfind('\n').map_or(0, |end| end + 1)..at
}

fn line_below(text: &str, at: usize) -> Range<usize> {
    line_of(text, at)
}

fn is_blank(text: &str, line: &Range<usize>) -> bool {
    text[line.clone()].trim().is_empty()
}

#[cfg(test)]
mod tests;
