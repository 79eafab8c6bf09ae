//! The passphrase-sealed file, and moving tokens between stores.

use idc_sim::Route;
use kcaws_test_kit::{DeskCommand, Signal, require_program};

use crate::stage::{ACCOUNT, ROLE, Stage, binary};

/// With the simulator's mark in it: whatever shows it fails the test.
fn passphrase() -> String {
    format!("correct {} horse", idc_sim::SECRET_MARK)
}

/// Tokens go into the file, and nothing is set up that gives its passphrase.
fn on_file() -> Stage {
    let stage = Stage::new();
    stage.desk.set_env("KCAWS_KEYRING", "file");
    stage
}

/// A command gives it.
fn with_command() -> Stage {
    let stage = on_file();
    set_passphrase(&stage, &passphrase());
    stage
}

fn set_passphrase(stage: &Stage, passphrase: &str) {
    let path = stage.desk.write_home_file("pass phrase", format!("{passphrase}\nmore\n"));
    stage.desk.set_env("KCAWS_PASSPHRASE_COMMAND", format!("cat '{}'", path.display()));
}

fn is_there(stage: &Stage, folder: &str) -> bool {
    std::fs::read_dir(stage.state().join(folder)).is_ok_and(|mut files| files.next().is_some())
}

#[test]
fn a_day_with_the_file_and_nothing_lies_in_clear() {
    let stage = with_command();
    stage.log_in_as("login corp --no-browser -vvv");
    stage.desk.assert_no_secret_in_files(stage.state());
    stage.credentials().expect_ok();
    stage.run("accounts --refresh -vvv").expect_ok().expect_stdout("111122223333");
    stage.sim.expire_access_tokens();
    stage.run("accounts --refresh").expect_ok();
    stage.desk.assert_no_secret_in_files(stage.state());
    stage.run("status").expect_ok().expect_stdout("passphrase-sealed file");
    stage.run("logout").expect_ok();
    assert!(!is_there(&stage, "sealed"));
}

#[test]
fn a_descriptor_gives_the_passphrase() {
    let stage = with_command();
    stage.log_in();
    stage.desk.remove_env("KCAWS_PASSPHRASE_COMMAND");
    let by_descriptor = |line: &str| {
        let shell = format!("exec 7<\"$HOME/pass phrase\" && exec '{}' {line}", binary().display());
        stage.desk.command("sh").args(["-c", &shell]).env("KCAWS_PASSPHRASE_FD", "7")
    };
    by_descriptor("accounts --refresh").run().expect_ok();
    by_descriptor("store status corp").run().expect_ok().expect_stdout("ok");
    let closed = stage.kcaws("accounts --refresh").env("KCAWS_PASSPHRASE_FD", "7").run();
    closed.expect_code(5).expect_stderr("KCAWS_PASSPHRASE_FD names no descriptor");
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
    let stage = with_command();
    stage.log_in();
    stage.desk.remove_env("KCAWS_PASSPHRASE_COMMAND");
    stage.desk.write_home_file("client.py", CLIENT);
    let shell = format!(
        "exec 7<\"$HOME/pass phrase\" && exec '{}' exec dev --serve -- '{}' client.py",
        binary().display(),
        python.display()
    );
    let command = stage.desk.command("sh").args(["-c", &shell]).env("KCAWS_PASSPHRASE_FD", "7");
    let output = command.env("WARM", stage.state().join("warm")).run().expect_ok();
    assert_eq!(output.stdout_text(), "200\n200\n");
}

/// The commands' own kcaws could read it no more, and may ask nobody.
#[test]
fn one_passphrase_is_enough_for_many_profiles_at_once() {
    require_program!("script");
    let stage = with_command();
    let profile = |name: &str, role: &str| {
        format!("[profile {name}]\nsso_session = corp\nsso_account_id = {ACCOUNT}\nsso_role_name = {role}\n")
    };
    let more = profile("p-1", ROLE) + &profile("p-2", "ReadOnlyAccess");
    stage.desk.write_aws_config(&format!("{}\n{more}", stage.config()));
    stage.log_in();
    stage.desk.remove_env("KCAWS_PASSPHRASE_COMMAND");
    stage.run("exec --each p-* -- true").expect_code(1).expect_stderr("is locked");

    let each = format!(
        "'{}' exec --each 'p-*' -- sh -c 'echo has ${{AWS_SESSION_TOKEN:+keys}}'",
        binary().display()
    );
    let shell = format!("exec 7<\"$HOME/pass phrase\" && {each}");
    let by_descriptor = stage.desk.command("sh").args(["-c", &shell]).env("KCAWS_PASSPHRASE_FD", "7");
    let both = by_descriptor.run().expect_ok();
    assert_eq!(both.stdout_text().matches("has keys").count(), 2, "{both}");

    std::fs::remove_dir_all(stage.state().join("warm")).unwrap();
    // The first has its credentials still, and asks nobody; the second needs the passphrase.
    let first = stage.kcaws("credential-process --session corp").args(["--account", ACCOUNT, "--role", ROLE]);
    let first = first.env(
        "KCAWS_PASSPHRASE_COMMAND",
        format!("cat '{}'", stage.desk.home().join("pass phrase").display()),
    );
    first.allow_secret_on_stdout().run().expect_ok();
    let mut typed = on_a_terminal(&stage, &each).spawn();
    typed.wait_for_prompt("Passphrase of session `corp`: ");
    typed.type_line(&passphrase());
    let both = typed.wait().expect_ok();
    assert_eq!(both.stdout_text().matches("has keys").count(), 2, "{both}");
    assert_eq!(both.stdout_text().matches("Passphrase of").count(), 1, "{both}");
}

/// What a tool would be given for nothing: the credentials of profiles whose command no longer begins.
#[test]
fn who_ends_many_profiles_at_once_fetches_nothing_more() {
    let stage = with_command();
    let profile = |name: &str, role: &str| {
        format!("[profile {name}]\nsso_session = corp\nsso_account_id = {ACCOUNT}\nsso_role_name = {role}\n")
    };
    // Eight run at once; the ninth waits for one to end.
    let more: String = (0..8).map(|n| profile(&format!("p-{n}"), ROLE)).collect();
    let last = profile("p-8", "ReadOnlyAccess");
    stage.desk.write_aws_config(&format!("{}\n{more}{last}", stage.config()));
    stage.log_in();
    let script = "trap 'exit 0' INT; echo ready; while :; do sleep 0.05; done";
    let kcaws = stage.desk.command("env").arg("--default-signal").arg(binary());
    let mut running = kcaws.args(["exec", "--each", "p-*", "--", "sh", "-c", script]).spawn();
    for n in 0..8 {
        running.wait_for_stdout(&format!("p-{n}: ready"));
    }
    let before = stage.sim.count(Route::GetRoleCredentials);
    running.signal(Signal::INT);
    running.wait().expect_code(130);
    assert_eq!(stage.sim.count(Route::GetRoleCredentials), before);
}

/// Typed once; the endpoint opens the file again hours later.
#[test]
fn a_typed_passphrase_is_good_for_as_long_as_credentials_are_served() {
    let python = require_program!("python3");
    require_program!("script");
    let stage = with_command();
    stage.log_in();
    stage.desk.remove_env("KCAWS_PASSPHRASE_COMMAND");
    stage.desk.write_home_file("client.py", CLIENT);
    let line = format!("'{}' exec dev --serve -- '{}' client.py", binary().display(), python.display());
    let mut served = on_a_terminal(&stage, &line).current_dir(stage.desk.home());
    served = served.env("WARM", stage.state().join("warm"));
    let mut served = served.spawn();
    served.wait_for_prompt("Passphrase of session `corp`: ");
    served.type_line(&passphrase());
    let output = served.wait().expect_ok();
    assert_eq!(output.stdout_text().matches("200").count(), 2, "{output}");
}

#[test]
fn tools_cannot_be_asked_and_are_told_what_to_set() {
    let stage = with_command();
    stage.log_in();
    stage.desk.remove_env("KCAWS_PASSPHRASE_COMMAND");
    let output = stage.credentials().expect_code(5).expect_stderr("the passphrase-sealed file is locked");
    assert!(output.expect_stderr("KCAWS_PASSPHRASE_COMMAND").stdout.is_empty());
    stage.run("store status").expect_ok().expect_stdout("locked");
    stage.run("store status corp").expect_code(5);
}

#[test]
fn nobody_is_sent_to_the_browser_for_tokens_that_have_no_passphrase() {
    let stage = on_file();
    stage.run("login --no-browser").expect_code(5).expect_stderr("locked");
    stage.desk.set_env("KCAWS_PASSPHRASE_COMMAND", "true");
    stage.run("login --no-browser").expect_code(5).expect_stderr("the passphrase is empty");
    stage.desk.set_env("KCAWS_PASSPHRASE_COMMAND", "false hunter2");
    let output =
        stage.run("login --no-browser").expect_code(5).expect_stderr("`false` failed (exit status: 1)");
    assert!(!output.stderr_text().contains("hunter2"), "{output}");
    assert!(stage.sim.requests().is_empty());
}

#[test]
fn a_wrong_passphrase_is_named_and_harms_nothing() {
    let stage = with_command();
    stage.log_in();
    set_passphrase(&stage, "battery staple");
    stage.credentials().expect_code(5).expect_stderr("the passphrase does not open");
    stage.run("logout").expect_code(5);
    stage.run("login --no-browser").expect_code(5);
    stage.run("store migrate --to keyutils").expect_code(5);
    set_passphrase(&stage, &passphrase());
    stage.credentials().expect_ok();
}

#[test]
fn whoever_lost_the_passphrase_logs_in_elsewhere_and_the_file_goes() {
    let stage = with_command();
    stage.log_in();
    stage.desk.remove_env("KCAWS_PASSPHRASE_COMMAND");
    stage.desk.set_env("KCAWS_KEYRING", "keyutils");
    stage.log_in();
    assert!(!is_there(&stage, "sealed"));
    stage.credentials().expect_ok();
}

/// Both streams of kcaws arrive on the terminal, which is our child's stdout.
fn on_a_terminal(stage: &Stage, line: &str) -> DeskCommand {
    let script = stage.desk.command("script").env("TERM", "xterm-256color");
    script.args(["--quiet", "--return", "--command", line, "/dev/null"]).interactive()
}

#[test]
fn a_person_is_asked_twice_for_a_new_passphrase_once_later_and_nothing_is_echoed() {
    require_program!("script");
    let stage = on_file();
    let kcaws = binary().display().to_string();
    let mut login = on_a_terminal(&stage, &format!("'{kcaws}' login --no-browser")).spawn();
    login.wait_for_prompt("New passphrase for session `corp`: ");
    login.type_line(&passphrase());
    login.wait_for_prompt("The same again: ");
    login.type_line(&passphrase());
    let code = login.wait_for_stdout("  code: ").split_whitespace().last().unwrap().to_owned();
    stage.sim.approve(&code);
    login.wait().expect_ok();

    let mut accounts = on_a_terminal(&stage, &format!("'{kcaws}' accounts")).spawn();
    accounts.wait_for_prompt("Passphrase of session `corp`: ");
    accounts.type_line("wrong");
    accounts.wait_for_prompt("That is not it. Passphrase");
    accounts.type_line(&passphrase());
    let output = accounts.wait().expect_ok().expect_stdout("111122223333");
    assert!(!output.stdout_text().contains("wrong"), "{output}");

    let unasked = on_a_terminal(&stage, &format!("'{kcaws}' --no-input accounts --refresh"));
    unasked.run().expect_code(5).expect_stdout("locked");
    stage.desk.assert_no_secret_in_files(stage.desk.root());
}

#[test]
fn ctrl_c_at_the_question_puts_the_echo_back() {
    require_program!("script");
    let stage = on_file();
    let line = format!("trap : INT; '{}' login --no-browser; echo \"code $?\"; stty -a", binary().display());
    let mut login = on_a_terminal(&stage, &line).spawn();
    login.wait_for_prompt("New passphrase");
    login.press('\u{3}');
    let output = login.wait().expect_stdout("code 130");
    let text = output.stdout_text();
    assert!(text.split_whitespace().any(|word| word == "echo"), "{output}");
}

#[test]
fn tokens_move_to_the_file_and_back_and_the_login_stays() {
    let stage = with_command();
    stage.desk.set_env("KCAWS_KEYRING", "keyutils");
    stage.log_in();
    let logins = stage.sim.requests().len();
    stage
        .run("store migrate corp --to file -vvv")
        .expect_ok()
        .expect_stderr("moved from the kernel keyring to the passphrase-sealed file");
    assert!(is_there(&stage, "sealed") && !is_there(&stage, "keyutils"));
    stage.desk.assert_no_secret_in_files(stage.state());
    assert_eq!(stage.sim.requests().len(), logins, "nobody at AWS is asked");
    stage.credentials().expect_ok();
    stage.run("store migrate --to file").expect_ok().expect_stderr("already");
    stage.run("status").expect_ok().expect_stdout("passphrase-sealed file");

    stage.desk.remove_env("KCAWS_KEYRING");
    stage.run("login").expect_ok().expect_stderr("Already logged in");

    stage.run("store migrate --to keyutils").expect_ok();
    assert!(!is_there(&stage, "sealed") && is_there(&stage, "keyutils"));
    stage.desk.remove_env("KCAWS_PASSPHRASE_COMMAND");
    stage.run("accounts --refresh").expect_ok();
}

#[test]
fn a_crowd_is_served_while_the_tokens_move() {
    let stage = with_command();
    stage.desk.set_env("KCAWS_KEYRING", "keyutils");
    stage.log_in();
    for to in ["file", "keyutils", "file", "keyutils"] {
        let _ = std::fs::remove_dir_all(stage.state().join("warm"));
        stage.sim.expire_access_tokens();
        // Each role has a warm entry of its own: three that read the tokens at the same time.
        let roles = ["AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess"].map(|role| {
            let line = format!("credential-process --session corp --account 111122223333 --role {role}");
            stage.kcaws(&line).allow_secret_on_stdout().spawn()
        });
        stage.run(&format!("store migrate --to {to}")).expect_ok();
        for role in roles {
            role.wait().expect_ok();
        }
    }
}

#[test]
fn a_move_that_cannot_be_made_changes_nothing() {
    let stage = Stage::new();
    stage.run("store migrate --to file").expect_code(4).expect_stderr("kcaws login corp");
    stage.run("store migrate --to floppy").expect_code(2);
    stage.run("store migrate").expect_code(2);
    stage.log_in();
    stage.run("store migrate --to file").expect_code(5).expect_stderr("locked");
    stage.run("store migrate --to keychain").expect_code(5).expect_stderr("this platform has no such store");
    stage.run("store migrate --to secret-service").expect_code(5).expect_stderr("Secret Service");
    stage.run("store status corp").expect_ok().expect_stdout("kernel keyring");
    stage.credentials().expect_ok();
}

#[test]
fn store_status_says_where_the_tokens_are() {
    let stage = Stage::new();
    let report = |line: &str| stage.run(line).expect_ok().stdout_json()["sessions"][0].clone();
    let before = report("store status --json");
    assert_eq!(before["name"], "corp");
    assert!(before["store"].is_null() && before["answer"].is_null() && before["item"].is_null());
    stage.log_in();
    let after = report("store status corp --json");
    assert_eq!((&after["store"], &after["answer"]), (&"keyutils".into(), &"ok".into()));
    assert_eq!(after["item"], true);
    stage.run("store status").expect_ok().expect_stdout("kernel keyring").expect_stdout("there");
    stage.forget_kernel_key();
    assert_eq!(report("store status --json")["item"], false);
}

#[test]
fn a_registration_alone_is_not_called_tokens() {
    let stage = Stage::new();
    let (login, code) = stage.begin_login("login --no-browser");
    stage.sim.deny(&code);
    login.wait().expect_code(4);
    let report = stage.run("store status --json").expect_ok().stdout_json();
    let row = &report["sessions"][0];
    assert_ne!(row["item"], true, "{report}");
    let doctor = stage.run("doctor --offline").stdout_text();
    assert!(!doctor.contains("the tokens are there"), "{doctor}");
}
