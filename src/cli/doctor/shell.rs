//! The hook of `kcaws init`: without it there is no `kcaws use`, no completion and no prompt.

use super::context::DoctorContext;
use super::finding::Finding;
use crate::cli::init::HOOK;
use crate::configure::shell_line::ShellLine;
use crate::shell::quote::argument;

/// Checks whether the hook is loaded: a call through it is marked; otherwise a known startup file is read.
pub(super) fn hook(context: &DoctorContext<'_>) -> Vec<Finding> {
    let app = context.app;
    if let Some(shell) = app.env.get(HOOK) {
        return vec![Finding::ok(shell, "loaded in this shell")];
    }
    let line = ShellLine::of_this_person(&app.env, &app.folders, |_| Some("kcaws".to_owned()));
    let Some(line) = line else { return Vec::new() };
    let Some(file) = &line.file else {
        return vec![Finding::ok(line.shell.name(), "not checked: this command was not run through it")];
    };
    let subject = file.display().to_string();
    let text = app.config_file(file.clone()).read().ok().flatten();
    vec![if line.is_in(&text.unwrap_or_default()) {
        Finding::ok(subject, "it loads the hook, but this command was not run through it")
    } else {
        Finding::warning(subject, "no hook: `kcaws use` and completion need it", fix(context))
    }]
}

/// Returns how to add the line; with a session, by a command that asks nothing else.
fn fix(context: &DoctorContext<'_>) -> String {
    let session = context.sessions().into_iter().next();
    let adds = session.map_or("kcaws configure".to_owned(), |one| {
        let name = argument(&one.session.name);
        format!("kcaws configure --session {name} --no-login --profiles none --shell-line")
    });
    format!("run `{adds}` to add the line; `kcaws init --help` shows it")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{CORP, TestDoctor, states};
    use super::*;

    #[test]
    fn a_call_through_the_hook_is_known_and_else_the_shells_file_is_looked_at() {
        let doctor = || TestDoctor::new().config(CORP);
        assert!(doctor().look(hook).is_empty(), "the shell of no one");
        assert!(doctor().env("SHELL", "/bin/dash").look(hook).is_empty(), "there is nothing for it");
        let bash = || doctor().env("SHELL", "/bin/bash");
        let warned = bash().look(hook);
        assert_eq!(states(&warned), ["warning"]);
        let fix = warned[0].fix.as_deref().unwrap_or_default();
        assert!(fix.starts_with("run `kcaws configure --session corp --no-login "), "{fix}");
        let nobody = bash().session("nobody").look(hook);
        assert!(nobody[0].fix.as_deref().is_some_and(|fix| fix.starts_with("run `kcaws configure` ")));
        assert_eq!(states(&bash().env(HOOK, "bash").look(hook)), ["ok"]);
        let loads = bash().file(".bashrc", "eval -- \"$(kcaws init bash)\"\n");
        assert_eq!(states(&loads.look(hook)), ["ok"]);
        let comments = bash().file(".bashrc", "# eval -- \"$(kcaws init bash)\"\n");
        assert_eq!(states(&comments.look(hook)), ["warning"]);
        assert_eq!(states(&doctor().env("SHELL", "/usr/bin/nu").look(hook)), ["ok"]);
    }
}
