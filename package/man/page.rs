//! One man page.

use std::io;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

/// Renders the page of a command. `above` are the pages of the commands that it is below of, the program's first.
pub(crate) fn render(command: &Command, above: &[String], date: &str) -> io::Result<Vec<u8>> {
    let name = super::name_of(command);
    let man = Man::new(command.clone())
        .title(name.to_uppercase())
        .date(date)
        .source(concat!("kcaws ", env!("CARGO_PKG_VERSION")))
        .manual("kcaws");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    if command.get_subcommands().any(|below| !below.is_hide_set()) {
        man.render_subcommands_section(&mut page)?;
    }
    man.render_options_section(&mut page)?;
    let mut end = Roff::new();
    if let Some(help) = command.get_after_long_help().or_else(|| command.get_after_help()) {
        after_help(&mut end, &help.to_string());
    }
    see_also(&mut end, &name, above);
    end.to_writer(&mut page)?;
    Ok(page)
}

/// The text behind the options of `--help`: headings with tables below them, which clap_mangen would run together.
fn after_help(roff: &mut Roff, text: &str) {
    for section in text.split("\n\n") {
        let mut lines = section.lines().peekable();
        let heading = lines.next_if(|line| is_heading(line));
        if let Some(heading) = heading {
            roff.control("SH", [heading.trim_end_matches(':').to_uppercase().as_str()]);
        } else {
            roff.control("PP", []);
        }
        if heading == Some("Environment:") {
            definitions(roff, lines);
        } else {
            as_they_are(roff, lines);
        }
    }
}

/// `Examples:` and `Exit codes:`, but not a sentence that a table follows.
fn is_heading(line: &str) -> bool {
    line.ends_with(':') && !line.starts_with(' ') && line.split(' ').count() <= 2
}

/// Lines of `  NAME   description`, where names and descriptions may go on in the next lines.
fn definitions<'a>(roff: &mut Roff, lines: impl Iterator<Item = &'a str>) {
    let mut entries: Vec<(String, String)> = Vec::new();
    for line in lines {
        let entry = line.strip_prefix("  ").filter(|rest| !rest.starts_with(' '));
        let (name, text) = entry.map_or(("", line), |entry| entry.split_once("   ").unwrap_or((entry, "")));
        match entries.last_mut() {
            Some((_, description)) if entry.is_none() => join(description, text),
            Some((names, description)) if description.is_empty() => {
                join(names, name);
                join(description, text);
            }
            _ => entries.push((name.trim().to_owned(), text.trim().to_owned())),
        }
    }
    for (names, description) in entries {
        roff.control("TP", []);
        roff.text([bold(names)]);
        roff.text([roman(description)]);
    }
}

fn join(text: &mut String, more: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(more.trim());
}

fn as_they_are<'a>(roff: &mut Roff, lines: impl Iterator<Item = &'a str>) {
    roff.control("nf", []);
    for line in lines {
        roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
    }
    roff.control("fi", []);
}

/// The pages of the programs, and of the command above this one.
fn see_also(roff: &mut Roff, command: &str, above: &[String]) {
    let program = above.first().map_or(command, String::as_str);
    let mut pages: Vec<&str> = above.iter().map(String::as_str).collect();
    if program != "kcaws" {
        pages.insert(0, "kcaws");
    }
    if !pages.is_empty() {
        roff.control("SH", ["SEE ALSO"]);
    }
    for (place, page) in pages.iter().enumerate() {
        let comma = if place + 1 < pages.len() { "," } else { "" };
        roff.text([bold(*page), roman(format!("(1){comma}"))]);
    }
}
