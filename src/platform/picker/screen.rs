//! Draws the list on the terminal: on stderr, because stdout is data, and removed at the end.

use std::io::{Error, Write as _};

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, queue, style, terminal};

use super::PickError;
use super::frame::Frame;
use super::list::{Key, List, Step};
use crate::platform::interrupt;
use crate::platform::terminal::Surface;

/// The size assumed if the terminal reports none.
const USUAL_SIZE: (u16, u16) = (80, 24);

/// Prompts until rows are picked. Nothing of the list stays on the screen.
pub(super) fn ask(mut list: List, surface: &Surface) -> Result<Vec<usize>, PickError> {
    let mut screen = Screen::open(surface).map_err(PickError::Terminal)?;
    loop {
        screen.draw(&mut list).map_err(PickError::Terminal)?;
        let Some(key) = next_key().map_err(PickError::Terminal)? else { continue };
        match list.press(key) {
            Step::Stay => {}
            Step::Taken(places) => return Ok(places),
            Step::Cancelled => return Err(PickError::Nothing),
            Step::Interrupted => return Err(PickError::Interrupted),
        }
    }
}

struct Screen<'a> {
    surface: &'a Surface,
    /// The column of the cursor in the first line.
    column: usize,
    /// Restores the terminal, however this ends.
    _undo: interrupt::Undo,
}

impl<'a> Screen<'a> {
    fn open(surface: &'a Surface) -> Result<Self, Error> {
        let undo = interrupt::undone_at_exit(restore);
        enable_raw_mode()?;
        queue!(std::io::stderr(), event::EnableBracketedPaste)?;
        Ok(Self { surface, column: 0, _undo: undo })
    }

    fn draw(&mut self, list: &mut List) -> Result<(), Error> {
        let size = (self.surface.size)().unwrap_or(USUAL_SIZE);
        let frame = Frame::of(list, size, self.surface.color);
        let mut bytes = Vec::new();
        // A terminal that became narrower has wrapped the first line, and the cursor moved down with it.
        let broken = self.column / usize::from(size.0.max(1));
        queue!(bytes, cursor::Hide, style::Print("\r"))?;
        if let Some(up) = u16::try_from(broken).ok().filter(|up| *up > 0) {
            queue!(bytes, cursor::MoveUp(up))?;
        }
        queue!(bytes, terminal::Clear(terminal::ClearType::FromCursorDown))?;
        queue!(bytes, style::Print(frame.lines.join("\r\n")), style::Print("\r"))?;
        if let Some(up) = u16::try_from(frame.lines.len() - 1).ok().filter(|up| *up > 0) {
            queue!(bytes, cursor::MoveUp(up))?;
        }
        if let Some(right) = u16::try_from(frame.cursor).ok().filter(|right| *right > 0) {
            queue!(bytes, cursor::MoveRight(right))?;
        }
        queue!(bytes, cursor::Show)?;
        self.column = frame.cursor;
        let mut stderr = std::io::stderr().lock();
        stderr.write_all(&bytes)?;
        stderr.flush()
    }
}

/// Removes the list, which is the cursor's line and everything below.
fn restore() {
    let mut stderr = std::io::stderr();
    let _ = queue!(
        stderr,
        style::Print("\r"),
        terminal::Clear(terminal::ClearType::FromCursorDown),
        event::DisableBracketedPaste,
        cursor::Show
    );
    let _ = stderr.flush();
    let _ = disable_raw_mode();
}

/// Returns the event; `None` if the list has to be redrawn.
fn next_key() -> Result<Option<Key>, Error> {
    loop {
        match event::read()? {
            Event::Key(key) if key.kind != KeyEventKind::Release => {
                if let Some(key) = key_of(key) {
                    return Ok(Some(key));
                }
            }
            Event::Paste(text) => return Ok(Some(Key::Paste(text))),
            Event::Resize(..) => return Ok(None),
            _ => {}
        }
    }
}

fn key_of(key: KeyEvent) -> Option<Key> {
    // AltGr arrives as both on Windows.
    let control = key.modifiers.contains(KeyModifiers::CONTROL) && !key.modifiers.contains(KeyModifiers::ALT);
    Some(match key.code {
        KeyCode::Char(letter) if control => match letter.to_ascii_lowercase() {
            'c' => Key::Interrupt,
            'd' | 'g' => Key::Cancel,
            'p' | 'k' => Key::Up,
            'n' | 'j' => Key::Down,
            'h' => Key::Backspace,
            'w' => Key::DropWord,
            'u' => Key::Clear,
            'm' => Key::Enter,
            _ => return None,
        },
        KeyCode::Char(letter) => Key::Letter(letter),
        KeyCode::Up | KeyCode::BackTab => Key::Up,
        KeyCode::Down | KeyCode::Tab => Key::Down,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::First,
        KeyCode::End => Key::Last,
        KeyCode::Right => Key::SelectAll,
        KeyCode::Left => Key::SelectNone,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Cancel,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_do_what_they_do_in_a_shell() {
        for (code, modifiers, expected) in [
            (KeyCode::Char('c'), KeyModifiers::CONTROL, Some(Key::Interrupt)),
            (KeyCode::Char('c'), KeyModifiers::NONE, Some(Key::Letter('c'))),
            (KeyCode::Char('D'), KeyModifiers::SHIFT, Some(Key::Letter('D'))),
            (KeyCode::Char('d'), KeyModifiers::CONTROL, Some(Key::Cancel)),
            (KeyCode::Char('@'), KeyModifiers::CONTROL | KeyModifiers::ALT, Some(Key::Letter('@'))),
            (KeyCode::Char('z'), KeyModifiers::CONTROL, None),
            (KeyCode::Esc, KeyModifiers::NONE, Some(Key::Cancel)),
            (KeyCode::F(1), KeyModifiers::NONE, None),
        ] {
            assert_eq!(key_of(KeyEvent::new(code, modifiers)), expected, "{code:?}");
        }
    }
}
