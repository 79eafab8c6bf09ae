//! Detects the kind of machine: containers and WSL have less than a desktop, and the kernel limits keys.

use std::path::PathBuf;

pub struct Machine {
    root: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surroundings {
    Docker,
    Podman,
    Wsl,
}

/// The kernel's quota of keys for one user, and its use (keyrings(7), `/proc/key-users`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyQuota {
    pub keys: u64,
    pub most_keys: u64,
    pub bytes: u64,
    pub most_bytes: u64,
}

impl Machine {
    pub fn this_one() -> Self {
        Self { root: PathBuf::from("/") }
    }

    /// Returns another host for tests, whose `/proc` and markers are below `root`.
    pub fn below(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    pub fn surroundings(&self) -> Option<Surroundings> {
        let release = self.read("proc/sys/kernel/osrelease").unwrap_or_default();
        if self.root.join(".dockerenv").exists() {
            Some(Surroundings::Docker)
        } else if self.root.join("run/.containerenv").exists() {
            Some(Surroundings::Podman)
        } else if release.to_ascii_lowercase().contains("microsoft") {
            Some(Surroundings::Wsl)
        } else {
            None
        }
    }

    /// Returns the first 15 bytes of a process's name (proc(5)); the path of its program is not readable for everyone.
    pub fn name_of(&self, process: u32) -> Option<String> {
        Some(self.read(&format!("proc/{process}/comm"))?.trim_end().to_owned())
    }

    /// Returns the quota; `None` if the kernel does not report it, or has no keys of this user.
    pub fn key_quota(&self) -> Option<KeyQuota> {
        self.read("proc/key-users")?.lines().find_map(|line| quota(line, own_id()?))
    }

    /// Returns the IDs, in hex, of the keys of kcaws in the kernel for this user, of all state folders.
    ///
    /// keyrings(7), `/proc/keys`.
    pub fn kcaws_keys(&self) -> Vec<String> {
        let keys = self.read("proc/keys").unwrap_or_default();
        keys.lines().filter_map(|line| kcaws_key(line, own_id()?)).collect()
    }

    fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.root.join(name)).ok()
    }
}

/// Parses `1000:    13 12/12 11/200 254/20000`: uid, usage, keys, quota of keys, quota of bytes.
fn quota(line: &str, uid: u32) -> Option<KeyQuota> {
    let mut words = line.split_ascii_whitespace();
    if words.next()?.strip_suffix(':')?.parse() != Ok(uid) {
        return None;
    }
    let mut pair = words.skip(2).map(|word| {
        let (used, most) = word.split_once('/')?;
        Some((used.parse().ok()?, most.parse().ok()?))
    });
    let ((keys, most_keys), (bytes, most_bytes)) = (pair.next()??, pair.next()??);
    Some(KeyQuota { keys, most_keys, bytes, most_bytes })
}

/// Returns the ID of a key of kcaws, from a line of `/proc/keys`.
///
/// `0f1cbfbc I--Q---     1 6d 3f010000  1000  1000 user      kcaws:0123…: 32`: id, flags, usage, timeout, rights, uid,
/// gid, type, description, length.
fn kcaws_key(line: &str, uid: u32) -> Option<String> {
    let mut words = line.split_ascii_whitespace().skip(5);
    let (of, kind) = (words.next()?, words.nth(1)?);
    let description = words.next()?.strip_suffix(':')?;
    let id = description.strip_prefix("kcaws:").or_else(|| description.strip_prefix("kcaws-warm:"))?;
    (of.parse() == Ok(uid) && kind == "user").then(|| id.to_owned())
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere there is none")]
fn own_id() -> Option<u32> {
    Some(rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
fn own_id() -> Option<u32> {
    None
}

/// Returns whether this process runs as root, for which the kernel has separate limits.
pub fn is_root() -> bool {
    own_id() == Some(0)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Machine) {
        let root = tempfile::tempdir().expect("a temp folder");
        for (name, text) in files {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().expect("has one")).expect("creates");
            let mut temp = tempfile::NamedTempFile::new_in(root.path()).expect("creates");
            temp.write_all(text.as_bytes()).expect("writes");
            temp.persist(path).expect("moves");
        }
        let machine = Machine::below(root.path());
        (root, machine)
    }

    #[test]
    fn containers_and_wsl_are_known_by_their_marks() {
        for (files, surroundings) in [
            (&[][..], None),
            (&[(".dockerenv", "")], Some(Surroundings::Docker)),
            (&[("run/.containerenv", "engine=podman")], Some(Surroundings::Podman)),
            (
                &[("proc/sys/kernel/osrelease", "5.15.90.1-microsoft-standard-WSL2\n")],
                Some(Surroundings::Wsl),
            ),
            (&[("proc/sys/kernel/osrelease", "6.1.0-13-amd64\n")], None),
        ] {
            assert_eq!(machine(files).1.surroundings(), surroundings);
        }
    }

    #[test]
    fn the_line_of_one_user_is_read() {
        let line = " 1000:    13 12/12 190/200 19000/20000";
        let read = quota(line, 1000).expect("its line");
        assert_eq!(read, KeyQuota { keys: 190, most_keys: 200, bytes: 19000, most_bytes: 20000 });
        assert_eq!(quota(line, 100), None);
        assert_eq!(quota("1000: x", 1000), None);
        assert_eq!(machine(&[]).1.key_quota(), None);
    }
}
