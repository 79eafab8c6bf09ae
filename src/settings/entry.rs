//! Every value with where it comes from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use toml::Value;

use super::layer::{Layer, LayerKind};
use crate::platform::env::Env;
use crate::profile::naming;

/// A setting, as `settings show` prints it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: Vec<String>,
    pub value: Value,
    pub source: Source,
    /// Values that this one takes precedence over, the most important first; without the default.
    pub overridden: Vec<(Value, Source)>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Default,
    Variable(&'static str),
    File { kind: LayerKind, path: PathBuf, line: usize },
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Variable(name) => f.write_str(name),
            Self::File { path, line, .. } => write!(f, "{}:{line}", path.display()),
        }
    }
}

/// The variables, and the keys that they take precedence over, also where a session has its own value.
const VARIABLES: [(&str, &[&str]); 6] = [
    ("KCAWS_FLOW", &["flow"]),
    ("KCAWS_KEYRING", &["keyring"]),
    ("KCAWS_AUTO_LOGIN", &["auto-login"]),
    ("KCAWS_BROWSER", &["browser"]),
    ("KCAWS_CONSOLE_VIA", &["console-via"]),
    ("KCAWS_NAME_TEMPLATE", &["profiles", "name"]),
];

/// Collects the values of all files and variables, sorted by key.
pub(super) fn entries(layers: &[Layer], env: &Env, auto_login: Option<bool>) -> Vec<Entry> {
    let mut found: BTreeMap<Vec<String>, Vec<(Value, Source)>> = BTreeMap::new();
    let text = |value: &str| Value::String(value.to_owned());
    for (key, value) in [
        ("flow", text("device")),
        ("keyring", text("auto")),
        ("auto-login", Value::Boolean(false)),
        ("console-via", text("federation")),
    ] {
        found.insert(vec![key.to_owned()], vec![(value, Source::Default)]);
    }
    let name = vec!["profiles".to_owned(), "name".to_owned()];
    found.insert(name, vec![(text(naming::DEFAULT), Source::Default)]);
    for layer in layers {
        for leaf in &layer.leaves {
            let source = Source::File { kind: layer.kind.clone(), path: layer.path.clone(), line: leaf.line };
            found.entry(leaf.key.clone()).or_default().push((leaf.value.clone(), source));
        }
    }
    for (name, key) in VARIABLES {
        let Some(value) = env.get(name) else { continue };
        let value = auto_login.filter(|_| name == "KCAWS_AUTO_LOGIN").map_or(text(&value), Value::Boolean);
        let general: Vec<String> = key.iter().map(|part| (*part).to_owned()).collect();
        found.entry(general).or_default();
        for (_, values) in found.iter_mut().filter(|(found, _)| is_or_of_session(found, key)) {
            values.push((value.clone(), Source::Variable(name)));
        }
    }
    let entry = |(key, mut values): (Vec<String>, Vec<(Value, Source)>)| {
        let (value, source) = values.pop()?;
        let overridden = values.into_iter().rev().filter(|(_, source)| *source != Source::Default);
        Some(Entry { key, value, source, overridden: overridden.collect() })
    };
    found.into_iter().filter_map(entry).collect()
}

/// Returns whether it is the key, or that of one session.
fn is_or_of_session(found: &[String], key: &[&str]) -> bool {
    let of_session = match found {
        [sessions, _, of_session @ ..] if sessions == "sessions" => of_session,
        general => general,
    };
    of_session == key
}
