//! Name servers that never answer: a captive portal, a VPN that dropped, a plane. The system's resolver then blocks for
//! half a minute and longer, and every command ends in its time all the same.

use std::fmt::Write as _;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use idc_sim::IdcSim;
use kcaws_test_kit::{Output, TestCommand};

use crate::fixture::{LoginFixture, ROLE, binary};

/// Far above what is promised (15 s), far below what the resolver takes.
const WHOLE_CALL: Duration = Duration::from_secs(20);
/// Promised are 3 s.
const RENEWAL: Duration = Duration::from_secs(8);
const FOR_A_PERSON: Duration = Duration::from_secs(60);

/// Sockets that are never read, and a `resolv.conf` that names them.
struct NameServers {
    sockets: Vec<UdpSocket>,
    resolv_conf: PathBuf,
}

impl NameServers {
    /// `None` where the test may not have them.
    fn silent(fixture: &LoginFixture, count: u8, options: &str) -> Option<Self> {
        let mut text = format!("options {options}\n");
        let mut sockets = Vec::new();
        // Tests run side by side, in threads and in processes.
        let mut addresses =
            (0..u16::MAX).map(|number| format!("127.71.{}.{}", number / 250, number % 250 + 1));
        while sockets.len() < usize::from(count) {
            let address = addresses.next().expect("one is free");
            match UdpSocket::bind((address.as_str(), 53)) {
                Ok(socket) => sockets.push(socket),
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => continue,
                Err(_) => return None,
            }
            writeln!(text, "nameserver {address}").unwrap();
        }
        let resolv_conf = fixture.env.write_home_file("resolv.conf", text);
        let names = Self { sockets, resolv_conf };
        names.command(fixture, "--version").try_run().ok().filter(|output| output.code() == 0)?;
        Some(names)
    }

    /// The program in a mount namespace of its own, where only that file names servers.
    fn command(&self, fixture: &LoginFixture, line: &str) -> TestCommand {
        let script = "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"";
        fixture
            .env
            .command("unshare")
            .args(["--mount", "sh", "-c", script])
            .arg(&self.resolv_conf)
            .arg(binary())
            .args(line.split_whitespace())
            .allow_secret_on_stdout()
            // No proxy: AWS's own names have to be looked up.
            .env_remove("HTTPS_PROXY")
    }

    /// Whether someone has asked the first of them.
    fn were_asked(&self) -> bool {
        self.sockets[0].set_nonblocking(true).unwrap();
        self.sockets[0].recv(&mut [0; 512]).is_ok()
    }

    fn run_within(&self, fixture: &LoginFixture, line: &str, limit: Duration) -> Output {
        let start = Instant::now();
        let output = self.command(fixture, line).run();
        let took = start.elapsed();
        assert!(took < limit, "{took:?} with {} name servers: {output}", self.sockets.len());
        output
    }
}

const CREDENTIALS: &str = "credential-process --session corp --account 111122223333 --role PowerUserAccess";

/// The servers of one test, with the worst answers of a resolver.
macro_rules! silent_or_skip {
    ($fixture:expr, $count:expr, $options:expr) => {
        match NameServers::silent($fixture, $count, $options) {
            Some(names) => names,
            None => kcaws_test_kit::skip!("no mount namespace, or no port 53, for this user"),
        }
    };
}

fn cold(count: u8, options: &str) {
    let fixture = LoginFixture::behind_the_proxy();
    fixture.log_in();
    let names = silent_or_skip!(&fixture, count, options);
    names.run_within(&fixture, CREDENTIALS, WHOLE_CALL).expect_code(1);
    assert!(names.were_asked());
    // Nothing was lost.
    fixture.credentials().expect_ok();
}

#[test]
fn one_that_is_silent_does_not_hold_a_call() {
    cold(1, "timeout:5 attempts:2");
}

#[test]
fn three_that_are_silent_do_not_hold_a_call() {
    cold(3, "timeout:5 attempts:3");
}

#[test]
fn a_patient_resolver_does_not_hold_a_call() {
    cold(3, "timeout:10 attempts:5");
}

#[test]
fn a_renewal_ends_soon_and_the_old_answer_is_served() {
    // A life of forty seconds has a margin of ten.
    let builder = IdcSim::builder().permission_set(ROLE, Duration::from_secs(40));
    let fixture = LoginFixture::behind_the_proxy_with(builder);
    fixture.log_in();
    let names = silent_or_skip!(&fixture, 3, "timeout:10 attempts:5");
    let first = fixture.credentials().expect_ok();
    std::thread::sleep(Duration::from_secs(31));
    let renewed = names.run_within(&fixture, CREDENTIALS, RENEWAL).expect_ok();
    assert_eq!(renewed.stdout, first.stdout);
    assert!(names.were_asked());
}

#[test]
fn commands_for_people_end_too() {
    let fixture = LoginFixture::behind_the_proxy();
    fixture.log_in();
    let names = silent_or_skip!(&fixture, 3, "timeout:10 attempts:5");
    std::thread::scope(|scope| {
        for line in [
            "login corp --no-browser",
            "login corp --no-browser --force",
            "status --check",
            "accounts --refresh",
            "whoami --profile dev",
            "console dev --print",
            "doctor",
            "profile sync --yes",
        ] {
            let (names, fixture) = (&names, &fixture);
            scope.spawn(move || names.run_within(fixture, line, FOR_A_PERSON));
        }
    });
    names.run_within(&fixture, "logout corp", FOR_A_PERSON).expect_code(1);
}
