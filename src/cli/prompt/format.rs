//! Formats the prompt: placeholders, optional parts, colors, and escaping of what a shell would interpret.

use std::fmt::Write as _;

use chrono::TimeDelta;

use crate::cli::ui::shown;
use crate::prompt::{PromptState, View};

pub(crate) const DEFAULT: &str = "{profile}[:{role}] {left}";

/// The reader of the text: line editors need marks around characters that take no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Reader {
    Bash,
    Zsh,
}

pub(crate) fn text(format: &str, view: &View, reader: Option<Reader>, color: bool) -> String {
    let mut parts = Parts { view, reader, color };
    let mut rest = format;
    let (text, _) = parts.read(&mut rest, 0);
    text
}

/// Limit for nested groups, each of which takes a part of the stack.
const DEEPEST: usize = 32;

struct Parts<'a> {
    view: &'a View,
    reader: Option<Reader>,
    color: bool,
}

impl Parts<'_> {
    /// Formats up to the end or the `]` of the group, and returns whether a placeholder in it was empty.
    fn read(&mut self, rest: &mut &str, depth: usize) -> (String, bool) {
        let (mut text, mut has_empty) = (String::new(), false);
        while let Some(letter) = rest.chars().next() {
            *rest = &rest[letter.len_utf8()..];
            match letter {
                ']' if depth > 0 => break,
                '[' if rest.starts_with('[') => {
                    *rest = &rest[1..];
                    text.push('[');
                }
                // At a greater depth, brackets are literal.
                '[' if depth < DEEPEST => {
                    let (group, empty) = self.read(rest, depth + 1);
                    if !empty {
                        text.push_str(&group);
                    }
                }
                '{' => match rest.split_once('}') {
                    Some((name, after)) => {
                        *rest = after;
                        if let Some(value) = self.value(name) {
                            has_empty |= value.is_empty();
                            text.push_str(&self.harmless(&value));
                        } else if let Some(code) = self.style(name) {
                            text.push_str(&self.escape(code));
                        } else {
                            // Unknown words are printed as they are.
                            let _ = write!(text, "{{{name}}}");
                        }
                    }
                    None => text.push('{'),
                },
                letter => text.push_str(&self.harmless(letter.encode_utf8(&mut [0; 4]))),
            }
        }
        (text, has_empty)
    }

    fn value(&self, name: &str) -> Option<String> {
        let View { profile, session, account_id, role_name, region, standing, left } = self.view;
        Some(match name {
            "profile" => profile.clone(),
            "session" => session.clone(),
            "account" => account_id.clone(),
            "role" => role_name.clone().unwrap_or_default(),
            "region" => region.clone(),
            "left" => self::left(self.view),
            "minutes" => left.map(|left| left.num_minutes().to_string()).unwrap_or_default(),
            "state" => word(*standing).to_owned(),
            _ => return None,
        })
    }

    fn style(&self, name: &str) -> Option<u8> {
        Some(match name {
            "reset" => 0,
            "bold" => 1,
            "dim" => 2,
            "red" => 31,
            "green" => 32,
            "yellow" => 33,
            "blue" => 34,
            "magenta" => 35,
            "cyan" => 36,
            "color" => match self.view.standing {
                PromptState::Good => 32,
                PromptState::Soon | PromptState::Renews => 33,
                PromptState::Gone
                | PromptState::LoginNeeded
                | PromptState::Ended
                | PromptState::OtherKeys => 31,
            },
            _ => return None,
        })
    }

    /// Escapes a name for the terminal and for the prompt's own syntax (rule 11).
    fn harmless(&self, text: &str) -> String {
        let text = shown(text);
        match self.reader {
            Some(Reader::Zsh) => text.replace('%', "%%"),
            _ => text,
        }
    }

    fn escape(&self, code: u8) -> String {
        if !self.color {
            return String::new();
        }
        match self.reader {
            // Readline's own marks: `\[` is interpreted in PS1 only, not in the output of a function.
            Some(Reader::Bash) => format!("\u{1}\u{1b}[{code}m\u{2}"),
            Some(Reader::Zsh) => format!("%{{\u{1b}[{code}m%}}"),
            None => format!("\u{1b}[{code}m"),
        }
    }
}

/// Returns the time left, or a word for why there is none.
pub(crate) fn left(view: &View) -> String {
    view.left.map_or_else(|| word(view.standing).to_owned(), span)
}

fn word(standing: PromptState) -> &'static str {
    match standing {
        PromptState::Good => "ok",
        PromptState::Soon => "soon",
        PromptState::Gone => "gone",
        PromptState::Renews => "renews",
        PromptState::LoginNeeded => "log in",
        PromptState::Ended => "ended",
        PromptState::OtherKeys => "other keys",
    }
}

fn span(left: TimeDelta) -> String {
    match (left.num_hours(), left.num_minutes() % 60) {
        (0, 0) => "<1m".to_owned(),
        (0, minutes) => format!("{minutes}m"),
        (hours, minutes) => format!("{hours}h{minutes:02}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(role: Option<&str>, minutes: Option<i64>, standing: PromptState) -> View {
        View {
            profile: "dev".into(),
            session: "corp".into(),
            account_id: "111122223333".into(),
            role_name: role.map(str::to_owned),
            region: "eu-west-1".into(),
            standing,
            left: minutes.map(TimeDelta::minutes),
        }
    }

    #[test]
    fn the_usual_text_says_profile_role_and_time() {
        let text =
            |role, minutes, standing| super::text(DEFAULT, &view(role, minutes, standing), None, false);
        assert_eq!(text(Some("Admin"), Some(42), PromptState::Good), "dev:Admin 42m");
        assert_eq!(text(Some("Admin"), Some(125), PromptState::Good), "dev:Admin 2h05m");
        assert_eq!(text(Some("Admin"), Some(0), PromptState::Soon), "dev:Admin <1m");
        assert_eq!(text(None, None, PromptState::Renews), "dev renews");
        assert_eq!(text(None, None, PromptState::LoginNeeded), "dev log in");
    }

    #[test]
    fn groups_vanish_whole_and_brackets_can_be_written() {
        let text = |format| super::text(format, &view(None, Some(5), PromptState::Soon), None, false);
        assert_eq!(
            text("[[{profile}[ as {role}!][ in {region}]] {minutes} {state}"),
            "[dev in eu-west-1] 5 soon"
        );
        assert_eq!(text("{nonsense} {profile"), "{nonsense} {profile");
    }

    #[test]
    fn groups_of_any_depth_end() {
        let text = |format: &str| super::text(format, &view(None, Some(5), PromptState::Soon), None, false);
        assert_eq!(text(&("[x".repeat(3) + "{minutes}")), "xxx5");
        let deep = text(&"[x".repeat(60_000));
        assert_eq!(deep.matches('x').count(), 60_000);
        assert_eq!(deep.matches('[').count(), 60_000 - DEEPEST);
    }

    #[test]
    fn colours_take_no_room_and_go_where_they_are_not_wanted() {
        let text = |reader, color| {
            super::text("{color}x{reset}", &view(None, None, PromptState::Good), reader, color)
        };
        assert_eq!(text(None, true), "\u{1b}[32mx\u{1b}[0m");
        assert_eq!(text(Some(Reader::Bash), true), "\u{1}\u{1b}[32m\u{2}x\u{1}\u{1b}[0m\u{2}");
        assert_eq!(text(Some(Reader::Zsh), true), "%{\u{1b}[32m%}x%{\u{1b}[0m%}");
        assert_eq!(text(None, false), "x");
    }

    #[test]
    fn names_do_not_act() {
        let mut hostile = view(Some("%F{red}\u{1b}[2J"), None, PromptState::Renews);
        hostile.profile = "$(x)`y`%n\u{202e}\n".into();
        let zsh = super::text("{profile} {role}", &hostile, Some(Reader::Zsh), true);
        assert_eq!(zsh, "$(x)`y`%%n\\u{202e}\\u{a} %%F{red}\\u{1b}[2J");
    }
}
