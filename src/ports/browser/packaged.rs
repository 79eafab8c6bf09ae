//! Browsers installed as a Flatpak or a snap, whose programs are often not in PATH.

use std::path::PathBuf;

use crate::platform::env::Env;
use crate::platform::which;

/// The folders of snap programs: the second is that of Fedora and Arch.
const SNAPS: [&str; 2] = ["/snap/bin", "/var/lib/snapd/snap/bin"];

/// Finds the first of these: Flatpaks by their ids, snaps by the names of their programs.
pub(super) fn find(ids: &[&str], programs: &[&str], env: &Env) -> Option<PathBuf> {
    let flatpaks = exports(env).into_iter().flat_map(|folder| ids.iter().map(move |id| folder.join(id)));
    let snaps =
        SNAPS.iter().flat_map(|folder| programs.iter().map(move |name| PathBuf::from(folder).join(name)));
    flatpaks.chain(snaps).find(|path| which::is_program(path))
}

/// Finds a Flatpak by its ID or the last part of it in any case, or a snap by its name.
///
/// `floorp` finds `one.ablaze.floorp`.
pub(super) fn by_name(name: &str, env: &Env) -> Option<PathBuf> {
    find(&[name], &[name], env).or_else(|| {
        let mut found: Vec<PathBuf> = exports(env)
            .iter()
            .filter_map(|folder| folder.read_dir().ok())
            .flat_map(|entries| entries.flatten().map(|entry| entry.path()))
            .filter(|path| {
                let id = path.file_name().unwrap_or_default().to_string_lossy();
                let last = id.rsplit_once('.').map(|(_, last)| last);
                last.is_some_and(|last| last.eq_ignore_ascii_case(name)) && which::is_program(path)
            })
            .collect();
        found.sort();
        found.into_iter().next()
    })
}

/// Returns the folders with a program for each Flatpak: the user's own before those of the machine.
fn exports(env: &Env) -> Vec<PathBuf> {
    let data = env.raw("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let data = data.or_else(|| Some(PathBuf::from(env.raw("HOME")?).join(".local/share")));
    let person = env.raw("FLATPAK_USER_DIR").map(PathBuf::from).or_else(|| Some(data?.join("flatpak")));
    let machine = env.raw("FLATPAK_SYSTEM_DIR").map_or_else(|| "/var/lib/flatpak".into(), PathBuf::from);
    person.into_iter().chain([machine]).map(|folder| folder.join("exports/bin")).collect()
}
