//! How botocore reads section headers.
//!
//! Python's `shlex` splits a header, and one that is not exactly two words is ignored. The other SDKs compare
//! characters. An edit must not build on a header that the two read differently.

use crate::profile::Heading;
use crate::profile::document::Section;
use crate::profile::document::{BLANKS, Document};

impl Document {
    /// Returns the headers that botocore ignores or reads as another name, each with everything that may be meant.
    pub(in crate::profile) fn odd_headers(&self) -> Vec<(usize, Vec<Heading>)> {
        let odd = self.sections().iter().filter(|section| !self.is_plain_header(section));
        odd.filter_map(|section| {
            let title = python_title(&self.text()[section.header.clone()]);
            let read = python_heading(title);
            let is_odd = match (&read, &section.heading) {
                (None, Heading::Other(_)) => false,
                (read, ours) => read.as_ref() != Some(ours),
            };
            let meant = || read.into_iter().chain([section.heading.clone(), unquoted(&section.heading)]);
            is_odd.then(|| (section.line, meant().collect()))
        })
        .collect()
    }

    /// Returns whether the header is a plain one, as nearly all of perhaps ten thousand are.
    fn is_plain_header(&self, section: &Section) -> bool {
        let header = self.text()[section.header.clone()].trim_end();
        let Some(title) = header.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
            return false;
        };
        let mut words = title.split(' ');
        let is_name = |name: &str| crate::profile::draft::is_plain_name(name);
        match (words.next(), words.next(), words.next()) {
            (Some("default"), None, None) => true,
            (Some("profile" | "sso-session" | "services"), Some(name), None) => is_name(name),
            _ => false,
        }
    }
}

/// Returns what Python reads as the name: everything up to the last `]`.
pub(in crate::profile) fn python_title(header: &str) -> &str {
    let header = header.trim().strip_prefix('[').unwrap_or(header);
    header.rfind(']').map_or(header, |end| &header[..end])
}

/// Returns the section that botocore reads, or `None` if it ignores these lines.
///
/// It only compares the beginning, so that `[profiles x]` is a profile to it.
pub(in crate::profile) fn python_heading(title: &str) -> Option<Heading> {
    if title == "default" {
        return Some(Heading::Profile(title.to_owned()));
    }
    let heading = [
        ("profile", Heading::Profile as fn(String) -> Heading),
        ("sso-session", Heading::SsoSession),
        ("services", Heading::Services),
    ];
    let (_, heading) = heading.into_iter().find(|(start, _)| title.starts_with(start))?;
    match shlex(title)?.as_slice() {
        [_, name] => Some(heading(name.clone())),
        _ => None,
    }
}

/// Splits as `shlex.split`; `None` if that raises.
fn shlex(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\\' => word.get_or_insert_default().push(letters.next()?),
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        end if end == letter => break,
                        '\\' if letter == '"' => match letters.next()? {
                            escaped @ ('"' | '\\') => word.push(escaped),
                            other => word.extend(['\\', other]),
                        },
                        inner => word.push(inner),
                    }
                }
            }
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    Some(words)
}

/// Returns the name without the characters that a shell interprets.
fn unquoted(heading: &Heading) -> Heading {
    let plain = |name: &String| {
        let name: String = name.chars().filter(|letter| !matches!(letter, '\'' | '"' | '\\')).collect();
        name.trim_matches(BLANKS).to_owned()
    };
    match heading {
        Heading::Profile(name) => Heading::Profile(plain(name)),
        Heading::SsoSession(name) => Heading::SsoSession(plain(name)),
        Heading::Services(name) => Heading::Services(plain(name)),
        Heading::Other(name) => Heading::Other(name.clone()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The results of `shlex.split` in Python 3.11.
    #[test]
    fn words_are_those_of_python() {
        for (text, words) in [
            ("profile x", Some(vec!["profile", "x"])),
            ("profile 'a b' \"c\\\"d\\e\"", Some(vec!["profile", "a b", "c\"d\\e"])),
            ("profile a\\ b''", Some(vec!["profile", "a b"])),
            ("profile ''", Some(vec!["profile", ""])),
            ("profile a#b", Some(vec!["profile", "a#b"])),
            ("profile \"x", None),
            ("profile o'neil", None),
            ("profile x\\", None),
        ] {
            let words = words.map(|words| words.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(shlex(text), words, "{text}");
        }
    }

    #[test]
    fn headers_that_botocore_reads_otherwise_are_found_with_what_they_may_mean() {
        for (header, meant) in [
            ("[profile \"x]", "[profile x]"),
            ("[profile o'neil]", "[profile oneil]"),
            ("[profile a b]", "[profile a b]"),
            ("[profile a\\b]", "[profile ab]"),
            ("[ profile x ]", "[profile x]"),
            ("[ default ]", "[default]"),
            ("[profiles x]", "[profile x]"),
            ("[sso-session 'x]", "[sso-session x]"),
        ] {
            let text = format!("# one\n{header}\nregion = x\n");
            let document = Document::parse(Path::new("/c"), &text).expect("parses");
            let odd = document.odd_headers();
            assert_eq!(odd.len(), 1, "{header}");
            assert!(odd[0].0 == 2 && odd[0].1.iter().any(|one| one.to_string() == meant), "{odd:?}");
        }
    }

    #[test]
    fn headers_that_all_read_alike_are_not() {
        let text = "[default]\n[profile a]\n[profile\tb]\n[profile 'c d'] # x\n[profile  e ]\n[plugins]\n[x y]\n[preview]\n";
        let document = Document::parse(Path::new("/c"), text).expect("parses");
        assert_eq!(document.odd_headers(), []);
    }
}
