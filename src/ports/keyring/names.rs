//! Names of items on platforms whose own names are too short for a session and a start URL.

use super::ItemKey;
use crate::ports::state_folder::hashed_name;

pub(super) use crate::platform::aead::hex;

pub(super) fn digest(key: &ItemKey) -> String {
    hashed_name(&[key.session.as_bytes(), key.start_url.as_bytes()])
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
