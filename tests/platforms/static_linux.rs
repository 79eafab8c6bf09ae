//! The front of the package for static Linux on x86-64, which `tests/platforms/x86_64-linux` builds and names in
//! `KCAWS_TEST_BINARY`. No other build promises this.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a failed unwrap is a failed test")]

#[expect(dead_code, reason = "the other suite uses all of it")]
mod fixture;
#[expect(dead_code, reason = "the other suite uses all of it")]
mod machine;

use std::path::{Path, PathBuf};

use kcaws_test_kit::executed_cpuids;

use crate::fixture::{ACCOUNT, LoginFixture, ROLE, env};

/// An answer that is at hand is not preceded by a look at what the processor can do: on a virtual machine each CPUID
/// costs as much as several system calls (ARCHITECTURE, "Hot paths").
#[test]
fn an_answer_at_hand_executes_no_cpuid() {
    let front = PathBuf::from(std::env::var_os("KCAWS_TEST_BINARY").expect("tests/platforms/x86_64-linux"));
    let env = env();
    let fixture = LoginFixture::at(&env);
    fixture.log_in();
    let add = format!("profile add dev --session corp --account {ACCOUNT} --role {ROLE}");
    fixture.run(&add).expect_ok();
    env.set_env("AWS_PROFILE", "dev");
    // Until the config file has settled, nothing is built upon it.
    std::thread::sleep(std::time::Duration::from_secs(3));
    let credentials = ["credential-process", "--session", "corp", "--account", ACCOUNT, "--role", ROLE];
    for line in [&credentials[..], &["prompt"]] {
        let answers = |front: &Path| {
            let output = env.command(front).args(line).allow_secret_on_stdout().run();
            output.status.success() && !output.stdout.is_empty()
        };
        assert!(answers(&front), "the first call makes what the others find");
        assert_eq!(executed_cpuids(&front, answers), [0; 0], "{line:?}");
    }
}
