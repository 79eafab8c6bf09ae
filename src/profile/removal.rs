//! What goes with a profile that is removed, and which profiles run kcaws without being one of its own.

use super::Place;
use super::document::{Document, Heading, Section};
use crate::shell::words::words;

/// The keys that kcaws writes to a profile.
const KEYS: [&str; 3] = ["credential_process", "region", "output"];

/// A line of the user's own in the section of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLine {
    pub line: usize,
    /// `None` for a comment.
    pub key: Option<String>,
}

impl Document {
    /// Returns the lines of a profile's section that kcaws did not write, as far as they are removed with it.
    pub fn own_lines(&self, profile: &str) -> Vec<OwnLine> {
        let of_section = |section: &Section| {
            let keys = self.entries(section).iter().map(|entry| (entry.line, self.key_of(entry)));
            let keys = keys.filter(|(_, key)| !KEYS.contains(&&**key));
            let mut lines: Vec<OwnLine> =
                keys.map(|(line, key)| OwnLine { line, key: Some(key.into_owned()) }).collect();
            let text = &self.text()[section.header.end..self.last_word(section)];
            let is_comment = |(_, line): &(usize, &str)| line.trim_start().starts_with(['#', ';']);
            let comments = text.lines().enumerate().filter(is_comment);
            lines.extend(comments.map(|(at, _)| OwnLine { line: section.line + 1 + at, key: None }));
            lines
        };
        let sections = self.all(&Heading::Profile(profile.to_owned()));
        let mut lines: Vec<OwnLine> = sections.into_iter().flat_map(of_section).collect();
        lines.sort_by_key(|one| one.line);
        lines
    }

    /// Returns the profiles that run kcaws with other options than it writes, and the place of that line.
    pub fn with_other_options(&self) -> Vec<(String, Place)> {
        let mut found = self.running_kcaws(|heading| match heading {
            Heading::Profile(name) => Some(name),
            _ => None,
        });
        found.retain(|(name, _)| self.own(name).is_none());
        found
    }

    /// Returns the profiles of `~/.aws/credentials` that run kcaws; their sections have no prefix.
    pub fn with_kcaws_in_credentials(&self) -> Vec<(String, Place)> {
        self.running_kcaws(|heading| match heading {
            Heading::Profile(name) | Heading::Other(name) => Some(name),
            _ => None,
        })
    }

    fn running_kcaws(&self, name_of: impl Fn(&Heading) -> Option<&str>) -> Vec<(String, Place)> {
        let place = |heading: &Heading| {
            let section = self.section(heading)?;
            runs_kcaws(section.get("credential_process")?).then(|| section.place_of("credential_process"))
        };
        let name = |section: &Section| {
            let heading = &section.heading;
            Some((name_of(heading)?.to_owned(), place(heading)?))
        };
        let mut found: Vec<(String, Place)> = self.sections().iter().filter_map(name).collect();
        found.dedup();
        found
    }
}

/// Returns whether the line would fail without kcaws, however it starts it: with other options, or by another program.
fn runs_kcaws(line: &str) -> bool {
    let names_it = |word: &str| {
        let name = word.rsplit(['/', '\\']).next().unwrap_or_default();
        matches!(name, "kcaws" | "kcaws.exe")
    };
    words(line).iter().any(|word| word.split_whitespace().any(names_it))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const LINE: &str = "/bin/kcaws credential-process --session s --account 111122223333 --role r";

    #[test]
    fn lines_that_kcaws_did_not_write_are_found() {
        let text = format!(
            "# above\n[profile dev] # here\n# mine\ncredential_process = {LINE}\nregion = x\ns3 =\n  a = b\n\n; more\noutput = json\n# below\n"
        );
        let document = Document::parse(Path::new("/c"), &text).expect("parses");
        let lines: Vec<_> = document.own_lines("dev").into_iter().map(|one| (one.line, one.key)).collect();
        assert_eq!(lines, [(3, None), (6, Some("s3".to_owned())), (9, None)]);
        assert!(document.own_lines("other").is_empty());
    }

    #[test]
    fn profiles_that_run_kcaws_otherwise_are_found_with_their_place() {
        let text = format!(
            "[profile a]\ncredential_process = {LINE}\n[profile b]\nregion = x\ncredential_process = {LINE} --extra\n\
             [profile c]\ncredential_process = aws-vault export c\n[profile d]\n\
             credential_process = kcaws credential-process --profile a\n[profile e]\n\
             credential_process = env X=1 /usr/bin/kcaws -v credential-process --profile a\n[profile f]\n\
             credential_process = sh -c \"kcaws credential-process --profile a\"\n[profile g]\n\
             credential_process = /opt/kcaws/helper\n"
        );
        let document = Document::parse(Path::new("/c"), &text).expect("parses");
        let lines = |found: Vec<(String, Place)>| -> Vec<String> {
            found.iter().map(|(name, place)| format!("{name}@{}", place.line)).collect()
        };
        assert_eq!(lines(document.with_other_options()), ["b@5", "d@9", "e@11", "f@13"]);
        let text = format!("[default]\nx = y\n[a]\ncredential_process = {LINE}\n");
        let credentials = Document::parse(Path::new("/c"), &text).expect("parses");
        assert_eq!(lines(credentials.with_kcaws_in_credentials()), ["a@4"]);
    }
}
