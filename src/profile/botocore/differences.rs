//! Finds where the readers of `~/.aws/config` and `~/.aws/credentials` differ.
//!
//! botocore (AWS CLI, Python) reads with Python's `RawConfigParser`, the Rust, Go and JavaScript SDKs by rules of their
//! own. A file that one of them refuses or reads in another way works with one tool and not with the next.

use std::collections::HashMap;
use std::path::Path;

use super::headers::python_heading;
use crate::profile::document::BLANKS;
use crate::profile::reading::Indentation;
use crate::profile::{Place, invisible};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Config,
    Credentials,
}

/// A place that not all tools read alike. Values are not part of it, since one may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub place: Place,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    ByteOrderMark,
    DuplicateSection {
        title: String,
        first: usize,
    },
    DuplicateKey {
        key: String,
        first: usize,
    },
    /// `key: value`.
    Colon {
        key: String,
    },
    /// Neither `=` nor `:`.
    NoSetting,
    /// An indented key or header.
    Indented,
    /// Not `key = value` below an empty value.
    NestedNoSetting,
    /// Anywhere in the line except in comments.
    Invisible {
        letter: char,
    },
    /// `[profile 'a b']`.
    BlankInName {
        title: String,
    },
    /// `[profile "dev]`: ignored by botocore, whatever the others make of it.
    Unread {
        title: String,
    },
    /// `[profiles dev]`: a profile to botocore only.
    ReadByBotocore {
        title: String,
    },
    /// `[dev]` in the config file.
    Unprefixed {
        title: String,
    },
    /// `[DEFAULT]`, whose settings Python adds to every section.
    AddedByPython,
    /// `[default]` and `[profile default]`.
    BothDefaults {
        first: usize,
    },
    /// `[profile dev]` in the credentials file.
    Prefixed {
        title: String,
    },
    /// ` # …` after a value.
    InlineComment {
        key: String,
    },
}

impl What {
    /// Returns whether botocore refuses the whole file, so that no profile in it works with the AWS CLI.
    pub fn stops_botocore(&self) -> bool {
        match self {
            Self::ByteOrderMark
            | Self::DuplicateSection { .. }
            | Self::DuplicateKey { .. }
            | Self::NoSetting
            | Self::NestedNoSetting => true,
            Self::Colon { .. }
            | Self::Indented
            | Self::Invisible { .. }
            | Self::BlankInName { .. }
            | Self::Unread { .. }
            | Self::ReadByBotocore { .. }
            | Self::Unprefixed { .. }
            | Self::AddedByPython
            | Self::BothDefaults { .. }
            | Self::Prefixed { .. }
            | Self::InlineComment { .. } => false,
        }
    }
}

/// Sections of the AWS CLI's own that need no prefix.
const CLI_SECTIONS: [&str; 2] = ["plugins", "preview"];

pub fn oddities(path: &Path, text: &str, kind: Kind) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut note =
        |line: usize, what| found.push(Difference { place: Place { path: path.to_path_buf(), line }, what });
    if text.starts_with('\u{feff}') {
        note(1, What::ByteOrderMark);
    }
    let mut titles: HashMap<&str, usize> = HashMap::new();
    let mut keys: HashMap<String, usize> = HashMap::new();
    let (mut indentation, mut is_empty_value) = (Indentation::default(), false);
    let mut defaults: Option<(&str, usize)> = None;
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let number = index + 1;
        let whole = line;
        let line = line.trim_matches(BLANKS);
        if line.trim().is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(letter) = invisible::in_text(line) {
            note(number, What::Invisible { letter });
        }
        if indentation.continues(whole) {
            if is_empty_value && !line.contains('=') {
                note(number, What::NestedNoSetting);
            }
            continue;
        }
        if whole.starts_with(BLANKS) {
            note(number, What::Indented);
        }
        // Python's pattern is greedy: up to the last `]`.
        if let Some(title) = line.strip_prefix('[').and_then(|rest| Some(&rest[..rest.rfind(']')?])) {
            indentation.header();
            keys.clear();
            if let Some(first) = titles.insert(title, number) {
                note(number, What::DuplicateSection { title: title.to_owned(), first });
                continue;
            }
            let words: Vec<&str> = title.split_whitespace().collect();
            if let ["default"] | ["profile", "default"] = words.as_slice() {
                match defaults {
                    Some((other, first)) if other != title => note(number, What::BothDefaults { first }),
                    _ => defaults = Some((title, number)),
                }
            }
            if let Some(what) = oddity_of_title(title, &words, kind) {
                note(number, what);
            }
            continue;
        }
        let Some(end) = line.find(['=', ':']) else {
            note(number, What::NoSetting);
            continue;
        };
        let key = line[..end].trim().to_ascii_lowercase();
        if key.is_empty() {
            note(number, What::NoSetting);
            continue;
        }
        indentation.setting();
        is_empty_value = line[end + 1..].trim().is_empty();
        if let Some(first) = keys.insert(key.clone(), number) {
            note(number, What::DuplicateKey { key, first });
        } else if !line.contains('=') {
            note(number, What::Colon { key });
        } else if [" #", " ;", "\t#", "\t;"].iter().any(|comment| line[end..].contains(comment)) {
            note(number, What::InlineComment { key });
        }
    }
    found
}

fn oddity_of_title(title: &str, words: &[&str], kind: Kind) -> Option<What> {
    let is_read = kind == Kind::Config && python_heading(title).is_some();
    let title = || title.to_owned();
    let is_prefix = |word: &str| matches!(word, "profile" | "sso-session" | "services");
    match (kind, words) {
        (_, ["DEFAULT"]) => Some(What::AddedByPython),
        (Kind::Config, [first, ..]) if (is_prefix(first) || words == ["default"]) && !is_read => {
            Some(What::Unread { title: title() })
        }
        (Kind::Config, [first, _]) if !is_prefix(first) && is_read => {
            Some(What::ReadByBotocore { title: title() })
        }
        (_, [_, _, _, ..]) => Some(What::BlankInName { title: title() }),
        (Kind::Config, ["default"] | ["profile" | "sso-session" | "services", _]) => None,
        (Kind::Config, [name, ..]) if CLI_SECTIONS.contains(name) => None,
        (Kind::Config, _) => Some(What::Unprefixed { title: title() }),
        (Kind::Credentials, ["profile" | "sso-session" | "services", _]) => {
            Some(What::Prefixed { title: title() })
        }
        (Kind::Credentials, [_, _]) => Some(What::BlankInName { title: title() }),
        (Kind::Credentials, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, kind: Kind) -> Vec<(usize, What)> {
        let found = oddities(Path::new("config"), text, kind);
        found.into_iter().map(|oddity| (oddity.place.line, oddity.what)).collect()
    }

    #[test]
    fn what_stops_botocore_is_found_with_its_place() {
        let text = "[profile a]\nregion = x\nREGION: y\n\n[profile b]\nregion = x\n[profile a]\nnonsense\n";
        let found = of(text, Kind::Config);
        assert_eq!(
            found,
            [
                (3, What::DuplicateKey { key: "region".into(), first: 2 }),
                (7, What::DuplicateSection { title: "profile a".into(), first: 1 }),
                (8, What::NoSetting),
            ]
        );
        assert!(found.iter().all(|(_, what)| what.stops_botocore()));
        assert_eq!(of("\u{feff}[default]\n", Kind::Config), [(1, What::ByteOrderMark)]);
    }

    #[test]
    fn what_tools_read_differently_is_found_and_does_not_stop_botocore() {
        let text =
            "[default]\n[profile 'q u']\n[dev]\n[profile default]\nregion : x\nurl = a#b\nrole = x # why\n";
        let found = of(text, Kind::Config);
        assert_eq!(
            found,
            [
                (2, What::BlankInName { title: "profile 'q u'".into() }),
                (3, What::Unprefixed { title: "dev".into() }),
                (4, What::BothDefaults { first: 1 }),
                (5, What::Colon { key: "region".into() }),
                (7, What::InlineComment { key: "role".into() }),
            ]
        );
        assert!(found.iter().all(|(_, what)| !what.stops_botocore()));
        let credentials = "[dev]\n[default]\n[profile x]\n[a b]\n";
        assert_eq!(
            of(credentials, Kind::Credentials),
            [
                (3, What::Prefixed { title: "profile x".into() }),
                (4, What::BlankInName { title: "a b".into() })
            ]
        );
    }

    #[test]
    fn headers_that_botocore_does_not_read_are_found() {
        let text = "[profile \"x]\n[ default ]\n[profile]\n[profiles y]\n[sso-session a b]\n";
        let unread = |title: &str| What::Unread { title: title.into() };
        assert_eq!(
            of(text, Kind::Config),
            [
                (1, unread("profile \"x")),
                (2, unread(" default ")),
                (3, unread("profile")),
                (4, What::ReadByBotocore { title: "profiles y".into() }),
                (5, unread("sso-session a b")),
            ]
        );
        for kind in [Kind::Config, Kind::Credentials] {
            assert_eq!(of("[DEFAULT]\nregion = x\n", kind), [(1, What::AddedByPython)]);
        }
    }

    #[test]
    fn indented_lines_and_invisible_characters_are_found() {
        let text = "[profile a]\n    region = x\n    output = y\n  [profile b]\ns3 =\n  z\n[profile c]\n\
             sso_account_id = \u{a0}1\n\u{200b}region = x\n# \u{a0}\n= x\n";
        let invisible = |letter| What::Invisible { letter };
        assert_eq!(
            of(text, Kind::Config),
            [
                (2, What::Indented),
                (3, What::Indented),
                (4, What::Indented),
                (6, What::NestedNoSetting),
                (8, invisible('\u{a0}')),
                (9, invisible('\u{200b}')),
                (11, What::NoSetting),
            ]
        );
    }

    #[test]
    fn a_plain_file_has_none() {
        let text = "# x\n[default]\nregion = a:b\n\n[profile dev]\ns3 =\n  a = 1\n  a = 1\n[sso-session c]\nsso_region=x\n[plugins]\ny = 1\n";
        assert_eq!(of(text, Kind::Config), []);
    }
}
