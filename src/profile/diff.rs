//! Shows what an edit changes: a unified diff whose secrets are masked before it is made (rule 11).

use std::path::Path;

use super::document::BLANKS;
use super::reading::without_end;

const MASK: &str = "****";
const SECRET_WORDS: [&str; 4] = ["secret", "token", "password", "passphrase"];
const CONTEXT: usize = 3;

pub fn unified(path: &Path, before: &str, after: &str) -> String {
    let (before, after) = (masked(before), masked(after));
    let name = path.display().to_string();
    similar::TextDiff::from_lines(&before, &after)
        .unified_diff()
        .context_radius(CONTEXT)
        .header(&name, &name)
        .to_string()
}

/// Returns the added lines with secrets masked, if nothing else changes and they are whole sections.
///
/// Such lines can be pasted as they are.
pub fn added_alone(before: &str, after: &str) -> Option<String> {
    let (before, after) = (masked(before), masked(after));
    let diff = similar::TextDiff::from_lines(&before, &after);
    let mut added = String::new();
    for group in diff.ops().iter().filter(|op| op.tag() != similar::DiffTag::Equal) {
        let text: String = diff.iter_changes(group).map(|change| change.value()).collect();
        let is_whole = group.tag() == similar::DiffTag::Insert && text.trim_start().starts_with('[');
        if !is_whole {
            return None;
        }
        added.push_str(text.trim_start_matches(['\r', '\n']));
    }
    (!added.is_empty()).then_some(added)
}

/// Returns the text with the values of keys like `aws_secret_access_key` masked, in comments too.
pub fn masked(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut is_secret = false;
    for line in text.split_inclusive('\n') {
        let content = without_end(line);
        let setting =
            content.trim_start_matches(|letter| BLANKS.contains(&letter) || matches!(letter, '#' | ';'));
        let is_continuation = content.starts_with(BLANKS) && !content.trim().is_empty();
        let key_end = content.len() - setting.len() + setting.find(['=', ':']).unwrap_or(0);
        let key = content[..key_end].to_ascii_lowercase();
        let has_secret_key = SECRET_WORDS.iter().any(|word| key.contains(word));
        if has_secret_key {
            masked.extend([&content[..=key_end], " ", MASK]);
        } else if is_secret && is_continuation {
            let indent = content.len() - content.trim_start_matches(BLANKS).len();
            masked.extend([&content[..indent], MASK]);
        } else {
            push_without_queries(&mut masked, content);
        }
        masked.push_str(&line[content.len()..]);
        if !is_continuation && !content.trim().is_empty() {
            is_secret = has_secret_key;
        }
    }
    masked
}

/// Appends the line with the query of each URL masked: that of a team's file may contain a token.
fn push_without_queries(masked: &mut String, mut line: &str) {
    let ends = |letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'');
    while let Some(at) = line.find("://") {
        let end = line[at..].find(ends).map_or(line.len(), |length| at + length);
        match line[at..end].find('?') {
            Some(query) => masked.extend([&line[..=at + query], MASK]),
            None => masked.push_str(&line[..end]),
        }
        line = &line[end..];
    }
    masked.push_str(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_show_wherever_they_stand() {
        let text = "[a]\naws_secret_access_key = KEY1\r\n# aws_session_token=KEY2\n; My_Password : KEY3\n\
                    api_token =\n  KEY4\n  x = KEY5\n\n  KEY6\nregion = r\n  more\n";
        let masked = masked(text);
        assert!(!masked.contains("KEY"), "{masked}");
        assert!(
            masked.contains("aws_secret_access_key = ****\r\n") && masked.contains("region = r\n  more\n")
        );
        assert_eq!(masked.lines().count(), text.lines().count());
    }

    #[test]
    fn the_query_of_a_url_does_not_show() {
        let text = "url = \"https://x.example/k.toml?token=KEY\" # why?\n\
                    team = [{ url = 'https://x.example/?KEY', a = 'http://y/?KEY' }]\nsso_start_url = https://z/#/?KEY\n";
        let expected = "url = \"https://x.example/k.toml?****\" # why?\n\
                        team = [{ url = 'https://x.example/?****', a = 'http://y/?****' }]\nsso_start_url = https://z/#/?****\n";
        assert_eq!(masked(text), expected);
        assert_eq!(masked("# why? https://x/?KEY\n"), "# why? https://x/?****\n");
        assert_eq!(masked("a = b? https://x/ ?c\n"), "a = b? https://x/ ?c\n");
    }

    #[test]
    fn sections_that_are_added_alone_can_be_pasted() {
        let with = |more: &str| added_alone("[a]\nx = 1\n", &format!("[a]\nx = 1\n{more}"));
        assert_eq!(with("\n[b]\ntoken = KEY\n").as_deref(), Some("[b]\ntoken = ****\n"));
        assert_eq!(with("y = 2\n"), None, "it belongs to a section");
        assert_eq!(with(""), None);
        assert_eq!(added_alone("[a]\nx = 1\n", "[a]\nx = 2\n\n[b]\n"), None);
    }

    #[test]
    fn a_diff_shows_what_changes_and_a_missing_line_end() {
        let diff = unified(Path::new("/c"), "[a]\nx = 1\ntoken = KEY", "[a]\nx = 2\ntoken = KEY");
        let expected = "--- /c\n+++ /c\n@@ -1,3 +1,3 @@\n [a]\n-x = 1\n+x = 2\n token = ****\n\\ No newline at end of file\n";
        assert_eq!(diff, expected);
        assert_eq!(unified(Path::new("/c"), "[a]\n", "[a]\n"), "");
    }
}
