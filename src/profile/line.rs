//! Writes the `credential_process` line in a form that every SDK parses alike.
//!
//! The program is unquoted if its path allows it. The AWS SDK for Go v1 ends a value that begins with a quote at the
//! closing one, so that it would run `"/usr/local/bin/kcaws" credential-process …` without any argument.

use super::ConfigError;
use super::Role;
use super::draft::is_plain_byte;
use super::kcaws_profile::{KcawsProfile, of_line};
use super::target::kcaws_arguments;
use crate::shell::words::words;

/// Returns the line that provides the role, for the program at this path.
///
/// `/usr/local/bin/kcaws credential-process --session corp --account 111122223333 --role PowerUserAccess`: one value
/// for Python's shlex, `sh -c` and cmd.exe, and no ` #` or ` ;`, where the Rust and JavaScript SDKs cut.
pub fn credential_process(program: &str, own: &KcawsProfile) -> Result<String, ConfigError> {
    let program = program_word(program)?;
    let (session, role) = (argument(&own.session)?, argument(own.role.role_name.as_str())?);
    let account = &own.role.account_id;
    // Some SDKs pass the line to a shell, and characters that AWS names do not have read differently elsewhere.
    if Role::parse(account, own.role.role_name.as_str()).is_err() {
        return Err(not_writable());
    }
    Ok(format!("{program} credential-process --session {session} --account {account} --role {role}"))
}

/// Returns the line for a profile that already has one.
///
/// The present line stays if it runs the same program for the same role, without quotes that its path does not need.
pub fn renewed(present: Option<&str>, program: &str, own: &KcawsProfile) -> Result<String, ConfigError> {
    let line = credential_process(program, own)?;
    let present = present.filter(|present| {
        of_line(present).as_ref() == Some(own) && words(present).first().is_some_and(|first| first == program)
    });
    Ok(match present {
        Some(present) => without_needless_quotes(present).unwrap_or_else(|| present.to_owned()),
        None => line,
    })
}

/// Returns the program as the first word of a line.
pub fn program_word(program: &str) -> Result<String, ConfigError> {
    let is_path = program.chars().all(|letter| is_safe(letter) && (cfg!(windows) || letter != '\\'))
        && !(cfg!(windows) && program.contains('%'));
    if !is_path || has_comment(program) {
        return Err(not_writable());
    }
    Ok(if needs_quotes(program) { format!("\"{program}\"") } else { program.to_owned() })
}

/// Returns whether the path of a program needs quotes to be one word.
///
/// Tried with the SDKs for Go (v1 and v2), botocore, `sh -c` and, by its documentation, cmd.exe.
pub fn needs_quotes(program: &str) -> bool {
    let own_letters = if cfg!(windows) { r"_.+-@:\~" } else { "_.+-@:~/%,=" };
    // `A=b` before a command sets a variable, and `~` stands for a folder.
    let is_odd = !cfg!(windows) && !program.starts_with('/') && program.contains(['=', '~']);
    is_odd || !program.chars().all(|letter| letter.is_alphanumeric() || own_letters.contains(letter))
}

/// Returns the quoted path at the start of a line that runs kcaws.
pub fn quoted_program(line: &str) -> Option<&str> {
    kcaws_arguments(line)?;
    Some(line.strip_prefix('"')?.split_once('"')?.0)
}

/// Returns the line with its program unquoted, if its path does not need the quotes.
pub fn without_needless_quotes(line: &str) -> Option<String> {
    let program = quoted_program(line).filter(|program| !needs_quotes(program))?;
    let rest = &line[program.len() + 2..];
    rest.starts_with([' ', '\t']).then(|| format!("{program}{rest}"))
}

fn argument(text: &str) -> Result<String, ConfigError> {
    let is_fine = !text.is_empty()
        && !has_comment(text)
        && text.chars().all(|letter| is_safe(letter) && letter != '\\');
    let is_plain = text.bytes().all(|byte| is_plain_byte(byte) || b"=,".contains(&byte));
    match (is_plain, is_fine) {
        _ if text.starts_with('-') => Err(not_writable()),
        (true, true) => Ok(text.to_owned()),
        (false, true) => Ok(format!("\"{text}\"")),
        _ => Err(not_writable()),
    }
}

/// Returns whether a character has no special meaning inside double quotes.
fn is_safe(letter: char) -> bool {
    !letter.is_control() && !matches!(letter, '"' | '$' | '`')
}

/// Returns whether the text contains what two SDKs read as an inline comment, quoted or not.
fn has_comment(text: &str) -> bool {
    text.contains(" #") || text.contains(" ;")
}

fn not_writable() -> ConfigError {
    ConfigError::CannotBeWritten { key: "credential_process".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Role;

    fn own(session: &str, role: &str) -> KcawsProfile {
        let role = Role { account_id: "111122223333".into(), role_name: role.into() };
        KcawsProfile { session: session.into(), role }
    }

    #[cfg(not(windows))]
    const PLAIN: [&str; 4] = [
        "/usr/local/bin/kcaws",
        "/home/zoë/.cargo/bin/kcaws",
        "/opt/kcaws@1.2+x/kcaws",
        "/a,b/c=d/e:f%g~h/kcaws",
    ];
    #[cfg(windows)]
    const PLAIN: [&str; 2] = [r"C:\Users\zoe\.cargo\bin\kcaws.exe", r"C:\PROGRA~1\kcaws.exe"];
    #[cfg(not(windows))]
    const ODD: [&str; 5] = ["/opt/my tools/kcaws", "/a(b)/kcaws", "/a&b/kcaws", "/a*b/kcaws", "/it's/kcaws"];
    #[cfg(windows)]
    const ODD: [&str; 3] = [r"C:\Program Files\kcaws.exe", r"C:\a&b\kcaws.exe", r"C:\a(b)\kcaws.exe"];

    #[test]
    fn a_program_is_quoted_only_where_its_path_needs_it() {
        for program in PLAIN {
            let line = credential_process(program, &own("corp", "Admin")).expect("can be written");
            assert!(line.starts_with(&format!("{program} credential-process ")), "{line}");
        }
        for program in ODD {
            let line = credential_process(program, &own("corp", "Admin")).expect("can be written");
            assert!(line.starts_with(&format!("\"{program}\" credential-process ")), "{line}");
            assert_eq!((quoted_program(&line), without_needless_quotes(&line)), (Some(program), None));
        }
        assert!(needs_quotes("A=b/kcaws") && needs_quotes("~/bin/kcaws"));
    }

    #[test]
    fn a_line_of_ours_is_known_again_bare_and_in_quotes() {
        for program in PLAIN.into_iter().chain(ODD) {
            for own in [
                own("corp", "PowerUserAccess"),
                own("corp-1.eu", "A+b=c,d.e@f-g_h"),
                own("https://d-1234567890.awsapps.com/start/#/", "Admin"),
                own("my corp", "Admin"),
            ] {
                let line = credential_process(program, &own).expect("can be written");
                assert_eq!(of_line(&line), Some(own.clone()), "{line}");
                let rest = line.trim_start_matches('"').strip_prefix(program).expect("its program");
                let quoted = format!("\"{program}\"{}", rest.trim_start_matches('"'));
                assert_eq!(of_line(&quoted), Some(own), "{quoted}");
            }
        }
    }

    #[test]
    fn the_present_line_stays_but_for_its_needless_quotes() {
        let (program, own) = (PLAIN[0], own("corp", "Admin"));
        let canonical = credential_process(program, &own).expect("can be written");
        let edited =
            format!("{program} credential-process --role=Admin --account 111122223333 --session corp");
        for (present, expected) in [
            (format!("\"{program}\"{}", &canonical[program.len()..]), &canonical),
            (format!("\"{program}\"{}", &edited[program.len()..]), &edited),
            (edited.clone(), &edited),
            (canonical.replace("Admin", "Other"), &canonical),
            (canonical.replace(program, "/elsewhere/kcaws"), &canonical),
            ("aws-vault export corp".to_owned(), &canonical),
        ] {
            assert_eq!(renewed(Some(&present), program, &own).as_ref().ok(), Some(expected), "{present}");
        }
        assert_eq!(renewed(None, program, &own).ok(), Some(canonical));
    }

    #[test]
    fn only_needless_quotes_of_a_line_of_kcaws_go() {
        let (bare, odd) = (PLAIN[0], ODD[0]);
        let by_profile = format!("\"{bare}\" credential-process --profile x");
        assert_eq!(without_needless_quotes(&by_profile).as_deref(), Some(&*by_profile.replace('"', "")));
        for line in [
            format!("{bare} credential-process --profile x"),
            format!("\"{odd}\" credential-process --profile x"),
            format!("\"{bare}\"x credential-process --profile x"),
            "\"/opt/vault\" export".to_owned(),
            "\"kcaws".to_owned(),
            String::new(),
        ] {
            assert_eq!(without_needless_quotes(&line), None, "{line}");
        }
    }

    #[test]
    fn what_a_shell_or_an_sdk_would_take_apart_is_refused() {
        for program in
            ["/a\"b/kcaws", "/a$b/kcaws", "/a`b/kcaws", "/a #b/kcaws", "/a ;b/kcaws", "/a\nb/kcaws"]
        {
            assert!(credential_process(program, &own("corp", "Admin")).is_err(), "{program:?}");
        }
        for account_id in ["", "1; touch x", "1111222233334", "1111 2222333"] {
            let role = Role { account_id: account_id.into(), role_name: "Admin".into() };
            let own = KcawsProfile { session: "corp".into(), role };
            assert!(credential_process("/kcaws", &own).is_err(), "{account_id}");
        }
        for name in ["", "$(x)", "a\"b", "-x", "a\\b", "a #b", "a ;b"] {
            assert!(credential_process("/kcaws", &own(name, "Admin")).is_err(), "{name:?}");
            assert!(credential_process("/kcaws", &own("corp", name)).is_err(), "{name:?}");
        }
        for role in ["A\u{2028}[profile x]", "A\u{202e}b", "Zoë", &"a".repeat(65)] {
            assert!(credential_process("/kcaws", &own("corp", role)).is_err(), "{role:?}");
        }
    }
}
