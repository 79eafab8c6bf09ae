//! The most recently chosen profiles, for a list that begins with them. Names only.

use crate::ports::state_folder::StateFolder;

const FILE: &str = "prompt/recent";
const MOST: usize = 50;

/// Returns the names, the latest first.
pub fn read(state: &dyn StateFolder) -> Vec<String> {
    let bytes = state.read(FILE).ok().flatten();
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// Adds a name, as a best effort; of two at the same time, one is lost.
pub fn note(profile: &str, state: &dyn StateFolder) {
    let mut names = read(state);
    names.retain(|name| name != profile);
    names.insert(0, profile.to_owned());
    names.truncate(MOST);
    let _ = state.write_cached(FILE, &serde_json::to_vec(&names).expect("names serialize"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::state_folder::FakeStateFolder;

    #[test]
    fn the_last_comes_first_and_each_once() {
        let state = FakeStateFolder::default();
        for name in ["a", "b", "a"] {
            note(name, &state);
        }
        assert_eq!(read(&state), ["a", "b"]);
        (0..60).for_each(|n| note(&n.to_string(), &state));
        assert_eq!(read(&state).len(), MOST);
        state.write(FILE, b"nonsense").expect("writes");
        assert!(read(&state).is_empty());
    }
}
