//! The terminal: whether there is one, and the two streams.
//!
//! stdout is for data, stderr for people (rule 1). Data is written byte for byte; colored text goes through `anstream`,
//! which drops colors, and with them all control characters, as [`crate::platform::color`] decides.

use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::sync::{Arc, Mutex};

use crate::platform::color;
use crate::platform::env::Env;

/// What a command may write to, and whether it can prompt.
pub struct Terminal {
    pub stdout: Box<dyn Write + Send>,
    /// The same stream, for lines with colors.
    pub colored_stdout: Box<dyn Write + Send>,
    pub stderr: Box<dyn Write + Send>,
    /// The terminal itself, for an escape sequence other than a color: stderr, or else stdout.
    ///
    /// `None` if neither is a terminal.
    pub raw: Option<Box<dyn Write + Send>>,
    /// The user's input. Nothing is read before a prompt.
    pub stdin: Box<dyn BufRead + Send>,
    /// Whether stdin and stderr are terminals, so that a prompt can be answered.
    pub interactive: bool,
    pub stdout_is_terminal: bool,
    pub stderr_is_terminal: bool,
    pub surface: Surface,
    /// The mode, in octal, of the file that stdout goes to, if other users can read it.
    pub stdout_open_to_others: fn() -> Option<String>,
}

/// The abilities of the terminal at stderr.
#[derive(Clone, Copy)]
pub struct Surface {
    /// Whether it can move the cursor, so that a list can be drawn on it.
    pub draws: bool,
    pub color: bool,
    /// Columns and rows, read each time; those of stdout if stderr is not a terminal.
    pub size: fn() -> Option<(u16, u16)>,
}

impl Terminal {
    /// Returns the terminal of this process; `may_color` is `false` if a command-line flag disables colors.
    pub fn of_this_process(may_color: bool) -> Self {
        let env = Env::from_process();
        let has_color = |is_terminal| may_color && color::is_wanted(&env, is_terminal);
        let choice = |is_terminal| {
            if has_color(is_terminal) { anstream::ColorChoice::Always } else { anstream::ColorChoice::Never }
        };
        let stdout_is_terminal = std::io::stdout().is_terminal();
        let stderr_is_terminal = std::io::stderr().is_terminal();
        let stdout = anstream::AutoStream::new(std::io::stdout(), choice(stdout_is_terminal));
        let stderr = anstream::AutoStream::new(std::io::stderr(), choice(stderr_is_terminal));
        Self {
            stdout: Box::new(std::io::stdout()),
            colored_stdout: Box::new(stdout),
            stderr: Box::new(stderr),
            raw: match (stderr_is_terminal, stdout_is_terminal) {
                (true, _) => Some(Box::new(std::io::stderr())),
                (false, true) => Some(Box::new(std::io::stdout())),
                (false, false) => None,
            },
            stdin: Box::new(BufReader::new(std::io::stdin())),
            interactive: stderr_is_terminal && std::io::stdin().is_terminal(),
            stdout_is_terminal,
            stderr_is_terminal,
            surface: Surface {
                draws: cfg!(windows) || env.get("TERM").is_some_and(|term| term != "dumb"),
                color: has_color(stderr_is_terminal),
                size,
            },
            stdout_open_to_others,
        }
    }

    /// Returns a terminal without a user, and the two buffers with its output.
    pub fn captured() -> (Self, Captured, Captured) {
        let (stdout, stderr) = (Captured::default(), Captured::default());
        let terminal = Self {
            stdout: Box::new(stdout.clone()),
            colored_stdout: Box::new(stdout.clone()),
            stderr: Box::new(stderr.clone()),
            raw: None,
            stdin: Box::new(std::io::empty()),
            interactive: false,
            stdout_is_terminal: false,
            stderr_is_terminal: false,
            surface: Surface { draws: false, color: false, size: || None },
            stdout_open_to_others: || None,
        };
        (terminal, stdout, stderr)
    }
}

#[cfg(unix)]
fn stdout_open_to_others() -> Option<String> {
    let found = rustix::fs::fstat(rustix::stdio::stdout()).ok()?;
    let mode = rustix::fs::Mode::from_raw_mode(found.st_mode);
    let is_file = rustix::fs::FileType::from_raw_mode(found.st_mode) == rustix::fs::FileType::RegularFile;
    let others = rustix::fs::Mode::RGRP | rustix::fs::Mode::ROTH;
    (is_file && mode.intersects(others)).then(|| format!("{:04o}", mode.as_raw_mode()))
}

#[cfg(not(unix))]
fn stdout_open_to_others() -> Option<String> {
    None
}

/// Returns the size of the terminal, if it is known: an unknown one is reported as 0, or not at all.
fn size() -> Option<(u16, u16)> {
    let of = |term: console::Term| term.size_checked().map(|(rows, columns)| (columns, rows));
    let is_known = |size: &(u16, u16)| size.0 > 0 && size.1 > 0;
    of(console::Term::stderr()).filter(is_known).or_else(|| of(console::Term::stdout()).filter(is_known))
}

/// Writes directly to stdout, without a buffer: the bytes are a secret, usually written to a pipe.
///
/// A pipe that was closed early means that its reader has enough.
pub fn write_stdout(bytes: &[u8]) -> std::io::Result<()> {
    match write_all(bytes) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

#[cfg(unix)]
fn write_all(mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        let written = rustix::io::retry_on_intr(|| rustix::io::write(rustix::stdio::stdout(), bytes))?;
        bytes = &bytes[written..];
    }
    Ok(())
}

#[cfg(not(unix))]
fn write_all(bytes: &[u8]) -> std::io::Result<()> {
    let mut stdout = std::io::stdout();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// Written bytes, kept for a test to read.
#[derive(Clone, Default)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no writer panics")).into_owned()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no writer panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
