//! The terminal: whether there is one, and the two streams.
//!
//! stdout is data, stderr is for people (rule 1). Data go out byte for byte; what has colours goes through `anstream`,
//! which drops them, and with them all control characters, where [`crate::platform::color`] says so.

use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::sync::{Arc, Mutex};

use crate::platform::color;
use crate::platform::env::Env;

/// What a command may write to, and whether a person can be asked.
pub struct Terminal {
    pub stdout: Box<dyn Write + Send>,
    /// The same stream, for lines with colours.
    pub colored_stdout: Box<dyn Write + Send>,
    pub stderr: Box<dyn Write + Send>,
    /// The terminal itself, for a sequence that is no colour: stderr, or else stdout. `None` where neither is one.
    pub raw: Option<Box<dyn Write + Send>>,
    /// What the person types. Nothing is read before somebody is asked.
    pub stdin: Box<dyn BufRead + Send>,
    /// stdin and stderr are a terminal: somebody can read a question and answer it.
    pub interactive: bool,
    pub stdout_is_terminal: bool,
    pub stderr_is_terminal: bool,
    pub surface: Surface,
    /// The mode, in octal, of the file that stdout goes to, where other users can read it.
    pub stdout_open_to_others: fn() -> Option<String>,
}

/// What the terminal at stderr can do.
#[derive(Clone, Copy)]
pub struct Surface {
    /// It moves its cursor, so that a list can be drawn on it.
    pub draws: bool,
    pub color: bool,
    /// Columns and rows, asked anew each time; those of stdout where stderr is no terminal.
    pub size: fn() -> Option<(u16, u16)>,
}

impl Terminal {
    /// `may_color`: no flag of the command line refuses colours.
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

    /// A terminal nobody sits at, and the two buffers that keep what is written to it.
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

/// A terminal that does not know its size says 0, or nothing.
fn size() -> Option<(u16, u16)> {
    let of = |term: console::Term| term.size_checked().map(|(rows, columns)| (columns, rows));
    let is_known = |size: &(u16, u16)| size.0 > 0 && size.1 > 0;
    of(console::Term::stderr()).filter(is_known).or_else(|| of(console::Term::stdout()).filter(is_known))
}

/// Straight to stdout, without a buffer between: the bytes are a secret, and on the way to a pipe. A pipe that was
/// closed early is how its reader says that it has enough.
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

/// Bytes written, kept for a test to read.
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
