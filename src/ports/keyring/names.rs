//! Names of items for platforms whose own names are too narrow for a session and a start URL.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::ItemKey;
use super::sealed::length_prefixed;

/// Names are hostile: a hash has no slashes, no dots and no case, and its length is known.
pub(super) fn digest(key: &ItemKey) -> String {
    hex(&Sha256::digest(length_prefixed(&[key.session.as_bytes(), key.start_url.as_bytes()])))
}

pub(in crate::ports) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // a String takes everything
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_run_together() {
        let name = |session: &str, start_url: &str| {
            digest(&ItemKey { session: session.to_owned(), start_url: start_url.to_owned() })
        };
        assert_ne!(name("ab", "c"), name("a", "bc"));
        assert_ne!(name("CORP", "u"), name("corp", "u"));
        assert!(name("../x", "y").bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_eq!(name("../x", "y").len(), 64);
    }
}
