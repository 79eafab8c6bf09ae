//! botocore's own parser as the oracle: what the AWS CLI reads, kcaws reads, and a file that it cannot read is never
//! edited.
//!
//! The differences, none of which the generated files hold or the comparison counts:
//!
//! - an inline comment and the indented lines below a value are part of the value to botocore, not to the others;
//! - a carriage return alone ends a line for Python, and every Unicode blank is one;
//! - a second `]` in a header (`[a] # ]`) ends the name for Python;
//! - of two sections for one profile (`[default]` and `[profile default]`, two spellings) botocore takes the last;
//! - botocore adds the settings of `[DEFAULT]` to every section;
//! - `# =` before any other delimiter (`a # = b`) is a key to Python, and unreadable here.

use std::path::Path;

use kcaws::profile::{Document, Heading};

use crate::readers;

const FILES: u64 = 4_000;
const FILES_OF_THE_LONG_FORM: u64 = 200_000;
const INDENTS: [&str; 8] = ["", "", "", "", " ", "  ", "    ", "\t"];
const LINES: [&str; 20] = [
    "region = r",
    "region=r2",
    "output : o",
    "output = p=q",
    "url: https://h/x?a=b",
    "start = https://h/start/#/",
    "role_arn = arn:aws:iam::111122223333:role/x # why",
    "Role_Name = V",
    "a:b = c",
    "s3 =",
    "x = 1",
    "y = 2",
    "empty =",
    "z : ",
    "# comment",
    "; comment",
    "",
    "",
    "k\t=\tv w",
    "[x] = y",
];
/// What people write that is out of the ordinary, and some that no one should.
const ODD_LINES: [&str; 24] = [
    "region =\tr",
    "region\t=r3",
    "REGION = R",
    "output = \"json\"",
    "output = 'json'",
    "output =  = x",
    "output = r;c",
    "url = r ;c",
    "url = %(region)s",
    "url = $HOME\\",
    "rem = é ünd 本番",
    "schlüssel = x",
    "a b = c",
    "k = # x",
    "k2 =#x",
    "k3 = ;",
    "; = x",
    "   ",
    "\t",
    "x[1] = y",
    "sso_account_id = 012345678901",
    "credential_process = \"/opt/my tools/k\" --x=y:z",
    "services = local",
    "y == z",
];
const UNREADABLE: [&str; 5] = ["nonsense", "= x", "[profile z", ": x", "\u{feff}region"];

/// Knuth's MMIX generator: the same files in every run.
struct Choices(u64);

impl Choices {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % count
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

fn file(seed: u64) -> String {
    let mut choices = Choices(seed);
    let end = choices.one(&["\n", "\n", "\n", "\r\n"]);
    let mut text = String::new();
    if choices.below(20) == 0 {
        text.extend(["region = above", end]);
    }
    let mut add = |choices: &mut Choices, line: &str| text.extend([choices.one(&INDENTS), line, end]);
    for name in 0..=choices.below(4) {
        let header = match choices.below(9) {
            0 => format!("[sso-session s{name}]"),
            1 => format!("[other{name}]"),
            2 if name == 0 => "[default]".to_owned(),
            3 => "[profile p0]".to_owned(),
            4 => odd_header(choices.below(12), name),
            _ => format!("[profile p{name}]"),
        };
        add(&mut choices, &header);
        for _ in 0..choices.below(5) {
            let lines: &[&str] = match choices.below(40) {
                0 => &UNREADABLE,
                1..=9 => &ODD_LINES,
                _ => &LINES,
            };
            let line = choices.one(lines);
            add(&mut choices, line);
        }
    }
    text
}

/// Headers that are no plain `[profile p1]`; each name is met once in a file.
fn odd_header(kind: usize, name: usize) -> String {
    match kind {
        0 => format!("[profile \"q{name}\"]"),
        1 => format!("[profile 'q{name}']"),
        2 => format!("[profile\tq{name}]"),
        3 => format!("[profile  q{name} ]"),
        4 => format!("[profile q{name}] # c"),
        5 => format!("[profile q{name}] x = y"),
        6 => format!("[profile 'q {name}']"),
        7 => format!("[profile]  ; q{name}"),
        8 => "[Default]".to_owned(),
        9 => format!("[services q{name}]"),
        10 => "[DEFAULT]".to_owned(),
        _ => format!("[profile q-{name}.x@y/z+w%v]"),
    }
}

/// As the others would have it: the first line, without a comment.
fn first_words(value: &str) -> Option<&str> {
    let line = value.split('\n').next().unwrap_or_default();
    let is_comment = line == ";" || line.starts_with("# ");
    let cut = [" #", " ;"].iter().filter_map(|mark| line.find(mark)).min();
    Some(&line[..cut.unwrap_or(line.len())]).filter(|value| !value.is_empty() && !is_comment)
}

fn difference(text: &str, read: &Result<readers::Profiles, String>) -> Option<String> {
    let document = Document::parse(Path::new("config"), text).unwrap();
    let Ok(profiles) = read else {
        let is_refused = document.check_for_every_tool().is_err();
        return (!is_refused).then(|| "botocore refuses the file, and it would be edited".to_owned());
    };
    if let Some(error) = document.unreadable_lines().next() {
        return Some(format!("botocore reads the file: {error}"));
    }
    let mut names = document.profile_names();
    names.sort();
    if !names.iter().eq(profiles.keys()) {
        return Some(format!("profiles: {names:?}"));
    }
    let added = document.section(&Heading::Other("DEFAULT".to_owned()));
    profiles.iter().find_map(|(name, values)| {
        let section = document.section(&Heading::Profile(name.clone())).unwrap();
        let is_added = |key: &str| {
            section.get(key).is_none() && added.as_ref().is_some_and(|added| added.get(key).is_some())
        };
        let differs =
            |(key, value): &(&String, &String)| section.get(key) != first_words(value) && !is_added(key);
        let (key, _) = values.iter().find(differs)?;
        Some(format!("{name}, {key}: {:?}", section.get(key)))
    })
}

#[test]
fn what_botocore_reads_is_read_and_what_it_refuses_is_not_edited() {
    let Some(mut botocore) = readers::Botocore::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let files = crate::long_or(FILES_OF_THE_LONG_FORM, FILES);
    let (mut refused, mut differences) = (0, Vec::new());
    for text in (0..files).map(file) {
        std::fs::write(&path, &text).unwrap();
        let read = botocore.read(&path);
        refused += u64::from(read.is_err());
        differences.extend(difference(&text, &read).map(|what| format!("{what}\n{text:?}\n{read:?}")));
    }
    assert!(refused > files / 20 && refused < files * 3 / 4, "{refused} refused: the mix has changed");
    let shown = differences[..differences.len().min(5)].join("\n\n");
    assert!(differences.is_empty(), "{} of {files}:\n{shown}", differences.len());
}
