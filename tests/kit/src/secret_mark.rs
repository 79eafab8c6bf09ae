//! Finding a secret in what a program left behind, whatever it was dressed in.

use std::fmt::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{GeneralPurpose, general_purpose::NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// A text that is in every secret a test hands out, and the forms in which it may reappear.
#[derive(Clone)]
pub struct SecretMark {
    forms: Vec<(String, Vec<u8>)>,
}

impl SecretMark {
    /// # Panics
    /// For a mark so short that it would be found by chance.
    pub fn new(mark: &str) -> Self {
        assert!(mark.len() >= 6, "a mark of {} bytes would be found by chance", mark.len());
        let bytes = mark.as_bytes();
        let mut forms = vec![
            ("plain".into(), mark.into()),
            ("URL-encoded".into(), utf8_percent_encode(mark, NON_ALPHANUMERIC).to_string()),
            ("percent-encoded throughout".into(), each_byte(bytes, |b| format!("%{b:02X}"))),
            ("percent-encoded throughout, small".into(), each_byte(bytes, |b| format!("%{b:02x}"))),
            ("hex".into(), each_byte(bytes, |b| format!("{b:02x}"))),
            ("HEX".into(), each_byte(bytes, |b| format!("{b:02X}"))),
            // What `{:?}` makes of a `Vec<u8>`.
            ("list of bytes".into(), bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(", ")),
        ];
        for shift in 0..3 {
            forms.push((format!("base64, shifted by {shift}"), base64_core(&STANDARD, bytes, shift)));
            forms.push((format!("base64url, shifted by {shift}"), base64_core(&URL_SAFE, bytes, shift)));
        }
        Self { forms: forms.into_iter().map(|(name, form)| (name, form.into_bytes())).collect() }
    }

    /// The name of the form in which the mark is in `text`, if it is.
    ///
    /// Line ends are looked past, since encoders wrap their lines.
    pub fn find_in(&self, text: &[u8]) -> Option<&str> {
        let unwrapped: Vec<u8> = text.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
        self.forms.iter().find(|(_, form)| contains(&unwrapped, form)).map(|(name, _)| name.as_str())
    }

    /// # Panics
    /// When the mark is in `text`; `place` names it.
    pub fn assert_absent(&self, place: &str, text: &[u8]) {
        if let Some(form) = self.find_in(text) {
            panic!("a secret ({form}) is in {place}:\n{}", String::from_utf8_lossy(text));
        }
    }

    /// Searches the names and the bytes of every file below `dir`; symlinks are searched as text.
    ///
    /// # Panics
    /// When one holds the mark, or when `dir` cannot be read: an unread tree proves nothing.
    pub fn assert_absent_from_files(&self, dir: &Path) {
        for entry in std::fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display())) {
            let path = entry.unwrap().path();
            self.assert_absent("a file name", path.as_os_str().as_encoded_bytes());
            let kind = path.symlink_metadata().unwrap().file_type();
            if kind.is_dir() {
                self.assert_absent_from_files(&path);
            } else if kind.is_symlink() {
                let to = std::fs::read_link(&path).unwrap();
                self.assert_absent(
                    &format!("the link {}", path.display()),
                    to.as_os_str().as_encoded_bytes(),
                );
            } else if kind.is_file() {
                // A file that went away meanwhile (a lock, a temporary) holds nothing.
                if let Ok(bytes) = std::fs::read(&path) {
                    self.assert_absent(&path.display().to_string(), &bytes);
                }
            }
        }
    }
}

fn each_byte(bytes: &[u8], form: impl Fn(u8) -> String) -> String {
    bytes.iter().fold(String::new(), |mut all, &b| {
        let _ = write!(all, "{}", form(b));
        all
    })
}

/// The characters of a base64 text that depend on nothing but `mark`, when `shift` bytes (modulo 3) stand
/// before it.
fn base64_core(alphabet: &base64::alphabet::Alphabet, mark: &[u8], shift: usize) -> String {
    let padded = [&[0; 2][..shift], mark].concat();
    let encoded = GeneralPurpose::new(alphabet, NO_PAD).encode(&padded);
    encoded[(shift * 8).div_ceil(6)..padded.len() * 8 / 6].to_owned()
}

fn contains(text: &[u8], form: &[u8]) -> bool {
    text.windows(form.len()).any(|window| window == form)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

    fn mark() -> SecretMark {
        SecretMark::new("SIMSECRET")
    }

    #[test]
    fn a_text_without_the_mark_is_clean() {
        assert_eq!(mark().find_in(b"kcaws: error: no valid login for session `corp`"), None);
    }

    #[test]
    fn a_plain_mark_is_found() {
        assert_eq!(mark().find_in(b"token=aoaSIMSECRET77 "), Some("plain"));
    }

    #[test]
    fn base64_is_found_whatever_stands_before_and_behind() {
        for before in ["", "a", "ab", "abc", "abcd", "\u{fffd}\u{fffd}"] {
            for behind in ["", "x", "xy", "xyz", "\u{fffd}?>"] {
                let secret = format!("{before}SIMSECRET{behind}");
                let standard = format!("Basic {}", BASE64_STANDARD.encode(&secret));
                assert!(mark().find_in(standard.as_bytes()).is_some(), "{standard}");
                let url_safe = format!("?state={}", BASE64_URL_SAFE_NO_PAD.encode(&secret));
                assert!(mark().find_in(url_safe.as_bytes()).is_some(), "{url_safe}");
            }
        }
    }

    #[test]
    fn the_two_base64_alphabets_are_distinguished() {
        let mark = SecretMark::new("\u{ff}?>?>?~~~");
        let standard = BASE64_STANDARD.encode("\u{ff}?>?>?~~~");
        assert!(standard.contains(['+', '/']));
        assert!(mark.find_in(standard.as_bytes()).unwrap().starts_with("base64,"));
        let url_safe = standard.replace('+', "-").replace('/', "_");
        assert!(mark.find_in(url_safe.as_bytes()).unwrap().starts_with("base64url,"));
    }

    #[test]
    fn url_encoding_hex_and_byte_lists_are_found() {
        let mark = SecretMark::new("SIM SECRET/1");
        assert_eq!(mark.find_in(b"q=SIM%20SECRET%2F1&"), Some("URL-encoded"));
        assert_eq!(mark.find_in(b"00 53494d205345435245542f31 00"), Some("hex"));
        assert_eq!(mark.find_in(b"53494D205345435245542F31"), Some("HEX"));
        assert_eq!(mark.find_in(format!("{:?}", b"xxSIM SECRET/1").as_bytes()), Some("list of bytes"));
        assert!(mark.find_in(b"%53%49%4d%20%53%45%43%52%45%54%2f%31").is_some());
    }

    #[test]
    fn a_mark_broken_by_a_line_end_is_found() {
        assert_eq!(mark().find_in(b"aoaSIMS\r\nECRET"), Some("plain"));
    }

    #[test]
    #[should_panic(expected = "a secret (plain) is in")]
    fn a_binary_file_deep_in_a_tree_is_searched() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("a/b")).unwrap();
        std::fs::write(dir.path().join("a/b/state.db"), b"\x00\xff\x00SIMSECRET\x00").unwrap();
        mark().assert_absent_from_files(dir.path());
    }

    #[test]
    #[should_panic(expected = "is in a file name")]
    fn file_names_are_searched() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("aoaSIMSECRET.json"), "").unwrap();
        mark().assert_absent_from_files(dir.path());
    }

    #[test]
    fn a_tree_without_the_mark_is_clean() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("config"), "[default]\n").unwrap();
        std::os::unix::fs::symlink("/nowhere", dir.path().join("link")).unwrap();
        mark().assert_absent_from_files(dir.path());
    }
}
