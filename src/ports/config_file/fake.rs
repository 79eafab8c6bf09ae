//! A config file in memory.

use std::path::Path;
use std::sync::{Arc, Mutex};

use super::{ConfigFile, ConfigFileError, WriteMode};
use crate::platform::file_stamp::FileStamp;

/// A file in memory. `before_replace` runs once before the next replacement checks it, as another writer would.
#[derive(Clone, Default)]
pub struct FakeConfigFile {
    content: Arc<Mutex<Option<Vec<u8>>>>,
    intruders: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl FakeConfigFile {
    pub fn with(text: &str) -> Self {
        let file = Self::default();
        *file.content.lock().expect("no test panics while holding it") = Some(text.into());
        file
    }

    /// Queues a write by another program just before the next replacement; each entry is written once.
    pub fn intrude(&self, text: &str) {
        self.intruders.lock().expect("no test panics while holding it").push(text.into());
    }
}

impl ConfigFile for FakeConfigFile {
    fn path(&self) -> &Path {
        Path::new("/fake/config")
    }

    fn read(&self) -> Result<Option<Vec<u8>>, ConfigFileError> {
        Ok(self.content.lock().expect("no test panics while holding it").clone())
    }

    fn stamp(&self) -> Option<FileStamp> {
        None
    }

    fn replace(
        &self,
        before: Option<&[u8]>,
        after: Option<&[u8]>,
        _how: WriteMode,
    ) -> Result<bool, ConfigFileError> {
        let mut content = self.content.lock().expect("no test panics while holding it");
        let mut intruders = self.intruders.lock().expect("no test panics while holding it");
        if !intruders.is_empty() {
            *content = Some(intruders.remove(0));
        }
        let unchanged = content.as_deref() == before;
        if unchanged {
            *content = after.map(<[u8]>::to_vec);
        }
        Ok(unchanged)
    }
}
