//! Checks who can read and write the files.

use std::io::ErrorKind;
use std::path::Path;

use super::context::DoctorContext;
use super::finding::Finding;
use crate::cli::error::AS_ROOT;
use crate::platform::file_facts::{Who, readable, takes_files, writable, writer};
use crate::platform::host;
use crate::platform::owner::{self, Obstacle, ObstacleKind};
use crate::shell::quote::argument;

/// Checks kcaws's state folder, which must be 0700 with files of 0600, or kcaws refuses to use it.
pub(super) fn state_folder(context: &DoctorContext<'_>) -> Vec<Finding> {
    let Some(folder) = &context.app.folders.state else {
        return vec![Finding::error("", "there is no home folder to store state in", "set HOME")];
    };
    let subject = folder.display().to_string();
    let refusal = takes_files(folder).err();
    if let Some(error) = refusal.as_ref().filter(|error| error.kind() == ErrorKind::ReadOnlyFilesystem) {
        return vec![Finding::error(
            subject,
            format!("not writable: {error}; a login could not save its state"),
            "set XDG_STATE_HOME to a folder on another file system",
        )];
    }
    if let Some(obstacle) = owner::obstacle(folder) {
        return vec![in_the_way(&obstacle)];
    }
    if let Some(error) = refusal {
        return vec![Finding::error(
            subject,
            format!("not writable: {error}; a login could not save its state"),
            "make it writable for you (check it and its parent folders with `ls -ld`), or set XDG_STATE_HOME",
        )];
    }
    let Ok(meta) = std::fs::symlink_metadata(folder) else {
        return vec![Finding::ok(subject, "created at the first login")];
    };
    if !meta.is_dir() {
        return vec![Finding::error(
            subject,
            "not a folder (kcaws does not follow symbolic links here)",
            "move it away",
        )];
    }
    if let Some(owner) = owner::other_owner(folder) {
        let why = format!("it belongs to {owner}, so kcaws does not use it");
        return vec![Finding::error(subject, why, take_back(folder))];
    }
    let fix = format!("chmod -R go-rwx {}", argument(&subject));
    match open_to_others(folder, 3) {
        Some(why) => vec![Finding::error(subject, why, fix)],
        None => vec![Finding::ok(subject, "only you can enter it")],
    }
}

fn in_the_way(Obstacle { path, owner, kind }: &Obstacle) -> Finding {
    let subject = path.display().to_string();
    match kind {
        ObstacleKind::OfAnother => {
            Finding::error(subject, format!("it belongs to {owner}, and you run as root"), AS_ROOT)
        }
        ObstacleKind::Closed => Finding::error(
            subject,
            format!(
                "it belongs to {owner} and you cannot write to it, so kcaws cannot store its state there"
            ),
            take_back(path),
        ),
    }
}

/// Returns the fix for a folder in the user's home that belongs to root or another user.
fn take_back(path: &Path) -> String {
    format!("if it should be yours: sudo chown -R \"$(id -un)\" {}", argument(&path.display().to_string()))
}

/// Returns the first entry in it that others can read or write.
fn open_to_others(path: &Path, depth: u8) -> Option<String> {
    match writable(path) {
        Ok(Some(who)) => return Some(format!("`{}`: {who}", path.display())),
        Ok(None) if readable(path).unwrap_or(false) => {
            return Some(format!("`{}`: others can read it", path.display()));
        }
        _ => {}
    }
    let entries = std::fs::read_dir(path).ok().filter(|_| depth > 0)?;
    entries.flatten().find_map(|entry| open_to_others(&entry.path(), depth - 1))
}

/// Checks who can write to the config file, since that decides which program every tool runs.
pub(super) fn aws_folder(context: &DoctorContext<'_>) -> Vec<Finding> {
    let config = context.app.config_path().ok();
    let credentials = context.credentials_path();
    let mut findings = Vec::new();
    let folder = config.as_deref().and_then(Path::parent).map(Path::to_path_buf);
    for path in [folder.as_ref(), config.as_ref(), credentials.as_ref()].into_iter().flatten() {
        let Ok(open) = writer(path) else { continue };
        let subject = path.display().to_string();
        if let Some(who) = open {
            findings.push(others_decide(path, who, "which program your tools run"));
        } else if Some(path) == credentials.as_ref() && readable(path).unwrap_or(false) {
            let fix = format!("chmod 600 {}", argument(&subject));
            findings.push(Finding::error(subject, "others can read the keys in it", fix));
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok("", "only you can write to your AWS configuration"));
    }
    findings
}

/// Checks who can write to `config.toml`, which names the browser and where to log in.
pub(super) fn own_settings(context: &DoctorContext<'_>) -> Vec<Finding> {
    let Some(file) = context.app.settings_files().own() else { return Vec::new() };
    let open = |path: &Path| writer(path).ok().flatten().map(|who| (path.to_path_buf(), who));
    match file.parent().and_then(open).or_else(|| open(&file)) {
        Some((path, who)) => {
            vec![others_decide(&path, who, "which browser kcaws starts, and where you log in")]
        }
        None if file.exists() => vec![Finding::ok("", "only you can write to your config.toml")],
        None => Vec::new(),
    }
}

fn others_decide(path: &Path, who: Who, what: &str) -> Finding {
    let subject = path.display().to_string();
    let fix = match who {
        Who::ItsOwner if host::is_root() => AS_ROOT.to_owned(),
        Who::ItsOwner => take_back(path),
        Who::Everybody | Who::AGroup | Who::AnAccessList => format!("chmod go-w {}", argument(&subject)),
    };
    Finding::error(subject, format!("{who}, and can therefore decide {what}"), fix)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::testing::{CORP, TestDoctor, states};
    use super::*;

    fn chmod(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("ours");
    }

    #[test]
    fn the_state_folder_is_ours_alone() {
        let doctor = TestDoctor::new();
        assert_eq!(states(&doctor.look(state_folder)), ["ok"]);
        let doctor = doctor.file("state/sessions/x.json", "{}");
        let (folder, inner) = (doctor.path("state"), doctor.path("state/sessions"));
        chmod(&folder, 0o700);
        chmod(&inner, 0o700);
        assert_eq!(states(&doctor.look(state_folder)), ["ok"]);
        chmod(&doctor.path("state/sessions/x.json"), 0o644);
        let open = doctor.look(state_folder);
        assert_eq!(states(&open), ["error"]);
        assert!(open[0].reason.contains("x.json"), "{open:?}");
        chmod(&folder, 0o755);
        assert_eq!(states(&doctor.look(state_folder)), ["error"]);
    }

    #[test]
    fn the_aws_folder_is_written_by_us_alone() {
        let doctor = TestDoctor::new().config(CORP).credentials("[dev]\n");
        chmod(&doctor.path(".aws"), 0o755);
        assert_eq!(states(&doctor.look(aws_folder)), ["ok"]);
        chmod(&doctor.path(".aws/credentials"), 0o644);
        assert_eq!(states(&doctor.look(aws_folder)), ["error"]);
        chmod(&doctor.path(".aws/credentials"), 0o600);
        chmod(&doctor.path(".aws/config"), 0o666);
        let open = doctor.look(aws_folder);
        assert!(open[0].reason.contains("which program"), "{open:?}");
    }
    #[test]
    fn config_toml_is_written_by_us_alone() {
        let doctor = TestDoctor::new();
        assert!(doctor.look(own_settings).is_empty(), "there is none");
        let file = doctor.path("config/config.toml");
        let doctor = doctor.file("config/config.toml", "browser = \"/opt/browser\"\n");
        chmod(&doctor.path("config"), 0o755);
        assert_eq!(states(&doctor.look(own_settings)), ["ok"]);
        chmod(&file, 0o666);
        let open = doctor.look(own_settings);
        assert_eq!(states(&open), ["error"]);
        assert!(open[0].reason.contains("which browser"), "{open:?}");
        assert!(open[0].fix.as_ref().is_some_and(|fix| fix.starts_with("chmod go-w ")), "{open:?}");
        chmod(&file, 0o600);
        chmod(&doctor.path("config"), 0o777);
        assert_eq!(states(&doctor.look(own_settings)), ["error"]);
    }
}
