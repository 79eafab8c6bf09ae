//! The documents say what the program does: the reference is generated, names are complete, links lead somewhere.

use std::collections::BTreeSet;
use std::path::Path;

use kcaws_test_kit::{Document, TestEnv, repository};

use crate::fixture::binary;

/// Set to rewrite what is generated instead of comparing it.
pub(crate) const UPDATE: &str = "KCAWS_UPDATE_DOCS";

pub(crate) fn document(path: &str) -> Document {
    Document::read(path)
}

/// README, its neighbors, and everything in `docs/`.
pub(crate) fn documents() -> Vec<Document> {
    let mut all: Vec<Document> =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"].map(document).into();
    for entry in std::fs::read_dir(repository().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        all.push(document(&format!("docs/{name}")));
    }
    all
}

/// What `[…](target)` points to.
fn links(document: &Document) -> Vec<&str> {
    let targets = |line| str::split(line, "](").skip(1).filter_map(|rest| rest.split(')').next());
    document.prose().flat_map(targets).collect()
}

/// The headings as GitHub makes anchors of them.
fn anchors(document: &Document) -> BTreeSet<String> {
    let headings = document.prose().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| -> String {
        let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
        let text = heading.trim_start_matches('#').trim().to_lowercase();
        text.chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

fn help(command: &[String]) -> String {
    let output = TestEnv::new().command(binary()).args(command).arg("--help").run().expect_ok();
    let lines: Vec<_> = output.stdout_text().lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

/// The names in the list of commands that a help text has; clap's own `help` is none of ours.
fn subcommands(help: &str) -> Vec<String> {
    let list = help.split("\nCommands:\n").nth(1).unwrap_or_default();
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names =
        lines.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// Every command with its help, those below a command right after it; `kcaws` itself first.
fn commands() -> Vec<(Vec<String>, String)> {
    fn look(path: &[String], found: &mut Vec<(Vec<String>, String)>) {
        let text = help(path);
        let below = subcommands(&text);
        found.push((path.to_vec(), text));
        for name in below {
            look(&[path, &[name]].concat(), found);
        }
    }
    let mut found = Vec::new();
    look(&[], &mut found);
    found
}

fn title(command: &[String]) -> String {
    std::iter::once("kcaws").chain(command.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
}

fn reference(commands: &[(Vec<String>, String)]) -> String {
    let head = format!(
        "<!-- Generated from `kcaws --help`. To update it: {UPDATE}=1 cargo test --workspace --test cli -- test_docs -->\n\
         # Commands\n\n\
         What `--help` prints for each command. The [guide](guide.md) says what they are for.\n\n"
    );
    let entry = |name: &str| format!("- [`{name}`](#{})\n", name.replace(' ', "-"));
    let entries = commands.iter().map(|(command, _)| entry(&title(command)));
    let section = |(command, help): &(Vec<String>, String)| {
        format!("\n## {}\n\n```text\n{help}\n```\n", title(command))
    };
    std::iter::once(head).chain(entries).chain(commands.iter().map(section)).collect()
}

#[test]
fn the_reference_is_the_help_of_every_command() {
    let commands = commands();
    assert!(commands.iter().any(|(command, _)| command == &["profile", "sync"]), "commands below commands");
    let page = reference(&commands);
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(repository().join("docs/commands.md"), &page).unwrap();
    }
    let written = document("docs/commands.md").text;
    let difference = page.lines().zip(written.lines()).find(|(now, then)| now != then);
    assert!(
        page == written,
        "docs/commands.md is out of date, first at {difference:?}; set {UPDATE}=1 to update it"
    );
}

#[test]
fn the_guide_has_every_command() {
    let (guide, admin) = (document("docs/guide.md").text, document("docs/admin.md").text);
    let commands: Vec<Vec<String>> = commands().into_iter().map(|(command, _)| command).collect();
    for command in &commands {
        let is_group = commands.iter().any(|other| other.len() > command.len() && other.starts_with(command));
        let page = if command.len() > 1 && command[0] == "admin" { &admin } else { &guide };
        assert!(is_group || page.contains(&title(command)), "{command:?}");
    }
}

#[test]
fn every_variable_of_the_help_is_explained() {
    let page = document("docs/configuration.md").text;
    let rows: Vec<_> =
        page.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next()).collect();
    let help = help(&[]);
    let (_, list) = help.split_once("Environment:").unwrap();
    let (list, _) = list.split_once("Exit codes:").unwrap();
    let words = list.split(|c: char| !(c.is_ascii_uppercase() || c == '_'));
    let variables: BTreeSet<_> = words.filter(|word| word.trim_matches('_').contains('_')).collect();
    assert!(variables.len() > 15, "{variables:?}");
    for variable in variables {
        let named = |row: &&str| row.contains(&format!("{variable}`"));
        assert!(rows.iter().any(named), "{variable}");
    }
}

#[test]
fn every_exit_code_of_the_help_is_explained() {
    let page = document("docs/troubleshooting.md").text;
    let (_, table) = page.split_once("## Exit codes").unwrap();
    let explained: BTreeSet<_> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" |").next())
        .flat_map(|codes| codes.split(", "))
        .collect();
    let help = help(&[]);
    let (_, list) = help.split_once("Exit codes:").unwrap();
    let codes: BTreeSet<_> =
        list.split(|c: char| !c.is_ascii_digit()).filter(|code| !code.is_empty()).collect();
    assert!(codes.contains("6") && codes.contains("127"), "{codes:?}");
    for code in codes {
        assert!(explained.contains(code), "{code}");
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut checked = 0;
    for document in documents() {
        for link in links(&document) {
            if link.starts_with("https://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let folder = document.path.parent().unwrap();
            let path = if file.is_empty() { document.path.clone() } else { folder.join(file) };
            let path = repository().join(path);
            let text = std::fs::read_to_string(&path)
                .unwrap_or_else(|e| panic!("{}: {link}: {e}", document.path.display()));
            let target = Document { path, text };
            let there = anchor.is_empty() || anchors(&target).contains(anchor);
            assert!(there, "{}: {link}: {:?}", document.path.display(), anchors(&target));
            checked += 1;
        }
    }
    assert!(checked > 50, "{checked}");
}

/// A place in the code is named by its path, from the root or from `src/`.
#[test]
fn source_files_that_documents_name_exist() {
    const FOLDERS: [&str; 15] = [
        "src",
        "tests",
        "shell",
        "package",
        "cli",
        "app",
        "session",
        "credentials",
        "profile",
        "console",
        "configure",
        "prompt",
        "ports",
        "platform",
        "supply-chain",
    ];
    let mut checked = 0;
    for document in documents() {
        for name in document.prose().flat_map(|line| line.split('`').skip(1).step_by(2)) {
            let is_path = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte));
            if !is_path || !name.split_once('/').is_some_and(|(folder, _)| FOLDERS.contains(&folder)) {
                continue;
            }
            let is_there = |root: &Path| root.join(name).exists() || root.join(format!("{name}.rs")).exists();
            let root = repository();
            assert!(is_there(root) || is_there(&root.join("src")), "{}: {name}", document.path.display());
            checked += 1;
        }
    }
    assert!(checked > 80, "{checked}");
}

/// Who reads the documents begins in README.
#[test]
fn every_document_can_be_reached_from_readme() {
    let readme = document("README.md");
    let linked: BTreeSet<_> =
        links(&readme).into_iter().map(|link| link.split('#').next().unwrap()).collect();
    for document in documents() {
        let path = document.path.to_str().unwrap();
        assert!(path == "README.md" || linked.contains(path), "{path}");
    }
}
