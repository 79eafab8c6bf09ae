//! A QR code on a terminal: a URL for the camera of the device that the user approves with.

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

use crate::platform::env::Env;

/// ISO/IEC 18004 section 9.1: four light modules around the code, which the renderer draws by itself.
const QUIET: usize = 4;
/// White and black from the fixed part of the 256 colors: themes change the first sixteen.
const WHITE_ON_BLACK: &str = "\u{1b}[38;5;231;48;5;16m";
const RESET: &str = "\u{1b}[0m";

pub(super) struct Drawing {
    lines: Vec<String>,
    columns: usize,
}

/// Draws the QR code; `None` if the text is too long for one.
///
/// The light modules are drawn, the dark ones left out. With colors, that is white and black on every terminal; without
/// (NO_COLOR, a pipe), it is right on a dark terminal and inverted on a light one, which most cameras can read too.
pub(super) fn draw(text: &str) -> Option<Drawing> {
    // A screen needs no error correction, and the smallest code fits most terminals.
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let blocks = code.render().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
    let lines = blocks.lines().map(|line| format!("{WHITE_ON_BLACK}{line}{RESET}")).collect();
    Some(Drawing { lines, columns: code.width() + 2 * QUIET })
}

impl Drawing {
    pub(super) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Returns whether the code fits, with some lines of text above and below.
    pub(super) fn fits(&self, size: Option<(u16, u16)>) -> bool {
        const TEXT: usize = 3;
        size.is_some_and(|(columns, rows)| {
            self.columns <= usize::from(columns) && self.lines.len() + TEXT <= usize::from(rows)
        })
    }
}

/// Returns whether the locale is UTF-8, for half blocks. POSIX: the first of the three variables that is set decides.
pub(super) fn terminal_speaks_utf8(env: &Env) -> bool {
    if cfg!(any(windows, target_os = "macos")) {
        return true;
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| env.get(name)).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "https://device.sso.eu-central-1.amazonaws.com/?user_code=BCDF-GHJK";

    #[test]
    fn a_camera_reads_what_was_drawn() {
        let drawing = draw(ADDRESS).expect("short enough");
        let rows: Vec<Vec<char>> = drawing
            .lines()
            .iter()
            .map(|line| {
                let blocks = line.strip_prefix(WHITE_ON_BLACK).and_then(|line| line.strip_suffix(RESET));
                blocks.expect("coloured").chars().collect()
            })
            .collect();
        assert!(rows.iter().all(|row| row.len() == drawing.columns));
        // Three pixels a module, as a camera would have them.
        let side = drawing.columns * 3;
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| {
            let block = rows[y / 6][x / 3];
            let light = if y / 3 % 2 == 0 { "█▀" } else { "█▄" };
            if light.contains(block) { 255 } else { 0 }
        });
        let codes = image.detect_grids();
        assert_eq!(codes.len(), 1);
        assert_eq!(codes[0].decode().expect("decodes").1, ADDRESS);
    }

    #[test]
    fn it_is_drawn_only_where_there_is_room() {
        let drawing = draw("https://device.sso.eu-central-1.amazonaws.com/").expect("short enough");
        assert!(drawing.fits(Some((80, 24))));
        assert!(!drawing.fits(Some((36, 24))) && !drawing.fits(Some((80, 21))) && !drawing.fits(None));
        assert!(draw(&"x".repeat(3000)).is_none());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_locale_says_whether_blocks_arrive() {
        let speaks = |pairs| terminal_speaks_utf8(&Env::from_pairs(pairs));
        assert!(speaks(&[("LANG", "de_DE.UTF-8")]) && speaks(&[("LC_ALL", "C.utf8"), ("LANG", "C")]));
        assert!(!speaks(&[]) && !speaks(&[("LC_CTYPE", "C"), ("LANG", "en_US.UTF-8")]));
    }
}
