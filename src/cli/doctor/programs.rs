//! Checks the programs: the ones named in profiles, this one, and the AWS CLI.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::context::{DoctorContext, is_kcaws};
use super::finding::Finding;
use crate::platform::file_facts::{Who, replaceable};
use crate::platform::process::{lasting_path_of_self, whole_of};
use crate::platform::which::on_fixed_path;
use crate::profile::line::program_word;
use crate::session::start_url::is_portal;
use crate::shell::quote::argument;

const PATIENCE: Duration = Duration::from_secs(10);
const OWN: &str = env!("CARGO_PKG_VERSION");

/// Checks the program of each profile: anyone who can modify or replace it can act as the user.
pub(super) fn program(context: &DoctorContext<'_>) -> Vec<Finding> {
    let (mut programs, mut torn): (Vec<PathBuf>, Vec<PathBuf>) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for profile in context.profiles() {
        let (list, program) = match context.torn_program(profile) {
            Some(path) => (&mut torn, Some(path)),
            None => (&mut programs, context.program(profile)),
        };
        list.extend(program.filter(|program| seen.insert(program.clone())));
    }
    torn.iter()
        .map(|path| unquoted(path))
        .chain(programs.iter().map(|program| one(context, program)))
        .collect()
}

fn unquoted(path: &Path) -> Finding {
    let path = path.display().to_string();
    let first = path.split([' ', '\t']).next().unwrap_or_default();
    let why = format!("it contains spaces and is not quoted: tools look for a program `{first}`");
    let fix = format!("quote it: credential_process = \"{path}\" credential-process …");
    Finding::error(path, why, fix)
}

fn one(context: &DoctorContext<'_>, program: &Path) -> Finding {
    let subject = without_value(program);
    let own = lasting_path_of_self(&context.app.env).ok();
    let own = own.and_then(|path| program_word(&path.display().to_string()).ok());
    let own = own.as_deref().unwrap_or("…");
    if let Some(of) = of_another_system(&subject) {
        return Finding::warning(
            subject,
            format!("{of}, which programs on this system cannot run"),
            "leave it for that system; here, set AWS_CONFIG_FILE to a separate file",
        );
    }
    let name_it = format!("use the absolute path in credential_process, such as {own}");
    if subject.starts_with(['~', '$']) {
        return Finding::error(subject, "the AWS CLI and Python do not expand `~` or `$`", name_it);
    }
    if !program.is_absolute() {
        let why = "not an absolute path: which program runs depends on each tool's folder and PATH";
        return Finding::warning(subject, why, name_it);
    }
    if !program.is_file() {
        return Finding::error(subject, "no such program", name_it);
    }
    if let Some(open) = open_to_others(program, &subject) {
        return open;
    }
    if !is_kcaws(program) {
        return Finding::ok(subject, "exists; not run, because it is not kcaws");
    }
    // The launcher of a package runs the main program, which must be equally protected.
    whole_of(program)
        .and_then(|whole| open_to_others(&whole, &subject))
        .unwrap_or_else(|| version_of(context, program, subject))
}

/// Describes a path that this system cannot run. WSL runs Windows programs by paths below `/mnt`.
pub(super) fn of_another_system(program: &str) -> Option<&'static str> {
    if cfg!(windows) {
        (program.starts_with('/') && !program.starts_with("//")).then_some("a Unix path")
    } else {
        is_windows_path(program).then_some("a Windows path")
    }
}

/// Returns whether it looks like `C:\…`, `C:/…` or `\\server\…`.
fn is_windows_path(program: &str) -> bool {
    let has_drive =
        matches!(program.as_bytes(), [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic());
    has_drive || program.starts_with(r"\\")
}

fn open_to_others(program: &Path, subject: &str) -> Option<Finding> {
    let opening = match replaceable(program) {
        Ok(opening) => opening?,
        Err(error) => {
            return Some(Finding::error(subject, error.to_string(), "check the permissions of its folders"));
        }
    };
    let why = format!("others can replace it: `{}`: {}", opening.path.display(), opening.who);
    let fix = match opening.who {
        Who::ItsOwner => "install it where only you or root can write".to_owned(),
        Who::Everybody => format!("chmod o-w {}", pasteable(&opening.path)),
        Who::AGroup => format!("chmod g-w {}, unless you trust the group", pasteable(&opening.path)),
        Who::AnAccessList => {
            format!("chmod g-w {}, unless you trust its list (getfacl)", pasteable(&opening.path))
        }
    };
    Some(match opening.who {
        Who::AGroup | Who::AnAccessList => Finding::warning(subject, why, fix),
        Who::ItsOwner | Who::Everybody => Finding::error(subject, why, fix),
    })
}

/// Hides the values in `TOKEN=… program`, which works if a shell runs the line.
fn without_value(program: &Path) -> String {
    let text = program.display().to_string();
    match text.split_once('=') {
        Some((name, _)) if !name.contains('/') => format!("{name}=…"),
        _ => text,
    }
}

fn pasteable(path: &Path) -> String {
    argument(&path.display().to_string())
}

fn version_of(context: &DoctorContext<'_>, program: &Path, subject: String) -> Finding {
    let update = "install the same version there";
    match context.commands.run(program, &["--version".into()], &[], PATIENCE) {
        Ok(output) if output.succeeded => match output.stdout.expose().trim().strip_prefix("kcaws ") {
            Some(OWN) => Finding::ok(subject, format!("kcaws {OWN}; only you can modify it")),
            Some(other) if is_version(other) => {
                Finding::warning(subject, format!("kcaws {other}, but this is {OWN}"), update)
            }
            _ => Finding::error(subject, "it is named kcaws but is a different program", update),
        },
        Ok(_) => Finding::error(subject, "it does not report its version", update),
        Err(error) => Finding::error(subject, error.to_string(), update),
    }
}

fn is_version(text: &str) -> bool {
    text.len() < 40 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte))
}

/// Checks this program and the AWS CLI on PATH.
pub(super) fn versions(context: &DoctorContext<'_>) -> Vec<Finding> {
    let mut findings = vec![Finding::ok("kcaws", OWN)];
    let Some(aws) = on_fixed_path("aws", &context.app.env) else { return findings };
    let subject = aws.display().to_string();
    let output = context.commands.run(&aws, &["--version".into()], &[], PATIENCE);
    let version = output.ok().and_then(|output| aws_version(output.stdout.expose()));
    findings.push(match version {
        None => Finding::warning(subject, "it does not report its version", "run `aws --version`"),
        Some(version) => aws_cli(context, subject, version),
    });
    findings
}

fn aws_cli(context: &DoctorContext<'_>, subject: String, version: [u32; 3]) -> Finding {
    let [major, minor, patch] = version;
    let program = format!("AWS CLI {major}.{minor}.{patch}");
    let endpoints = context.app.env.get("AWS_ENDPOINT_URL_SSO").is_some();
    let own_host = context.sessions().into_iter().any(|one| !is_portal(&one.session.start_url));
    // Both major versions added them in the same month.
    let knows_endpoints = version >= [2, 13, 0] || (major == 1 && version >= [1, 29, 0]);
    if !knows_endpoints && endpoints {
        Finding::warning(
            subject,
            format!("{program} ignores AWS_ENDPOINT_URL_… and always talks to AWS"),
            "if you use custom endpoints, upgrade to 2.13 or newer (1.29 for version 1)",
        )
    } else if version < [2, 35, 13] && own_host {
        Finding::warning(
            subject,
            format!("{program} cannot log in with a company start URL; kcaws can"),
            "use `kcaws login`, or 2.35.13 or newer for `aws sso login`",
        )
    } else {
        Finding::ok(subject, program)
    }
}

/// `aws-cli/2.9.19 Python/3.11.2 …`.
fn aws_version(text: &str) -> Option<[u32; 3]> {
    let version = text.split_whitespace().next()?.strip_prefix("aws-cli/")?;
    let mut parts = version.split('.').map(|part| part.parse().ok());
    Some([parts.next()??, parts.next()??, parts.next().flatten().unwrap_or(0)])
}

#[cfg(test)]
mod tests {
    use super::super::testing::{CORP, TestDoctor, states};
    use super::*;

    fn doctor(name: &str, says: &str) -> TestDoctor {
        let mut doctor = TestDoctor::new().file(&format!("opt/{name}"), "");
        let path = doctor.path(&format!("opt/{name}"));
        doctor.commands = doctor.commands.with(&path, true, says, "");
        let line = format!(
            "\"{}\" credential-process --session corp --account 111122223333 --role Admin",
            path.display()
        );
        doctor.config(&format!("{CORP}[profile dev]\ncredential_process = {line}\n"))
    }

    fn of(program: &str) -> Vec<Finding> {
        let line = format!("{program} credential-process --session corp --account 111122223333 --role Admin");
        TestDoctor::new()
            .config(&format!("{CORP}[profile dev]\ncredential_process = {line}\n"))
            .look(super::program)
    }

    #[test]
    fn the_program_is_there_and_this_version() {
        let fine = doctor("kcaws", &format!("kcaws {OWN}\n")).look(program);
        assert_eq!(states(&fine), ["ok"], "{fine:?}");
        assert_eq!(states(&doctor("kcaws", "kcaws 0.0.1\n").look(program)), ["warning"]);
        let other = doctor("kcaws", "hunter2\n").look(program);
        assert_eq!(states(&other), ["error"]);
        assert!(!format!("{other:?}").contains("hunter2"));
    }

    #[test]
    fn a_path_of_another_system_is_left_for_that_one() {
        for path in [
            r"C:\Tools\kcaws.exe",
            r#""C:\Program Files\kcaws\kcaws.exe""#,
            "d:/kcaws.exe",
            r"\\host\share\kcaws.exe",
        ] {
            let is_known = is_windows_path(path.trim_matches('"'));
            assert!(is_known, "{path}");
        }
        for path in ["/mnt/c/Tools/kcaws.exe", "kcaws", "C:kcaws", r"tools\kcaws.exe", "//server/kcaws"] {
            assert!(!is_windows_path(path), "{path}");
        }
        let (foreign, whose) = if cfg!(windows) {
            ("/usr/local/bin/kcaws", "a Unix path, which programs on this system cannot run")
        } else {
            (
                r#""C:\Program Files\kcaws\kcaws.exe""#,
                "a Windows path, which programs on this system cannot run",
            )
        };
        let found = of(foreign);
        assert_eq!((states(&found), found[0].reason.as_str()), (vec!["warning"], whose));
        let fix = found[0].fix.as_deref().unwrap_or_default();
        assert!(!fix.contains("credential_process"), "the other system needs the line: {fix}");
    }

    #[test]
    fn missing_relative_and_unexpanded_paths_are_named() {
        let absolute = if cfg!(windows) { "C:/nowhere/kcaws" } else { "/nowhere/kcaws" };
        assert_eq!(states(&of(absolute)), ["error"]);
        assert_eq!(states(&of("kcaws")), ["warning"]);
        assert!(of("~/bin/kcaws")[0].reason.contains('~'));
        let config = "[profile x]\ncredential_process = TOKEN=hunter2 vault export\n";
        let variable = TestDoctor::new().config(config).profile("x").look(super::program);
        assert_eq!((states(&variable), variable[0].subject.as_str()), (vec!["warning"], "TOKEN=…"));
    }

    #[test]
    fn a_path_with_blanks_and_no_quotes_is_named_and_a_wrapper_is_none() {
        let path = if cfg!(windows) { "C:/my tools/kcaws" } else { "/opt/my tools/kcaws" };
        let quoted = format!("\"{path}\"");
        let torn = of(path);
        assert_eq!((states(&torn), torn[0].subject.as_str()), (vec!["error"], path));
        assert!(torn[0].fix.as_deref().is_some_and(|fix| fix.contains(&quoted)), "{torn:?}");
        assert!(of("/usr/bin/env -i kcaws").is_empty());
        assert_eq!(of(&quoted)[0].reason, "no such program");
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_can_write_to_is_an_error_and_nothing_is_run() {
        use std::os::unix::fs::PermissionsExt;
        let doctor = doctor("kcaws", "never asked");
        std::fs::set_permissions(doctor.path("opt"), std::fs::Permissions::from_mode(0o777)).expect("ours");
        let found = doctor.look(program);
        assert_eq!(states(&found), ["error"]);
        assert!(found[0].fix.as_deref().is_some_and(|fix| fix.starts_with("chmod o-w")), "{found:?}");
    }

    /// The front of a package is safe, and what it hands over to is not.
    #[cfg(unix)]
    #[test]
    fn both_programs_of_a_package_are_looked_at() {
        use std::os::unix::fs::PermissionsExt;
        let says = format!("kcaws {OWN}\n");
        let packaged = || doctor("bin/kcaws", &says).file("opt/libexec/kcaws/kcaws", "");
        assert_eq!(states(&packaged().look(program)), ["ok"]);
        let open = packaged();
        let folder = open.path("opt/libexec/kcaws");
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).expect("ours");
        let found = open.look(program);
        assert_eq!(states(&found), ["error"]);
        let real = folder.canonicalize().expect("is there");
        assert!(found[0].reason.contains(&real.display().to_string()), "{found:?}");
    }

    #[test]
    fn versions_of_the_aws_cli_matter_where_its_features_do() {
        let with = |says: &str, env: &[(&str, &str)], config: &str| {
            let mut doctor = TestDoctor::new().config(config).program("bin/aws");
            let bin = doctor.path("bin");
            doctor.commands = doctor.commands.with(bin.join("aws"), true, says, "");
            let mut doctor = doctor.env("PATH", &bin.display().to_string());
            for (name, value) in env {
                doctor = doctor.env(name, value);
            }
            doctor.look(versions).remove(1)
        };
        let old = "aws-cli/2.9.19 Python/3.11.2 Linux/6.1\n";
        assert!(with(old, &[], CORP).fix.is_none());
        assert!(with(old, &[("AWS_ENDPOINT_URL_SSO", "x")], CORP).fix.is_some());
        assert!(with("aws-cli/1.28.0 Python/3.11", &[("AWS_ENDPOINT_URL_SSO", "x")], CORP).fix.is_some());
        assert!(with("aws-cli/1.45.11 Python/3.11", &[("AWS_ENDPOINT_URL_SSO", "x")], CORP).fix.is_none());
        let own = CORP.replace("d-1.awsapps.com", "sso.example.com");
        assert!(with(old, &[], &own).reason.contains("company start URL"));
        assert!(with("aws-cli/2.36.7 Python/3.13", &[], &own).fix.is_none());
        assert!(with("something", &[], CORP).fix.is_some());
    }
}
