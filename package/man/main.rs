//! Writes a man page for every command: `kcaws-man kcaws|kcaws-admin FOLDER DATE`, with the date as YYYY-MM-DD.

mod page;

use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::Command;

#[expect(clippy::print_stderr, reason = "a tool of the build, not the product")]
fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [program, folder, date] = &words[..] else {
        eprintln!("usage: kcaws-man kcaws|kcaws-admin FOLDER DATE");
        return ExitCode::from(2);
    };
    match pages_of(program, date).map(|pages| write_pages(pages?, Path::new(folder))) {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(error)) => {
            eprintln!("kcaws-man: {folder}: {error}");
            ExitCode::FAILURE
        }
        None => {
            eprintln!("kcaws-man: there is no program `{program}`");
            ExitCode::from(2)
        }
    }
}

/// A page, and the name of its file without `.1`.
type Page = (String, Vec<u8>);

/// Returns the pages of a program's package.
fn pages_of(program: &str, date: &str) -> Option<io::Result<Vec<Page>>> {
    match program {
        "kcaws" => Some(pages(kcaws::cli::command(), date).map(|mut pages| {
            // In the package of the administrator's program.
            pages.retain(|(name, _)| name != "kcaws-admin");
            pages
        })),
        "kcaws-admin" => Some(pages(kcaws_admin::command(), date)),
        _ => None,
    }
}

#[expect(clippy::disallowed_methods, reason = "a fresh folder of the build")]
fn write_pages(pages: Vec<Page>, folder: &Path) -> io::Result<()> {
    for (name, text) in pages {
        std::fs::write(folder.join(format!("{name}.1")), text)?;
    }
    Ok(())
}

/// Returns the pages of a command and of those below it.
fn pages(command: Command, date: &str) -> io::Result<Vec<Page>> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    let mut waiting = vec![(command, Vec::new())];
    while let Some((command, above)) = waiting.pop() {
        let name = name_of(&command);
        pages.push((name.clone(), page::render(&command, &above, date)?));
        let here = [above, vec![name]].concat();
        let below = command.get_subcommands().filter(|below| !below.is_hide_set());
        waiting.extend(below.map(|command| (command.clone(), here.clone())));
    }
    pages.sort();
    Ok(pages)
}

fn name_of(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn page(program: &str, name: &str) -> String {
        let all = pages_of(program, "2026-01-31").unwrap().unwrap();
        let (_, text) = all.into_iter().find(|(page, _)| page == name).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn every_command_has_a_page_and_no_page_is_in_both_packages() {
        let names = |program| -> Vec<String> {
            pages_of(program, "").unwrap().unwrap().into_iter().map(|(name, _)| name).collect()
        };
        let (kcaws, admin) = (names("kcaws"), names("kcaws-admin"));
        for name in ["kcaws", "kcaws-login", "kcaws-profile-add", "kcaws-credential-process"] {
            assert!(kcaws.iter().any(|page| page == name), "{name} in {kcaws:?}");
        }
        for name in ["kcaws-admin", "kcaws-admin-sync-apply"] {
            assert!(admin.iter().any(|page| page == name), "{name} in {admin:?}");
        }
        assert!(kcaws.iter().all(|page| !admin.contains(page)), "{kcaws:?}");
        assert!(kcaws.iter().chain(&admin).all(|page| !page.contains("__")), "{kcaws:?} {admin:?}");
    }

    #[test]
    fn tables_keep_their_lines_and_variables_are_a_list() {
        let text = page("kcaws", "kcaws");
        assert!(text.contains(".TH KCAWS 1 2026-01-31 \"kcaws "), "{text}");
        assert!(text.contains("kcaws\\-admin(1)"), "{text}");
        assert!(text.contains(".SH ENVIRONMENT\n.TP\n\\fBAWS_CONFIG_FILE\\fR\nconfig file to use"), "{text}");
        assert!(text.contains(".SH \"EXIT CODES\"\n.nf\n0 done   1 failed"), "{text}");
        let text = page("kcaws", "kcaws-login");
        assert!(text.contains(".SH EXAMPLES\n.nf\nkcaws login"), "{text}");
    }

    #[test]
    fn pages_lead_to_the_program_and_to_the_commands_beside_them() {
        let text = page("kcaws", "kcaws-profile-add");
        let end = text.split(".SH \"SEE ALSO\"\n").nth(1).unwrap();
        assert_eq!(end, "\\fBkcaws\\fR(1),\n\\fBkcaws\\-profile\\fR(1)\n");
    }
}
