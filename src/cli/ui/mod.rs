//! Output to the terminal or a pipe. stdout is data, stderr is for people; `-q` removes progress and warnings, never
//! data or errors. Names from the network, files and the environment are untrusted (rule 11): every line goes through
//! [`shown`] here, except for output that a shell or a program reads.

mod question;
mod table;

use std::io::{ErrorKind, Write};
use std::time::Duration;

pub use indicatif::ProgressBar;
use indicatif::{ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use serde_json::json;

pub use self::table::WIDEST;
use super::Global;
use super::error::{CommandError, Doing, Situation};
use super::log::json::{self as json_log, Level};
use crate::app::open::Asking;
use crate::platform::env::Env;
use crate::platform::osc52::{self, Multiplexer};
pub use crate::platform::printable::shown;
use crate::platform::printable::{harmless_json, shown_lines};
use crate::platform::terminal::Terminal;
use crate::platform::thread;
use crate::ports::keyring::Prompting;
use crate::secret::Secret;

pub struct Ui {
    terminal: Terminal,
    quiet: bool,
    no_input: bool,
    no_color: bool,
    /// What hints depend on.
    doing: Doing,
    data_goes_to: Stream,
    /// The first failure to write to stdout; a closed pipe among them.
    broken: Option<std::io::Error>,
}

/// Where data goes, see [`Ui::on_stderr`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stream {
    Stdout,
    Stderr,
}

#[derive(Clone, Copy, Debug)]
pub enum Colour {
    Green,
    Yellow,
    Red,
}

impl Ui {
    pub fn new(terminal: Terminal, global: &Global) -> Self {
        Self {
            terminal,
            quiet: global.quiet,
            // A question would be a line that is not JSON.
            no_input: global.no_input || json_log::is_on(),
            no_color: global.no_color,
            doing: Doing::default(),
            data_goes_to: Stream::Stdout,
            broken: None,
        }
    }

    /// Sets what the command does, for the hints of its errors.
    pub fn now_doing(&mut self, doing: Doing) {
        self.doing = doing;
    }

    pub fn situation(&self) -> Situation {
        Situation { doing: self.doing, attended: self.is_interactive() }
    }

    /// Returns whether the user can be asked something.
    pub fn is_interactive(&self) -> bool {
        self.terminal.interactive && !self.no_input
    }

    /// Returns the terminal for asking for a passphrase or an MFA code.
    pub fn asking(&self) -> Asking {
        if self.is_interactive() { Asking::APerson } else { Asking::NoOne }
    }

    /// Returns what a store may ask the user, for commands that move tokens.
    pub fn prompting(&self) -> Prompting {
        if self.is_interactive() { Prompting::ATTENDED } else { Prompting::Unattended }
    }

    /// Returns columns and rows of the terminal on stderr; `None` if it is not one.
    pub fn size(&self) -> Option<(u16, u16)> {
        self.terminal.stderr_is_terminal.then(self.terminal.surface.size)?
    }

    /// Reads a trimmed line from the user; `None` at the end of the input. Requires [`Ui::is_interactive`].
    pub fn ask(&mut self, question: &str) -> Option<String> {
        let _ = write!(self.terminal.stderr, "{question}");
        let _ = self.terminal.stderr.flush();
        let mut line = String::new();
        if !matches!(self.terminal.stdin.read_line(&mut line), Ok(read) if read > 0) {
            // The cursor is still after the question.
            self.tell_drawn("");
            return None;
        }
        Some(line.trim().to_owned())
    }

    /// Lets `print` write its data to stderr: for a user who is asked about it while stdout is for JSON alone.
    pub fn on_stderr(&mut self, print: impl FnOnce(&mut Self)) {
        self.data_goes_to = Stream::Stderr;
        print(self);
        self.data_goes_to = Stream::Stdout;
    }

    /// Writes a line of data for the user.
    pub fn data(&mut self, line: &str) {
        self.script(&shown(line));
    }

    /// Writes text for a shell or a program, unchanged, with a line end.
    pub fn script(&mut self, text: &str) {
        self.write_out(format!("{text}\n").as_bytes());
    }

    /// Warns if a secret is about to be written to a file that other users can read; `instead` is what to do about it.
    pub fn warn_of_readers_of_stdout(&mut self, instead: &str) {
        if let Some(mode) = (self.terminal.stdout_open_to_others)() {
            self.warn(&format!("other users can read the file that stdout goes to (mode {mode}): {instead}"));
        }
    }

    /// Writes a secret to stdout: credentials for a tool, or a sign-in URL; the only way to do so.
    pub fn secret_data(&mut self, line: &Secret<String>) {
        self.write_out(line.expose().as_bytes());
        self.write_out(b"\n");
    }

    /// The same for a line that already has a line end.
    pub fn secret_line(&mut self, line: &Secret<Vec<u8>>) {
        self.write_out(line.expose());
    }

    /// Puts the text into the clipboard of the user's terminal; `false` if that is not possible.
    ///
    /// Terminals do not report whether they accepted it.
    pub fn copy_to_terminal(&mut self, text: &Secret<String>, env: &Env) -> bool {
        let Some(terminal) = self.terminal.raw.as_mut().filter(|_| osc52::may_be_known(env)) else {
            return false;
        };
        let Some(sequence) = osc52::sequence(text, Multiplexer::of(env)) else { return false };
        terminal.write_all(sequence.expose()).and_then(|()| terminal.flush()).is_ok()
    }

    /// Returns whether `-q` was given, to pass it on to kcaws processes that this command starts.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Returns whether colors are allowed; the caller knows whether they are useful.
    pub fn may_color(&self) -> bool {
        !self.no_color
    }

    pub fn json(&mut self, value: &impl Serialize) {
        let text = serde_json::to_string_pretty(value).expect("lists of names and times serialize");
        self.script(&harmless_json(&text));
    }

    /// Writes a line of data after a colored sign, whose text is clear without color.
    pub fn marked(&mut self, sign: &str, colour: Colour, line: &str) {
        let code = match colour {
            Colour::Green => 32,
            Colour::Yellow => 33,
            Colour::Red => 31,
        };
        let line = format!("\u{1b}[{code}m{sign}\u{1b}[0m {}", shown(line));
        if self.data_goes_to == Stream::Stderr {
            self.tell_drawn(&line);
        } else if self.broken.is_none() {
            self.broken = writeln!(self.terminal.colored_stdout, "{line}").err();
        }
    }

    /// Writes help, which is data with colors.
    pub fn help(&mut self, text: &str) {
        if self.broken.is_none() {
            let stdout = &mut self.terminal.colored_stdout;
            self.broken = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).err();
        }
    }

    /// Prints a message for the user; silent with `-q`.
    pub fn say(&mut self, line: &str) {
        if !self.quiet {
            self.tell(line);
        }
    }

    /// Prints what the user must see, even with `-q`, such as a code to type.
    pub fn tell(&mut self, line: &str) {
        if json_log::is_on() {
            return json_log::event(Level::Info, "message", &json!({ "message": line }));
        }
        self.tell_drawn(&shown(line));
    }

    /// The same in bold.
    pub fn tell_large(&mut self, line: &str) {
        self.tell_drawn(&format!("\u{1b}[1m{}\u{1b}[0m", shown(line)));
    }

    /// The same for kcaws's own colors and drawings, without text from outside.
    pub fn tell_drawn(&mut self, line: &str) {
        if json_log::is_on() {
            return json_log::event(Level::Info, "message", &json!({ "message": line }));
        }
        // A closed stderr is ignored.
        let _ = writeln!(self.terminal.stderr, "{line}");
    }

    /// Prints a warning; silent with `-q`.
    pub fn warn(&mut self, text: &str) {
        if json_log::is_on() {
            return json_log::event(Level::Warning, "message", &json!({ "message": text }));
        }
        self.say(&format!("kcaws: warning: {}", shown(text)));
    }

    /// Like [`Ui::text`], for a user who is about to be asked about it.
    pub fn tell_text(&mut self, text: &str) {
        for line in shown_lines(text) {
            self.tell_drawn(&line);
        }
    }

    /// Prints an error in at most three lines, because they will be part of other tools' messages.
    pub fn error(&mut self, error: &CommandError, json: bool) {
        // A closed pipe is not reported.
        if error.is_silent() {
            return;
        }
        if json_log::is_on() {
            return json_log::event(Level::Error, "error", &error.as_event(self.situation()));
        }
        if json {
            let text = serde_json::to_string(&error.as_json(self.situation())).expect("strings serialize");
            return self.tell_drawn(&harmless_json(&text));
        }
        self.tell(&format!("kcaws: error: {}", shown(&error.message)));
        if let Some(cause) = &error.cause {
            self.tell(&format!("kcaws: cause: {}", shown(cause)));
        }
        if let Some(hint) = error.hint_in(self.situation()) {
            self.tell(&format!("kcaws: hint: {}", shown(&hint)));
        }
    }

    /// Writes the diff of a file. Keeps tabs and the carriage return of a line end, so that it can be applied.
    pub fn text(&mut self, text: &str) {
        for line in shown_lines(text) {
            self.script(&line);
        }
    }

    /// Shows a spinner on a terminal.
    pub fn spinner(&self, text: &str) -> ProgressBar {
        if self.quiet
            || json_log::is_on()
            || !self.terminal.stderr_is_terminal
            || !self.terminal.surface.draws
        {
            return ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        }
        let style = ProgressStyle::with_template("{spinner} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = ProgressBar::new_spinner().with_style(style).with_message(text.to_owned());
        // It ticks on its own thread; without one it moves when its text changes.
        if thread::can_be_had() {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        bar
    }

    /// Returns the first failure to write data. A pipe closed early is how `head` works, and not an error.
    pub fn finish(&mut self) -> Result<(), CommandError> {
        let flushed = self.terminal.stdout.flush();
        match self.broken.take().or(flushed.err()) {
            None => Ok(()),
            Some(error) if error.kind() == ErrorKind::BrokenPipe => Err(CommandError::silent()),
            Some(error) => Err(CommandError::output(&error)),
        }
    }

    fn write_out(&mut self, bytes: &[u8]) {
        if self.data_goes_to == Stream::Stderr {
            // A closed stderr is ignored.
            let _ = self.terminal.stderr.write_all(bytes);
        } else if self.broken.is_none() {
            self.broken = self.terminal.stdout.write_all(bytes).err();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::error::{ErrorCode, Exit};

    fn ui(quiet: bool) -> (Ui, crate::platform::terminal::Captured, crate::platform::terminal::Captured) {
        let (terminal, stdout, stderr) = Terminal::captured();
        let global = Global { quiet, verbose: 0, no_color: true, no_input: false };
        (Ui::new(terminal, &global), stdout, stderr)
    }

    #[test]
    fn hostile_names_are_shown_and_do_not_act_whichever_way_they_are_printed() {
        let (mut ui, stdout, stderr) = ui(false);
        let name = "/home/\u{1b}]0;x\u{7}\nkcaws: error: fake";
        ui.data(name);
        ui.say(name);
        ui.tell(name);
        ui.warn(name);
        ui.marked("ok", Colour::Green, name);
        ui.table(&["PATH"], &[vec![name.to_owned()]]);
        ui.tell_large(name);
        let printed = stdout.text() + &stderr.text();
        assert!(!printed.contains("\u{1b}]") && !printed.contains('\u{7}'), "{printed:?}");
        assert!(!printed.contains("\nkcaws: error"), "{printed:?}");
        assert_eq!(shown("dev\u{1b}[2J\r\n"), "dev\\u{1b}[2J\\u{d}\\u{a}");
        assert_eq!(shown("a\u{202e}b\u{200b}"), "a\\u{202e}b\\u{200b}");
        assert_eq!(shown("Zoë 東京"), "Zoë 東京");
    }

    #[test]
    fn data_for_a_question_goes_to_stderr_while_stdout_is_for_json() {
        let (mut ui, stdout, stderr) = ui(true);
        ui.on_stderr(|ui| {
            ui.marked("+", Colour::Green, "user a");
            ui.data("1 new");
        });
        ui.json(&json!({}));
        assert_eq!(
            (stdout.text().as_str(), stderr.text().as_str()),
            ("{}\n", "\u{1b}[32m+\u{1b}[0m user a\n1 new\n")
        );
    }

    #[test]
    fn hostile_names_do_not_act_in_json_either_and_are_read_back_as_they_were() {
        let name = "a\u{1b}[2J\u{7f}\u{9b}31m\u{202e}b\u{e0041}\n\"Zoë 東京";
        let (mut ui, stdout, stderr) = ui(false);
        ui.json(&serde_json::json!({ "name": name }));
        ui.error(&CommandError::new(Exit::Failed, ErrorCode::Output, name), true);
        for text in [stdout.text(), stderr.text()] {
            assert!(
                text.chars().all(|letter| letter == '\n' || shown(&letter.to_string()).len() < 5),
                "{text:?}"
            );
            assert!(text.contains("Zoë 東京"), "{text}");
            let read: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!(read.get("name").unwrap_or(&read["error"]["message"]), name);
        }
    }

    #[test]
    fn a_text_goes_to_the_clipboard_of_a_terminal_and_into_no_pipe() {
        let env = Env::from_pairs(&[("TERM", "xterm")]);
        let (mut pipe, stdout, stderr) = ui(false);
        assert!(!pipe.copy_to_terminal(&"x".into(), &env));
        assert_eq!(stdout.text() + &stderr.text(), "");
        let (mut terminal, _, screen) = Terminal::captured();
        terminal.raw = Some(Box::new(screen.clone()));
        let mut ui = Ui::new(terminal, &Global::default());
        assert!(!ui.copy_to_terminal(&"x".into(), &Env::from_pairs(&[("TERM", "dumb")])));
        assert!(!ui.copy_to_terminal(&"x".repeat(100_000).into(), &env), "too long");
        assert_eq!(screen.text(), "");
        assert!(ui.copy_to_terminal(&"x".into(), &env));
        assert_eq!(screen.text(), "\u{1b}]52;c;eA==\u{7}");
    }

    #[test]
    fn quiet_silences_chatter_and_warnings_and_nothing_else() {
        let (mut ui, stdout, stderr) = ui(true);
        ui.say("chatter");
        ui.warn("a warning");
        ui.tell("a code");
        ui.data("data");
        assert_eq!(stdout.text(), "data\n");
        assert_eq!(stderr.text(), "a code\n");
    }
}
