use std::time::Duration;

use idc_sim::{DateHeader, IdcSim, Route};
use kcaws_test_kit::{Signal, TestCommand, require_program};

use crate::fixture::{ACCOUNT, LoginFixture, ROLE, binary};

fn logged_in() -> LoginFixture {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture
}

/// `kcaws exec dev -- sh -c SCRIPT`, with every signal as it is at a terminal: what started the tests may ignore some,
/// and a shell cannot trap what was ignored when it began.
fn exec(fixture: &LoginFixture, options: &str, script: &str) -> TestCommand {
    let kcaws = fixture.env.command("env").arg("--default-signal").arg(binary());
    kcaws.arg("exec").args(options.split_whitespace()).args(["--", "sh", "-c", script])
}

#[test]
fn the_command_has_keys_region_and_nothing_of_others() {
    let fixture = logged_in();
    let others = [
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_EB_PROFILE",
        "AWS_SECURITY_TOKEN",
        "AWS_ROLE_ARN",
        "AWS_ACCESS_KEY_ID",
    ];
    for name in others {
        fixture.env.set_env(name, if name == "AWS_PROFILE" { "dev" } else { "stale" });
    }
    let output = exec(&fixture, "", "env").allow_secret_on_stdout().run().expect_ok();
    let text = output.stdout_text();
    for line in [
        "AWS_ACCESS_KEY_ID=ASIA",
        "AWS_SECRET_ACCESS_KEY=",
        "AWS_SESSION_TOKEN=",
        "AWS_CREDENTIAL_EXPIRATION=20",
        "AWS_ACCOUNT_ID=111122223333\n",
        "AWS_REGION=eu-west-1\n",
        "AWS_DEFAULT_REGION=eu-west-1\n",
        "KCAWS_EXEC=dev\n",
    ] {
        assert!(
            text.contains(line),
            "{line} in {}",
            text.lines().filter(|line| line.len() < 60).collect::<Vec<_>>().join("\n")
        );
    }
    assert!(!text.contains("stale") && !text.contains("AWS_PROFILE"));
    exec(&fixture, "--keep-profile", "test \"$AWS_PROFILE\" = dev").run().expect_ok();
}

/// As some supervisors start their programs: the system then reaps every child before anyone can wait for it.
#[test]
fn a_parent_that_ignores_sigchld_changes_no_exit_code_and_the_command_has_the_default() {
    let fixture = logged_in();
    let ignoring = |line: &str| {
        let command = fixture.env.command("env").arg("--ignore-signal=CHLD").arg(binary());
        command.args(line.split_whitespace())
    };
    for line in ["exec dev", "exec dev --serve"] {
        ignoring(line).args(["--", "sh", "-c", "exit 7"]).run().expect_code(7);
        ignoring(line).args(["--", "sh", "-c", "kill -TERM $$"]).run();
        let mask = "printf %d 0x$(sed -n 's/^SigIgn:\t//p' /proc/$$/status)";
        let ignored = ignoring(line).args(["--", "sh", "-c", mask]).run().expect_ok().stdout_text();
        let ignored: u64 = ignored.parse().unwrap();
        assert_eq!(ignored >> (rustix::process::Signal::CHILD.as_raw() - 1) & 1, 0, "{line}: {ignored:x}");
    }
    let each = ignoring("exec --each dev").args(["--", "sh", "-c", "exit 7"]).run();
    each.expect_code(1).expect_stderr("7");
    // What runs a program to look at it.
    let checked = ignoring("doctor --offline").run().stdout_text();
    let program = checked.lines().find(|line| line.contains(" program ")).unwrap();
    assert!(program.starts_with("ok "), "{checked}");
}

#[test]
fn arguments_arrive_as_they_are_and_no_secret_stands_among_them() {
    let fixture = logged_in();
    let words = ["a b", "$(touch pwned)", "'", "", "--min-ttl"];
    let output = fixture.kcaws("exec dev -- printf [%s]").args(words).run().expect_ok();
    assert_eq!(output.stdout_text(), "[a b][$(touch pwned)]['][][--min-ttl]");
    // The place of kcaws is taken: its own line is gone.
    let output = exec(&fixture, "dev", "tr '\\0' ' ' </proc/$$/cmdline; echo $PPID $$").run().expect_ok();
    assert!(output.stdout_text().starts_with("sh -c "), "{output}");
}

#[test]
fn the_exit_code_is_the_commands_and_failures_before_it_have_their_own() {
    let fixture = logged_in();
    for code in [0, 1, 4, 125, 255] {
        exec(&fixture, "dev", &format!("exit {code}")).run().expect_code(code);
    }
    exec(&fixture, "dev", "kill -9 $$").run().expect_code(137);
    let missing = fixture.run("exec dev -- no-such-program").expect_code(127);
    missing.expect_stderr("command `no-such-program` not found").expect_stderr("kcaws: hint:");
    let plain = fixture.env.write_home_file("plain", "text");
    fixture.kcaws("exec dev --").arg(plain).run().expect_code(126).expect_stderr("cannot be run");

    for (line, words) in [
        ("exec nobody -- true", "there is no profile `nobody`"),
        ("exec -- true", "which profile?"),
        ("exec dev", "required"),
        ("exec --frobnicate dev -- true", "unexpected argument"),
        ("-q exec dev --min-ttl soon -- true", "--min-ttl"),
        ("exec dev --min-ttl 300000y -- true", "no credentials are valid for that long"),
    ] {
        fixture.run(line).expect_code(125).expect_stderr(words);
    }
    fixture.run("logout").expect_ok();
    fixture.run("exec dev -- true").expect_code(125).expect_stderr("run `kcaws login corp`");
}

/// Found, and not to be run: 126, as POSIX has it, though the system's error is that of a missing file.
#[test]
fn a_script_whose_interpreter_is_missing_is_distinguished_from_a_missing_one() {
    let fixture = logged_in();
    for (text, cause, hint) in [
        ("#!/no/such -x\n", "names `/no/such`, which does not exist", "install it"),
        ("#! \t/bin/sh\r\ntrue\r\n", "names `/bin/sh\\u{d}`", "has Windows line endings"),
    ] {
        let script = fixture.env.write_script("a-script", text);
        for name in [script.to_str().expect("text"), "a-script"] {
            for serve in ["", "--serve "] {
                let line = format!("exec dev {serve}--");
                let output = fixture.kcaws(&line).arg(name).run().expect_code(126);
                output
                    .expect_stderr(&format!("`{name}` cannot be run"))
                    .expect_stderr(cause)
                    .expect_stderr(hint);
            }
        }
    }
    fixture.kcaws("exec dev -- /no/such").run().expect_code(127).expect_stderr("not found");
}

#[test]
fn signals_reach_the_command_and_only_it_decides() {
    let fixture = logged_in();
    for (signal, name) in
        [(Signal::INT, "INT"), (Signal::TERM, "TERM"), (Signal::WINCH, "WINCH"), (Signal::HUP, "HUP")]
    {
        let script =
            format!("trap 'echo got {name}; exit 7' {name}; echo ready; while :; do sleep 0.05; done");
        let mut running = exec(&fixture, "dev", &script).spawn();
        running.wait_for_stdout("ready");
        running.signal(signal);
        running.wait().expect_code(7).expect_stdout(&format!("got {name}"));
    }
    let mut running = exec(&fixture, "dev", "echo ready; exec sleep 60").spawn();
    running.wait_for_stdout("ready");
    running.press_ctrl_c();
    running.wait().expect_code(130);
    // What a pipe's reader does to `yes | head`: kcaws ignores the signal, its command must not.
    exec(&fixture, "dev", "yes | head -1; kill -PIPE $$").run().expect_code(141);
}

#[test]
fn the_terminal_is_the_commands() {
    require_program!("script");
    let fixture = logged_in();
    let line = format!(
        "'{}' exec dev -- sh -c 'test -t 0 && test -t 1 && stty size && read word && echo <$word>'",
        binary().display()
    );
    let script = fixture.env.command("script").env("TERM", "xterm");
    let mut running = script
        .args(["--quiet", "--return", "--command", &line.replace("<$word>", "\"<$word>\""), "/dev/null"])
        .interactive()
        .spawn();
    running.type_line("typed");
    running.wait().expect_ok().expect_stdout("<typed>");
}

#[test]
fn one_inside_another_is_warned_of_and_its_credentials_count() {
    let fixture = logged_in();
    let inner = format!(
        "'{}' exec --session corp --account {ACCOUNT} --role ReadOnlyAccess -- sh -c 'echo $KCAWS_EXEC'",
        binary().display()
    );
    let output = exec(&fixture, "dev", &inner).run().expect_ok();
    assert_eq!(output.stdout_text(), format!("{ACCOUNT}/ReadOnlyAccess\n"));
    output.expect_stderr("already inside `kcaws exec dev`");
    let hostile = fixture.kcaws("exec dev -- true").env("KCAWS_EXEC", "\u{1b}[2J").run().expect_ok();
    assert!(!hostile.stderr.contains(&0x1b));
}

/// A service of two-hour credentials, an hour after warm ones were fetched.
fn an_hour_later(date_header: DateHeader) -> LoginFixture {
    let builder = IdcSim::builder().permission_set(ROLE, Duration::from_secs(7200)).date_header(date_header);
    let fixture = LoginFixture::with(builder);
    fixture.log_in();
    fixture.credentials().expect_ok();
    fixture.sim.clear_log();
    fixture.sim.advance(Duration::from_secs(3600));
    fixture
}

#[test]
fn credentials_that_would_not_last_are_renewed_before_the_command_starts() {
    let fixture = an_hour_later(DateHeader::RealTime);
    fixture.run("exec dev --min-ttl 1h -- true").expect_ok();
    assert_eq!(fixture.sim.count(Route::GetRoleCredentials), 0, "the warm ones last long enough");
    fixture.run("exec dev --min-ttl 2h30m -- true").expect_ok();
    // The access token is an hour older too: refused once, refreshed, and asked with again.
    assert_eq!(fixture.sim.count(Route::GetRoleCredentials), 2);
}

#[test]
fn what_would_not_last_even_when_fresh_is_not_started_and_the_clocks_difference_counts() {
    let fixture = an_hour_later(DateHeader::FollowsClock);
    let output = fixture.run("exec dev --min-ttl 2h30m -- touch started").expect_code(125);
    output.expect_stderr("would expire in less than 2h 30m").expect_stderr("credentials only last");
    assert!(!fixture.env.home().join("started").exists());
    // The access token is an hour older too: refused once, refreshed, and asked with again.
    assert_eq!(fixture.sim.count(Route::GetRoleCredentials), 2);
}

#[test]
fn served_credentials_are_given_to_the_command_alone_and_are_renewed() {
    let python = require_program!("python3");
    let fixture = logged_in();
    fixture.env.write_home_file(
        "client.py",
        "import json, os, sys, urllib.error, urllib.request\n\
         url, token = os.environ['AWS_CONTAINER_CREDENTIALS_FULL_URI'], os.environ['AWS_CONTAINER_AUTHORIZATION_TOKEN']\n\
         def ask(token):\n    return urllib.request.urlopen(urllib.request.Request(url, headers={'Authorization': token}))\n\
         given = json.load(ask(token))\n\
         print(given['AccessKeyId'][:4], sorted(given))\n\
         try:\n    ask('guessed')\n\
         except urllib.error.HTTPError as refused:\n    print(refused.code)\n\
         file = os.environ['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE']\n\
         print(open(file).read() == token, oct(os.stat(file).st_mode), given['AccountId'], os.environ['AWS_ACCOUNT_ID'])\n\
         print('AWS_ACCESS_KEY_ID' in os.environ, os.environ['AWS_REGION'], url.startswith('http://127.0.0.1:'))\n",
    );
    let run = || fixture.kcaws("exec dev --serve --").arg(&python).arg("client.py").run().expect_ok();
    let expected = "ASIA ['AccessKeyId', 'AccountId', 'Expiration', 'SecretAccessKey', 'Token']\n401\n\
         True 0o100600 111122223333 111122223333\nFalse eu-west-1 True\n";
    assert_eq!(run().stdout_text(), expected);
    let left = || std::fs::read_dir(fixture.state().join("endpoints")).unwrap().count();
    assert_eq!(left(), 0, "the file goes with the command");
    // One that is killed leaves it, and the next one sweeps.
    exec(&fixture, "dev --serve", "kill -9 $PPID").run();
    assert_eq!(left(), 2);
    run();
    assert_eq!(left(), 0);
    // What was warm is gone, and the token old: the endpoint does what credential-process does.
    let script =
        format!("rm -r '{}'; exec '{}' client.py", fixture.state().join("warm").display(), python.display());
    fixture.sim.expire_access_tokens();
    fixture.sim.clear_log();
    assert_eq!(exec(&fixture, "dev --serve", &script).run().expect_ok().stdout_text(), expected);
    assert!(fixture.sim.count(Route::GetRoleCredentials) > 0);
    fixture.run("exec nobody --serve -- true").expect_code(125);
}

/// boto3, the CLI and the SDKs would take it in silence: the command would act as someone else.
#[test]
fn a_default_profile_that_would_be_taken_instead_of_the_endpoint_is_reported() {
    let fixture = logged_in();
    let with =
        |default: &str| fixture.env.write_aws_config(&format!("{}\n[default]\n{default}", fixture.config()));
    for (default, key) in [
        ("credential_process = other-tool\n".to_owned(), "credential_process"),
        (format!("sso_session = corp\nsso_account_id = {ACCOUNT}\nsso_role_name = ReadOnlyAccess\n"), "sso_"),
    ] {
        with(&default);
        let output = fixture.run("exec dev --serve -- touch started").expect_code(125);
        output
            .expect_stderr("[default] takes precedence over served credentials")
            .expect_stderr(&format!("use its `{key}"))
            .expect_stderr("run the command with AWS_PROFILE=dev");
        assert!(!fixture.env.home().join("started").exists());
        let line = format!("exec --serve --session corp --account {ACCOUNT} --role {ROLE} -- true");
        fixture.run(&line).expect_code(125).expect_stderr("another name");
        // Those come before any profile.
        fixture.run("exec dev -- true").expect_ok();
        fixture.kcaws("exec dev --serve --keep-profile -- true").env("AWS_PROFILE", "dev").run().expect_ok();
    }
    // The same role, or no credentials at all.
    with("region = eu-west-1\n");
    fixture.run("exec dev --serve -- true").expect_ok();
    with(&format!("sso_session = corp\nsso_account_id = {ACCOUNT}\nsso_role_name = {ROLE}\n"));
    fixture.run("exec dev --serve -- true").expect_ok();
    with("");
    fixture.env.write_home_file(".aws/credentials", "[default]\naws_access_key_id = AKIA\n");
    fixture.run("exec dev --serve -- true").expect_code(125).expect_stderr(".aws/credentials:2");
}

#[test]
fn beside_an_endpoint_signals_and_ends_are_still_the_commands() {
    let fixture = logged_in();
    for code in [0, 3] {
        exec(&fixture, "dev --serve", &format!("exit {code}")).run().expect_code(code);
    }
    exec(&fixture, "dev --serve", "kill -9 $$").run().expect_code(137);
    fixture.run("exec dev --serve -- no-such-program").expect_code(127);
    for (signal, name) in
        [(Signal::INT, "INT"), (Signal::TERM, "TERM"), (Signal::WINCH, "WINCH"), (Signal::HUP, "HUP")]
    {
        let script =
            format!("trap 'echo got {name}; exit 7' {name}; echo ready; while :; do sleep 0.05; done");
        let mut running = exec(&fixture, "dev --serve", &script).spawn();
        running.wait_for_stdout("ready");
        running.signal(signal);
        running.wait().expect_code(7).expect_stdout(&format!("got {name}"));
    }
}

#[test]
fn a_key_pressed_once_reaches_the_command_once() {
    require_program!("script");
    let fixture = logged_in();
    let count = "n=0; trap 'n=$((n+1))' INT; echo ready; i=0; while [ $i -lt 30 ]; do sleep 0.05; i=$((i+1)); done; echo interrupts $n; exit 5";
    fixture.env.write_home_file("count.sh", count);
    // `exec`: the shell that `script` starts would die of the key itself.
    let line = format!("exec '{}' exec dev --serve -- sh count.sh", binary().display());
    let script = fixture.env.command("script").env("TERM", "xterm");
    let mut running =
        script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).interactive().spawn();
    running.wait_for_stdout("ready");
    running.press('\u{3}');
    running.wait().expect_code(5).expect_stdout("interrupts 1");
}

#[test]
fn the_same_for_many_profiles_says_who_said_what_and_who_failed() {
    let fixture = logged_in();
    let profile = |name: &str, role: &str| {
        format!("[profile {name}]\nsso_session = corp\nsso_account_id = {ACCOUNT}\nsso_role_name = {role}\n")
    };
    let more = [
        profile("p-1", ROLE),
        profile("p-2", "ReadOnlyAccess"),
        profile("p-\u{1b}[2J", ROLE),
        profile("-x", ROLE),
    ]
    .concat();
    let foreign = "[profile p-keys]\naws_access_key_id = AKIA\n";
    fixture.env.write_aws_config(&format!("{}\n{more}{foreign}", fixture.config()));

    let output = exec(&fixture, "--each p-*", "echo out $KCAWS_EXEC; echo err >&2").run().expect_ok();
    let text = output.stdout_text();
    let mut lines: Vec<&str> = text.lines().map(|line| line.split_once(": ").unwrap().0).collect();
    lines.sort_unstable();
    assert_eq!(lines, ["p-1", "p-2", "p-\\u{1b}[2J"]);
    output.expect_stderr("p-1: err").expect_stderr("All 3 done.");

    let dashed = fixture.run("-q exec --each -x -- sh -c true").expect_code(125).expect_stderr("`-x`");
    assert!(dashed.stdout.is_empty(), "{dashed}");
    let dashed = exec(&fixture, "-q --each=-*", "echo $KCAWS_EXEC").run().expect_ok();
    assert_eq!((dashed.stdout_text().as_str(), dashed.stderr_text().as_str()), ("-x: -x\n", ""));
    exec(&fixture, "--profile=-x", "echo $KCAWS_EXEC").run().expect_ok().expect_stdout("-x\n");
    // A warning of theirs is silenced too.
    let nested = exec(&fixture, "-q --each p-?", "true").env("KCAWS_EXEC", "outer").run().expect_ok();
    assert!(nested.stderr.is_empty(), "{nested}");

    let fails = exec(&fixture, "--each p-?", "test $KCAWS_EXEC = p-1 || exit 9").run().expect_code(1);
    fails.expect_stderr("1 of 2 failed, 1 done").expect_stderr("cause: p-2 (9)");
    fixture.run("exec --each x* -- true").expect_code(125).expect_stderr("no kcaws profile matches `x*`");
    fixture.run("exec dev --each * -- true").expect_code(125);
    fixture.run("logout").expect_ok();
    fixture
        .run("exec --each p-1 -- true")
        .expect_code(1)
        .expect_stderr("p-1: kcaws: hint: run `kcaws login corp`");
}

/// The commands decide how they end, and no other begins.
#[test]
fn the_end_of_the_whole_ends_each_of_them() {
    let fixture = logged_in();
    let profile = |n: usize| {
        format!("[profile p-{n}]\nsso_session = corp\nsso_account_id = {ACCOUNT}\nsso_role_name = {ROLE}\n")
    };
    // One more than run at once.
    let more: String = (0..9).map(profile).collect();
    fixture.env.write_aws_config(&format!("{}\n{more}", fixture.config()));
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        for options in ["--each p-*", "--serve --each p-*"] {
            let script = "trap 'echo ended; exit 0' TERM INT; echo ready; while :; do sleep 0.05; done";
            let mut running = exec(&fixture, options, script).spawn();
            for n in 0..8 {
                running.wait_for_stdout(&format!("p-{n}: ready"));
            }
            running.signal(signal);
            let output = running.wait().expect_code(code);
            assert_eq!(output.stdout_text().matches("ended").count(), 8, "{output}");
            assert!(!output.stdout_text().contains("p-8"), "{output}");
        }
    }
}
