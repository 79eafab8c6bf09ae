//! Converts names to characters that every tool accepts.

use icu_normalizer::DecomposingNormalizerBorrowed;

use super::draft::is_plain_byte;

/// Returns the name with `-` for every character that not every tool accepts.
///
/// Latin letters only lose their diacritics: `büro` becomes `buro`. Empty if nothing is left.
pub fn plain_name(name: &str) -> String {
    let plain = |letter: char| u8::try_from(letter).is_ok_and(is_plain_byte);
    let name: String = folded(name).chars().map(|letter| if plain(letter) { letter } else { '-' }).collect();
    // A leading one would make it an option: `--profile -x`.
    name.trim_start_matches('-').to_owned()
}

/// Returns whether enough of a name is left to distinguish it from others.
pub fn says_something(name: &str) -> bool {
    folded(name).contains(|letter: char| letter.is_ascii_alphanumeric())
}

/// Removes the diacritics of Latin letters (Unicode NFKD), and spells letters without such a form as usual.
fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut folded = String::with_capacity(text.len());
    for letter in
        DecomposingNormalizerBorrowed::new_nfkd().normalize(text).chars().filter(|one| !is_mark(*one))
    {
        match letter {
            'ß' => folded.push_str("ss"),
            'ẞ' => folded.push_str("SS"),
            'æ' => folded.push_str("ae"),
            'Æ' => folded.push_str("AE"),
            'œ' => folded.push_str("oe"),
            'Œ' => folded.push_str("OE"),
            'þ' => folded.push_str("th"),
            'Þ' => folded.push_str("Th"),
            'ø' => folded.push('o'),
            'Ø' => folded.push('O'),
            'ł' => folded.push('l'),
            'Ł' => folded.push('L'),
            'đ' | 'ð' => folded.push('d'),
            'Đ' | 'Ð' => folded.push('D'),
            'ı' => folded.push('i'),
            other => folded.push(other),
        }
    }
    folded
}

/// Returns whether it is a combining mark of Latin, Greek or Cyrillic letters.
pub(super) fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin_letters_lose_their_marks_and_others_their_place() {
        for (name, plain) in [
            ("Büro München", "Buro-Munchen"),
            ("Bu\u{308}ro", "Buro"),
            ("Łódź Ærø Straße", "Lodz-AEro-Strasse"),
            ("Đà Nẵng ﬁn", "Da-Nang-fin"),
            ("ＡＢ", "AB"),
            ("a開b", "a-b"),
            ("開発", ""),
            ("evil]\n[default", "evil---default"),
            ("-x", "x"),
        ] {
            assert_eq!(plain_name(name), plain, "{name:?}");
            assert_eq!(says_something(name), !plain.is_empty(), "{name:?}");
        }
    }
}
