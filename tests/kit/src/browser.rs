//! The program that a login opens.

use std::path::PathBuf;

use crate::{TestEnv, wait_for};

/// Acts as `$BROWSER`, `xdg-open` and the names that others try, and only records what it is
/// asked to open: the test does the clicking.
///
/// It ends at once, because Python's `webbrowser` waits for a `$BROWSER`, with the callback server not yet
/// listening.
pub struct FakeBrowser {
    list: PathBuf,
}

impl FakeBrowser {
    pub fn install(env: &TestEnv) -> Self {
        let list = env.root().join("opened");
        let _ = std::fs::remove_file(&list); // what an earlier one noted is not this one's
        let script = format!("#!/bin/sh\nprintf '%s\\n' \"$*\" >> '{}'\n", list.display());
        for name in ["fake-browser", "xdg-open", "x-www-browser", "www-browser", "sensible-browser"] {
            env.write_script(name, &script);
        }
        env.set_env("BROWSER", env.bin_dir().join("fake-browser"));
        Self { list }
    }

    /// Acts as one program, such as `firefox`, and records its whole command line.
    pub fn install_as(env: &TestEnv, name: &str) -> Self {
        let list = env.root().join(format!("opened-{name}"));
        env.write_script(name, &format!("#!/bin/sh\nprintf '%s\\n' \"$*\" >> '{}'\n", list.display()));
        Self { list }
    }

    /// Everything that it was asked to open, oldest first.
    pub fn opened(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.list).unwrap_or_default();
        // A last line without its end is still being written.
        text.split_inclusive('\n').filter(|l| l.ends_with('\n')).map(|l| l.trim_end().to_owned()).collect()
    }

    /// Waits for the first address.
    ///
    /// # Panics
    /// When nothing is opened.
    pub fn wait_for_url(&self) -> String {
        wait_for("a browser to be opened", || self.opened().into_iter().next())
    }
}
