//! Makes foreign text safe to print: nothing in it acts on a terminal.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Returns the lines of a diff in printable form.
///
/// A carriage return at the end of a line stays, for a terminal and for programs that apply the diff. It is made
/// visible if it is the only difference between a removed and an added line.
pub(crate) fn shown_lines(diff: &str) -> Vec<String> {
    let lines: Vec<&str> = diff.split_terminator('\n').collect();
    let header = lines.iter().take_while(|line| !line.starts_with("@@")).count();
    let mut ends = BTreeMap::<&str, LineEnds>::new();
    for line in lines.iter().skip(header) {
        let (text, has_return) = without_return(line);
        match text.split_at_checked(1) {
            Some(("-", text)) => ends.entry(text).or_default().removed[usize::from(has_return)] = true,
            Some(("+", text)) => ends.entry(text).or_default().added[usize::from(has_return)] = true,
            _ => {}
        }
    }
    let shown_line = |(at, line): (usize, &&str)| {
        let (text, has_return) = without_return(line);
        let is_the_difference = at >= header
            && text.starts_with(['-', '+'])
            && text.get(1..).and_then(|text| ends.get(text)).is_some_and(LineEnds::differ);
        let pieces: Vec<String> = text.split('\t').map(shown).collect();
        let end = match (has_return, is_the_difference) {
            (false, _) => "",
            (true, false) => "\r",
            (true, true) => "\\u{d}",
        };
        pieces.join("\t") + end
    };
    lines.iter().enumerate().map(shown_line).collect()
}

/// Whether a text was removed and added, without and with a carriage return at its end.
#[derive(Default)]
struct LineEnds {
    removed: [bool; 2],
    added: [bool; 2],
}

impl LineEnds {
    fn differ(&self) -> bool {
        (self.removed[0] && self.added[1]) || (self.removed[1] && self.added[0])
    }
}

fn without_return(line: &str) -> (&str, bool) {
    line.strip_suffix('\r').map_or((line, false), |line| (line, true))
}

/// Escapes foreign text: control characters, line ends and bidirectional overrides appear as `\u{…}`.
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

/// Escapes JSON for a terminal, without a change to any parser (RFC 8259 section 7).
///
/// serde only escapes the first 32 control characters.
pub(crate) fn harmless_json(json: &str) -> String {
    let mut harmless = String::with_capacity(json.len());
    for letter in json.chars() {
        // Line ends here are those between the members; in strings they are already escaped.
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

/// Characters that change how others are displayed: Unicode TR 36 and TR 9 (bidi), zero-width and tag characters.
fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{061c}' | '\u{feff}'
        | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "--- c\n+++ c\n@@ -1 +1 @@\n";

    fn shown_diff(lines: &str) -> String {
        let shown = shown_lines(&format!("{HEAD}{lines}")).join("\n") + "\n";
        shown.strip_prefix(HEAD).expect("the head stays").to_owned()
    }

    #[test]
    fn line_ends_stay_what_they_are_in_files_of_any_kind() {
        for lines in [
            " a\tb\r\n-x\r\n+y\r\n",
            // The last line has no end, and one line has another.
            " [default]\r\n-region = x\n\\ No newline at end of file\n+region = x2\r\n+output = json\r\n",
            " [default]\r\n region = x\n+output = json\r\n",
            "-x\n+y\n",
            // A removed line may look like a header.
            "--- c\r\n+y\r\n",
        ] {
            assert_eq!(shown_diff(lines), lines);
        }
    }

    #[test]
    fn a_line_end_is_shown_where_it_is_the_difference() {
        assert_eq!(shown_diff("-x\r\n+x\n"), "-x\\u{d}\n+x\n");
        assert_eq!(shown_diff("-x\n-y\r\n+x\r\n+z\r\n"), "-x\n-y\r\n+x\\u{d}\n+z\r\n");
    }

    #[test]
    fn nothing_else_in_a_diff_acts() {
        assert_eq!(shown_diff("-a\rb\u{7}\r\n+\u{1b}[2J\tz\r\n"), "-a\\u{d}b\\u{7}\r\n+\\u{1b}[2J\tz\r\n");
    }
}
