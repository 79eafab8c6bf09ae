//! `--log json` of `kcaws admin`: what happens as lines of JSON on stderr, for programs that watch.
//!
//! `docs/json-admin.md` has every event. The log is of the process: threads write to it, whole lines at a time.

use std::io::Write;
use std::sync::{Arc, OnceLock};

use chrono::SecondsFormat;
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::prelude::*;

use super::is_ours;
use crate::platform::printable::harmless_json;
use crate::ports::clock::Clock;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Info,
    Warning,
    Error,
}

impl Level {
    fn text(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

struct JsonLog {
    clock: Arc<dyn Clock>,
    quiet: bool,
}

static LOG: OnceLock<JsonLog> = OnceLock::new();

/// The target of pauses that a service asked for, which are an event without `-v` too.
const WAIT: &str = "kcaws::wait";

/// Switches the log on. `quiet` leaves out what is not a warning or an error; `verbose` adds what `-v` shows.
pub fn start(clock: Arc<dyn Clock>, quiet: bool, verbose: bool) {
    if LOG.set(JsonLog { clock, quiet }).is_ok() {
        tracing_subscriber::registry().with(Details { verbose }).init();
    }
}

pub fn is_on() -> bool {
    LOG.get().is_some()
}

/// Writes an event with its fields, if the log is on.
pub fn event(level: Level, name: &str, fields: &Value) {
    let Some(log) = LOG.get() else { return };
    if log.quiet && level == Level::Info {
        return;
    }
    let line = line(&log.clock.now().to_rfc3339_opts(SecondsFormat::Secs, true), level, name, fields);
    // A closed stderr is ignored.
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

fn line(time: &str, level: Level, name: &str, fields: &Value) -> String {
    // The same members come first in every line; in a map they would be among the others.
    let (name, fields) = (json!(name), fields.to_string());
    let head = format!(r#"{{"time":"{time}","level":"{}","event":{name}"#, level.text());
    let separator = if fields == "{}" { "" } else { "," };
    harmless_json(&format!("{head}{separator}{}", &fields[1..])) + "\n"
}

/// Passes on what the library logs.
struct Details {
    verbose: bool,
}

impl<S: tracing::Subscriber> Layer<S> for Details {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let meta = event.metadata();
        let is_wait = meta.target() == WAIT;
        if !is_ours(meta) || !(is_wait || self.verbose) {
            return;
        }
        let mut fields = Fields(Map::new());
        event.record(&mut fields);
        let level = if *meta.level() <= tracing::Level::WARN { Level::Warning } else { Level::Info };
        if is_wait {
            return self::event(level, "wait", &fields.0.into());
        }
        fields.0.insert("target".to_owned(), meta.target().into());
        self::event(level, "detail", &fields.0.into());
    }
}

struct Fields(Map<String, Value>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_object_whatever_a_name_contains() {
        let name = "Dev\u{1b}[31m\n\u{202e}\u{9b}{\"event\":\"fake\"}";
        let line = line("2026-11-29T08:00:00Z", Level::Warning, "write", &json!({ "name": name }));
        assert_eq!(line.matches('\n').count(), 1, "{line:?}");
        assert!(line.trim_end().chars().all(|letter| (' '..='~').contains(&letter)), "{line:?}");
        let read: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(read["name"], name);
        assert_eq!((&read["level"], &read["event"]), (&json!("warning"), &json!("write")));
        assert_eq!(read["time"], "2026-11-29T08:00:00Z");
    }
}
