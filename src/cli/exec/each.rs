//! `--each`: runs the same command for many profiles, a few at a time, each in its own `kcaws exec`.

use std::ffi::OsString;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::ExecArgs;
use crate::app::App;
use crate::app::provider::Provider;
use crate::app::resolve;
use crate::app::resolve::ResolvedRole;
use crate::cli::error::{CommandError, ErrorCode, Exit};
use crate::cli::role_args::RoleArgs;
use crate::cli::ui::{Ui, shown};
use crate::platform::program::Crowd;
use crate::platform::thread;
use crate::ports::keyring::StoreKind;
use crate::ports::passphrase::KeptPassphrase;
use crate::session::status;

/// Number of commands run at once: they mostly wait for AWS.
const AT_ONCE: usize = 8;

/// Returns the kcaws profiles whose name matches, in the order of the file.
pub(super) fn profiles(pattern: &str, app: &App) -> Result<Vec<String>, CommandError> {
    let document = app.document()?;
    let is_ours = |name: &String| resolve::role_of_profile(app, name).is_ok();
    let names: Vec<String> =
        document.profile_names().into_iter().filter(|name| matches(pattern, name)).filter(is_ours).collect();
    if names.is_empty() {
        let message = format!("no kcaws profile matches `{pattern}`");
        return Err(CommandError::new(Exit::Configuration, ErrorCode::NoMatch, message)
            .hint("use `*` for any characters and `?` for one: --each 'prod-*'"));
    }
    Ok(names)
}

/// Runs the command for each profile, and prefixes each line of output with the profile's name.
///
/// Interrupting one ends them all.
pub(super) fn run(args: &ExecArgs, names: &[String], app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let quiet = ui.is_quiet();
    let passphrase = unlocked(args, names, app, ui);
    let crowd = Crowd::begin();
    thread::work_together(AT_ONCE.min(names.len()), || {
        while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Some(passphrase) = passphrase.as_ref().filter(|_| !crowd.is_over()) {
                warm_up(args, name, &App::for_next_call(passphrase));
            }
            let outcome = crowd.run_ourselves(&line(args, name, quiet), &format!("{}: ", shown(name)));
            let why = match outcome {
                Ok(0) => continue,
                Ok(code) => format!("{} ({code})", shown(name)),
                Err(error) => format!("{} ({error})", shown(name)),
            };
            failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(why);
        }
    });
    drop(crowd);
    let mut failed = failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    failed.sort();
    let (all, good) = (names.len(), names.len() - failed.len());
    if failed.is_empty() {
        ui.say(&format!("All {all} done."));
        return Ok(());
    }
    Err(CommandError::new(
        Exit::Failed,
        ErrorCode::SomeFailed,
        format!("{} of {all} failed, {good} done", failed.len()),
    )
    .because(failed.join(", "))
    .hint("the numbers are exit codes; the commands' output is above, after the profile's name"))
}

/// Fetches the credentials in advance if the tokens are protected by a passphrase.
///
/// The kcaws processes of the commands cannot prompt, and a descriptor can be read only once; they find the credentials
/// in the cache.
fn unlocked(args: &ExecArgs, names: &[String], app: &App, ui: &Ui) -> Option<KeptPassphrase> {
    let (kept, mut is_any_sealed, mut hopeless) = (app.passphrase(), false, Vec::new());
    for name in names {
        let Ok(ResolvedRole { selected, role, .. }) = RoleArgs::of_profile(name).choose(app) else {
            continue;
        };
        let status = status::read(app.state(), &selected.session).ok().flatten();
        if status.is_none_or(|status| status.store != StoreKind::File) {
            continue;
        }
        is_any_sealed = true;
        let session = selected.session.name.clone();
        if kept.has(&session) || hopeless.contains(&session) {
            continue;
        }
        // Cached credentials need no passphrase, but the next profile may. Errors are reported by the command that
        // needs them.
        let had = Provider::for_a_person(app, selected, role, ui.asking())
            .map_err(CommandError::from)
            .and_then(|provider| super::lasting(&provider, args.min_ttl, app));
        if had.is_err() {
            hopeless.push(session);
        }
    }
    is_any_sealed.then(|| kept.clone())
}

fn warm_up(args: &ExecArgs, name: &str, app: &App) {
    let _ = RoleArgs::of_profile(name).choose(app).and_then(|ResolvedRole { selected, role, .. }| {
        let provider = Provider::for_a_tool(app, selected, role)?;
        super::lasting(&provider, args.min_ttl, app)
    });
}

fn line(args: &ExecArgs, profile: &str, quiet: bool) -> Vec<OsString> {
    let mut line: Vec<OsString> = vec!["--no-input".into()];
    if quiet {
        line.push("--quiet".into());
    }
    line.push("exec".into());
    if let Some(min_ttl) = args.min_ttl {
        line.push(format!("--min-ttl={}ms", min_ttl.num_milliseconds()).into());
    }
    if args.serve {
        line.push("--serve".into());
    }
    if args.keep_profile {
        line.push("--keep-profile".into());
    }
    if let Some(region) = &args.region.region {
        line.push(format!("--region={region}").into());
    }
    // Names can begin with `-`, and what follows `--` is the command.
    line.extend([format!("--profile={profile}").into(), "--".into()]);
    line.extend(args.command.iter().cloned());
    line
}

/// Matches `*` for any characters and `?` for one.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.chars().next() {
        None => name.is_empty(),
        Some('*') => {
            let rest = &pattern[1..];
            name.char_indices().any(|(at, _)| matches(rest, &name[at..])) || matches(rest, "")
        }
        Some(letter) => name.chars().next().is_some_and(|first| {
            (letter == '?' || letter == first)
                && matches(&pattern[letter.len_utf8()..], &name[first.len_utf8()..])
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_whole_names() {
        for (pattern, name, expected) in [
            ("*", "dev", true),
            ("prod-*", "prod-eu", true),
            ("prod-*", "prod-", true),
            ("prod-*", "preprod-eu", false),
            ("*-eu-*", "prod-eu-1", true),
            ("d?v", "dév", true),
            ("dev", "dev2", false),
            ("*x", "", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
