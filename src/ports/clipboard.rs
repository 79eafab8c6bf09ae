//! The desktop's clipboard, through the program that the desktop has for it.
//!
//! On Linux the owner of a text must run as long as the text is offered, which these programs take care of. The text is
//! passed on stdin, never on a command line.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::platform::env::Env;
use crate::platform::process::wait_until;
use crate::platform::which;
use crate::ports::browser::SSH;
use crate::secret::Secret;

/// All of them read their input and exit, or leave a process behind.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
pub enum ClipboardError {
    #[error("no clipboard program was found")]
    NoProgram { tried: Vec<&'static str> },
    #[error("`{program}` did not accept the text")]
    Failed { program: &'static str, why: String },
}

pub trait Clipboard {
    fn put(&self, text: &Secret<String>) -> Result<(), ClipboardError>;
}

pub struct SystemClipboard {
    env: Env,
}

type Candidate = (&'static str, &'static [&'static str]);

impl SystemClipboard {
    pub fn new(env: Env) -> Self {
        Self { env }
    }

    /// Returns the programs that can reach the user's desktop, the best first.
    fn candidates(&self) -> Vec<Candidate> {
        let set = |name| self.env.get(name).is_some();
        // These use the desktop of the machine that they run on; a display may be forwarded.
        let is_far = SSH.into_iter().any(set);
        if cfg!(any(target_os = "macos", windows)) {
            let program = if cfg!(windows) { "clip.exe" } else { "pbcopy" };
            return if is_far { Vec::new() } else { vec![(program, &[])] };
        }
        let mut candidates: Vec<Candidate> = Vec::new();
        if set("WAYLAND_DISPLAY") {
            candidates.push(("wl-copy", &[]));
        }
        if set("DISPLAY") {
            candidates.push(("xclip", &["-selection", "clipboard", "-in"]));
            candidates.push(("xsel", &["--clipboard", "--input"]));
        }
        if set("WSL_DISTRO_NAME") && !is_far {
            candidates.push(("clip.exe", &[]));
        }
        candidates
    }
}

impl Clipboard for SystemClipboard {
    fn put(&self, text: &Secret<String>) -> Result<(), ClipboardError> {
        let candidates = self.candidates();
        let find = |&(program, arguments): &Candidate| {
            Some((program, which::on_path(program, &self.env)?, arguments))
        };
        let Some((program, file, arguments)) = candidates.iter().find_map(find) else {
            return Err(ClipboardError::NoProgram {
                tried: candidates.iter().map(|(name, _)| *name).collect(),
            });
        };
        feed(&file, arguments, text).map_err(|why| ClipboardError::Failed { program, why })
    }
}

fn feed(file: &PathBuf, arguments: &[&str], text: &Secret<String>) -> Result<(), String> {
    #[expect(clippy::disallowed_methods, reason = "this is the port")]
    let (deadline, mut command) = (Instant::now() + PATIENCE, Command::new(file));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child: Child = command.spawn().map_err(|error| error.to_string())?;
    // Less than a pipe holds, so this does not wait for a reader. A missing reader shows in the status.
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(text.expose().as_bytes());
    }
    match wait_until(&mut child, deadline) {
        Ok(Some(status)) if status.success() => Ok(()),
        Ok(Some(status)) => Err(status.to_string()),
        Ok(None) => Err(format!("it did not finish within {} s", PATIENCE.as_secs())),
        Err(error) => Err(error.to_string()),
    }
}

/// Keeps the last text.
#[derive(Clone, Default)]
pub struct FakeClipboard(Arc<Mutex<Option<Secret<String>>>>);

impl FakeClipboard {
    pub fn text(&self) -> Option<Secret<String>> {
        self.0.lock().expect("no test panics while holding it").clone()
    }
}

impl Clipboard for FakeClipboard {
    fn put(&self, text: &Secret<String>) -> Result<(), ClipboardError> {
        *self.0.lock().expect("no test panics while holding it") = Some(text.clone());
        Ok(())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::platform::which::script;

    /// Checks what both forms keep.
    fn keeps_what_is_put(clipboard: &dyn Clipboard, text: &dyn Fn() -> Option<String>) {
        for put in ["https://first/?a=b&c=%20#d", "second"] {
            clipboard.put(&put.into()).expect("takes it");
            assert_eq!(text().as_deref(), Some(put));
        }
    }

    fn with(env: &Env, variable: &str) -> SystemClipboard {
        let path = env.get("PATH").expect("set");
        SystemClipboard::new(Env::from_pairs(&[("PATH", &path), (variable, "x")]))
    }

    #[test]
    fn the_contract_holds_for_both_forms() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let file = folder.path().join("text");
        // Like xclip and wl-copy: a process that stays keeps the text.
        let text = format!("/bin/cat > '{0}.new'; /bin/mv '{0}.new' '{0}'; /bin/sleep 60 &", file.display());
        for (program, variable) in [
            ("xsel", "DISPLAY"),
            ("xclip", "DISPLAY"),
            ("wl-copy", "WAYLAND_DISPLAY"),
            ("clip.exe", "WSL_DISTRO_NAME"),
        ] {
            let env = script(folder.path(), program, &text);
            keeps_what_is_put(&with(&env, variable), &|| std::fs::read_to_string(&file).ok());
        }
        let path = folder.path().display().to_string();
        let far = [("PATH", path.as_str()), ("WSL_DISTRO_NAME", "x"), ("SSH_TTY", "/dev/pts/1")];
        let refused = SystemClipboard::new(Env::from_pairs(&far)).put(&"x".into());
        assert!(matches!(refused, Err(ClipboardError::NoProgram { .. })), "not the far machine's clipboard");
        let fake = FakeClipboard::default();
        keeps_what_is_put(&fake, &|| fake.text().map(|text| text.expose().clone()));
    }

    #[test]
    fn a_program_that_is_missing_or_fails_is_named() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let env = script(folder.path(), "xclip", "exit 3");
        let failed = with(&env, "DISPLAY").put(&"x".into()).expect_err("fails").to_string();
        assert_eq!(failed, "`xclip` did not accept the text");
        let refused = with(&env, "WAYLAND_DISPLAY").put(&"x".into());
        assert!(matches!(refused, Err(ClipboardError::NoProgram { tried }) if tried == ["wl-copy"]));
        assert!(
            matches!(with(&env, "X").put(&"x".into()), Err(ClipboardError::NoProgram { tried }) if tried.is_empty())
        );
    }
}
