//! The real AWS clients.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The clients that `tests/clients/install` puts in place.
///
/// Each of the four SDK programs takes a profile's name and prints `{"arn": …, "account": …}` of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    Boto3,
    AwsSsoUtil,
    JavaScript,
    Go,
    Rust,
}

/// Where they are.
pub struct Clients {
    dir: PathBuf,
}

/// The clients below `$KCAWS_TEST_CLIENTS`, else `target/clients` of this workspace.
///
/// # Panics
/// When this crate does not lie two folders below the workspace.
pub fn clients() -> Clients {
    let workspace =
        || Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().join("target/clients");
    Clients { dir: std::env::var_os("KCAWS_TEST_CLIENTS").map_or_else(workspace, PathBuf::from) }
}

impl Clients {
    /// The start of the client's command line, `None` where it is not installed.
    pub fn command_line(&self, client: Client) -> Option<Vec<OsString>> {
        let parts = match client {
            Client::Boto3 => vec![self.dir.join("py/bin/python"), self.dir.join("py/caller.py")],
            Client::AwsSsoUtil => vec![self.dir.join("py/bin/aws-sso-util")],
            Client::JavaScript => vec![crate::find_program("node")?, self.dir.join("node/caller.mjs")],
            Client::Go => vec![self.dir.join("go/caller")],
            Client::Rust => vec![self.dir.join("rust/caller")],
        };
        parts.iter().all(|p| p.is_file()).then(|| parts.into_iter().map(PathBuf::into_os_string).collect())
    }
}
