//! Reads the lines of the config file, as botocore does if the other SDKs cannot.
//!
//! Those are indented keys and headers, and `key: value`.
//!
//! A line that no tool can read becomes a [`Fault`], and its section cannot be used.

use std::ops::Range;

use super::Heading;
use super::document::{BLANKS, BOM, Entry, Section};
use super::invisible;

/// A line that not every tool, or no tool, can read.
#[derive(Clone)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) what: &'static str,
    /// The index of its section; `None` above the first one.
    pub(super) section: Option<usize>,
    /// Whether botocore reads the line, and so kcaws does too.
    pub(super) is_read: bool,
}

#[derive(Default)]
pub(super) struct Lines {
    pub(super) sections: Vec<Section>,
    pub(super) entries: Vec<Entry>,
    pub(super) faults: Vec<Fault>,
}

/// Recognizes which indented lines continue the setting above them.
///
/// Python's `RawConfigParser` compares with the last line that began something; for a file without indented keys that
/// is the rule of all SDKs.
#[derive(Default)]
pub(super) struct Indentation {
    level: usize,
    has_setting: bool,
}

pub(super) fn blanks_before(line: &str) -> usize {
    line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

impl Indentation {
    /// Returns whether the line continues a setting. `line` is neither blank nor a comment.
    pub(super) fn continues(&mut self, line: &str) -> bool {
        let indent = blanks_before(line);
        if self.has_setting && indent > self.level {
            return true;
        }
        self.level = indent;
        false
    }

    pub(super) fn header(&mut self) {
        self.has_setting = false;
    }

    pub(super) fn setting(&mut self) {
        self.has_setting = true;
    }
}

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        let mut lines = Self::default();
        let mut indentation = Indentation::default();
        let mut start = if text.starts_with(BOM) { BOM.len_utf8() } else { 0 };
        for (index, whole) in text[start..].split_inclusive('\n').enumerate() {
            let (number, at) = (index + 1, start);
            start += whole.len();
            let line = without_end(whole);
            let words = &line[trimmed(line, 0..line.len())];
            if !words.is_empty() && !words.starts_with(['#', ';']) {
                lines.add(text, number, at..start, line, &mut indentation);
            }
        }
        lines
    }

    fn add(
        &mut self,
        text: &str,
        number: usize,
        at: Range<usize>,
        line: &str,
        indentation: &mut Indentation,
    ) {
        let inner = at.start..at.start + line.len();
        if indentation.continues(line) {
            return self.continuation(text, number, inner, at.end);
        }
        if let Some(header) = header_of(line) {
            indentation.header();
            return self.header(text, number, at, line, header);
        }
        let Some(section) = self.sections.last_mut() else {
            return self.fault(number, "a setting before the first [section]");
        };
        match setting(text, inner.clone()) {
            Some((key, ..)) if key.is_empty() => self.fault(number, "a setting without a name"),
            Some((key, value, raw_value)) => {
                indentation.setting();
                self.entries.push(Entry { key, value, raw_value, line: number, span: at, below: None });
                section.entries.end = self.entries.len();
                if line.starts_with(BLANKS) {
                    self.unshared(
                        number,
                        "an indented setting, which the Rust, Java and Ruby SDKs do not read",
                    );
                } else if pair(text, inner).is_none() {
                    self.unshared(
                        number,
                        "a setting with `:` instead of `=`, which only the AWS CLI and Python read",
                    );
                }
            }
            None => self.fault(number, "neither `key = value` nor a [section]"),
        }
    }

    fn header(&mut self, text: &str, number: usize, at: Range<usize>, line: &str, header: &str) {
        if let Some(before) = self.sections.last_mut() {
            before.end = at.start;
        }
        let (name, is_closed) = match header.split_once(']') {
            Some((name, _)) => (name, true),
            None => (header, false),
        };
        let heading = heading(name);
        let is_default = heading == Heading::Profile("default".to_owned());
        self.sections.push(Section {
            heading,
            line: number,
            header: at,
            end: text.len(),
            entries: self.entries.len()..self.entries.len(),
            is_prefixed: is_default && name.trim_matches(BLANKS) != "default",
            next: None,
        });
        if !is_closed {
            // What follows belongs to no section but this one.
            self.fault(number, "a section header without `]`");
        } else if line.starts_with(BLANKS) {
            self.unshared(
                number,
                "an indented section header, which the Rust, Java and Ruby SDKs do not read",
            );
        } else if !line.starts_with('[') {
            self.fault(number, "a section header after an invisible character");
        }
    }

    fn continuation(&mut self, text: &str, number: usize, line: Range<usize>, end: usize) {
        let Some(parent) = self.entries.last_mut() else { return };
        parent.span.end = end;
        let below = parent.below.get_or_insert_default();
        match pair(text, line) {
            Some((key, value, _)) if parent.value.is_empty() && !key.is_empty() => {
                below.nested.push((key, value));
            }
            _ => _ = below.plain.get_or_insert(number),
        }
    }

    fn fault(&mut self, line: usize, what: &'static str) {
        let section = self.sections.len().checked_sub(1);
        self.faults.push(Fault { line, what, section, is_read: false });
    }

    fn unshared(&mut self, line: usize, what: &'static str) {
        let section = self.sections.len().checked_sub(1);
        self.faults.push(Fault { line, what, section, is_read: true });
    }
}

/// Returns the part of a header after the `[`.
///
/// After an invisible character it counts too, so that its settings belong to no other section; with a `=` the SDKs
/// read it as a setting.
fn header_of(line: &str) -> Option<&str> {
    line.trim_start_matches(BLANKS)
        .strip_prefix('[')
        .or_else(|| invisible::trimmed_start(line).strip_prefix('[').filter(|header| !header.contains('=')))
}

type Pair = (Range<usize>, Range<usize>, Range<usize>);

/// Returns the key, the value without an inline comment, and the value with it; the key ends at the first `=`.
fn pair(text: &str, line: Range<usize>) -> Option<Pair> {
    pair_at(text, line, ['='])
}

/// Returns the same for a line of a section, whose key ends at the first `=` or `:`.
fn setting(text: &str, line: Range<usize>) -> Option<Pair> {
    pair_at(text, line, ['=', ':'])
}

fn pair_at<const N: usize>(text: &str, line: Range<usize>, delimiters: [char; N]) -> Option<Pair> {
    let equals = line.start + text[line.clone()].find(delimiters)?;
    let commentless = line.start..comment_in(text, line.clone());
    if equals >= commentless.end {
        return None;
    }
    let value = trimmed(text, equals + 1..commentless.end);
    Some((trimmed(text, line.start..equals), value, trimmed(text, equals + 1..line.end)))
}

/// Returns where an inline comment begins: at ` #` or ` ;`.
fn comment_in(text: &str, line: Range<usize>) -> usize {
    let slice = &text[line.clone()];
    let mut marks = slice.bytes().enumerate().filter(|(_, byte)| matches!(byte, b'#' | b';'));
    marks
        .find(|(at, _)| slice[..*at].ends_with(char::is_whitespace))
        .map_or(line.end, |(at, _)| line.start + at)
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    // Byte by byte: in a large file this is most of the reading.
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

/// Quotes around a name are shell-like and not part of it (botocore reads headers with `shlex`).
fn unquoted(name: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = name.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    name
}
