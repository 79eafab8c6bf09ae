//! Writes the config file: one kcaws at a time, a backup first, and never over what another program has just written.
//!
//! Others (`aws configure set`, editors) do not use our lock. So the file is checked again just before the rename, and
//! once more after it if the system can exchange two names; the edit is then repeated on the new content. One case
//! remains: a tool that reads the file before our rename and writes it after that loses our edit, as it would anyone's.

use std::time::Duration;

use zeroize::Zeroizing;

use super::backups::{self, Content};
use super::{ConfigError, Document};
use crate::ports::clock::Clock;
use crate::ports::config_file::{ConfigFile, ConfigFileError, WriteMode};
use crate::ports::lock_wait;
use crate::ports::state_folder::{Lock, StateError, StateFolder, hashed_name};
use crate::profile::draft::Draft;

const LOCK: &str = "config.lock";
const ATTEMPTS: usize = 5;
/// Tools that write in place empty the file first, so a recent change may be incomplete.
const SETTLE: Duration = Duration::from_millis(50);
const MOST_LOOKS: usize = 20;

#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    File(#[from] ConfigFileError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("another program keeps writing `{path}`", path = .path.display())]
    KeepsChanging { path: std::path::PathBuf },
    #[error("there is no backup {id}")]
    NoBackup { id: u64 },
    #[error("kcaws has not written `{path}` yet", path = .path.display())]
    NothingToUndo { path: std::path::PathBuf },
}

pub struct ConfigWriter<'a> {
    pub file: &'a dyn ConfigFile,
    pub state: &'a dyn StateFolder,
    pub clock: &'a dyn Clock,
    pub how: WriteMode,
}

/// The result of a write, or of one that is only previewed. No `Debug`, since the texts may contain keys.
pub struct Outcome<T> {
    pub result: T,
    pub before: Zeroizing<String>,
    pub after: Zeroizing<String>,
    /// The same as `after` for an edit. (A backup may be anything.)
    pub document: Option<Document>,
    /// `None` if nothing was written.
    pub backup: Option<u64>,
}

impl<T> Outcome<T> {
    pub fn is_change(&self) -> bool {
        self.before != self.after
    }
}

impl ConfigWriter<'_> {
    /// Returns what [`Self::edit`] would do now.
    pub fn preview<T>(
        &self,
        mut edit: impl FnMut(&mut Draft<'_>) -> Result<T, ConfigError>,
    ) -> Result<Outcome<T>, SaveError> {
        let content = self.settled()?;
        self.edited(content, &mut edit)
    }

    /// Returns what [`Self::edit`] would do if the file held `text`.
    pub fn preview_on<T>(
        &self,
        text: &str,
        mut edit: impl FnMut(&mut Draft<'_>) -> Result<T, ConfigError>,
    ) -> Result<Outcome<T>, SaveError> {
        self.edited(Some(Zeroizing::new(text.as_bytes().to_vec())), &mut edit)
    }

    /// Edits the file, and stores `command` with the backup.
    ///
    /// `edit` may be called several times, each time on the current content.
    pub fn edit<T>(
        &self,
        command: &str,
        mut edit: impl FnMut(&mut Draft<'_>) -> Result<T, ConfigError>,
    ) -> Result<Outcome<T>, SaveError> {
        let _lock = self.lock()?;
        for _ in 0..ATTEMPTS {
            let content = self.settled()?;
            let is_there = content.is_some();
            let outcome = self.edited(content, &mut edit)?;
            if !outcome.is_change() {
                return Ok(outcome);
            }
            let before = is_there.then_some(outcome.before.as_bytes());
            let backup = self.replaced(command, before, Some(outcome.after.as_bytes()))?;
            if backup.is_some() {
                return Ok(Outcome { backup, ..outcome });
            }
        }
        Err(SaveError::KeepsChanging { path: self.file.path().to_path_buf() })
    }

    /// Edits a file that is not a config, and returns the number of the backup.
    ///
    /// `change` returns the new content, or `None` if there is nothing to do.
    pub fn edit_bytes(
        &self,
        command: &str,
        change: impl Fn(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<Option<u64>, SaveError> {
        let _lock = self.lock()?;
        for _ in 0..ATTEMPTS {
            let content = self.settled()?;
            let bytes = content.as_deref().map(Vec::as_slice).unwrap_or_default();
            let Some(after) = change(bytes).map(Zeroizing::new) else { return Ok(None) };
            if let Some(backup) =
                self.replaced(command, content.as_deref().map(Vec::as_slice), Some(&after))?
            {
                return Ok(Some(backup));
            }
        }
        Err(SaveError::KeepsChanging { path: self.file.path().to_path_buf() })
    }

    /// Restores the content of a backup, whatever the file contains now; that content gets a backup of its own.
    pub fn restore(&self, command: &str, wanted: &Content) -> Result<Outcome<()>, SaveError> {
        let _lock = self.lock()?;
        for _ in 0..ATTEMPTS {
            let content = self.settled()?;
            let (before, after) = (text_of(&content), text_of(wanted));
            if content == *wanted {
                return Ok(Outcome { result: (), before, after, document: None, backup: None });
            }
            if let Some(backup) = self.replaced(
                command,
                content.as_deref().map(Vec::as_slice),
                wanted.as_deref().map(Vec::as_slice),
            )? {
                return Ok(Outcome { result: (), before, after, document: None, backup: Some(backup) });
            }
        }
        Err(SaveError::KeepsChanging { path: self.file.path().to_path_buf() })
    }

    pub fn preview_restore(&self, wanted: &Content) -> Result<Outcome<()>, SaveError> {
        let content = self.settled()?;
        let (before, after) = (text_of(&content), text_of(wanted));
        Ok(Outcome { result: (), before, after, document: None, backup: None })
    }

    fn lock(&self) -> Result<Lock, StateError> {
        self.state.lock(LOCK, lock_wait::FOR_AN_EDIT)
    }

    fn edited<T>(
        &self,
        content: Content,
        edit: &mut impl FnMut(&mut Draft<'_>) -> Result<T, ConfigError>,
    ) -> Result<Outcome<T>, SaveError> {
        let bytes = content.map(|mut bytes| std::mem::take(&mut *bytes)).unwrap_or_default();
        let document = Document::from_bytes(self.file.path(), bytes)?;
        let mut draft = Draft::of(&document)?;
        let result = edit(&mut draft)?;
        let after = draft.finish()?;
        let after_text = Zeroizing::new(after.text().to_owned());
        let before = document.into_text();
        Ok(Outcome { result, before, after: after_text, document: Some(after), backup: None })
    }

    /// Writes the file and returns the number of the backup; `None` if another program wrote to it in the meantime.
    fn replaced(
        &self,
        command: &str,
        before: Option<&[u8]>,
        after: Option<&[u8]>,
    ) -> Result<Option<u64>, SaveError> {
        let (now, path) = (self.clock.now(), self.file.path().to_path_buf());
        let backup = backups::add(self.state, now, path, command, before)?;
        let replaced = self.file.replace(before, after, self.how);
        if !matches!(replaced, Ok(true)) {
            backups::remove(self.state, backup)?;
        }
        if !replaced? {
            return Ok(None);
        }
        if let Some(stamp) = self.file.stamp() {
            // If this fails, the next writer only waits for 50 ms.
            let _ = self.state.write_cached(&self.stamp_name(), &stamp.to_bytes());
        }
        Ok(Some(backup))
    }

    /// Returns the content once the file has not changed for a moment.
    fn settled(&self) -> Result<Content, SaveError> {
        let ours = self.state.read(&self.stamp_name()).ok().flatten();
        for _ in 0..MOST_LOOKS {
            let stamp = self.file.stamp();
            let content = self.file.read()?.map(Zeroizing::new);
            let is_settled = match stamp {
                Some(stamp) => {
                    Some(stamp.to_bytes().as_slice()) == ours.as_deref()
                        || stamp.is_settled(self.clock.now())
                        || {
                            self.clock.sleep(SETTLE);
                            self.file.stamp() == Some(stamp)
                        }
                }
                None => true,
            };
            if is_settled {
                return Ok(content);
            }
        }
        Err(SaveError::KeepsChanging { path: self.file.path().to_path_buf() })
    }

    fn stamp_name(&self) -> String {
        format!("config/{}.stamp", hashed_name(&[self.file.path().as_os_str().as_encoded_bytes()]))
    }
}

fn text_of(content: &Content) -> Zeroizing<String> {
    let bytes = content.as_deref().map(Vec::as_slice).unwrap_or_default();
    Zeroizing::new(String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::clock::FakeClock;
    use crate::ports::config_file::FakeConfigFile;
    use crate::ports::state_folder::FakeStateFolder;
    use crate::profile::Heading;

    struct Fixture {
        file: FakeConfigFile,
        state: FakeStateFolder,
        clock: FakeClock,
    }

    impl Fixture {
        fn with(text: &str) -> Self {
            let clock = FakeClock::at("2026-11-24T12:00:00Z");
            Self { file: FakeConfigFile::with(text), state: FakeStateFolder::default(), clock }
        }

        fn writer(&self) -> ConfigWriter<'_> {
            ConfigWriter { file: &self.file, state: &self.state, clock: &self.clock, how: WriteMode::Rename }
        }

        fn add(&self, name: &str) -> Result<Outcome<()>, SaveError> {
            self.writer().edit("profile add", |draft| {
                draft.set(&Heading::Profile(name.to_owned()), &[("region", "r")]).map(|_| ())
            })
        }

        fn text(&self) -> String {
            String::from_utf8(self.file.read().expect("reads").unwrap_or_default()).expect("text")
        }
    }

    #[test]
    fn an_edit_is_made_again_on_what_someone_else_wrote() {
        let fixture = Fixture::with("[a]\n");
        fixture.file.intrude("[b]\n");
        let outcome = fixture.add("x").expect("writes");
        assert_eq!(fixture.text(), "[b]\n\n[profile x]\nregion = r\n");
        assert_eq!(outcome.before.as_str(), "[b]\n");
        let backups = backups::list(&fixture.state).expect("lists");
        assert_eq!(backups.len(), 1, "only of what was really replaced");
        let (_, content) = backups::get(&fixture.state, backups[0].id).expect("reads").expect("is there");
        assert_eq!(content.expect("existed").as_slice(), b"[b]\n");
    }

    #[test]
    fn bytes_are_appended_to_what_someone_else_wrote_and_what_was_there_is_kept() {
        let fixture = Fixture::with("a\n");
        fixture.file.intrude("b\n");
        let add = |bytes: &[u8]| (!bytes.ends_with(b"x\n")).then(|| [bytes, b"x\n"].concat());
        let backup = fixture.writer().edit_bytes("configure", add).expect("writes").expect("is a change");
        assert_eq!(fixture.text(), "b\nx\n");
        let (_, old) = backups::get(&fixture.state, backup).expect("reads").expect("is there");
        assert_eq!(old.expect("existed").as_slice(), b"b\n");
        assert_eq!(fixture.writer().edit_bytes("configure", add).expect("reads"), None);
    }

    #[test]
    fn anyone_who_never_stops_writing_is_named() {
        let fixture = Fixture::with("[a]\n");
        for number in 0..ATTEMPTS {
            fixture.file.intrude(&format!("[b{number}]\n"));
        }
        assert!(matches!(fixture.add("x"), Err(SaveError::KeepsChanging { .. })));
        assert_eq!(fixture.text(), format!("[b{}]\n", ATTEMPTS - 1));
        assert!(backups::list(&fixture.state).expect("lists").is_empty());
    }

    #[test]
    fn undo_can_be_undone() {
        let fixture = Fixture::with("[a]\n");
        fixture.add("x").expect("writes");
        let (_, old) = backups::get(&fixture.state, 1).expect("reads").expect("is there");
        fixture.writer().restore("profile undo", &old).expect("restores");
        assert_eq!(fixture.text(), "[a]\n");
        let (_, newer) = backups::get(&fixture.state, 2).expect("reads").expect("is there");
        fixture.writer().restore("profile undo", &newer).expect("restores");
        assert!(fixture.text().contains("[profile x]"));
    }

    #[test]
    fn nothing_to_change_writes_nothing_and_no_backup_means_no_write() {
        let fixture = Fixture::with("[profile x]\nregion = r\n");
        assert_eq!(fixture.add("x").expect("fine").backup, None);
        fixture.state.fail_writes();
        assert!(matches!(fixture.add("y"), Err(SaveError::State(_))));
        assert_eq!(fixture.text(), "[profile x]\nregion = r\n");
    }

    #[test]
    fn a_busy_lock_is_waited_for_and_then_named() {
        let fixture = Fixture::with("");
        let _held = fixture.state.lock(LOCK, Duration::ZERO).expect("locks");
        assert!(matches!(fixture.add("x"), Err(SaveError::State(StateError::Busy { .. }))));
    }
}
