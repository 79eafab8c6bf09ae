//! One file of settings: where it is, who may write it, and what is set in which line.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use super::error::SettingsError;
use super::lines::LineStarts;
use super::schema::{self, File, Trust};
use super::values;
use crate::platform::file_facts::{self, Opening};
use crate::platform::foreign_file;
use crate::profile::target::account_id;

/// A file of settings, in the order in which they are overridden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayerKind {
    /// For everyone on this machine.
    System,
    /// The team's, of `configure --from`, by its URL.
    Team(String),
    /// The user's own.
    User,
}

impl LayerKind {
    /// Returns the name in `settings show --json`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Team(_) => "team",
            Self::User => "user",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Layer {
    pub kind: LayerKind,
    pub path: PathBuf,
    /// In the order of the keys.
    pub leaves: Vec<Leaf>,
    /// The tables, with the line of the first mention of each.
    tables: Vec<(Vec<String>, usize)>,
}

/// One value, with the tables that it is in.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    pub key: Vec<String>,
    pub value: Value,
    pub line: usize,
}

impl Layer {
    /// Reads a file; `None` if there is none.
    pub(super) fn read(kind: LayerKind, path: &Path) -> Result<Option<(Self, File)>, SettingsError> {
        let unreadable = |source| SettingsError::Unreadable { path: path.to_path_buf(), source };
        let bytes = match foreign_file::read(path) {
            Ok(bytes) => bytes,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        };
        if kind == LayerKind::System
            && let Some(opening) = writer(path).map_err(unreadable)?
        {
            return Err(SettingsError::OpenToOthers { path: path.to_path_buf(), opening });
        }
        Self::parse(kind, path, &bytes).map(Some)
    }

    /// Parses the content of a file; an unknown key and a wrong value are errors, too.
    pub(super) fn parse(kind: LayerKind, path: &Path, bytes: &[u8]) -> Result<(Self, File), SettingsError> {
        let lines = LineStarts::of(bytes);
        let text = std::str::from_utf8(bytes).map_err(|error| SettingsError::Syntax {
            path: path.to_path_buf(),
            line: lines.line_of(error.valid_up_to()),
            what: "it is not valid UTF-8".to_owned(),
        })?;
        let of_toml = |error: toml::de::Error| {
            let line = lines.line_of(error.span().map_or(0, |span| span.start));
            SettingsError::of_toml(path, line, error.message())
        };
        let file: File = toml::from_str(text).map_err(of_toml)?;
        let tree = DeTable::parse(text).map_err(of_toml)?;
        let table: Table = toml::from_str(text).map_err(of_toml)?;
        let mut layer = Self { kind, path: path.to_path_buf(), leaves: Vec::new(), tables: Vec::new() };
        layer.collect(&table, tree.get_ref(), &mut Vec::new(), &lines);
        schema::check(&layer, &file, layer.trust())?;
        values::check(&layer, &file)?;
        Ok((layer, file))
    }

    fn trust(&self) -> Trust {
        match self.kind {
            LayerKind::User => Trust::Own,
            // Without modes nothing shows who wrote it: any user may create folders in %ProgramData%.
            LayerKind::System if cfg!(unix) => Trust::Administrator,
            LayerKind::System | LayerKind::Team(_) => Trust::Data,
        }
    }

    /// Returns the file and line of a value or table; the file's first line if it is not there.
    pub(super) fn place(&self, key: &[&str]) -> String {
        let leaves = self.leaves.iter().map(|leaf| (&leaf.key, leaf.line));
        let mut all = leaves.chain(self.tables.iter().map(|(key, line)| (key, *line)));
        let line = all.find(|(found, _)| *found == key).map_or(1, |(_, line)| line);
        format!("{}:{line}", self.path.display())
    }

    /// Collects the values; those of `team` are none of a setting.
    fn collect(&mut self, table: &Table, tree: &DeTable<'_>, above: &mut Vec<String>, lines: &LineStarts) {
        for (name, spanned) in tree {
            let Some(value) = table.get(name.get_ref().as_ref()) else { continue };
            let line = lines.line_of(Spanned::span(name).start);
            let is_team = above.is_empty() && name.get_ref() == "team";
            above.push(same_account(above, name.get_ref()));
            match (value, spanned.get_ref()) {
                (_, tree) if is_team => {
                    self.tables.push((above.clone(), line));
                    self.collect_teams(tree, lines);
                }
                (Value::Table(table), DeValue::Table(tree)) => {
                    self.tables.push((above.clone(), line));
                    self.collect(table, tree, above, lines);
                }
                (value, _) => self.leaves.push(Leaf { key: above.clone(), value: value.clone(), line }),
            }
            above.pop();
        }
    }

    /// Collects the lines of the teams' URLs.
    fn collect_teams(&mut self, tree: &DeValue<'_>, lines: &LineStarts) {
        let DeValue::Array(teams) = tree else { return };
        for (at, team) in teams.iter().enumerate() {
            let DeValue::Table(team) = team.get_ref() else { continue };
            let url = team.keys().find(|key| key.get_ref() == "url");
            let line = url.map(|key| lines.line_of(Spanned::span(key).start));
            let key = ["team".to_owned(), at.to_string()];
            self.tables.extend(line.map(|line| (key.to_vec(), line)));
        }
    }
}

/// Returns what lets others write the file, or put another one in its place.
fn writer(path: &Path) -> std::io::Result<Option<Opening>> {
    // A device or a pipe that the environment names is not a file that someone left there.
    if std::fs::metadata(path)?.is_file() { file_facts::replaceable(path) } else { Ok(None) }
}

fn is_absent(error: &std::io::Error) -> bool {
    // Part of the path may be a file, as with HOME=/dev/null.
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Returns the key, an account's ID in its one form, so that files name the same account alike.
fn same_account(above: &[String], key: &str) -> String {
    let is_account = above.ends_with(&["profiles".to_owned(), "accounts".to_owned()]);
    account_id(key).filter(|_| is_account).unwrap_or_else(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counting from the beginning of the file for each value took minutes for as many.
    #[test]
    fn each_of_many_accounts_has_its_line() {
        let account = |number: usize| format!("[profiles.accounts.{number:012}]\nalias = \"a{number}\"\n");
        let text: String = (0..20_000).map(account).collect();
        let (layer, _) =
            Layer::parse(LayerKind::User, Path::new("/c"), text.as_bytes()).expect("is one of settings");
        assert_eq!(layer.leaves.len(), 20_000);
        for number in [0, 7, 19_999] {
            let name = format!("{number:012}");
            let place = layer.place(&["profiles", "accounts", &name, "alias"]);
            assert_eq!(place, format!("/c:{}", 2 * number + 2));
        }
    }

    #[test]
    fn a_table_has_a_line_too() {
        let text = "flow = \"device\"\n\n[sessions.corp]\nregion = \"eu-central-1\"\n";
        let (layer, _) = Layer::parse(LayerKind::User, Path::new("/c"), text.as_bytes()).expect("parses");
        assert_eq!(layer.place(&["sessions", "corp"]), "/c:3");
        assert_eq!(layer.place(&["sessions", "corp", "region"]), "/c:4");
        assert_eq!(layer.place(&["sessions", "other"]), "/c:1");
    }
}
