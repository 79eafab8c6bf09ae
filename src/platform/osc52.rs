//! The terminal's clipboard, also over SSH, set by an escape sequence (OSC 52).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::platform::env::Env;
use crate::secret::Secret;

/// The longest text that terminals accept, in base64: xterm's limit; others have the same or a higher one.
const LONGEST: usize = 74_994;
/// GNU Screen accepts no longer string at once.
const SCREENFUL: usize = 700;

/// What is between this process and the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Multiplexer {
    None,
    Tmux,
    Screen,
}

impl Multiplexer {
    pub fn of(env: &Env) -> Self {
        if env.get("TMUX").is_some() {
            Self::Tmux
        } else if env.get("STY").is_some() {
            Self::Screen
        } else {
            Self::None
        }
    }
}

/// Returns whether the terminal may support the sequence.
///
/// One that certainly does not would print it, or parts of it.
pub fn may_be_known(env: &Env) -> bool {
    match env.get("TERM").as_deref() {
        Some("dumb" | "linux") => false,
        Some(_) => true,
        None => cfg!(windows),
    }
}

/// Returns the bytes that set the terminal's clipboard; `None` for a text that is too long.
pub fn sequence(text: &Secret<String>, multiplexer: Multiplexer) -> Option<Secret<Vec<u8>>> {
    let encoded = Zeroizing::new(STANDARD.encode(text.expose()));
    if encoded.len() > LONGEST {
        return None;
    }
    // Large enough from the start, so that growing leaves no copy of a secret.
    let mut bytes = Vec::with_capacity(2 * encoded.len() + encoded.len() / SCREENFUL * 4 + 64);
    let mut plain = Zeroizing::new(Vec::with_capacity(encoded.len() + 16));
    plain.extend_from_slice(b"\x1b]52;c;");
    plain.extend_from_slice(encoded.as_bytes());
    plain.push(b'\x07');
    match multiplexer {
        Multiplexer::None => bytes.extend_from_slice(&plain),
        // To tmux itself (`set-clipboard on`), and through it to the terminal (`allow-passthrough on`).
        Multiplexer::Tmux => {
            bytes.extend_from_slice(&plain);
            bytes.extend_from_slice(b"\x1bPtmux;\x1b");
            bytes.extend_from_slice(&plain);
            bytes.extend_from_slice(b"\x1b\\");
        }
        Multiplexer::Screen => {
            for piece in plain.chunks(SCREENFUL) {
                bytes.extend_from_slice(b"\x1bP");
                bytes.extend_from_slice(piece);
                bytes.extend_from_slice(b"\x1b\\");
            }
        }
    }
    Some(Secret::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str, multiplexer: Multiplexer) -> Option<String> {
        let sequence = sequence(&text.into(), multiplexer)?;
        Some(String::from_utf8(sequence.expose().clone()).expect("text"))
    }

    #[test]
    fn a_text_is_wrapped_for_what_is_in_between() {
        assert_eq!(bytes("https://x", Multiplexer::None).as_deref(), Some("\x1b]52;c;aHR0cHM6Ly94\x07"));
        assert_eq!(
            bytes("https://x", Multiplexer::Tmux).as_deref(),
            Some("\x1b]52;c;aHR0cHM6Ly94\x07\x1bPtmux;\x1b\x1b]52;c;aHR0cHM6Ly94\x07\x1b\\")
        );
        assert_eq!(
            bytes("https://x", Multiplexer::Screen).as_deref(),
            Some("\x1bP\x1b]52;c;aHR0cHM6Ly94\x07\x1b\\")
        );
        let long = bytes(&"x".repeat(3000), Multiplexer::Screen).expect("short enough");
        let pieces: Vec<&str> = long.split("\x1b\\").filter(|piece| !piece.is_empty()).collect();
        assert!(
            pieces.len() > 1 && pieces.iter().all(|piece| piece.starts_with("\x1bP") && piece.len() < 768)
        );
        assert_eq!(
            pieces.concat().replace("\x1bP", ""),
            bytes(&"x".repeat(3000), Multiplexer::None).unwrap_or_default()
        );
    }

    #[test]
    fn a_text_beyond_what_terminals_take_is_refused() {
        assert!(bytes(&"x".repeat(LONGEST / 4 * 3), Multiplexer::Tmux).is_some());
        assert!(bytes(&"x".repeat(LONGEST), Multiplexer::None).is_none());
    }

    #[test]
    fn the_environment_says_what_is_in_between() {
        for (pairs, expected, known) in [
            (&[("TERM", "xterm")][..], Multiplexer::None, true),
            (&[("TERM", "tmux-256color"), ("TMUX", "/tmp/tmux-0/default,1,0")][..], Multiplexer::Tmux, true),
            (&[("TERM", "screen"), ("STY", "1.pts")][..], Multiplexer::Screen, true),
            (&[("TERM", "dumb")][..], Multiplexer::None, false),
            (&[("TERM", "linux")][..], Multiplexer::None, false),
            (&[][..], Multiplexer::None, cfg!(windows)),
        ] {
            let env = Env::from_pairs(pairs);
            assert_eq!((Multiplexer::of(&env), may_be_known(&env)), (expected, known), "{pairs:?}");
        }
    }
}
