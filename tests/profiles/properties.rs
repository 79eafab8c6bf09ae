//! What must be true of any file, however broken. Used by the tests beside it and by the fuzzer.

use std::collections::BTreeMap;
use std::path::Path;

use kcaws::profile::draft::Draft;
use kcaws::profile::{ConfigError, Document, Heading};

/// "The render of an untouched file is the file" and "an edit changes only its lines".
///
/// # Panics
/// When one of them is not true.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(document) = Document::from_bytes(Path::new("/c"), bytes.to_vec()) else { return };
    // Other bytes are read for what is good of them, and never written.
    let Ok(text) = std::str::from_utf8(bytes) else {
        assert!(Draft::of(&document).is_err());
        return;
    };
    assert_eq!(document.text(), text);
    let Ok(untouched) = Draft::of(&document) else { return };
    assert_eq!(untouched.finish().expect("nothing was asked").text().as_bytes(), bytes);
    let names = document.profile_names();
    let region = [("region", "eu-central-1")];
    for name in names.iter().take(2).chain(names.last()) {
        edited(&document, name, |draft, heading| draft.set(heading, &region).map(|_| ()));
        edited(&document, name, |draft, heading| draft.remove(heading).map(|_| ()));
        edited(&document, name, |draft, heading| draft.unset_all(heading, |key| key == "region").map(|_| ()));
    }
    let new = "kcaws-new/1";
    if !names.iter().any(|name| name == new)
        && let Some(after) = edited(&document, new, |draft, heading| draft.set(heading, &region).map(|_| ()))
    {
        // Taking it away again leaves no trace.
        let added = Document::parse(Path::new("/c"), &after).expect("was read before it was handed out");
        let removed = edited(&added, new, |draft, heading| draft.remove(heading).map(|_| ()));
        let removed = removed.expect("it is there");
        // A last line of blanks got an end; it looks the same as one that had it.
        assert_eq!(removed.trim_end(), document.text().trim_end());
    }
}

/// The text after the edit, if it was not refused.
fn edited(
    document: &Document,
    name: &str,
    edit: impl FnOnce(&mut Draft<'_>, &Heading) -> Result<(), ConfigError>,
) -> Option<String> {
    let heading = Heading::Profile(name.to_owned());
    let mut draft = Draft::of(document).expect("was accepted before");
    edit(&mut draft, &heading).ok()?;
    let after = draft.finish().ok()?.text().to_owned();
    let before = document.text();
    if !before.is_empty() && after.lines().last().is_some_and(|line| !line.is_empty()) {
        assert_eq!(before.ends_with('\n'), after.ends_with('\n'), "{before:?}\n{after:?}");
    }

    // Which lines changed: all between the common start and the common end.
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let most = old.len().min(new.len()) - start;
    let end = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let (first, last) = lines_of(document, name);
    // The blank line above goes with a removed section.
    assert!(start + 2 >= first, "line {} of {name} ({first} to {last})\n{before:?}\n{after:?}", start + 1);
    assert!(old.len() - end <= last.max(start), "{name} ({first} to {last})\n{before:?}\n{after:?}");

    // The profiles of others read as before.
    let read = Document::parse(Path::new("/c"), &after).expect("was read before it was handed out");
    let (mut was, mut is) = (meaning(document), meaning(&read));
    was.remove(name);
    is.remove(name);
    assert_eq!(was, is, "{before:?}\n{after:?}");
    Some(after)
}

/// First and last line, counted from 1; behind the end for one that is not there.
fn lines_of(document: &Document, name: &str) -> (usize, usize) {
    let count = document.text().lines().count();
    let Some(section) = document.section(&Heading::Profile(name.to_owned())) else {
        return (count + 1, count + 1);
    };
    let first = section.place().line;
    let is_header = |line: &str| line.starts_with('[');
    let next = document.text().lines().skip(first).position(is_header);
    (first, next.map_or(count, |lines| first + lines))
}

fn meaning(document: &Document) -> BTreeMap<String, Vec<Option<&str>>> {
    let names = document.profile_names().into_iter();
    let values = |name: &String| {
        let section = document.section(&Heading::Profile(name.clone())).expect("is listed");
        ["region", "output", "credential_process", "a"].map(|key| section.get(key)).to_vec()
    };
    names.map(|name| (name.clone(), values(&name))).collect()
}

/// A file out of pieces that files are made of, and some that they should not be made of.
pub(crate) fn file_of(choices: impl IntoIterator<Item = u8>) -> Vec<u8> {
    const PIECES: [&[u8]; 48] = [
        b"\n",
        b"\n",
        b"\n",
        b"\n",
        b"\r\n",
        b"\r\n",
        b"\n\n",
        b"\r",
        b" ",
        b"\t",
        b"  ",
        b"[profile a]\n",
        b"[profile b]\n",
        b"[profile 'c']\n",
        b"[profile\td] # x\n",
        b"[default]\n",
        b"[profile default]\n",
        b"[sso-session s]\n",
        b"[services s]\n",
        b"[plugins]\n",
        b"[",
        b"]",
        b"[profile ",
        b"region = r\n",
        b"region=r ; near\n",
        b"Region = x",
        b"output = json\n",
        b"credential_process = \"/k\" x\n",
        b"a = 1\n",
        b"a =\n",
        b"  x = y\n",
        b" z\n",
        b"s3 =\n  a = 1\n  b = 2\n",
        b"# c\n",
        b"; c\n",
        b"  # c\n",
        b"=",
        b":",
        b" = ",
        b"#",
        b"a",
        b"e",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\xc2\xa0",
        b"\x0b",
        b"region: x\n",
    ];
    choices.into_iter().flat_map(|choice| PIECES[usize::from(choice) % PIECES.len()].to_vec()).collect()
}
