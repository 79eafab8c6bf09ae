//! One file of settings: where it is, who may write it, and what is set in which line.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use super::error::SettingsError;
use super::schema::{self, File, Trust};
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

    /// Parses the content of a file; an unknown key is an error, too.
    pub(super) fn parse(kind: LayerKind, path: &Path, bytes: &[u8]) -> Result<(Self, File), SettingsError> {
        let syntax = |line, what: &str| SettingsError::Syntax {
            path: path.to_path_buf(),
            line,
            what: what.lines().next().unwrap_or_default().to_owned(),
        };
        let text = std::str::from_utf8(bytes)
            .map_err(|error| syntax(line_of(bytes, error.valid_up_to()), "it is not valid UTF-8"))?;
        let of_toml = |error: toml::de::Error| {
            syntax(line_of(bytes, error.span().map_or(0, |span| span.start)), error.message())
        };
        let file: File = toml::from_str(text).map_err(of_toml)?;
        let tree = DeTable::parse(text).map_err(of_toml)?;
        let table: Table = toml::from_str(text).map_err(of_toml)?;
        let mut leaves = Vec::new();
        collect(&table, tree.get_ref(), &mut Vec::new(), &mut leaves, bytes);
        let layer = Self { kind, path: path.to_path_buf(), leaves };
        schema::check(&layer, &file, layer.trust())?;
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

    /// Returns the line of a value; that of the file's beginning if it is not there.
    pub fn line(&self, key: &[&str]) -> usize {
        self.leaves.iter().find(|leaf| leaf.key == key).map_or(1, |leaf| leaf.line)
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

fn line_of(bytes: &[u8], at: usize) -> usize {
    bytes.iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

/// Collects the values; those of `team` are none of a setting.
fn collect(table: &Table, tree: &DeTable<'_>, above: &mut Vec<String>, leaves: &mut Vec<Leaf>, bytes: &[u8]) {
    for (name, spanned) in tree {
        let Some(value) = table.get(name.get_ref().as_ref()) else { continue };
        if above.is_empty() && name.get_ref() == "team" {
            continue;
        }
        above.push(same_account(above, name.get_ref()));
        match (value, spanned.get_ref()) {
            (Value::Table(table), DeValue::Table(tree)) => collect(table, tree, above, leaves, bytes),
            (value, _) => {
                let line = line_of(bytes, Spanned::span(name).start);
                leaves.push(Leaf { key: above.clone(), value: value.clone(), line });
            }
        }
        above.pop();
    }
}

/// Returns the key, an account's ID in its one form, so that files name the same account alike.
fn same_account(above: &[String], key: &str) -> String {
    let is_account = above.ends_with(&["profiles".to_owned(), "accounts".to_owned()]);
    account_id(key).filter(|_| is_account).unwrap_or_else(|| key.to_owned())
}
