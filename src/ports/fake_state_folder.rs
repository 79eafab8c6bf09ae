//! The state folder in memory, for tests.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::ports::state_folder::{LeftOver, Lock, StateError, StateFolder, io, is_plain};

/// A folder in memory.
#[derive(Clone, Default)]
pub struct FakeStateFolder(Arc<Mutex<FakeFolder>>);

#[derive(Default)]
struct FakeFolder {
    files: BTreeMap<String, Vec<u8>>,
    locks: Vec<String>,
    left_over: Vec<(String, Vec<u8>)>,
    read_only: bool,
}

pub(super) struct FakeLock {
    folder: FakeStateFolder,
    name: String,
}

impl Drop for FakeLock {
    fn drop(&mut self) {
        self.folder.inner().locks.retain(|held| held != &self.name);
    }
}

impl FakeStateFolder {
    fn inner(&self) -> std::sync::MutexGuard<'_, FakeFolder> {
        self.0.lock().expect("no test panics while holding it")
    }

    /// Leaves what a process does that is killed before its record is in place.
    pub fn leave(&self, name: &str, contents: &[u8]) {
        self.inner().left_over.push((name.to_owned(), contents.to_vec()));
    }

    /// Makes writing fail from now on, as on a full or read-only disk.
    pub fn fail_writes(&self) {
        self.inner().read_only = true;
    }
}

impl StateFolder for FakeStateFolder {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StateError> {
        Ok(self.inner().files.get(name).cloned())
    }

    fn write(&self, name: &str, contents: &[u8]) -> Result<(), StateError> {
        debug_assert!(is_plain(name), "state names are ours: {name}");
        let mut folder = self.inner();
        if folder.read_only {
            return Err(io("write", Path::new(name))(std::io::ErrorKind::StorageFull.into()));
        }
        folder.files.insert(name.to_owned(), contents.to_vec());
        Ok(())
    }

    fn write_cached(&self, name: &str, contents: &[u8]) -> Result<(), StateError> {
        self.write(name, contents)
    }

    fn write_record(&self, name: &str, contents: &[u8]) -> Result<(), StateError> {
        self.write(name, contents)
    }

    fn remove(&self, name: &str) -> Result<bool, StateError> {
        Ok(self.inner().files.remove(name).is_some())
    }

    fn remove_record(&self, name: &str) -> Result<bool, StateError> {
        self.sweep(name)?;
        self.remove(name)
    }

    fn left_overs(&self, name: &str) -> Result<Vec<LeftOver>, StateError> {
        let folder = self.inner();
        let is_newer = folder.files.contains_key(name);
        let left = folder.left_over.iter().rev().filter(|(of, _)| of == name);
        Ok(left
            .map(|(of, contents)| LeftOver { name: of.clone(), contents: contents.clone(), is_newer })
            .collect())
    }

    fn finish(&self, left: &LeftOver, name: &str) -> Result<(), StateError> {
        self.inner().left_over.retain(|(_, contents)| *contents != left.contents);
        self.write(name, &left.contents)
    }

    fn sweep(&self, name: &str) -> Result<(), StateError> {
        self.inner().left_over.retain(|(of, _)| of != name);
        Ok(())
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, StateError> {
        let prefix = format!("{folder}/");
        Ok(self
            .inner()
            .files
            .keys()
            .filter_map(|name| name.strip_prefix(&prefix))
            .map(str::to_owned)
            .collect())
    }

    fn clear(&self) -> Result<(), StateError> {
        self.inner().files.clear();
        Ok(())
    }

    fn lock(&self, name: &str, patience: Duration) -> Result<Lock, StateError> {
        let mut folder = self.inner();
        if folder.locks.iter().any(|held| held == name) {
            return Err(StateError::Busy { pid: Some(std::process::id()), age: patience });
        }
        folder.locks.push(name.to_owned());
        Ok(Lock::fake(FakeLock { folder: self.clone(), name: name.to_owned() }))
    }
}
