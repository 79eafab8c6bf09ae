//! Text from outside, in forms in which nothing of it acts on a terminal.

use std::fmt::Write as _;

/// The lines of a diff as they are shown. A carriage return stays at their ends where all lines of the file have one.
pub(super) fn shown_lines(diff: &str) -> Vec<String> {
    let lines: Vec<&str> = diff.split_terminator('\n').collect();
    let of_file = |line: &&str| {
        line.starts_with([' ', '+', '-']) && !line.starts_with("--- ") && !line.starts_with("+++ ")
    };
    let mut of_file = lines.iter().filter(|line| of_file(line)).map(|line| line.ends_with('\r'));
    let first = of_file.next();
    let is_mixed = first.is_some_and(|first| of_file.any(|other| other != first));
    let shown_line = |line: &str| {
        let (line, end) = match line.strip_suffix('\r').filter(|_| !is_mixed) {
            Some(line) => (line, "\r"),
            None => (line, ""),
        };
        let pieces: Vec<String> = line.split('\t').map(shown).collect();
        pieces.join("\t") + end
    };
    lines.into_iter().map(shown_line).collect()
}

/// Text from outside, made harmless: control and escape characters, line ends and bidirectional overrides appear
/// as `\u{…}` instead of acting.
pub fn shown(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() || is_invisible(letter) {
            let _ = write!(harmless, "{}", letter.escape_unicode());
        } else {
            harmless.push(letter);
        }
    }
    harmless
}

/// JSON for a terminal that somebody may look at: the same to every parser (RFC 8259 section 7), and what would act is
/// written as an escape. serde leaves all but the first 32 control characters as they are.
pub(super) fn harmless_json(json: &str) -> String {
    let mut harmless = String::with_capacity(json.len());
    for letter in json.chars() {
        // Line ends here are those between the members; in texts they are escaped already.
        if letter != '\n' && (letter.is_control() || is_invisible(letter)) {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                let _ = write!(harmless, "\\u{unit:04x}");
            }
        } else {
            harmless.push(letter);
        }
    }
    harmless
}

/// Characters that change how others are read: Unicode TR 36 and TR 9 (bidi), zero-width and tag characters.
fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{061c}' | '\u{feff}'
        | '\u{e0000}'..='\u{e007f}')
}
