//! `-v`: what kcaws does, on stderr. Only our own targets are ever subscribed, and RUST_LOG is not read: the
//! libraries below us log requests whole, tokens included (rule 2).

use tracing::Level;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::prelude::*;

/// One level: what is finer is compiled out of releases (`tracing` in Cargo.toml), so a second `-v` adds nothing.
pub(super) fn show() {
    let ours = filter_fn(|meta| meta.target().starts_with("kcaws::") && *meta.level() <= Level::INFO);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).without_time().with_ansi(false);
    tracing_subscriber::registry().with(lines.with_filter(ours)).init();
}
