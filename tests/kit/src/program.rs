use std::path::Path;
use std::process::Command;

/// Copies a program to where it is started from; folders on the way are made, and the mode is 0755.
///
/// Not by `std::fs::copy`: a child that another test starts meanwhile would inherit the file, open for writing, and
/// hold it until its own exec; starting the copy fails with ETXTBSY so long. Here only another process ever has it
/// open.
///
/// # Panics
/// When it cannot be copied.
#[expect(clippy::disallowed_methods, reason = "see above")]
pub fn install_program(from: &Path, to: &Path) {
    let output = Command::new("install").args(["-D", "-m", "755", "--"]).arg(from).arg(to).output();
    let output = output.unwrap_or_else(|error| panic!("install: {error}"));
    assert!(output.status.success(), "{}: {}", to.display(), String::from_utf8_lossy(&output.stderr));
}
