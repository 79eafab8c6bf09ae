//! Finds the topics of a text: loosely, because it is copied from logs, pages and mails.
//!
//! A phrase of a topic is written in lower case, in words of letters, digits and `_`. `=text` is the whole text,
//! `a + b` are two phrases that must both be in it, `a - b` one without the other, and a word ends in `*` where only
//! its beginning counts.
//!
//! A message is more specific than a code: `ExpiredTokenException` alone matches all services that use it; with the
//! words of one service it matches that service.

use super::topics::{Topic, topics};
use crate::similar::did_you_mean;

/// Similarity from which two texts count as the same text with a typo.
const ALIKE: f64 = 0.85;

/// How a topic was found; greater is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    /// By an exit code, which may come from any program.
    ExitCode,
    /// By one word, which several services may use.
    Code(usize),
    /// By a message of this length.
    Message(usize),
}

/// Returns all topics that match the text, those with the longest matches first.
pub(super) fn about(text: &str) -> Vec<&'static Topic> {
    let text = plain(text);
    if text.is_empty() {
        return Vec::new();
    }
    let look = |text: &str| -> Vec<(Found, &Topic)> {
        topics().filter_map(|topic| Some((found(topic, text)?, topic))).collect()
    };
    let mut all = look(&text);
    // A number alone is what the shell shows as `$?`.
    if all.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        all = look(&format!("exit {text}"));
    }
    if all.is_empty() {
        return topics().filter(|topic| is_guess(topic, &text)).collect();
    }
    if all.iter().any(|(found, _)| matches!(found, Found::Message(_))) {
        all.retain(|(found, _)| !matches!(found, Found::Code(_)));
    }
    all.sort_by_key(|(found, _)| std::cmp::Reverse(*found));
    all.into_iter().map(|(_, topic)| topic).collect()
}

fn found(topic: &Topic, text: &str) -> Option<Found> {
    if topic.name == text {
        return Some(Found::Message(usize::MAX));
    }
    topic.seen.iter().filter(|phrase| is_seen(phrase, text)).map(|phrase| kind(phrase)).max()
}

fn kind(phrase: &str) -> Found {
    if phrase.starts_with("exit ") {
        Found::ExitCode
    } else if phrase.contains([' ', '*']) || phrase.starts_with('=') {
        Found::Message(phrase.len())
    } else {
        Found::Code(phrase.len())
    }
}

fn is_seen(phrase: &str, text: &str) -> bool {
    if let Some(whole) = phrase.strip_prefix('=') {
        return text == whole;
    }
    let mut parts = phrase.split(" - ");
    let wanted = parts.next().unwrap_or_default();
    wanted.split(" + ").all(|part| holds(text, part)) && !parts.any(|part| holds(text, part))
}

/// Returns whether the text contains the phrase at word boundaries: `exit 1` is not in `exit 130`.
fn holds(text: &str, phrase: &str) -> bool {
    match phrase.strip_suffix('*') {
        Some(start) => format!(" {text}").contains(&format!(" {start}")),
        None => format!(" {text} ").contains(&format!(" {phrase} ")),
    }
}

/// Returns whether the text is part of a phrase, or nearly so; numbers must match: `exit 131` is not `exit 130`.
fn is_guess(topic: &Topic, text: &str) -> bool {
    let is_piece = text.contains(' ') || text.len() >= 8;
    let numbers = numbers(text);
    let is_near = |phrase: &str| {
        (is_piece && holds(phrase, text))
            || (numbers == self::numbers(phrase)
                && strsim::normalized_damerau_levenshtein(text, phrase) >= ALIKE)
    };
    let phrases = topic.seen.iter().filter(|phrase| !phrase.contains(" + ") && !phrase.contains('*'));
    phrases.map(|phrase| phrase.trim_start_matches('=')).chain([topic.name]).any(is_near)
}

/// Returns the words with a digit, in order.
fn numbers(text: &str) -> Vec<&str> {
    text.split(' ').filter(|word| word.bytes().any(|byte| byte.is_ascii_digit())).collect()
}

/// Returns the beginning of a hint, with the topics that may have been meant by one that does not exist.
pub(super) fn meant(text: &str) -> String {
    did_you_mean(&plain(text).replace(' ', "_"), topics().map(|topic| topic.name))
}

/// Normalizes a text to lower case words of letters, digits and `_`, separated by one space.
pub(super) fn plain(text: &str) -> String {
    let is_of_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let spaced: String = text
        .chars()
        .map(|letter| if is_of_word(letter) { letter.to_ascii_lowercase() } else { ' ' })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
