//! Finds what makes the file unusable for botocore (AWS CLI, Python), though the other SDKs read it.
//!
//! Python's `RawConfigParser` refuses the whole file because of one duplicate name. Only some tools would see an edit
//! of such a file, so it is refused, and both places are named.

use std::borrow::Cow;
use std::collections::HashMap;

use super::headers::python_title;
use crate::profile::document::{BLANKS, BOM, Document, Section};
use crate::profile::reading::without_end;
use crate::profile::{ConfigError, Heading};

impl Document {
    pub fn check_for_every_tool(&self) -> Result<(), ConfigError> {
        if let Some(error) = self.first_fault() {
            return Err(error);
        }
        self.check_letters()?;
        let mut titles: HashMap<&str, usize> = HashMap::with_capacity(self.sections().len());
        let mut keys = HashMap::new();
        for section in self.sections() {
            let title = python_title(&self.text()[section.header.clone()]);
            if title.is_empty() {
                return Err(self.unshared(section.line, "a section header without a name"));
            }
            if let Some(first) = titles.insert(title, section.line) {
                return Err(self.doubled_name(section.line, &format!("[{title}]"), first));
            }
            keys.clear();
            self.check_keys(section, &mut keys)?;
        }
        Ok(())
    }

    /// Checks that there is at most one section of this heading, and that all tools read its header the same way.
    pub(in crate::profile) fn only(&self, heading: &Heading) -> Result<Option<&Section>, ConfigError> {
        let all = self.all(heading);
        if let [first, second, ..] = all.as_slice() {
            return Err(self.doubled_name(second.line, &heading.to_string(), first.line));
        }
        let Some(&section) = all.first() else { return Ok(None) };
        let header = &self.text()[section.header.clone()];
        if header.find(']') != header.rfind(']') {
            return Err(
                self.unshared(section.line, "a second `]`, which Python reads as the end of the name")
            );
        }
        Ok(Some(section))
    }

    fn check_letters(&self) -> Result<(), ConfigError> {
        if self.text().starts_with(BOM) {
            return Err(self.unshared(1, "a byte order mark, at which the AWS CLI stops"));
        }
        // Nearly every file.
        if self.text().bytes().all(|byte| matches!(byte, b'\n' | b'\t' | b' '..=b'~')) {
            return Ok(());
        }
        for (index, whole) in self.text().split_inclusive('\n').enumerate() {
            // At the end of the file, a CR is not half of a line end.
            let line = if whole.ends_with('\n') { without_end(whole) } else { whole };
            let fail = |what| Err(self.unshared(index + 1, what));
            if line.contains('\0') {
                return fail("a NUL byte: the file is damaged, or not UTF-8");
            }
            if line.contains('\r') {
                return fail("a carriage return without a line feed, which tools read differently");
            }
            if line.starts_with(|first: char| first.is_whitespace() && !BLANKS.contains(&first)) {
                return fail("a blank at the start that is neither space nor tab");
            }
        }
        Ok(())
    }

    /// Checks the keys of a section; `keys` is empty.
    fn check_keys<'a>(
        &'a self,
        section: &Section,
        keys: &mut HashMap<Cow<'a, str>, usize>,
    ) -> Result<(), ConfigError> {
        for entry in self.entries(section) {
            // Python reads `a:b = c` as `a`.
            let key = match self.key_of(entry) {
                Cow::Borrowed(key) => Cow::Borrowed(before_colon(key)),
                Cow::Owned(key) => Cow::Owned(before_colon(&key).to_owned()),
            };
            if let Some(first) = keys.get(&key) {
                return Err(self.doubled_name(entry.line, &format!("`{key}`"), *first));
            }
            keys.insert(key, entry.line);
            let plain = entry.below.as_ref().and_then(|below| below.plain);
            if let (true, Some(line)) = (entry.raw_value.is_empty(), plain) {
                return Err(
                    self.unshared(line, "an indented line below an empty value that is not `key = value`")
                );
            }
        }
        Ok(())
    }

    fn doubled_name(&self, line: usize, what: &str, first: usize) -> ConfigError {
        ConfigError::Doubled {
            place: self.place_at(line),
            what: what.to_owned(),
            first: self.place_at(first),
        }
    }

    pub(in crate::profile) fn unshared(&self, line: usize, what: &'static str) -> ConfigError {
        ConfigError::Unshared { place: self.place_at(line), what }
    }
}

fn before_colon(key: &str) -> &str {
    key.split(':').next().unwrap_or_default().trim_end()
}

impl std::fmt::Display for Heading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Profile(name) if name == "default" => f.write_str("[default]"),
            Self::Profile(name) => write!(f, "[profile {name}]"),
            Self::SsoSession(name) => write!(f, "[sso-session {name}]"),
            Self::Services(name) => write!(f, "[services {name}]"),
            Self::Other(name) => write!(f, "[{name}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn what_botocore_refuses_is_named_with_both_places() {
        for (text, message) in [
            ("[profile a]\n[x]\n[profile a]\n", "/c:3: [profile a] is already defined at /c:1"),
            ("[x]\nRegion = 1\nregion=2\n", "/c:3: `region` is already defined at /c:2"),
            ("[x]\nregion = 1\nregion:x = 2\n", "/c:3: `region` is already defined at /c:2"),
            ("\u{feff}[x]\n", "/c:1: a byte order mark"),
            ("[x]\na = 1\0\n", "/c:2: a NUL byte"),
            ("[x]\n# a\r[profile y]\n", "/c:2: a carriage return without"),
            ("[x]\na =\n  eu\n", "/c:3: an indented line below an empty value"),
            ("[x]\na = 1\n\u{b}b = 2\n", "/c:3: a blank at the start"),
        ] {
            let document = Document::parse(Path::new("/c"), text).expect("reading works");
            let error = document.check_for_every_tool().expect_err(text).to_string();
            assert!(error.starts_with(message), "{text:?}: {error}");
        }
    }

    #[test]
    fn what_all_tools_read_is_fine() {
        let text = "# x\r\n[profile a]\r\ns3 =\r\n  a = 1\r\n\r\n  b = 2\r\nregion = eu\r\n[profile  'a b']\nx = y\n z\n[default]\n";
        Document::parse(Path::new("/c"), text).expect("parses").check_for_every_tool().expect("fine");
    }

    #[test]
    fn two_headers_for_one_name_are_refused_where_they_matter() {
        let text = "[default]\n[profile default]\n[profile 'a']\n[profile a]\n[profile b] # ]\n";
        let document = Document::parse(Path::new("/c"), text).expect("parses");
        document.check_for_every_tool().expect("botocore reads it");
        for (name, message) in [
            ("default", "/c:2: [default] is already defined at /c:1"),
            ("a", "/c:4: [profile a] is already defined at /c:3"),
            ("b", "/c:5: a second `]`"),
        ] {
            let error = document.only(&Heading::Profile(name.into())).err().expect(name).to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }
}
