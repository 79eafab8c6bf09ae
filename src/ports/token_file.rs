//! A file with the token of a credentials endpoint, for programs that cannot read it from elsewhere.
//!
//! Programs that use Rust's `object_store` (polars, delta-rs) only support `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::platform::aead::hex;
use crate::ports::state_folder::{Lock, StateError, StateFolder};
use crate::secret::Secret;

/// In the state folder.
const FOLDER: &str = "endpoints";
const TOKEN: &str = ".token";
const LOCK: &str = ".lock";

/// Removed when dropped. The next process that writes such a file removes what a killed one left.
pub struct TokenFile {
    state: Arc<dyn StateFolder>,
    id: String,
    path: PathBuf,
    /// Held as long as the endpoint serves.
    lock: Option<Lock>,
}

impl TokenFile {
    /// Writes the token; `root` is the path of `state`.
    pub fn write(
        state: &Arc<dyn StateFolder>,
        root: &Path,
        token: &Secret<String>,
    ) -> Result<Self, StateError> {
        sweep(&**state);
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(|_| StateError::NoRandom)?;
        let id = hex(&random);
        // The lock comes first: a token without one counts as abandoned.
        let lock = Some(state.lock(&name(&id, LOCK), Duration::ZERO)?);
        let token_name = name(&id, TOKEN);
        let file = Self { state: state.clone(), path: root.join(&token_name), id, lock };
        state.write_cached(&token_name, token.expose().as_bytes())?;
        Ok(file)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TokenFile {
    fn drop(&mut self) {
        remove(&*self.state, &self.id, self.lock.take());
    }
}

fn name(id: &str, kind: &str) -> String {
    format!("{FOLDER}/{id}{kind}")
}

fn remove(state: &dyn StateFolder, id: &str, lock: Option<Lock>) {
    // Best effort: the token is no longer of any use.
    let _ = state.remove(&name(id, TOKEN));
    drop(lock);
    let _ = state.remove(&name(id, LOCK));
}

fn sweep(state: &dyn StateFolder) {
    for file in state.list(FOLDER).unwrap_or_default() {
        let Some(id) = file.strip_suffix(TOKEN) else { continue };
        if let Ok(lock) = state.lock(&name(id, LOCK), Duration::ZERO) {
            remove(state, id, Some(lock));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::state_folder::FakeStateFolder;

    #[test]
    fn it_is_there_while_it_is_held_and_left_ones_are_swept() {
        let state: Arc<dyn StateFolder> = Arc::new(FakeStateFolder::default());
        let files = || state.list(FOLDER).expect("lists");
        let write =
            |token: &str| TokenFile::write(&state, Path::new("/state"), &token.into()).expect("writes");
        let first = write("one");
        assert_eq!(first.path(), Path::new("/state").join(name(&first.id, TOKEN)));
        assert_eq!(state.read(&name(&first.id, TOKEN)).expect("reads").as_deref(), Some(&b"one"[..]));
        state.write(&name("0123", TOKEN), b"of a killed one").expect("writes");
        let second = write("two");
        assert_eq!(files().iter().filter(|name| name.ends_with(TOKEN)).count(), 2, "{:?}", files());
        assert!(!files().contains(&"0123.token".to_owned()));
        drop(first);
        assert_eq!(state.read(&name(&second.id, TOKEN)).expect("reads").as_deref(), Some(&b"two"[..]));
        drop(second);
        assert!(files().is_empty(), "{:?}", files());
    }
}
