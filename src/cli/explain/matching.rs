//! Finds what a text is about: loosely, because it is copied from logs, pages and mails.

use super::topics::{TOPICS, Topic};

/// Two words at least this alike are one word with a typing error.
const ALIKE: f64 = 0.85;

/// All topics that the text is about, those with the longest words of it first.
pub(super) fn about(text: &str) -> Vec<&'static Topic> {
    let text = plain(text);
    if text.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(usize, &Topic)> =
        TOPICS.iter().filter_map(|topic| Some((words_of(topic, &text)?, topic))).collect();
    // Of a lone number the shell has told, as `$?`.
    if found.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let text = format!("exit {text}");
        found = TOPICS.iter().filter_map(|topic| Some((words_of(topic, &text)?, topic))).collect();
    }
    if found.is_empty() {
        found = TOPICS.iter().filter_map(|topic| Some((guess(topic, &text)?, topic))).collect();
    }
    found.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
    found.into_iter().map(|(_, topic)| topic).collect()
}

/// The length of the longest phrase of the topic that stands in the text, or of the text where it is the name.
fn words_of(topic: &Topic, text: &str) -> Option<usize> {
    let name = plain(topic.name);
    let phrases = topic.seen.iter().copied().chain([name.as_str()]);
    phrases.filter(|phrase| holds(text, phrase)).map(str::len).max()
}

/// At the boundaries of words: `exit 1` does not stand in `exit 130`.
fn holds(text: &str, phrase: &str) -> bool {
    format!(" {text} ").contains(&format!(" {phrase} "))
}

/// The text is a piece of a phrase, or nearly one. Numbers are never nearly one another: `exit 131` is not `exit 130`.
fn guess(topic: &Topic, text: &str) -> Option<usize> {
    let name = plain(topic.name);
    let mut phrases = topic.seen.iter().copied().chain([name.as_str()]);
    let numbers = numbers(text);
    let is_near = |phrase: &str| {
        let of_phrase = self::numbers(phrase);
        (text.len() >= 4 && phrase.contains(text) && numbers.iter().all(|number| of_phrase.contains(number)))
            || (numbers == of_phrase && strsim::normalized_damerau_levenshtein(text, phrase) >= ALIKE)
    };
    phrases.any(is_near).then_some(0)
}

/// The words with a digit, in order.
fn numbers(text: &str) -> Vec<&str> {
    text.split(' ').filter(|word| word.bytes().any(|byte| byte.is_ascii_digit())).collect()
}

/// Lower case, words of letters and digits, one blank between them.
pub(super) fn plain(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|letter| if letter.is_alphanumeric() { letter.to_ascii_lowercase() } else { ' ' })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&'static str> {
        about(text).into_iter().map(|topic| topic.name).collect()
    }

    #[test]
    fn topics_are_found_as_people_see_them() {
        for (text, name) in [
            ("exit 5", "exit_5"),
            ("exit_5", "exit_5"),
            ("Exit code 130", "exit_130"),
            ("invalid_grant", "invalid_grant"),
            (
                "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid grant provided\"}",
                "invalid_grant",
            ),
            ("UnauthorizedException", "unauthorized"),
            ("com.amazonaws.switchboard.portal#UnauthorizedException", "unauthorized"),
            ("slow_down", "slow_down"),
            ("expired_token", "expired_token"),
            (
                "An error occurred (ForbiddenException) when calling the GetRoleCredentials operation: No access",
                "no_access",
            ),
            ("errorMessage: Response contains invalid name id policy format", "name_id_policy"),
            ("Not a valid response for the provided request id", "not_a_valid_response"),
            ("It's not you, it is us", "its_not_you"),
            ("An unexpected error has occurred", "unexpected_error"),
            ("Invalid MFA credentials", "invalid_mfa_credentials"),
            ("Invalid callback URL", "invalid_callback_url"),
            ("We are sorry... Invalid requester", "invalid_requester"),
            ("Invalid redirect uri", "invalid_redirect_uri"),
            ("Account is disabled, contact your administrator.", "account_disabled"),
            ("invalid_grnat", "invalid_grant"),
            ("mfa credentials", "invalid_mfa_credentials"),
            ("exti code 130", "exit_130"),
            ("5", "exit_5"),
            ("143", "exit_130"),
            ("403", "no_access"),
        ] {
            assert_eq!(names(text).first(), Some(&name), "{text}: {:?}", names(text));
        }
        assert!(names("exit 130").iter().all(|name| *name != "exit_1"));
        for nothing in [
            "",
            "…",
            "hello world",
            "exit 99",
            "q",
            "exit 131",
            "exit 13",
            "exit code 30",
            "exit code 12",
            "7",
        ] {
            assert!(names(nothing).is_empty(), "{nothing}: {:?}", names(nothing));
        }
    }

    #[test]
    fn the_table_is_written_as_it_is_searched() {
        for (index, topic) in TOPICS.iter().enumerate() {
            assert!(TOPICS[..index].iter().all(|other| other.name != topic.name), "{}", topic.name);
            for phrase in topic.seen {
                assert_eq!(plain(phrase), *phrase);
                assert!(names(phrase).contains(&topic.name), "{phrase}");
            }
            for text in [topic.means, topic.mend, topic.source] {
                assert!(!text.is_empty() && !text.ends_with('.'), "{text}");
            }
        }
    }
}
