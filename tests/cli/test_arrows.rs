//! Imports go one way through the folders of `src/` (ARCHITECTURE.md, "Arrows go one way").

use std::path::{Path, PathBuf};

/// From the top down. A file may import what is in its own layer or below it.
const LAYERS: &[&[&str]] = &[
    &["cli"],
    &["app"],
    &["session", "credentials", "profile", "console", "configure", "prompt"],
    &["ports"],
    &["platform"],
];
/// Within the third layer: who may import whom.
const NEIGHBOURS: &[(&str, &[&str])] = &[
    ("configure", &["session", "profile", "credentials", "console"]),
    ("credentials", &["session", "profile"]),
    ("prompt", &["session", "credentials", "profile"]),
    ("session", &["profile"]),
    ("profile", &[]),
    ("console", &["profile"]),
];
/// File, the layer that it imports from, and why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("src/platform/http.rs", "ports", "judges the `Date` of every answer by the clock, which tests replace"),
    ("src/platform/peer_owner/macos.rs", "ports", "runs `lsof` bounded in time, as the port runs programs"),
];

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&name))
}

fn is_allowed(from: &str, to: &str) -> bool {
    match (layer(from), layer(to)) {
        (Some(here), Some(there)) if here == there && from != to => {
            NEIGHBOURS.iter().any(|(name, allowed)| *name == from && allowed.contains(&to))
        }
        (Some(here), Some(there)) => here <= there,
        _ => true,
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            let is_tests = path.file_stem().is_some_and(|name| name == "tests");
            match path.extension() {
                _ if is_tests => Vec::new(),
                None if path.is_dir() => sources(&path),
                Some(ending) if ending == "rs" => vec![path],
                _ => Vec::new(),
            }
        })
        .collect()
}

/// The folders of `src/` that a file names outside its tests and comments.
fn imports(text: &str) -> Vec<&str> {
    let (code, _) = text.split_once("#[cfg(test)]\nmod tests").unwrap_or((text, ""));
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let named = lines.flat_map(|line| line.split("crate::").skip(1));
    named
        .filter_map(|rest| rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next())
        .collect()
}

#[test]
fn no_import_goes_back_up() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut wrong, mut used) = (Vec::new(), Vec::new());
    for path in sources(&root.join("src")) {
        let file = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
        let from = file.split('/').nth(1).unwrap().trim_end_matches(".rs");
        let text = std::fs::read_to_string(&path).unwrap();
        for to in imports(&text).into_iter().filter(|to| !is_allowed(from, to)) {
            match EXCEPTIONS.iter().find(|(known, layer, _)| *known == file && *layer == to) {
                Some(exception) => used.push(exception),
                None => wrong.push(format!("{file} imports `crate::{to}`")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let unused: Vec<_> = EXCEPTIONS.iter().filter(|exception| !used.contains(exception)).collect();
    assert!(unused.is_empty(), "not needed any more: {unused:?}");
}

#[test]
fn imports_are_read_from_code_alone() {
    let text = "//! See [`crate::cli`].\nuse crate::ports::clock::Clock;\nfn f() { crate::app_x::g(crate::session::h()) }\n\
                #[cfg(test)]\nmod tests {\n    use crate::cli;\n}\n";
    assert_eq!(imports(text), ["ports", "app_x", "session"]);
    assert!(is_allowed("cli", "platform") && is_allowed("session", "profile") && is_allowed("app", "words"));
    assert!(!is_allowed("platform", "ports") && !is_allowed("profile", "session"));
}
