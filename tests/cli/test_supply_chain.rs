//! What comes into the binary: the rules of deny.toml that need no network, and the list of build scripts that were
//! read (supply-chain/README.md).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn metadata() -> Value {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--offline"])
        .arg("--filter-platform=x86_64-unknown-linux-musl")
        .current_dir(repository())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["packages"].as_array().unwrap().iter()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn deny() -> toml::Table {
    std::fs::read_to_string(repository().join("deny.toml")).unwrap().parse().unwrap()
}

/// Whether a licence expression (SPDX 2.1, annex D) can be met by allowed ones alone.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let words = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = words.split_whitespace().collect();
    let (met, rest) = either(&words, allowed);
    met && rest.is_empty()
}

fn either<'a>(words: &'a [&'a str], allowed: &BTreeSet<String>) -> (bool, &'a [&'a str]) {
    let (mut met, mut rest) = both(words, allowed);
    while let Some((&"OR", more)) = rest.split_first() {
        let (other, after) = both(more, allowed);
        (met, rest) = (met | other, after);
    }
    (met, rest)
}

fn both<'a>(words: &'a [&'a str], allowed: &BTreeSet<String>) -> (bool, &'a [&'a str]) {
    let (mut met, mut rest) = one(words, allowed);
    while let Some((&"AND", more)) = rest.split_first() {
        let (other, after) = one(more, allowed);
        (met, rest) = (met & other, after);
    }
    (met, rest)
}

fn one<'a>(words: &'a [&'a str], allowed: &BTreeSet<String>) -> (bool, &'a [&'a str]) {
    match words {
        ["(", inner @ ..] => {
            let (met, rest) = either(inner, allowed);
            assert_eq!(rest.first(), Some(&")"), "{words:?}");
            (met, &rest[1..])
        }
        [name, "WITH", exception, rest @ ..] => (allowed.contains(&format!("{name} WITH {exception}")), rest),
        [name, rest @ ..] => (allowed.contains(*name), rest),
        [] => (false, words),
    }
}

#[test]
fn licences_sources_and_crates_are_those_that_deny_toml_allows() {
    let (metadata, deny) = (metadata(), deny());
    let allowed = deny["licenses"]["allow"].as_array().unwrap();
    let allowed: BTreeSet<String> = allowed.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    assert!(is_allowed("(MIT OR X) AND Apache-2.0", &allowed) && !is_allowed("MIT AND (X OR Y)", &allowed));
    let banned = deny["bans"]["deny"].as_array().unwrap();
    let banned: Vec<&str> = banned.iter().map(|entry| entry["crate"].as_str().unwrap()).collect();
    let mut wrong = Vec::new();
    for package in packages(&metadata) {
        let name = format!("{} {}", text(&package["name"]), text(&package["version"]));
        if package["license"].as_str().is_none_or(|license| !is_allowed(license, &allowed)) {
            wrong.push(format!("{name}: licence {}", package["license"]));
        }
        if banned.contains(&package["name"].as_str().unwrap()) {
            wrong.push(format!("{name}: banned"));
        }
        let source = package["source"].as_str();
        if source.is_some_and(|source| source != "registry+https://github.com/rust-lang/crates.io-index") {
            wrong.push(format!("{name}: from {source:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_build_script_was_read_at_its_version() {
    let metadata = metadata();
    let by_id: BTreeMap<String, &Value> = packages(&metadata).map(|one| (text(&one["id"]), one)).collect();
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let root = by_id.iter().find(|(_, package)| package["name"] == "kcaws").unwrap().0;
    let (mut seen, mut open) = (BTreeSet::new(), vec![root.clone()]);
    while let Some(id) = open.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        let node = nodes.iter().find(|node| node["id"] == id.as_str()).unwrap();
        let is_normal = |dependency: &&Value| {
            let kinds = dependency["dep_kinds"].as_array().unwrap();
            kinds.iter().any(|kind| kind["kind"] != "dev")
        };
        open.extend(node["deps"].as_array().unwrap().iter().filter(is_normal).map(|one| text(&one["pkg"])));
    }
    let has_script = |package: &&&Value| {
        let targets = package["targets"].as_array().unwrap();
        !package["source"].is_null() && targets.iter().any(|target| target["kind"][0] == "custom-build")
    };
    let scripts = seen.iter().map(|id| &by_id[id]).filter(has_script);
    let scripts: BTreeSet<String> =
        scripts.map(|one| format!("{} | {}", text(&one["name"]), text(&one["version"]))).collect();
    let list = std::fs::read_to_string(repository().join("supply-chain/README.md")).unwrap();
    let lines = list.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let read = lines.skip(2).filter_map(|line| line.rsplit_once(" | ").map(|(script, _)| script.to_owned()));
    let read: BTreeSet<String> = read.collect();
    let unread: Vec<&String> = scripts.difference(&read).collect();
    let gone: Vec<&String> = read.difference(&scripts).collect();
    assert!(unread.is_empty() && gone.is_empty(), "not read: {unread:?}; no longer there: {gone:?}");
}
