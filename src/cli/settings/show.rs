use clap::Args;
use serde::Serialize;
use toml::Value;

use crate::app::App;
use crate::cli::error::CommandError;
use crate::cli::ui::Ui;
use crate::platform::shown_url::ShownUrl;
use crate::settings::{Entry, LayerKind, Settings, Source, key_part};

const EXAMPLES: &str = "\
Examples:
  kcaws settings show
  kcaws settings show --all    also values that another one overrides
  kcaws settings show --json

Files, the least important first: those of this machine, those of teams (`kcaws configure --from`), your config.toml. \
Environment variables take precedence over all of them.";

/// Show each setting with the file and line, or the variable, that it comes from
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct ShowArgs {
    /// Also show the values that are overridden, below the one that is used
    #[arg(long)]
    all: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Serialize)]
struct Report {
    schema: u32,
    settings: Vec<Row>,
    /// The least important first.
    files: Vec<FileRow>,
}

#[derive(Serialize)]
struct Row {
    key: String,
    value: Value,
    #[serde(flatten)]
    source: SourceRow,
    /// The most important first.
    overridden: Vec<OverriddenRow>,
}

#[derive(Serialize)]
struct OverriddenRow {
    value: Value,
    #[serde(flatten)]
    source: SourceRow,
}

#[derive(Serialize)]
struct SourceRow {
    /// `default`, `environment`, `system`, `team` or `user`.
    source: &'static str,
    variable: Option<&'static str>,
    path: Option<String>,
    line: Option<usize>,
    /// Of a team's file.
    url: Option<String>,
}

#[derive(Serialize)]
struct FileRow {
    kind: &'static str,
    path: String,
    url: Option<String>,
    found: bool,
}

pub(super) fn run(args: &ShowArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let settings = app.settings()?;
    let files = files(settings, app);
    if args.json {
        let settings = settings.entries.iter().map(Row::of).collect();
        ui.json(&Report { schema: 1, settings, files });
        return Ok(());
    }
    let mut rows = Vec::new();
    for entry in &settings.entries {
        rows.push(vec![key_of(entry), text_of(&masked(&entry.value)), entry.source.to_string()]);
        if args.all {
            let overridden = entry.overridden.iter();
            rows.extend(overridden.map(|(value, source)| {
                vec!["  overrides".to_owned(), text_of(&masked(value)), source.to_string()]
            }));
        }
    }
    ui.table(&["SETTING", "VALUE", "FROM"], &rows);
    for FileRow { path, url, .. } in files.iter().filter(|file| file.found) {
        if let Some(url) = url {
            ui.say(&format!("{path} is the copy of {url}; `kcaws configure --refresh` fetches it again."));
        }
    }
    Ok(())
}

fn files(settings: &Settings, app: &App) -> Vec<FileRow> {
    let looked_for = app.settings_files();
    let row = |kind: &LayerKind, path: &std::path::Path, found| FileRow {
        kind: kind.name(),
        path: path.display().to_string(),
        url: url_of(kind),
        found,
    };
    let is_there = |path: &std::path::Path| settings.layers.iter().any(|layer| layer.path == path);
    let system = looked_for.system.iter().map(|path| row(&LayerKind::System, path, is_there(path)));
    let teams = settings.layers.iter().filter(|layer| matches!(layer.kind, LayerKind::Team(_)));
    let teams = teams.map(|layer| row(&layer.kind, &layer.path, true));
    let own = looked_for.own().map(|path| row(&LayerKind::User, &path, is_there(&path)));
    system.chain(teams).chain(own).collect()
}

fn url_of(kind: &LayerKind) -> Option<String> {
    match kind {
        LayerKind::Team(url) => Some(url.clone()),
        LayerKind::System | LayerKind::User => None,
    }
}

impl Row {
    fn of(entry: &Entry) -> Self {
        let overridden = entry
            .overridden
            .iter()
            .map(|(value, source)| OverriddenRow { value: masked(value), source: SourceRow::of(source) });
        Self {
            key: key_of(entry),
            value: masked(&entry.value),
            source: SourceRow::of(&entry.source),
            overridden: overridden.collect(),
        }
    }
}

impl SourceRow {
    fn of(source: &Source) -> Self {
        let none = Self { source: "default", variable: None, path: None, line: None, url: None };
        match source {
            Source::Default => none,
            Source::Variable(name) => Self { source: "environment", variable: Some(name), ..none },
            Source::File { kind, path, line } => Self {
                source: kind.name(),
                path: Some(path.display().to_string()),
                line: Some(*line),
                url: url_of(kind),
                ..none
            },
        }
    }
}

fn key_of(entry: &Entry) -> String {
    entry.key.iter().map(|part| key_part(part)).collect::<Vec<_>>().join(".")
}

/// Hides a password and the query in a URL.
fn masked(value: &Value) -> Value {
    match value {
        Value::String(text) if text.contains("://") && text.contains(['@', '?']) => {
            Value::String(ShownUrl(text).to_string())
        }
        other => other.clone(),
    }
}

/// Returns the value as a file would have it.
fn text_of(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
