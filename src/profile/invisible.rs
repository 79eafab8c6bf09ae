//! Invisible characters, which come with text pasted from web pages and editors.

/// Returns whether the character is invisible and not a blank to every tool.
fn is_invisible(letter: char) -> bool {
    !matches!(letter, ' ' | '\t' | '\r' | '\n')
        && (letter.is_whitespace()
            || matches!(letter, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
            || matches!(letter, '\u{2060}'..='\u{2069}' | '\u{feff}'))
}

/// Returns the first invisible character.
pub(super) fn in_text(text: &str) -> Option<char> {
    if text.is_ascii() && !text.bytes().any(|byte| matches!(byte, 0x0b | 0x0c)) {
        return None;
    }
    text.chars().find(|letter| is_invisible(*letter))
}

pub(super) fn removed(text: &str) -> String {
    text.chars().filter(|letter| !is_invisible(*letter)).collect()
}

/// Returns the text from its first visible character on.
pub(super) fn trimmed_start(text: &str) -> &str {
    text.trim_start_matches(|letter: char| matches!(letter, ' ' | '\t') || is_invisible(letter))
}

/// Returns the text with a blank in place of each.
pub(super) fn as_blanks(text: &str) -> String {
    text.chars().map(|letter| if is_invisible(letter) { ' ' } else { letter }).collect()
}

/// Returns the character for use in a sentence: the name of a common one, and the code point.
pub fn name(letter: char) -> String {
    let name = match letter {
        '\u{a0}' => "a no-break space",
        '\u{ad}' => "a soft hyphen",
        '\u{200b}' => "a zero width space",
        '\u{202f}' => "a narrow no-break space",
        '\u{3000}' => "an ideographic space",
        '\u{feff}' => "a byte order mark",
        _ => "an invisible character",
    };
    format!("{name} (U+{:04X})", u32::from(letter))
}
