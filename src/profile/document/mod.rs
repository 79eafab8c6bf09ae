//! The config file as sections and keys with their places: lossless, because it keeps the text and points into it.
//!
//! Readers learn what a section contains; edits ([`super::draft`]) learn which bytes it is.
//!
//! The rules are those that all SDKs but botocore share: inline comments are cut, duplicate sections are merged, the
//! later key wins, `[profile default]` hides `[default]`. If those SDKs refuse a line that botocore reads, botocore is
//! followed ([`super::reading`]). What botocore refuses is in [`super::strict`].

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use zeroize::Zeroizing;

use super::portals::Portals;
use super::reading::{Fault, Lines};
use super::{ConfigError, KnownNames, Place, invisible};
use crate::platform::foreign_file;

/// The characters that count as blanks: the SDKs agree on no others.
pub(super) const BLANKS: [char; 2] = [' ', '\t'];
const BAD_BYTES: &str = "not valid UTF-8";
pub(super) const BOM: char = '\u{feff}';

#[derive(Clone)]
pub struct Document {
    path: PathBuf,
    /// The text, which may contain keys.
    text: Zeroizing<String>,
    sections: Vec<Section>,
    /// The entries of all sections, in order: a list for each would be ten thousand small ones.
    entries: Vec<Entry>,
    /// The first section of each heading, and the last.
    by_heading: HashMap<Heading, (usize, usize)>,
    /// The lines that not every tool can read, in order.
    faults: Vec<Fault>,
    is_missing: bool,
    pub(super) portals: OnceLock<Portals>,
    pub(super) known_sessions: OnceLock<KnownNames>,
    pub(super) known_profiles: OnceLock<KnownNames>,
}

/// The heading of a section. `[default]` and `[profile default]` are one profile.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Heading {
    Profile(String),
    SsoSession(String),
    Services(String),
    /// A section that kcaws does not use, such as `[plugins]`.
    Other(String),
}

#[derive(Clone)]
pub(super) struct Section {
    pub(super) heading: Heading,
    /// Counted from 1.
    pub(super) line: usize,
    /// The line of the header, including its end.
    pub(super) header: Range<usize>,
    /// Where the next section begins.
    pub(super) end: usize,
    /// The range of its entries in the document's list.
    pub(super) entries: Range<usize>,
    /// `[profile default]`, not `[default]`.
    pub(super) is_prefixed: bool,
    /// The next section of the same heading.
    pub(super) next: Option<usize>,
}

#[derive(Clone)]
pub(super) struct Entry {
    pub(super) key: Range<usize>,
    pub(super) value: Range<usize>,
    /// From after the `=` to the end of the line, including an inline comment, without blanks at either end.
    pub(super) raw_value: Range<usize>,
    pub(super) line: usize,
    /// All of its lines: the first one and the indented ones below it, including their ends.
    pub(super) span: Range<usize>,
    /// The indented lines. Few have any, and there may be a hundred thousand entries.
    pub(super) below: Option<Box<Below>>,
}

#[derive(Clone, Default)]
pub(super) struct Below {
    /// `key = value` below an empty value: `sso =\n  endpoint_url = …`.
    pub(super) nested: Vec<(Range<usize>, Range<usize>)>,
    /// The first one that is not a `key = value`.
    pub(super) plain: Option<usize>,
}

impl Document {
    /// Loads the file; a missing file counts as an empty one, as everywhere.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        match foreign_file::read(path) {
            Ok(bytes) => Self::from_bytes(path, bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Self { is_missing: true, ..Self::parse(path, "")? })
            }
            Err(source) => Err(ConfigError::Unreadable { path: path.to_path_buf(), source }),
        }
    }

    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self, ConfigError> {
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::of_text(path, Zeroizing::new(text))),
            Err(error) => {
                let bytes = Zeroizing::new(error.into_bytes());
                let mut document =
                    Self::of_text(path, Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()));
                document.add_bad_bytes(&bytes);
                Ok(document)
            }
        }
    }

    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        Ok(Self::of_text(path, Zeroizing::new(text.to_owned())))
    }

    pub(super) fn of_text(path: &Path, text: Zeroizing<String>) -> Self {
        let Lines { mut sections, entries, faults } = Lines::of(&text);
        let mut by_heading: HashMap<Heading, (usize, usize)> = HashMap::with_capacity(sections.len());
        for index in 0..sections.len() {
            let (_, last) = by_heading.entry(sections[index].heading.clone()).or_insert((index, index));
            if *last != index {
                sections[*last].next = Some(index);
                *last = index;
            }
        }
        Self {
            path: path.to_path_buf(),
            text,
            sections,
            entries,
            by_heading,
            faults,
            is_missing: false,
            portals: OnceLock::new(),
            known_sessions: OnceLock::new(),
            known_profiles: OnceLock::new(),
        }
    }

    /// Adds faults for lines that are not UTF-8.
    ///
    /// Such a file is never written, so its bytes are not kept.
    fn add_bad_bytes(&mut self, bytes: &[u8]) {
        for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            if std::str::from_utf8(line).is_ok() {
                continue;
            }
            let is_comment =
                line.trim_ascii_start().starts_with(b"#") || line.trim_ascii_start().starts_with(b";");
            let above = self.sections.partition_point(|section| section.line <= index + 1).checked_sub(1);
            let section = above.filter(|_| !is_comment);
            self.faults.push(Fault { line: index + 1, what: BAD_BYTES, section, is_read: false });
        }
        // If it is one line, the bytes explain what is wrong with the rest of it.
        self.faults.sort_by_key(|fault| (fault.line, fault.what != BAD_BYTES));
    }

    /// Returns the errors in lines that botocore cannot read either, in order.
    pub fn unreadable_lines(&self) -> impl Iterator<Item = ConfigError> {
        self.faults.iter().filter(|fault| !fault.is_read).map(|fault| self.error_of(fault))
    }

    /// Returns the first line that not every tool can read.
    pub(super) fn first_fault(&self) -> Option<ConfigError> {
        self.faults.first().map(|fault| self.error_of(fault))
    }

    /// The first line of a section that no tool can read. Faults are in order, and there may be one for each section.
    fn damage_of(&self, section: &Section) -> Option<&Fault> {
        let first = self.faults.partition_point(|fault| fault.line < section.line);
        let is_its =
            |fault: &&Fault| fault.section.is_none_or(|index| self.sections[index].line == section.line);
        self.faults[first..].iter().take_while(is_its).find(|fault| fault.section.is_some() && !fault.is_read)
    }

    fn error_of(&self, fault: &Fault) -> ConfigError {
        ConfigError::Syntax { place: self.place_at(fault.line), what: fault.what }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether there was no file to load.
    pub fn is_missing(&self) -> bool {
        self.is_missing
    }

    /// Returns the file, byte for byte.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn into_text(self) -> Zeroizing<String> {
        self.text
    }

    /// Returns every profile, in order.
    pub fn profiles(&self) -> Vec<View<'_>> {
        let of_profiles = self.firsts().filter(|heading| matches!(heading, Heading::Profile(_)));
        of_profiles.filter_map(|heading| self.section(heading)).collect()
    }

    pub(super) fn sections(&self) -> &[Section] {
        &self.sections
    }

    pub(super) fn entries(&self, section: &Section) -> &[Entry] {
        &self.entries[section.entries.clone()]
    }

    /// Returns the end of the last meaningful line of the section; comments and blank lines may follow.
    pub(super) fn last_word(&self, section: &Section) -> usize {
        self.entries(section).last().map_or(section.header.end, |entry| entry.span.end)
    }

    pub(super) fn place_at(&self, line: usize) -> Place {
        Place { path: self.path.clone(), line }
    }

    /// Returns the names of all sections of a kind, in order, each once.
    pub fn names(&self, kind: impl Fn(&Heading) -> Option<&str>) -> Vec<String> {
        self.firsts().filter_map(kind).map(str::to_owned).collect()
    }

    /// Returns the headings in order, each once.
    fn firsts(&self) -> impl Iterator<Item = &Heading> {
        let headings = self.sections.iter().map(|section| &section.heading).enumerate();
        headings.filter(|(index, heading)| self.by_heading[*heading].0 == *index).map(|(_, heading)| heading)
    }

    /// Returns all sections of this heading, hidden ones included.
    pub(super) fn all(&self, heading: &Heading) -> Vec<&Section> {
        let first = self.by_heading.get(heading).map(|(first, _)| &self.sections[*first]);
        std::iter::successors(first, |section| section.next.map(|next| &self.sections[next])).collect()
    }

    /// Returns the sections with this heading, merged into one view.
    pub fn section(&self, heading: &Heading) -> Option<View<'_>> {
        let mut sections = self.all(heading);
        if sections.iter().any(|section| section.is_prefixed) {
            sections.retain(|section| section.is_prefixed);
        }
        (!sections.is_empty()).then_some(View { document: self, sections })
    }

    /// Returns the lines of the headers of this heading, if there are several.
    pub fn duplicate(&self, heading: &Heading) -> Option<(Place, Place)> {
        match self.all(heading).as_slice() {
            [first, second, ..] => Some((self.place_at(first.line), self.place_at(second.line))),
            _ => None,
        }
    }

    /// Returns the key in lower case, as every reader does.
    pub(super) fn key_of(&self, entry: &Entry) -> Cow<'_, str> {
        let key = &self.text[entry.key.clone()];
        if key.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(key.to_ascii_lowercase())
        } else {
            Cow::Borrowed(key)
        }
    }
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Document({}, {} sections)", self.path.display(), self.sections.len())
    }
}

/// One section, or several of the same name read as one.
pub struct View<'a> {
    document: &'a Document,
    sections: Vec<&'a Section>,
}

impl<'a> View<'a> {
    pub fn place(&self) -> Place {
        self.document.place_at(self.sections[0].line)
    }

    /// Returns the error in a line of it that no tool can read.
    pub fn damage(&self) -> Option<ConfigError> {
        let found = self.sections.iter().find_map(|section| self.document.damage_of(section));
        found.map(|fault| self.document.error_of(fault))
    }

    /// Returns the error about a value, naming an invisible character in it.
    pub fn bad_value(&self, key: &str, what: &str) -> ConfigError {
        let letter = self.get(key).and_then(invisible::in_text);
        let what = letter.map_or_else(
            || what.to_owned(),
            |letter| format!("{what}: the value contains {}", invisible::name(letter)),
        );
        ConfigError::BadValue { place: self.place_of(key), what }
    }

    /// Returns the error about a missing key, with the line of the section that may be the reason.
    pub fn missing(&self, title: &str, key: &'static str) -> ConfigError {
        let text = &*self.document.text;
        let mut entries = self.sections.iter().flat_map(|section| self.document.entries(section));
        let hidden = entries.find_map(|entry| {
            let name = &text[entry.key.clone()];
            let letter = invisible::in_text(name)?;
            invisible::removed(name).eq_ignore_ascii_case(key).then_some((entry.line, letter))
        });
        if let Some((line, letter)) = hidden {
            let what = format!("the key `{key}` contains {}", invisible::name(letter));
            return ConfigError::BadValue { place: self.document.place_at(line), what };
        }
        self.damage().unwrap_or_else(|| ConfigError::MissingKey {
            place: self.place(),
            section: title.to_owned(),
            key,
        })
    }

    fn entry(&self, key: &str) -> Option<&'a Entry> {
        let text = &*self.document.text;
        let is_it = |entry: &&Entry| {
            entry.key.len() == key.len() && text[entry.key.clone()].eq_ignore_ascii_case(key)
        };
        self.sections.iter().rev().find_map(|section| self.document.entries(section).iter().rfind(is_it))
    }

    /// Returns the value, unless it is empty.
    pub fn get(&self, key: &str) -> Option<&'a str> {
        self.entry(key)
            .map(|entry| &self.document.text[entry.value.clone()])
            .filter(|value| !value.is_empty())
    }

    /// Returns the value, or an error if it contains an invisible character.
    pub fn visible(&self, key: &str) -> Result<Option<&'a str>, ConfigError> {
        let value = self.get(key);
        match value.and_then(invisible::in_text) {
            Some(_) => Err(self.bad_value(key, &format!("{key} cannot be used as it is"))),
            None => Ok(value),
        }
    }

    pub fn place_of(&self, key: &str) -> Place {
        match self.entry(key) {
            Some(entry) => self.document.place_at(entry.line),
            None => self.place(),
        }
    }

    /// Returns `key` of the block below `parent =`.
    pub fn nested(&self, parent: &str, key: &str) -> Option<&'a str> {
        Some(&self.document.text[self.nested_value(parent, key)?])
    }

    /// Returns the blocks that have `key`, by name in lower case, with its value.
    pub fn nested_values(&self, key: &str) -> Vec<(String, &'a str)> {
        let mut names: Vec<String> = Vec::new();
        for entry in self.sections.iter().flat_map(|section| self.document.entries(section)) {
            let name = self.document.key_of(entry).into_owned();
            if entry.below.is_some() && !names.contains(&name) {
                names.push(name);
            }
        }
        let with_value = |name: String| self.nested(&name, key).map(|value| (name, value));
        names.into_iter().filter_map(with_value).collect()
    }

    /// Returns the line of [`View::nested`], or that of the section if it does not exist.
    pub fn place_of_nested(&self, parent: &str, key: &str) -> Place {
        let Document { path, text, .. } = self.document;
        self.nested_value(parent, key)
            .map_or_else(|| self.place(), |value| place_of_byte(path, text.as_bytes(), value.start))
    }

    fn nested_value(&self, parent: &str, key: &str) -> Option<Range<usize>> {
        let text = &self.document.text;
        let is_it = |(name, _): &&(Range<usize>, Range<usize>)| text[name.clone()].eq_ignore_ascii_case(key);
        Some(self.entry(parent)?.below.as_ref()?.nested.iter().rfind(is_it)?.1.clone())
    }
}

fn place_of_byte(path: &Path, bytes: &[u8], offset: usize) -> Place {
    let line = bytes[..offset].split(|byte| *byte == b'\n').count();
    Place { path: path.to_path_buf(), line }
}

#[cfg(test)]
mod tests;
