//! Edits the user's `config.toml`: the lines that change and no others.
//!
//! The result is parsed and compared before it is written: whatever form the file has, an edit changes the one value or
//! is refused.

use std::ops::Range;
use std::path::Path;

use toml::de::{DeTable, DeValue};
use toml::{Spanned, Value};

use super::error::SettingsError;
use super::layer::{Layer, LayerKind, Leaf};
use super::schema::{File, TeamPin};

/// What is left to the user in a file of an unusual form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByHand {
    /// Set this line in the session's table, wherever it is.
    SessionKey { session: String, line: String },
    /// Set this line in the entry of a team that is there.
    TeamHash { url: String, line: String },
    /// Write `team` as `[[team]]` tables. The entry itself is not shown, since its URL may contain a token.
    NewTeam,
}

/// Returns the file with a key of a session's table.
pub fn with_session_key(
    path: &Path,
    bytes: &[u8],
    session: &str,
    key: &str,
    value: &str,
) -> Result<Vec<u8>, SettingsError> {
    let (before, file) = Layer::parse(LayerKind::User, path, bytes)?;
    let name = vec!["sessions".to_owned(), session.to_owned(), key.to_owned()];
    let line = format!("{key} = {}", quoted(value));
    let table = format!("[sessions.{}]", key_part(session));
    let by_hand = ByHand::SessionKey { session: session.to_owned(), line: line.clone() };
    let refused = || SettingsError::NotEdited { path: path.to_path_buf(), by_hand: by_hand.clone() };
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let after = match before.leaves.iter().find(|leaf| leaf.key == name) {
        Some(leaf) if leaf.value.as_str() == Some(value) => return Ok(bytes.to_vec()),
        Some(leaf) => with_line(text, leaf.line, &line),
        None => match header(text, session) {
            Some(at) => inserted_after(text, at, &line),
            None => appended(text, &format!("{table}\n{line}\n")),
        },
    };
    let mut wanted = before.leaves;
    wanted.retain(|leaf| leaf.key != name);
    wanted.push(Leaf { key: name, value: Value::String(value.to_owned()), line: 0 });
    let (found, now) = Layer::parse(LayerKind::User, path, after.as_bytes()).map_err(|_| refused())?;
    if same_values(wanted, found.leaves) && now.team == file.team {
        Ok(after.into_bytes())
    } else {
        Err(refused())
    }
}

/// Returns the file with the hash of a team's file; a new one becomes the most important of them.
pub fn with_team(path: &Path, bytes: &[u8], pin: &TeamPin) -> Result<Vec<u8>, SettingsError> {
    let (before, File { team, .. }) = Layer::parse(LayerKind::User, path, bytes)?;
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let mut wanted = team.clone();
    let is_meant: Vec<bool> = wanted.iter().map(|one| one.url == pin.url).collect();
    let (after, by_hand) = if is_meant.contains(&true) {
        let line = format!("sha256 = {}", quoted(&pin.sha256));
        let by_hand = ByHand::TeamHash { url: pin.url.to_string(), line };
        wanted.iter_mut().filter(|one| one.url == pin.url).for_each(|one| one.sha256.clone_from(&pin.sha256));
        (with_hashes(text, &is_meant, &pin.sha256), by_hand)
    } else {
        wanted.push(pin.clone());
        let (url, hash) = (quoted(pin.url.expose()), quoted(&pin.sha256));
        let table = format!(
            "# Settings of a team, as last agreed to: `kcaws configure --refresh`\n[[team]]\nurl = {url}\nsha256 = {hash}\n"
        );
        (appended(text, &table), ByHand::NewTeam)
    };
    if wanted == team {
        return Ok(bytes.to_vec());
    }
    let refused = || SettingsError::NotEdited { path: path.to_path_buf(), by_hand: by_hand.clone() };
    let (found, now) = Layer::parse(LayerKind::User, path, after.as_bytes()).map_err(|_| refused())?;
    let is_it = now.team == wanted && same_values(before.leaves, found.leaves);
    if is_it { Ok(after.into_bytes()) } else { Err(refused()) }
}

/// Returns the text with another hash in those entries of `team` that are meant, whichever form they have.
fn with_hashes(text: &str, is_meant: &[bool], sha256: &str) -> String {
    let tree = DeTable::parse(text).ok();
    let entries = tree.as_ref().and_then(|tree| match tree.get_ref().get("team")?.get_ref() {
        DeValue::Array(entries) => Some(entries),
        _ => None,
    });
    let hash = |entry: &Spanned<DeValue<'_>>| match entry.get_ref() {
        DeValue::Table(entry) => Some(entry.get("sha256")?.span()),
        _ => None,
    };
    let meant = entries.into_iter().flatten().zip(is_meant).filter(|(_, is_meant)| **is_meant);
    let mut hashes: Vec<Range<usize>> = meant.filter_map(|(entry, _)| hash(entry)).collect();
    // From the end, so that the places before stay where they are.
    hashes.sort_by_key(|range| std::cmp::Reverse(range.start));
    let mut text = text.to_owned();
    for range in hashes {
        text.replace_range(range, &quoted(sha256));
    }
    text
}

fn same_values(one: Vec<Leaf>, other: Vec<Leaf>) -> bool {
    let sorted = |leaves: Vec<Leaf>| {
        let mut pairs: Vec<(Vec<String>, String)> =
            leaves.into_iter().map(|leaf| (leaf.key, format!("{:?}", leaf.value))).collect();
        pairs.sort();
        pairs
    };
    sorted(one) == sorted(other)
}

/// Returns the line, counted from 0, of the table's own header.
fn header(text: &str, session: &str) -> Option<usize> {
    let is_header = |line: &str| {
        let table =
            line.trim_start().starts_with('[').then(|| toml::from_str::<toml::Table>(line).ok()).flatten();
        let Some(Value::Table(mut sessions)) = table.and_then(|mut table| table.remove("sessions")) else {
            return false;
        };
        matches!(sessions.remove(session), Some(Value::Table(table)) if table.is_empty())
    };
    text.lines().position(is_header)
}

fn with_line(text: &str, line: usize, new: &str) -> String {
    let replace = |(at, old): (usize, &str)| {
        if at + 1 == line { format!("{new}{}", end_of(old)) } else { old.to_owned() }
    };
    text.split_inclusive('\n').enumerate().map(replace).collect()
}

fn inserted_after(text: &str, at: usize, new: &str) -> String {
    let insert = |(place, old): (usize, &str)| {
        if place != at {
            return old.to_owned();
        }
        let end = if end_of(old).is_empty() { "\n" } else { end_of(old) };
        format!("{}{end}{new}{end}", old.trim_end_matches(['\r', '\n']))
    };
    text.split_inclusive('\n').enumerate().map(insert).collect()
}

fn appended(text: &str, new: &str) -> String {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let before = text.trim_end_matches(['\r', '\n']);
    let gap = if before.is_empty() { String::new() } else { format!("{before}{end}{end}") };
    format!("{gap}{}", new.replace('\n', end))
}

fn end_of(line: &str) -> &str {
    let rest = line.trim_end_matches(['\r', '\n']);
    &line[rest.len()..]
}

/// Returns a TOML string, which JSON's are.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

/// Returns a part of a key, bare if it can be.
pub fn key_part(name: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !name.is_empty() && name.bytes().all(is_bare) { name.to_owned() } else { quoted(name) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::TeamUrl;

    fn access(text: &str) -> Result<String, SettingsError> {
        let bytes = with_session_key(Path::new("/c"), text.as_bytes(), "corp", "account_access", "aa-new")?;
        Ok(String::from_utf8(bytes).expect("is text"))
    }

    #[test]
    fn a_key_of_a_session_changes_its_line_and_no_other() {
        for (before, after) in [
            ("", "[sessions.corp]\naccount_access = \"aa-new\"\n"),
            ("flow = \"pkce\"", "flow = \"pkce\"\n\n[sessions.corp]\naccount_access = \"aa-new\"\n"),
            (
                "# ours\r\n[sessions.corp] # the company\r\nidp_url = \"https://x/\"\r\n",
                "# ours\r\n[sessions.corp] # the company\r\naccount_access = \"aa-new\"\r\nidp_url = \"https://x/\"\r\n",
            ),
            (
                "[sessions]\n[sessions.'corp']\naccount_access = \"aa-old\" # was\n\n[profiles]\n",
                "[sessions]\n[sessions.'corp']\naccount_access = \"aa-new\"\n\n[profiles]\n",
            ),
            ("sessions.corp.idp_url = \"https://x/\"\n", ""),
            ("sessions = { corp = { idp_url = \"https://x/\" } }\n", ""),
            ("sessions = { corp = { account_access = \"aa-old\" } }\n", ""),
        ] {
            match access(before) {
                Ok(text) => assert_eq!(text, after),
                Err(SettingsError::NotEdited { by_hand, .. }) => {
                    assert_eq!(after, "", "{before}");
                    let line = "account_access = \"aa-new\"".to_owned();
                    assert_eq!(by_hand, ByHand::SessionKey { session: "corp".to_owned(), line });
                }
                Err(error) => panic!("{error}"),
            }
        }
        let done = "[sessions.corp]\naccount_access = 'aa-new' # ours\n";
        assert_eq!(access(done).expect("is there"), done);
        assert!(access("flow = \n").is_err(), "a broken file is not edited");
    }

    fn pin(url: &str, sha256: &str) -> TeamPin {
        TeamPin { url: TeamUrl::of(&url.parse().expect("is a URL")), sha256: sha256.to_owned() }
    }

    fn put(text: &str, pin: &TeamPin) -> String {
        String::from_utf8(with_team(Path::new("/c"), text.as_bytes(), pin).expect("edits")).expect("is text")
    }

    #[test]
    fn a_team_is_added_once_and_its_hash_replaced() {
        let first = put("flow = \"pkce\"\n", &pin("https://a/", "11"));
        assert!(first.starts_with("flow = \"pkce\"\n\n# Settings of a team"), "{first}");
        assert!(first.ends_with("[[team]]\nurl = \"https://a/\"\nsha256 = \"11\"\n"), "{first}");
        assert_eq!(put(&first, &pin("https://a/", "11")), first);
        let both = put(&first, &pin("https://b/", "22"));
        assert_eq!(put(&both, &pin("https://a/", "33")), both.replace("\"11\"", "\"33\""));
    }

    #[test]
    fn the_hash_of_one_team_is_not_replaced_in_another_nor_in_a_comment() {
        let entry = |url: &str, sha256: &str| format!("[[team]]\nurl = \"{url}\"\nsha256 = '{sha256}' # x\n");
        let comment = "# sha256 = \"11\", url = \"https://b/\"\r\n";
        let text = format!("{comment}{}{}", entry("https://a/", "11"), entry("https://b/", "11"));
        let (kept, changed) = text.rsplit_once("'11'").expect("has two");
        assert_eq!(put(&text, &pin("https://b/", "22")), format!("{kept}\"22\"{changed}"));
        let inline = "team = [{ url = 'https://a/', sha256 = '1' }, { sha256 = '1', url = 'https://b/' }]\n";
        let expected = inline.replace("{ sha256 = '1'", "{ sha256 = \"2\"");
        assert_eq!(put(inline, &pin("https://b/", "2")), expected);
        let twice = format!("{}{}", entry("https://a/", "11"), entry("https://a/", "12"));
        let new = put(&twice, &pin("https://a/", "22"));
        assert_eq!(new.matches("\"22\"").count(), 2, "{new}");
        let refused = with_team(Path::new("/c"), inline.as_bytes(), &pin("https://c/?token=hush", "3"));
        let Err(SettingsError::NotEdited { by_hand, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!(by_hand, ByHand::NewTeam);
    }
}
