//! The config file as sections and keys with their places. Reading only looks: what the file's bytes are is not
//! changed by any of this.
//!
//! The rules are those that botocore, the Rust SDK and JavaScript share; where they differ we take the reading
//! that no tool calls an error (inline comments are cut, duplicate sections are merged, the later key wins).

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::{ConfigError, Place};

#[derive(Clone, Debug)]
pub struct Document {
    path: PathBuf,
    sections: Vec<Section>,
}

/// What a section's header says. `[default]` and `[profile default]` are one profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heading {
    Profile(String),
    SsoSession(String),
    Services(String),
    /// Something that is none of ours, `[plugins]` for example.
    Other(String),
}

#[derive(Clone, Debug)]
pub struct Section {
    pub heading: Heading,
    pub place: Place,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    /// In lower case: keys are case-insensitive in every SDK.
    key: String,
    value: String,
    line: usize,
    /// The indented `key = value` lines below an empty value: `sso =\n  endpoint_url = …`.
    nested: Vec<(String, String)>,
}

impl Document {
    /// A missing file is an empty one, as everywhere.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        match std::fs::read(path) {
            Ok(bytes) => {
                let text = String::from_utf8(bytes).map_err(|error| ConfigError::Syntax {
                    place: place_of_byte(path, error.as_bytes(), error.utf8_error().valid_up_to()),
                    what: "not valid UTF-8",
                })?;
                Self::parse(path, &text)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::parse(path, ""),
            Err(source) => Err(ConfigError::Unreadable { path: path.to_path_buf(), source }),
        }
    }

    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let mut sections: Vec<Section> = Vec::new();
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let place = || Place { path: path.to_path_buf(), line: index + 1 };
            let fail = |what| Err(ConfigError::Syntax { place: place(), what });
            let indented = line.starts_with([' ', '\t']);
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(header) = line.strip_prefix('[').filter(|_| !indented) {
                let Some((name, _)) = header.split_once(']') else {
                    return fail("a section header without `]`");
                };
                sections.push(Section { heading: heading(name), place: place(), entries: Vec::new() });
                continue;
            }
            let Some(section) = sections.last_mut() else {
                return fail("a setting before the first [section]");
            };
            let pair = line.split_once('=').map(|(key, value)| (key.trim(), value_of(value)));
            if indented {
                let Some(parent) = section.entries.last_mut() else {
                    return fail("an indented line without a setting above it");
                };
                // A continuation of a plain value means nothing to us, and nothing is said of it.
                if let (true, Some((key, value))) = (parent.value.is_empty(), pair) {
                    parent.nested.push((key.to_ascii_lowercase(), value.to_owned()));
                }
                continue;
            }
            match pair {
                Some(("", _)) => return fail("a setting without a name"),
                Some((key, value)) => section.entries.push(Entry {
                    key: key.to_ascii_lowercase(),
                    value: value.to_owned(),
                    line: index + 1,
                    nested: Vec::new(),
                }),
                None => return fail("neither `key = value` nor a [section]"),
            }
        }
        Ok(Self { path: path.to_path_buf(), sections })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of all sections of a kind, in order, each once.
    pub fn names(&self, kind: impl Fn(&Heading) -> Option<&str>) -> Vec<String> {
        let mut seen = HashSet::new();
        let names = self.sections.iter().filter_map(|section| kind(&section.heading));
        names.filter(|name| seen.insert(*name)).map(str::to_owned).collect()
    }

    /// Every profile, in order, in one pass.
    pub fn profiles(&self) -> Vec<View<'_>> {
        let mut profiles: Vec<View<'_>> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for section in &self.sections {
            let Heading::Profile(name) = &section.heading else { continue };
            let place = *places.entry(name).or_insert_with(|| {
                profiles.push(View { sections: Vec::new() });
                profiles.len() - 1
            });
            profiles[place].sections.push(section);
        }
        profiles
    }

    /// All sections with this heading, merged into one view.
    pub fn section(&self, heading: &Heading) -> Option<View<'_>> {
        let sections: Vec<&Section> =
            self.sections.iter().filter(|section| &section.heading == heading).collect();
        (!sections.is_empty()).then_some(View { sections })
    }
}

/// One section, or several of one name read as one.
pub struct View<'a> {
    sections: Vec<&'a Section>,
}

impl<'a> View<'a> {
    pub fn place(&self) -> Place {
        self.sections[0].place.clone()
    }

    fn entry(&self, key: &str) -> Option<(&'a Section, &'a Entry)> {
        self.sections.iter().rev().find_map(|section| {
            section.entries.iter().rfind(|entry| entry.key == key).map(|entry| (*section, entry))
        })
    }

    /// The value, unless it is empty.
    pub fn get(&self, key: &str) -> Option<&'a str> {
        self.entry(key).map(|(_, entry)| entry.value.as_str()).filter(|value| !value.is_empty())
    }

    pub fn place_of(&self, key: &str) -> Place {
        match self.entry(key) {
            Some((section, entry)) => Place { path: section.place.path.clone(), line: entry.line },
            None => self.place(),
        }
    }

    /// `key` of the block below `parent =`.
    pub fn nested(&self, parent: &str, key: &str) -> Option<&'a str> {
        let (_, entry) = self.entry(parent)?;
        entry.nested.iter().rfind(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

fn heading(name: &str) -> Heading {
    let name = name.trim();
    let (kind, rest) = match name.split_once([' ', '\t']) {
        Some((kind, rest)) => (kind, unquoted(rest.trim())),
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

/// Without an inline comment: ` #` and ` ;` begin one for the Rust and JavaScript SDKs.
fn value_of(raw: &str) -> &str {
    let mut end = raw.len();
    for (at, _) in raw.match_indices(['#', ';']) {
        if raw[..at].ends_with([' ', '\t']) {
            end = at;
            break;
        }
    }
    raw[..end].trim()
}

fn place_of_byte(path: &Path, bytes: &[u8], offset: usize) -> Place {
    let line = bytes[..offset].split(|byte| *byte == b'\n').count();
    Place { path: path.to_path_buf(), line }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Document {
        Document::parse(Path::new("config"), text).expect("parses")
    }

    fn profile(document: &Document, name: &str, key: &str) -> Option<String> {
        document.section(&Heading::Profile(name.into()))?.get(key).map(str::to_owned)
    }

    #[test]
    fn sections_keys_and_values_are_found() {
        let document = parse(
            "# top\n[default]\nregion=eu-central-1\n\n[profile dev] # mine\nRegion = us-east-1 ; near\nurl = a#b\r\n\
             [profile 'q u']\nx = 1\n[sso-session corp]\nsso_region = eu-west-1\n[plugins]\ny = 2\n",
        );
        assert_eq!(profile(&document, "default", "region").as_deref(), Some("eu-central-1"));
        assert_eq!(profile(&document, "dev", "region").as_deref(), Some("us-east-1"));
        assert_eq!(profile(&document, "dev", "url").as_deref(), Some("a#b"));
        assert_eq!(profile(&document, "q u", "x").as_deref(), Some("1"));
        assert!(document.section(&Heading::SsoSession("corp".into())).is_some());
        let dev = document.section(&Heading::Profile("dev".into())).expect("is there");
        assert_eq!(dev.place().line, 5);
        assert_eq!(dev.place_of("region").to_string(), "config:6");
    }

    #[test]
    fn profile_default_and_default_are_one_and_later_keys_win() {
        let document = parse("[default]\na = 1\nb = 1\n[profile default]\na = 2\n");
        assert_eq!(profile(&document, "default", "a").as_deref(), Some("2"));
        assert_eq!(profile(&document, "default", "b").as_deref(), Some("1"));
    }

    #[test]
    fn nested_blocks_belong_to_their_key() {
        let document =
            parse("[services s]\nsso =\n  endpoint_url = http://127.0.0.1:1\nsts =\n\tendpoint_url = x\n");
        let services = document.section(&Heading::Services("s".into())).expect("is there");
        assert_eq!(services.nested("sso", "endpoint_url"), Some("http://127.0.0.1:1"));
        assert_eq!(services.nested("sts", "endpoint_url"), Some("x"));
        assert_eq!(services.nested("ec2", "endpoint_url"), None);
    }

    #[test]
    fn broken_lines_are_named_with_their_place() {
        for (text, line) in
            [("x = 1\n", 1), ("[a\n", 1), ("[a]\nnonsense\n", 2), ("[a]\n = 1", 2), ("[a]\n  b = 1\n", 2)]
        {
            let error = Document::parse(Path::new("/c"), text).expect_err(text);
            assert!(error.to_string().starts_with(&format!("/c:{line}: ")), "{error}");
        }
    }

    #[test]
    fn a_missing_file_is_empty_and_bad_bytes_have_a_line() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let path = folder.path().join("config");
        assert!(Document::load(&path).expect("empty").names(|_| Some("x")).is_empty());
        std::io::Write::write_all(
            &mut tempfile::NamedTempFile::new_in(folder.path())
                .and_then(|f| Ok(f.persist(&path)?))
                .expect("creates"),
            b"[a]\nb = \xff\n",
        )
        .expect("writes");
        assert!(
            Document::load(&path).expect_err("refused").to_string().ends_with("config:2: not valid UTF-8")
        );
    }
}
