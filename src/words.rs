//! Command lines that stand in a config file or a variable.

/// Words as a shell splits them, quotes removed; enough for a line that kcaws wrote itself.
pub fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote): (Option<String>, Option<char>) = (None, None);
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, ' ' | '\t') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_words_together_and_nothing_is_expanded() {
        assert_eq!(words(r#""/a b/kcaws" x 'y z' "" w"#), ["/a b/kcaws", "x", "y z", "", "w"]);
        assert_eq!(words(r#"  a$HOME `b` "it's" 'say "x"';  "#), ["a$HOME", "`b`", "it's", "say \"x\";"]);
        assert!(words(" \t").is_empty());
    }
}
