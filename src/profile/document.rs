//! The config file as sections and keys with their places: lossless, because it keeps the text and points into it.
//! Who reads learns what a section says; who edits ([`super::draft`]) learns which bytes say it.
//!
//! The rules are those of the Rust SDK, which all SDKs but botocore ([`super::strict`]) share: inline comments are cut,
//! duplicate sections are merged, the later key wins, `[profile default]` hides `[default]`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{ConfigError, Place};
use crate::ports::foreign_file;

/// What counts as blank: the SDKs agree on no more than these.
pub(super) const BLANKS: [char; 2] = [' ', '\t'];
pub(super) const BOM: char = '\u{feff}';

#[derive(Clone)]
pub struct Document {
    path: PathBuf,
    /// Somebody may keep keys in it.
    text: Zeroizing<String>,
    sections: Vec<Section>,
    /// Those of all sections, in order: a list for each would be ten thousand small ones.
    entries: Vec<Entry>,
    /// The first section of each heading, and the last.
    by_heading: HashMap<Heading, (usize, usize)>,
    is_missing: bool,
}

/// What a section's header says. `[default]` and `[profile default]` are one profile.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Heading {
    Profile(String),
    SsoSession(String),
    Services(String),
    /// Something that is none of ours, `[plugins]` for example.
    Other(String),
}

#[derive(Clone)]
pub(super) struct Section {
    pub(super) heading: Heading,
    /// Counted from 1.
    pub(super) line: usize,
    /// The line of the header, with its end.
    pub(super) header: Range<usize>,
    /// Where the next section begins.
    pub(super) end: usize,
    /// Where its own are in the document's list.
    entries: Range<usize>,
    /// `[profile default]`, not `[default]`.
    is_prefixed: bool,
    /// The next section of the same heading.
    next: Option<usize>,
}

#[derive(Clone)]
pub(super) struct Entry {
    key: Range<usize>,
    pub(super) value: Range<usize>,
    /// From behind the `=` to the end of the line, an inline comment included, without blanks at either end.
    pub(super) raw_value: Range<usize>,
    pub(super) line: usize,
    /// All of its lines: the first one, and the indented ones below it, with their ends.
    pub(super) span: Range<usize>,
    /// The indented lines. Few have any, and there may be a hundred thousand entries.
    pub(super) below: Option<Box<Below>>,
}

#[derive(Clone, Default)]
pub(super) struct Below {
    /// `key = value` below an empty value: `sso =\n  endpoint_url = …`.
    nested: Vec<(Range<usize>, Range<usize>)>,
    /// The first one that is no `key = value`.
    pub(super) plain: Option<usize>,
}

impl Document {
    /// A missing file is an empty one, as everywhere.
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
            Ok(text) => Self::of_text(path, Zeroizing::new(text)),
            Err(error) => {
                let place = place_of_byte(path, error.as_bytes(), error.utf8_error().valid_up_to());
                drop(Zeroizing::new(error.into_bytes()));
                Err(ConfigError::Syntax { place, what: "not valid UTF-8" })
            }
        }
    }

    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        Self::of_text(path, Zeroizing::new(text.to_owned()))
    }

    pub(super) fn of_text(path: &Path, text: Zeroizing<String>) -> Result<Self, ConfigError> {
        let (mut sections, entries) = match sections_of(&text) {
            Ok(found) => found,
            Err((line, what)) => {
                return Err(ConfigError::Syntax { place: Place { path: path.to_path_buf(), line }, what });
            }
        };
        let mut by_heading: HashMap<Heading, (usize, usize)> = HashMap::with_capacity(sections.len());
        for index in 0..sections.len() {
            let (_, last) = by_heading.entry(sections[index].heading.clone()).or_insert((index, index));
            if *last != index {
                sections[*last].next = Some(index);
                *last = index;
            }
        }
        Ok(Self { path: path.to_path_buf(), text, sections, entries, by_heading, is_missing: false })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Tells whether there was no file to load.
    pub fn is_missing(&self) -> bool {
        self.is_missing
    }

    /// The file, byte for byte.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn into_text(self) -> Zeroizing<String> {
        self.text
    }

    /// Every profile, in order.
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

    /// Behind the last line of the section that says something; comments and blank lines may follow.
    pub(super) fn last_word(&self, section: &Section) -> usize {
        self.entries(section).last().map_or(section.header.end, |entry| entry.span.end)
    }

    pub(super) fn place_at(&self, line: usize) -> Place {
        Place { path: self.path.clone(), line }
    }

    /// The names of all sections of a kind, in order, each once.
    pub fn names(&self, kind: impl Fn(&Heading) -> Option<&str>) -> Vec<String> {
        self.firsts().filter_map(kind).map(str::to_owned).collect()
    }

    /// The headings in order, each once.
    fn firsts(&self) -> impl Iterator<Item = &Heading> {
        let headings = self.sections.iter().map(|section| &section.heading).enumerate();
        headings.filter(|(index, heading)| self.by_heading[*heading].0 == *index).map(|(_, heading)| heading)
    }

    /// All sections of this heading, hidden ones included.
    pub(super) fn all(&self, heading: &Heading) -> Vec<&Section> {
        let first = self.by_heading.get(heading).map(|(first, _)| &self.sections[*first]);
        std::iter::successors(first, |section| section.next.map(|next| &self.sections[next])).collect()
    }

    /// The sections with this heading, merged into one view.
    pub fn section(&self, heading: &Heading) -> Option<View<'_>> {
        let mut sections = self.all(heading);
        if sections.iter().any(|section| section.is_prefixed) {
            sections.retain(|section| section.is_prefixed);
        }
        (!sections.is_empty()).then_some(View { document: self, sections })
    }

    /// The lines of the headers that say this, if there are several.
    pub fn doubled(&self, heading: &Heading) -> Option<(Place, Place)> {
        match self.all(heading).as_slice() {
            [first, second, ..] => Some((self.place_at(first.line), self.place_at(second.line))),
            _ => None,
        }
    }

    /// As every reader knows the key: in lower case.
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

/// One section, or several of one name read as one.
pub struct View<'a> {
    document: &'a Document,
    sections: Vec<&'a Section>,
}

impl<'a> View<'a> {
    pub fn place(&self) -> Place {
        self.document.place_at(self.sections[0].line)
    }

    fn entry(&self, key: &str) -> Option<&'a Entry> {
        let text = &*self.document.text;
        let is_it = |entry: &&Entry| text[entry.key.clone()].eq_ignore_ascii_case(key);
        self.sections.iter().rev().find_map(|section| self.document.entries(section).iter().rfind(is_it))
    }

    /// The value, unless it is empty.
    pub fn get(&self, key: &str) -> Option<&'a str> {
        self.entry(key)
            .map(|entry| &self.document.text[entry.value.clone()])
            .filter(|value| !value.is_empty())
    }

    pub fn place_of(&self, key: &str) -> Place {
        match self.entry(key) {
            Some(entry) => self.document.place_at(entry.line),
            None => self.place(),
        }
    }

    /// `key` of the block below `parent =`.
    pub fn nested(&self, parent: &str, key: &str) -> Option<&'a str> {
        Some(&self.document.text[self.nested_value(parent, key)?])
    }

    /// The line of [`View::nested`]; that of the section where there is none.
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

/// What is wrong, and in which line.
type Wrong = (usize, &'static str);

fn sections_of(text: &str) -> Result<(Vec<Section>, Vec<Entry>), Wrong> {
    let (mut sections, mut entries): (Vec<Section>, Vec<Entry>) = (Vec::new(), Vec::new());
    let mut start = if text.starts_with(BOM) { BOM.len_utf8() } else { 0 };
    for (index, whole) in text[start..].split_inclusive('\n').enumerate() {
        let (number, at, end) = (index + 1, start, start + whole.len());
        start = end;
        let line = without_end(whole);
        let is_indented = line.starts_with(BLANKS);
        let words = &line[trimmed(line, 0..line.len())];
        if words.is_empty() || words.starts_with(['#', ';']) {
            continue;
        }
        if let Some(header) = words.strip_prefix('[').filter(|_| !is_indented) {
            let Some((name, _)) = header.split_once(']') else {
                return Err((number, "a section header without `]`"));
            };
            if let Some(before) = sections.last_mut() {
                before.end = at;
            }
            let (heading, is_prefixed) = (heading(name), name.trim_matches(BLANKS) != "default");
            let is_prefixed = is_prefixed && heading == Heading::Profile("default".to_owned());
            let (header, entries) = (at..end, entries.len()..entries.len());
            let (line, end, next) = (number, text.len(), None);
            sections.push(Section { heading, line, header, end, entries, is_prefixed, next });
            continue;
        }
        let Some(section) = sections.last_mut() else {
            return Err((number, "a setting before the first [section]"));
        };
        let pair = pair(text, at..at + line.len());
        if is_indented {
            let Some(parent) = entries[section.entries.clone()].last_mut() else {
                return Err((number, "an indented line without a setting above it"));
            };
            parent.span.end = end;
            let below = parent.below.get_or_insert_default();
            match pair {
                Some((key, value, _)) if parent.value.is_empty() && !key.is_empty() => {
                    below.nested.push((key, value));
                }
                _ => _ = below.plain.get_or_insert(number),
            }
            continue;
        }
        match pair {
            Some((key, ..)) if key.is_empty() => return Err((number, "a setting without a name")),
            Some((key, value, raw_value)) => {
                entries.push(Entry { key, value, raw_value, line: number, span: at..end, below: None });
                section.entries.end = entries.len();
            }
            None if line.contains(':') => {
                return Err((
                    number,
                    "a setting with `:` instead of `=`, which only the AWS CLI and Python read",
                ));
            }
            None => return Err((number, "neither `key = value` nor a [section]")),
        }
    }
    Ok((sections, entries))
}

/// Key, value without an inline comment, and value with it.
fn pair(text: &str, line: Range<usize>) -> Option<(Range<usize>, Range<usize>, Range<usize>)> {
    let equals = line.start + text[line.clone()].find('=')?;
    let commentless = line.start..comment_in(text, line.clone());
    if equals >= commentless.end {
        return None;
    }
    let value = trimmed(text, equals + 1..commentless.end);
    Some((trimmed(text, line.start..equals), value, trimmed(text, equals + 1..line.end)))
}

/// Where an inline comment begins: at ` #` or ` ;`.
fn comment_in(text: &str, line: Range<usize>) -> usize {
    let slice = &text[line.clone()];
    let mut marks = slice.bytes().enumerate().filter(|(_, byte)| matches!(byte, b'#' | b';'));
    marks
        .find(|(at, _)| slice[..*at].ends_with(char::is_whitespace))
        .map_or(line.end, |(at, _)| line.start + at)
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    // Byte by byte: of a big file this is most of the reading.
    let says = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let bytes = &text.as_bytes()[range.clone()];
    let Some(first) = bytes.iter().position(says) else { return range.end..range.end };
    let last = bytes.iter().rposition(says).unwrap_or(first);
    range.start + first..range.start + last + 1
}

pub(super) fn without_end(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

fn heading(name: &str) -> Heading {
    let name = name.trim_matches(BLANKS);
    let (kind, rest) = match name.split_once(BLANKS) {
        Some((kind, rest)) => (kind, unquoted(rest.trim_matches(BLANKS))),
        None => (name, ""),
    };
    match (kind, rest) {
        ("default", "") => Heading::Profile("default".to_owned()),
        ("profile", rest) if !rest.is_empty() => Heading::Profile(rest.to_owned()),
        ("sso-session", rest) if !rest.is_empty() => Heading::SsoSession(rest.to_owned()),
        ("services", rest) if !rest.is_empty() => Heading::Services(rest.to_owned()),
        _ => Heading::Other(name.to_owned()),
    }
}

/// Quotes around a name are shell-like and no part of it (botocore reads headers with `shlex`).
fn unquoted(name: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = name.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    name
}

fn place_of_byte(path: &Path, bytes: &[u8], offset: usize) -> Place {
    let line = bytes[..offset].split(|byte| *byte == b'\n').count();
    Place { path: path.to_path_buf(), line }
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
