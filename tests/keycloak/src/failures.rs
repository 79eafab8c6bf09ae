//! What a failed test leaves to look at.

use std::path::PathBuf;

use crate::server;

/// Keeps `bytes` under the name of the running test, and says where. For `Drop` while a panic is under way: it must not
/// panic itself.
pub(crate) fn keep(what: &str, bytes: &[u8]) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("unnamed").replace("::", "-");
    let folder: PathBuf = server::folder().join("failures");
    let path = folder.join(format!("{test}.{what}"));
    let kept = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, bytes));
    #[expect(clippy::print_stderr, reason = "the harness shows it below the failure")]
    match kept {
        Ok(()) => eprintln!("kept for a look: {}", path.display()),
        Err(error) => eprintln!("{} could not be kept: {error}", path.display()),
    }
}
