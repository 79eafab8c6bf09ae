//! Reports a panic as a bug of kcaws: where to report it, and no value from memory.
//!
//! The exit code is one of the documented ones.

use std::io::Write;

const REPORT: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/issues");

/// Makes a panic of any thread end the process with exit code 1 and two lines on stderr.
///
/// `before_exit` cleans up what must not be left behind, such as a terminal without echo.
#[expect(clippy::exit, reason = "unwinding is compiled out, and an abort would be another exit code")]
pub fn exit_on_panic(before_exit: fn()) {
    std::panic::set_hook(Box::new(move |panic| {
        before_exit();
        // The message is left out: it may contain anything.
        let place = panic.location().map(|at| format!(" ({}:{})", short(at.file()), at.line()));
        let text = format!(
            "kcaws: error: a bug in kcaws ended this command{}\nkcaws: hint: report it with the command line: {REPORT}\n",
            place.unwrap_or_default()
        );
        // A closed stderr must not be a second panic.
        let _ = std::io::stderr().write_all(text.as_bytes());
        std::process::exit(1);
    }));
}

/// Returns the file without the folders of the machine that built kcaws: `src/cli/ui.rs`, `url-2.5.8/src/host.rs`.
fn short(file: &str) -> &str {
    for folder in ["registry/src/", "registry\\src\\", "/rustc/"] {
        if let Some((_, rest)) = file.split_once(folder) {
            return rest.split_once(['/', '\\']).map_or(rest, |(_, rest)| rest);
        }
    }
    file
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Set where the test below runs itself as the program that panics.
    const IS_CHILD: &str = "KCAWS_TEST_PANICS";

    fn panic_beside_a_secret() {
        exit_on_panic(|| {
            let _ = std::io::stderr().write_all(b"put back\n");
        });
        std::thread::spawn(|| panic!("token {}", "hush")).join().expect("never comes here");
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a process that ends")]
    fn a_panic_in_any_thread_is_exit_1_and_shows_no_value() {
        if std::env::var_os(IS_CHILD).is_some() {
            return panic_beside_a_secret();
        }
        let this = std::env::current_exe().expect("a test program");
        let name = "platform::bug::tests::a_panic_in_any_thread_is_exit_1_and_shows_no_value";
        let output = std::process::Command::new(this)
            .args(["--exact", name, "--nocapture"])
            .env(IS_CHILD, "1")
            .output()
            .expect("starts");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{text}");
        let lines: Vec<&str> = text.lines().collect();
        let [back, error, hint] = lines.as_slice() else { panic!("{text}") };
        assert_eq!(*back, "put back");
        assert!(
            error.starts_with("kcaws: error: a bug in kcaws ended this command (src/platform/bug.rs:"),
            "{text}"
        );
        assert!(hint.starts_with("kcaws: hint: report it") && hint.ends_with("/issues"), "{text}");
        assert!(!text.contains("hush"), "{text}");
    }

    #[test]
    fn a_place_has_no_folder_of_the_building_machine() {
        assert_eq!(short("src/cli/ui.rs"), "src/cli/ui.rs");
        assert_eq!(
            short("/home/x/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/url-2.5.8/src/host.rs"),
            "url-2.5.8/src/host.rs"
        );
        assert_eq!(short("/rustc/0123abcd/library/core/src/option.rs"), "library/core/src/option.rs");
    }
}
