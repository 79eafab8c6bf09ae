//! Another user of this machine, who reads every address from the browser's command line and is faster, gets nothing;
//! the person still gets everything. As two real users, so only root can run it.

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use idc_sim::Route;
use kcaws_test_kit::{FakeBrowser, PageClient, Running, TestCommand, install_program, require_program, skip};

use crate::fixture::{ACCOUNT, LoginFixture, ROLE, binary};

const PERSON: u32 = 41_001;
const STRANGER: u32 = 41_002;
const ROOT: u32 = 0;
/// What the stranger tries each time before the person comes.
const TRIES: usize = 20;

/// An environment of [`PERSON`]'s.
struct TwoUsers {
    fixture: LoginFixture,
    kcaws: PathBuf,
    browser: FakeBrowser,
    uid: u32,
}

impl TwoUsers {
    fn new(uid: u32) -> Self {
        let fixture = LoginFixture::new();
        let browser = FakeBrowser::install(&fixture.env);
        // The build may be where only its owner may go.
        let kcaws = fixture.env.bin_dir().join("kcaws");
        install_program(&binary(), &kcaws);
        fixture.env.give_to(uid);
        Self { fixture, kcaws, browser, uid }
    }

    fn kcaws(&self, line: &str) -> TestCommand {
        self.fixture.env.command(&self.kcaws).args(line.split_whitespace()).as_user(self.uid)
    }

    fn credentials(&self) -> TestCommand {
        self.kcaws(&format!("credential-process --session corp --account {ACCOUNT} --role {ROLE}"))
            .allow_secret_on_stdout()
    }

    fn log_in(&self) {
        self.approve(self.kcaws("login corp --no-browser").spawn());
    }

    fn approve(&self, mut login: Running) {
        let code = login.wait_for_stderr("  code: ").split_whitespace().last().unwrap().to_owned();
        self.fixture.sim.wait_for_pending(Duration::from_secs(30)).expect("a code is pending");
        self.fixture.sim.approve(&code);
        login.wait().expect_ok();
    }

    /// The newest address on a browser's command line.
    fn opened(&self, before: usize) -> Address {
        let url = kcaws_test_kit::wait_for("a browser", || self.browser.opened().into_iter().nth(before));
        Address::of(&url)
    }
}

impl Drop for TwoUsers {
    /// Keys outlive processes.
    fn drop(&mut self) {
        self.kcaws("logout --purge --yes").run();
    }
}

struct Address {
    authority: String,
    target: String,
}

impl Address {
    fn of(url: &str) -> Self {
        let rest = url.strip_prefix("http://").unwrap_or_else(|| panic!("{url} is none of ours"));
        let (authority, target) = rest.split_once('/').unwrap();
        assert!(authority.starts_with("127.0.0.1:"), "{url}");
        Self { authority: authority.to_owned(), target: format!("/{target}") }
    }

    fn port(&self) -> &str {
        self.authority.split_once(':').unwrap().1
    }

    fn head(&self, more: &str) -> String {
        format!("GET {} HTTP/1.1\r\nHost: {}\r\n{more}Connection: close\r\n\r\n", self.target, self.authority)
    }

    fn asked_by(&self, uid: u32) -> String {
        send_as(uid, &self.authority, &self.head(""))
    }

    /// The stranger and root, again and again, in several ways.
    fn is_refused_to_others(&self) {
        for attempt in 0..TRIES {
            let head = match attempt % 4 {
                0 => self.head(""),
                // A connection that is kept for a second request.
                1 => self.head("").replace("close", "keep-alive").repeat(2),
                2 => self.head("").replace(
                    &format!("GET {}", self.target),
                    &format!("GET http://{}{}", self.authority, self.target),
                ),
                _ => self.head("X-Forwarded-For: 127.0.0.1\r\n"),
            };
            let by = if attempt % 5 == 4 { ROOT } else { STRANGER };
            let answer = send_as(by, &self.authority, &head);
            assert_refused(&answer);
        }
        let mapped = format!("::ffff:127.0.0.1/{}", self.port());
        assert_refused(&send_as(STRANGER, &mapped, &self.head("")));
    }
}

fn assert_refused(answer: &str) {
    assert!(answer.starts_with("HTTP/1.1 404") && answer.ends_with("\r\n\r\n"), "{answer}");
    assert!(!answer.to_lowercase().contains("location:"), "{answer}");
}

/// Sends `text` to `HOST:PORT` (or `HOST/PORT`) as another user, and returns all that comes back.
fn send_as(uid: u32, to: &str, text: &str) -> String {
    let (host, port) = to.split_once('/').or_else(|| to.split_once(':')).unwrap();
    let mut client = Command::new("timeout");
    client.args(["60", "bash", "-c", "exec 3<>\"/dev/tcp/$0/$1\" && cat >&3 && cat <&3", host, port]);
    client.uid(uid).gid(uid).current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut client = client.spawn().unwrap();
    client.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    String::from_utf8_lossy(&client.wait_with_output().unwrap().stdout).into_owned()
}

fn location(answer: &str) -> &str {
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    answer.lines().find_map(|line| line.strip_prefix("location: ")).unwrap()
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

macro_rules! two_users {
    () => {{
        require_program!("bash");
        if !is_root() {
            skip!("only root can act as two users");
        }
        TwoUsers::new(PERSON)
    }};
}

#[test]
fn the_console_goes_to_the_person_alone() {
    let two = two_users!();
    two.log_in();
    for before in 0..2 {
        let console = two.kcaws("console dev").spawn();
        let page = two.opened(before);
        page.is_refused_to_others();
        let answer = page.asked_by(PERSON);
        assert!(location(&answer).contains("SigninToken="), "{answer}");
        let output = console.wait().expect_ok().expect_stderr("as PowerUserAccess (");
        output.expect_stderr(&format!("another user of this machine (uid {STRANGER}) requested the page"));
    }
}

#[test]
fn a_pkce_login_takes_no_step_with_anybody_else() {
    let two = two_users!();
    let login = two.kcaws("login corp --flow pkce").spawn();
    let entry = two.opened(0);
    entry.is_refused_to_others();
    let answer = entry.asked_by(PERSON);
    let page = location(&answer).to_owned();

    // The client is root's, so kcaws refuses the way back, with the right code and state.
    let mut client = PageClient::new();
    let form = client.open(&page);
    let consent =
        client.submit(&form, "Sign in", &[("username", "alice@example.com"), ("password", "wonderland")]);
    let last = client.submit(&consent, "Allow", &[]);
    assert_eq!((last.status, last.body.as_str()), (404, ""), "{}", last.url);
    let back = Address::of(&last.url);
    back.is_refused_to_others();
    let own = last.query("code").unwrap();
    let forged = Address { target: back.target.replace(&own, "the-strangers"), ..Address::of(&last.url) };
    forged.is_refused_to_others();
    assert_eq!(two.fixture.sim.count(Route::CreateToken), 0, "no code of theirs was tried");

    let answer = back.asked_by(PERSON);
    assert!(answer.contains("You are logged in"), "{answer}");
    login.wait().expect_ok().expect_stderr("another user of this machine");
    two.credentials().run().expect_ok();
}

#[test]
fn the_code_of_a_device_login_is_on_no_command_line_and_only_the_person_is_sent_on_with_it() {
    let two = two_users!();
    let mut login = two.kcaws("login corp").spawn();
    let code = login.wait_for_stderr("  code: ").split_whitespace().last().unwrap().to_owned();
    let page = two.opened(0);
    assert!(!two.browser.opened()[0].contains(&code));
    page.is_refused_to_others();
    let answer = page.asked_by(PERSON);
    assert!(location(&answer).contains(&format!("user_code={code}")), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1").count(), 1);
    two.fixture.sim.approve(&code);
    login.wait().expect_ok().expect_stderr("another user of this machine");
}

#[test]
fn the_page_of_a_login_without_a_terminal_is_shown_to_one_browser_of_the_person() {
    let two = two_users!();
    two.fixture.env.set_env("KCAWS_AUTO_LOGIN", "true");
    for (before, flow) in ["device", "pkce"].into_iter().enumerate() {
        let tool = two.credentials().env("KCAWS_FLOW", flow).spawn();
        let page = two.opened(before);
        page.is_refused_to_others();
        let answer = page.asked_by(PERSON);
        let link = if flow == "pkce" { "state=" } else { "user_code=" };
        assert!(answer.contains("Go on to AWS") && answer.contains(link), "{answer}");
        assert!(answer.contains(&format!("another user of this machine (uid {STRANGER})")), "{answer}");
        assert_refused(&page.asked_by(PERSON));
        if flow == "device" {
            let code = two.fixture.sim.wait_for_pending(Duration::from_secs(30)).unwrap().user_code;
            two.fixture.sim.approve(&code);
            tool.wait().expect_ok();
            two.kcaws("logout").run().expect_ok();
        }
    }
}

#[test]
fn an_endpoint_serves_the_person_whatever_others_do_with_its_address_and_token() {
    let two = two_users!();
    two.log_in();
    let mut serving = two.kcaws("serve dev --format json").allow_secret_on_stdout().spawn();
    let line = serving.wait_for_stdout("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    let variables: serde_json::Value = serde_json::from_str(&line).unwrap();
    let value = |name: &str| variables[name].as_str().unwrap().to_owned();
    let endpoint = Address::of(&value("AWS_CONTAINER_CREDENTIALS_FULL_URI"));
    let head = endpoint.head(&format!("Authorization: {}\r\n", value("AWS_CONTAINER_AUTHORIZATION_TOKEN")));
    let ask = |uid| send_as(uid, &endpoint.authority, &head);
    for uid in [STRANGER, ROOT] {
        assert_refused(&ask(uid));
    }
    serving.wait_for_stderr("another user of this machine");
    // More connections than there are places for, half of them in the middle of a request.
    let mut crowd = Command::new("bash");
    crowd.args(["-c", "ulimit -n 4096; for i in {1..600}; do exec {fd}<>\"/dev/tcp/127.0.0.1/$0\"; (( i % 2 )) || printf 'GET /' >&$fd; done; echo all; sleep 600"]);
    crowd.arg(endpoint.port()).uid(STRANGER).gid(STRANGER).current_dir("/").stdout(Stdio::piped());
    let mut crowd = crowd.spawn().unwrap();
    let mut all = [0; 4];
    std::io::Read::read_exact(crowd.stdout.as_mut().unwrap(), &mut all).unwrap();
    for _ in 0..5 {
        let answer = ask(PERSON);
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"AccessKeyId\""), "{answer}");
    }
    crowd.kill().unwrap();
    crowd.wait().unwrap();
    let token_file = value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    let meta = std::fs::metadata(&token_file).unwrap();
    assert_eq!((meta.uid(), meta.mode() & 0o777), (PERSON, 0o600));
    assert!(serving.is_running());
}

/// A full pids cgroup, a `ulimit`: what needs a thread fails in words, and what needs none works.
#[test]
fn where_no_thread_can_be_had_nothing_crashes() {
    /// No process but the one that is tried.
    const LIMITED: u32 = 41_003;
    require_program!("bash");
    if !is_root() {
        skip!("limits of processes are not for root, and other users are for root alone");
    }
    let two = TwoUsers::new(LIMITED);
    two.log_in();
    let limited = |line: &str| {
        let bash = two.fixture.env.command("bash").args(["-c", "ulimit -u 1; exec \"$0\" \"$@\""]);
        bash.arg(&two.kcaws).args(line.split_whitespace()).as_user(LIMITED).allow_secret_on_stdout()
    };
    let credentials = format!("credential-process --session corp --account {ACCOUNT} --role {ROLE}");
    two.fixture.sim.expire_access_tokens();
    for (line, codes) in [
        (credentials.as_str(), &[0][..]),
        ("status", &[0]),
        ("accounts --refresh", &[0]),
        ("exec dev -- /bin/true", &[0]),
        ("exec dev --serve -- /bin/true", &[125]),
        ("exec --each dev -- /bin/true", &[1, 125]),
        ("console dev", &[1]),
        ("console dev --print", &[0]),
        ("serve dev", &[1]),
        ("doctor", &[0, 1]),
        ("login corp", &[0]),
    ] {
        let output = limited(line).run();
        assert!(codes.contains(&output.code()), "{line}: {output}");
        assert!(!output.stderr_text().contains("panicked"), "{line}: {output}");
    }
    two.approve(limited("login corp --force --flow pkce").spawn());
    limited("logout").run().expect_ok();
}
