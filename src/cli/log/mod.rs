//! `-v`: logs what kcaws does to stderr. Only kcaws's own targets are subscribed, and RUST_LOG is not read, because
//! libraries log whole requests, including tokens (rule 2).

pub mod json;

use std::io::Write;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::prelude::*;

use super::ui::shown;

/// Enables one level: finer ones are compiled out of releases (`tracing` in Cargo.toml), so a second `-v` adds nothing.
pub fn show() {
    let ours = filter_fn(is_ours);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(|| Lines(std::io::stderr()))
        .without_time()
        .with_ansi(false);
    tracing_subscriber::registry().with(lines.with_filter(ours)).init();
}

fn is_ours(meta: &Metadata<'_>) -> bool {
    meta.target().starts_with("kcaws::") && *meta.level() <= Level::INFO
}

/// Writes each event as one line: text from a server or a file must neither affect the terminal nor look like another
/// line (rule 11).
struct Lines<W>(W);

impl<W: Write> Write for Lines<W> {
    /// The subscriber passes each event in one piece.
    fn write(&mut self, event: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        writeln!(self.0, "{}", shown(text.trim_end_matches('\n')))?;
        Ok(event.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_whatever_a_server_put_into_it() {
        let mut log = Vec::new();
        let event = " INFO kcaws::aws: failed error=x\u{1b}[31m\u{9b}m\nkcaws: error: fake\u{202e} Zoë\n";
        Lines(&mut log).write_all(event.as_bytes()).expect("writes");
        let shown =
            " INFO kcaws::aws: failed error=x\\u{1b}[31m\\u{9b}m\\u{a}kcaws: error: fake\\u{202e} Zoë\n";
        assert_eq!(String::from_utf8(log).expect("text"), shown);
    }
}
