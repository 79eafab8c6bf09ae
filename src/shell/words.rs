//! Parses command lines in a config file or a variable.

/// Splits into words as a shell does, without quotes; enough for a line that kcaws wrote itself.
pub fn words(line: &str) -> Vec<String> {
    let (mut words, last) = split(line, false);
    words.extend(last);
    words
}

/// Splits a line that is being typed: the last word is the one that it ends in, empty after a blank.
///
/// With `backslash`, a backslash escapes the next character, by the rules of POSIX.
pub fn typed_words(line: &str, backslash: bool) -> Vec<String> {
    let (mut words, last) = split(line, backslash);
    words.push(last.unwrap_or_default());
    words
}

fn split(line: &str, backslash: bool) -> (Vec<String>, Option<String>) {
    let mut words = Vec::new();
    let (mut word, mut quote): (Option<String>, Option<char>) = (None, None);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, ' ' | '\t') => words.extend(word.take()),
            (None | Some('"'), '\\') if backslash => {
                let acts = |next: &char| quote.is_none() || "\"\\$`".contains(*next);
                word.get_or_insert_default().push(letters.next_if(acts).unwrap_or(letter));
            }
            _ => word.get_or_insert_default().push(letter),
        }
    }
    (words, word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_that_is_typed_may_be_open_and_escaped() {
        for (line, backslash, expected) in [
            ("", true, vec![""]),
            ("a ", true, vec!["a", ""]),
            ("a b", true, vec!["a", "b"]),
            ("a 'b ", true, vec!["a", "b "]),
            (r"a b\ c", true, vec!["a", "b c"]),
            (r#"a "b\"\c"#, true, vec!["a", r#"b"\c"#]),
            (r"a 'b\", true, vec!["a", r"b\"]),
            (r"a \", true, vec!["a", r"\"]),
            (r"a b\ c", false, vec!["a", r"b\", "c"]),
        ] {
            assert_eq!(typed_words(line, backslash), expected, "{line}");
        }
    }

    #[test]
    fn quotes_hold_words_together_and_nothing_is_expanded() {
        assert_eq!(words(r#""/a b/kcaws" x 'y z' "" w"#), ["/a b/kcaws", "x", "y z", "", "w"]);
        assert_eq!(words(r#"  a$HOME `b` "it's" 'say "x"';  "#), ["a$HOME", "`b`", "it's", "say \"x\";"]);
        assert!(words(" \t").is_empty());
    }
}
