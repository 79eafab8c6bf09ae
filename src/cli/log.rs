//! `-v`: what kcaws does, on stderr. Only our own targets are ever subscribed, and RUST_LOG is not read: the
//! libraries below us log requests whole, tokens included (rule 2).

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::prelude::*;

pub(super) fn show(verbosity: u8) {
    let level = match verbosity {
        0 => return,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let ours = filter_fn(move |meta| meta.target().starts_with("kcaws::") && *meta.level() <= level);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).without_time().with_ansi(false);
    tracing_subscriber::registry().with(lines.with_filter(ours)).init();
}
