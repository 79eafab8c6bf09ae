//! The passphrase-sealed file, and moving tokens between stores.

use idc_sim::Route;
use kcaws_test_kit::{Signal, require_program};

use crate::fixture::{ACCOUNT, LoginFixture, ROLE, binary, on_a_terminal, shell_on_a_terminal};

/// With the simulator's mark in it: whatever shows it fails the test.
fn passphrase() -> String {
    format!("correct {} horse", idc_sim::SECRET_MARK)
}

/// Tokens go into the file, and nothing is set up that gives its passphrase.
fn on_file() -> LoginFixture {
    let fixture = LoginFixture::new();
    fixture.env.set_env("KCAWS_KEYRING", "file");
    fixture
}

/// A command gives it.
fn with_command() -> LoginFixture {
    let fixture = on_file();
    set_passphrase(&fixture, &passphrase());
    fixture
}

fn set_passphrase(fixture: &LoginFixture, passphrase: &str) {
    let path = fixture.env.write_home_file("pass phrase", format!("{passphrase}\nmore\n"));
    fixture.env.set_env("KCAWS_PASSPHRASE_COMMAND", format!("cat '{}'", path.display()));
}

fn is_there(fixture: &LoginFixture, folder: &str) -> bool {
    std::fs::read_dir(fixture.state().join(folder)).is_ok_and(|mut files| files.next().is_some())
}

#[test]
fn a_day_with_the_file_and_nothing_lies_in_clear() {
    let fixture = with_command();
    fixture.log_in_as("login corp --no-browser -vvv");
    fixture.env.assert_no_secret_in_files(fixture.state());
    fixture.credentials().expect_ok();
    fixture.run("accounts --refresh -vvv").expect_ok().expect_stdout("111122223333");
    fixture.sim.expire_access_tokens();
    fixture.run("accounts --refresh").expect_ok();
    fixture.env.assert_no_secret_in_files(fixture.state());
    fixture.run("status").expect_ok().expect_stdout("passphrase-sealed file");
    fixture.run("logout").expect_ok();
    assert!(!is_there(&fixture, "sealed"));
}

#[test]
fn a_descriptor_gives_the_passphrase() {
    let fixture = with_command();
    fixture.log_in();
    fixture.env.remove_env("KCAWS_PASSPHRASE_COMMAND");
    let by_descriptor = |line: &str| {
        let shell = format!("exec 7<\"$HOME/pass phrase\" && exec '{}' {line}", binary().display());
        fixture.env.command("sh").args(["-c", &shell]).env("KCAWS_PASSPHRASE_FD", "7")
    };
    by_descriptor("accounts --refresh").run().expect_ok();
    by_descriptor("store status corp").run().expect_ok().expect_stdout("ok");
    let closed = fixture.kcaws("accounts --refresh").env("KCAWS_PASSPHRASE_FD", "7").run();
    closed.expect_code(5).expect_stderr("KCAWS_PASSPHRASE_FD is not a readable file descriptor");
}

/// Asks twice, each time with nothing warm.
const CLIENT: &str = "import os, shutil, urllib.request\n\
     for _ in range(2):\n    \
         shutil.rmtree(os.environ['WARM'])\n    \
         request = urllib.request.Request(os.environ['AWS_CONTAINER_CREDENTIALS_FULL_URI'])\n    \
         request.add_header('Authorization', os.environ['AWS_CONTAINER_AUTHORIZATION_TOKEN'])\n    \
         print(urllib.request.urlopen(request).status)\n";

/// Read once, and the endpoint opens the file again hours later.
#[test]
fn a_descriptor_gives_the_passphrase_for_as_long_as_credentials_are_served() {
    let python = require_program!("python3");
    let fixture = with_command();
    fixture.log_in();
    fixture.env.remove_env("KCAWS_PASSPHRASE_COMMAND");
    fixture.env.write_home_file("client.py", CLIENT);
    let shell = format!(
        "exec 7<\"$HOME/pass phrase\" && exec '{}' exec dev --serve -- '{}' client.py",
        binary().display(),
        python.display()
    );
    let command = fixture.env.command("sh").args(["-c", &shell]).env("KCAWS_PASSPHRASE_FD", "7");
    let output = command.env("WARM", fixture.state().join("warm")).run().expect_ok();
    assert_eq!(output.stdout_text(), "200\n200\n");
}

/// The commands' own kcaws could read it no more, and may ask no one.
#[test]
fn one_passphrase_is_enough_for_many_profiles_at_once() {
    require_program!("script");
    let fixture = with_command();
    let profile = |name: &str, role: &str| {
        format!("[profile {name}]\nsso_session = corp\nsso_account_id = {ACCOUNT}\nsso_role_name = {role}\n")
    };
    let more = profile("p-1", ROLE) + &profile("p-2", "ReadOnlyAccess");
    fixture.env.write_aws_config(&format!("{}\n{more}", fixture.config()));
    fixture.log_in();
    fixture.env.remove_env("KCAWS_PASSPHRASE_COMMAND");
    fixture.run("exec --each p-* -- true").expect_code(1).expect_stderr("is locked");

    let each = format!(
        "'{}' exec --each 'p-*' -- sh -c 'echo has ${{AWS_SESSION_TOKEN:+keys}}'",
        binary().display()
    );
    let shell = format!("exec 7<\"$HOME/pass phrase\" && {each}");
    let by_descriptor = fixture.env.command("sh").args(["-c", &shell]).env("KCAWS_PASSPHRASE_FD", "7");
    let both = by_descriptor.run().expect_ok();
    assert_eq!(both.stdout_text().matches("has keys").count(), 2, "{both}");

    std::fs::remove_dir_all(fixture.state().join("warm")).unwrap();
    // The first has its credentials still, and asks no one; the second needs the passphrase.
    let first =
        fixture.kcaws("credential-process --session corp").args(["--account", ACCOUNT, "--role", ROLE]);
    let first = first.env(
        "KCAWS_PASSPHRASE_COMMAND",
        format!("cat '{}'", fixture.env.home().join("pass phrase").display()),
    );
    first.allow_secret_on_stdout().run().expect_ok();
    let mut typed = shell_on_a_terminal(&fixture, &each).spawn();
    typed.wait_for_prompt("Passphrase of session `corp`: ");
    typed.type_line(&passphrase());
    let both = typed.wait().expect_ok();
    assert_eq!(both.stdout_text().matches("has keys").count(), 2, "{both}");
    assert_eq!(both.stdout_text().matches("Passphrase of").count(), 1, "{both}");
}

/// What a tool would be given for nothing: the credentials of profiles whose command no longer begins.
#[test]
fn who_ends_many_profiles_at_once_fetches_nothing_more() {
    let fixture = with_command();
    let profile = |name: &str, role: &str| {
        format!("[profile {name}]\nsso_session = corp\nsso_account_id = {ACCOUNT}\nsso_role_name = {role}\n")
    };
    // Eight run at once; the ninth waits for one to end.
    let more: String = (0..8).map(|n| profile(&format!("p-{n}"), ROLE)).collect();
    let last = profile("p-8", "ReadOnlyAccess");
    fixture.env.write_aws_config(&format!("{}\n{more}{last}", fixture.config()));
    fixture.log_in();
    let script = "trap 'exit 0' INT; echo ready; while :; do sleep 0.05; done";
    let kcaws = fixture.env.command("env").arg("--default-signal").arg(binary());
    let mut running = kcaws.args(["exec", "--each", "p-*", "--", "sh", "-c", script]).spawn();
    for n in 0..8 {
        running.wait_for_stdout(&format!("p-{n}: ready"));
    }
    let before = fixture.sim.count(Route::GetRoleCredentials);
    running.signal(Signal::INT);
    running.wait().expect_code(130);
    assert_eq!(fixture.sim.count(Route::GetRoleCredentials), before);
}

/// Typed once; the endpoint opens the file again hours later.
#[test]
fn a_typed_passphrase_is_good_for_as_long_as_credentials_are_served() {
    let python = require_program!("python3");
    require_program!("script");
    let fixture = with_command();
    fixture.log_in();
    fixture.env.remove_env("KCAWS_PASSPHRASE_COMMAND");
    fixture.env.write_home_file("client.py", CLIENT);
    let line = format!("'{}' exec dev --serve -- '{}' client.py", binary().display(), python.display());
    let mut served = shell_on_a_terminal(&fixture, &line).current_dir(fixture.env.home());
    served = served.env("WARM", fixture.state().join("warm"));
    let mut served = served.spawn();
    served.wait_for_prompt("Passphrase of session `corp`: ");
    served.type_line(&passphrase());
    let output = served.wait().expect_ok();
    assert_eq!(output.stdout_text().matches("200").count(), 2, "{output}");
}

#[test]
fn tools_cannot_be_asked_and_are_told_what_to_set() {
    let fixture = with_command();
    fixture.log_in();
    fixture.env.remove_env("KCAWS_PASSPHRASE_COMMAND");
    let output = fixture.credentials().expect_code(5).expect_stderr("the passphrase-sealed file is locked");
    assert!(output.expect_stderr("KCAWS_PASSPHRASE_COMMAND").stdout.is_empty());
    fixture.run("store status").expect_ok().expect_stdout("locked");
    fixture.run("store status corp").expect_code(5);
}

#[test]
fn no_one_is_sent_to_the_browser_for_tokens_that_have_no_passphrase() {
    let fixture = on_file();
    fixture.run("login --no-browser").expect_code(5).expect_stderr("locked");
    fixture.env.set_env("KCAWS_PASSPHRASE_COMMAND", "true");
    fixture.run("login --no-browser").expect_code(5).expect_stderr("the passphrase is empty");
    fixture.env.set_env("KCAWS_PASSPHRASE_COMMAND", "false hunter2");
    let output =
        fixture.run("login --no-browser").expect_code(5).expect_stderr("`false` failed (exit status: 1)");
    assert!(!output.stderr_text().contains("hunter2"), "{output}");
    assert!(fixture.sim.requests().is_empty());
}

#[test]
fn a_wrong_passphrase_is_named_and_harms_nothing() {
    let fixture = with_command();
    fixture.log_in();
    set_passphrase(&fixture, "battery staple");
    fixture.credentials().expect_code(5).expect_stderr("wrong passphrase for");
    let refused = fixture.run("logout").expect_code(5);
    refused.expect_stderr("the cached credentials of `corp` were removed, its tokens were not");
    fixture.run("login --no-browser").expect_code(5);
    fixture.run("store migrate --to keyutils").expect_code(5);
    set_passphrase(&fixture, &passphrase());
    fixture.credentials().expect_ok();
}

#[test]
fn anyone_who_lost_the_passphrase_logs_in_elsewhere_and_the_file_goes() {
    let fixture = with_command();
    fixture.log_in();
    fixture.env.remove_env("KCAWS_PASSPHRASE_COMMAND");
    fixture.env.set_env("KCAWS_KEYRING", "keyutils");
    fixture.log_in();
    assert!(!is_there(&fixture, "sealed"));
    fixture.credentials().expect_ok();
}

#[test]
fn a_person_is_asked_twice_for_a_new_passphrase_once_later_and_nothing_is_echoed() {
    require_program!("script");
    let fixture = on_file();
    let mut login = on_a_terminal(&fixture, "login --no-browser").spawn();
    login.wait_for_prompt("New passphrase for session `corp`: ");
    login.type_line(&passphrase());
    login.wait_for_prompt("The same again: ");
    login.type_line(&passphrase());
    let code = login.wait_for_stdout("  code: ").split_whitespace().last().unwrap().to_owned();
    fixture.sim.approve(&code);
    login.wait().expect_ok();

    let mut accounts = on_a_terminal(&fixture, "accounts").spawn();
    accounts.wait_for_prompt("Passphrase of session `corp`: ");
    accounts.type_line("wrong");
    accounts.wait_for_prompt("That is not it. Passphrase");
    accounts.type_line(&passphrase());
    let output = accounts.wait().expect_ok().expect_stdout("111122223333");
    assert!(!output.stdout_text().contains("wrong"), "{output}");

    let unasked = on_a_terminal(&fixture, "--no-input accounts --refresh");
    unasked.run().expect_code(5).expect_stdout("locked");
    fixture.env.assert_no_secret_in_files(fixture.env.root());
}

#[test]
fn ctrl_c_at_the_question_puts_the_echo_back() {
    require_program!("script");
    let fixture = on_file();
    let line = format!("trap : INT; '{}' login --no-browser; echo \"code $?\"; stty -a", binary().display());
    let mut login = shell_on_a_terminal(&fixture, &line).spawn();
    login.wait_for_prompt("New passphrase");
    login.press('\u{3}');
    let output = login.wait().expect_stdout("code 130");
    let text = output.stdout_text();
    assert!(text.split_whitespace().any(|word| word == "echo"), "{output}");
}

#[test]
fn tokens_move_to_the_file_and_back_and_the_login_stays() {
    let fixture = with_command();
    fixture.env.set_env("KCAWS_KEYRING", "keyutils");
    fixture.log_in();
    let logins = fixture.sim.requests().len();
    fixture
        .run("store migrate corp --to file -vvv")
        .expect_ok()
        .expect_stderr("from the kernel keyring to the passphrase-sealed file");
    assert!(is_there(&fixture, "sealed") && !is_there(&fixture, "keyutils"));
    fixture.env.assert_no_secret_in_files(fixture.state());
    assert_eq!(fixture.sim.requests().len(), logins, "nobody at AWS is asked");
    fixture.credentials().expect_ok();
    fixture.run("store migrate --to file").expect_ok().expect_stderr("already");
    fixture.run("status").expect_ok().expect_stdout("passphrase-sealed file");

    fixture.env.remove_env("KCAWS_KEYRING");
    fixture.run("login").expect_ok().expect_stderr("Already logged in");

    fixture.run("store migrate --to keyutils").expect_ok();
    assert!(!is_there(&fixture, "sealed") && is_there(&fixture, "keyutils"));
    fixture.env.remove_env("KCAWS_PASSPHRASE_COMMAND");
    fixture.run("accounts --refresh").expect_ok();
}

#[test]
fn a_crowd_is_served_while_the_tokens_move() {
    let fixture = with_command();
    fixture.env.set_env("KCAWS_KEYRING", "keyutils");
    fixture.log_in();
    for to in ["file", "keyutils", "file", "keyutils"] {
        let _ = std::fs::remove_dir_all(fixture.state().join("warm"));
        fixture.sim.expire_access_tokens();
        // Each role has a warm entry of its own: three that read the tokens at the same time.
        let roles = ["AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess"].map(|role| {
            let line = format!("credential-process --session corp --account 111122223333 --role {role}");
            fixture.kcaws(&line).allow_secret_on_stdout().spawn()
        });
        fixture.run(&format!("store migrate --to {to}")).expect_ok();
        for role in roles {
            role.wait().expect_ok();
        }
    }
}

#[test]
fn a_move_that_cannot_be_made_changes_nothing() {
    let fixture = LoginFixture::new();
    fixture.run("store migrate --to file").expect_code(4).expect_stderr("kcaws login corp");
    fixture.run("store migrate --to floppy").expect_code(2);
    fixture.run("store migrate").expect_code(2);
    fixture.log_in();
    fixture.run("store migrate --to file").expect_code(5).expect_stderr("locked");
    fixture
        .run("store migrate --to keychain")
        .expect_code(5)
        .expect_stderr("this platform has no such store");
    fixture.run("store migrate --to secret-service").expect_code(5).expect_stderr("Secret Service");
    fixture.run("store status corp").expect_ok().expect_stdout("kernel keyring");
    fixture.credentials().expect_ok();
}

#[test]
fn store_status_says_where_the_tokens_are() {
    let fixture = LoginFixture::new();
    let report = |line: &str| fixture.run(line).expect_ok().stdout_json()["sessions"][0].clone();
    let before = report("store status --json");
    assert_eq!(before["name"], "corp");
    assert!(before["store"].is_null() && before["answer"].is_null() && before["item"].is_null());
    fixture.log_in();
    let after = report("store status corp --json");
    assert_eq!((&after["store"], &after["answer"]), (&"keyutils".into(), &"ok".into()));
    assert_eq!(after["item"], true);
    fixture.run("store status").expect_ok().expect_stdout("kernel keyring").expect_stdout("there");
    fixture.forget_kernel_key();
    assert_eq!(report("store status --json")["item"], false);
}

#[test]
fn a_registration_alone_is_not_called_tokens() {
    let fixture = LoginFixture::new();
    let (login, code) = fixture.begin_login("login --no-browser");
    fixture.sim.deny(&code);
    login.wait().expect_code(4);
    let report = fixture.run("store status --json").expect_ok().stdout_json();
    let row = &report["sessions"][0];
    assert_ne!(row["item"], true, "{report}");
    let doctor = fixture.run("doctor --offline").stdout_text();
    assert!(!doctor.contains("it has the tokens"), "{doctor}");
}
