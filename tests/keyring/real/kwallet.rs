//! KWallet of KDE Frameworks 5, and ksecretd of 6. Their wallets are made and opened as `pam_kwallet` does it: the key
//! comes by a pipe, the environment by a socket.
#![expect(clippy::disallowed_methods, reason = "a test starts what it tests against")]

use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use kcaws_test_kit::TestEnv;

use super::Kind;
use super::daemon::{Daemon, command};

/// As long as PBKDF2 makes it there.
const KEY: [u8; 56] = [b'k'; 56];

/// Where `tests/keyring/install` puts it.
pub(super) fn ksecretd() -> PathBuf {
    let installed = || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/keyrings");
    let keyrings = std::env::var_os("KCAWS_TEST_KEYRINGS").map_or_else(installed, PathBuf::from);
    keyrings.join("ksecretd/ksecretd")
}

pub(super) fn file(env: &TestEnv) -> PathBuf {
    env.data_dir().join("kwalletd/kdewallet.kwl")
}

/// `open`: with the key of the wallet, as after a login with a password.
pub(super) fn start(env: &TestEnv, kind: Kind, open: bool) -> Daemon {
    let program = if kind == Kind::Ksecretd { ksecretd() } else { PathBuf::from("kwalletd5") };
    if !open {
        return Daemon::start(env, program, &[], "");
    }
    let (key, socket) = (env.write_home_file("key", KEY), env.runtime_dir().join("kwallet"));
    let _ = std::fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket).expect("binds");
    let mut shell = command(env, Path::new("sh"));
    shell.args(["-c", "exec \"$0\" --pam-login 3 4 3<\"$1\" 4<&0"]).arg(program).arg(key);
    shell.env("PAM_KWALLET5_LOGIN", &socket).stdin(Stdio::from(OwnedFd::from(listener)));
    let daemon = Daemon::of(shell);
    let mut hand_over = UnixStream::connect(&socket).expect("connects");
    hand_over.write_all(b"KCAWS_TEST=1\n").expect("takes the environment");
    daemon
}
