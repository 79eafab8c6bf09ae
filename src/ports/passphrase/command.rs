//! A program that prints the passphrase, such as `pass show kcaws`.

use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::{PassphraseError, line};
use crate::platform::process::wait_until;
use crate::platform::thread;
use crate::secret::Secret;
use crate::shell::words::words;

/// Less than SDKs allow for the whole of `credential-process`.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the command without a shell: what a shell would expand has no meaning here. Its stderr is shown to the user.
pub(super) fn first_line(command: &str) -> Result<Secret<String>, PassphraseError> {
    let mut words = words(command).into_iter();
    // The arguments stay private, since the passphrase may be among them.
    let program = words.next().unwrap_or_default();
    let absent = |source| PassphraseError::CommandAbsent { program: program.clone(), source };
    let too_slow = || PassphraseError::CommandTooSlow { program: program.clone(), after: PATIENCE };
    #[expect(clippy::disallowed_methods, reason = "this is the port")]
    let (deadline, mut child) = (
        Instant::now() + PATIENCE,
        Command::new(&program)
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(absent)?,
    );
    let (sender, answer) = mpsc::channel();
    let stdout = child.stdout.take();
    let reader = thread::start(move || {
        let Some(mut stdout) = stdout else { return };
        let line = line::read(&mut stdout);
        // To the end: a program fails if its reader closes early.
        let _ = std::io::copy(&mut stdout, &mut std::io::sink());
        let _ = sender.send(line);
    });
    if let Err(error) = reader {
        let _ = child.kill();
        let _ = child.wait();
        return Err(absent(error));
    }
    let line = answer.recv_timeout(PATIENCE);
    let Some(status) = wait_until(&mut child, deadline).map_err(absent)? else {
        return Err(too_slow());
    };
    if !status.success() {
        return Err(PassphraseError::CommandFailed { program, status });
    }
    line.map_err(|_| too_slow())?.map_err(absent)?
}
