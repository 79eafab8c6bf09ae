use kcaws_test_kit::{Output, require_program};

use crate::fixture::{LoginFixture, binary};
use crate::shells::Shell;

const EVIL: &str = "e'v\"i l$(touch pwned)`touch pwned`";

fn fixture() -> LoginFixture {
    let fixture = LoginFixture::new();
    let evil = format!(
        "[profile {EVIL}]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = ReadOnlyAccess\n\
         [profile acts\u{1b}[2J]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = x\n\
         [profile a:b]\nsso_session = corp\nsso_account_id = 222233334444\nsso_role_name = ReadOnlyAccess\n\
         [profile two words]\nsso_session = corp\nsso_account_id = 222233334444\nsso_role_name = ReadOnlyAccess\n\
         [profile -dash]\nsso_session = corp\nsso_account_id = 222233334444\nsso_role_name = ReadOnlyAccess\n"
    );
    fixture.env.write_aws_config(&format!("{}\n{evil}", fixture.config()));
    for shell in Shell::ALL {
        let text = fixture.run(&format!("completions {}", shell.name())).expect_ok().stdout_text();
        fixture.env.write_home_file(format!("completion.{}", shell.name()), text);
    }
    fixture
}

fn values(output: &Output) -> Vec<String> {
    output.stdout_text().lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

#[test]
fn commands_options_profiles_sessions_accounts_roles_and_regions_are_completed() {
    let fixture = fixture();
    for (line, expected) in [
        ("kcaws lo", vec!["login", "logout"]),
        ("kcaws login ", vec!["corp"]),
        ("kcaws exec d", vec!["dev"]),
        ("kcaws exec dev --min", vec!["--min-ttl"]),
        ("kcaws -q env --session c", vec!["corp"]),
        ("kcaws env --session corp --account 2", vec!["222233334444"]),
        ("kcaws env --account 1 --role Pow", vec!["PowerUserAccess"]),
        ("kcaws env --role=Read", vec!["--role=ReadOnlyAccess"]),
        ("kcaws env --format p", vec!["powershell"]),
        ("kcaws console --region eu-cent", vec!["eu-central-1", "eu-central-2"]),
        ("kcaws console --region us-gov", vec![]),
        ("kcaws console --service dyn", vec!["dynamodb"]),
        ("kcaws console -s dd", vec!["ddb"]),
        ("kcaws console --via ", vec!["federation", "portal"]),
        ("kcaws login --flow p", vec!["pkce"]),
        ("kcaws init z", vec!["zsh"]),
        ("kcaws store st", vec!["status"]),
        ("kcaws store migrate --to keyu", vec!["keyutils"]),
        ("kcaws exec dev -- l", vec![]),
        // Names of more than one word, with quotes that are open.
        ("kcaws exec \"two w", vec!["two words"]),
        ("kcaws exec 'two ", vec!["two words"]),
        // One that begins with a dash would be taken for an option anywhere else.
        ("kcaws use -- -", vec!["-dash"]),
        ("kcaws exec --profile=-", vec!["--profile=-dash"]),
        ("kcaws use da", vec![]),
        ("kcaws profile remove d", vec!["dev"]),
        ("kcaws profile remove x d", vec!["dev"]),
        ("kcaws profile remove dev d", vec![]),
        ("kcaws profile remove two", vec![]),
        ("kcaws login --qr c", vec!["corp"]),
        ("kcaws login --qr=c", vec!["--qr=complete"]),
        ("kcaws nonsense --x ", vec![]),
        ("kcaws", vec![]),
        ("", vec![]),
    ] {
        let output = fixture.kcaws("__complete --line").arg(line).run().expect_ok();
        assert_eq!(values(&output), expected, "{line}");
        assert!(output.stderr.is_empty(), "{output}");
    }
    // Where a backslash takes the next letter as it is; elsewhere it is a letter.
    for (option, expected) in [("--backslash", vec!["two words"]), ("-q", vec![])] {
        let line = ["__complete", option, "--line"];
        let output = fixture.env.command(binary()).args(line).arg("kcaws exec two\\ w").run().expect_ok();
        assert_eq!(values(&output), expected, "{option}");
    }
    let all = fixture.kcaws("__complete --").args(["kcaws", ""]).run().expect_ok();
    assert!(values(&all).contains(&"exec".to_owned()) && !values(&all).contains(&"__complete".to_owned()));
    let hostile = fixture.kcaws("__complete --").args(["kcaws", "exec", ""]).run().expect_ok();
    assert_eq!(values(&hostile), ["dev", EVIL, "a:b", "two words"], "what acts on a terminal is left out");
    assert!(!hostile.stdout.contains(&0x1b));
    let gov = "\n[sso-session gov]\nsso_start_url = https://start.us-gov-home.awsapps.com/directory/d-1\nsso_region = us-gov-west-1\n";
    fixture.env.write_aws_config(&format!("{}{gov}", fixture.config()));
    for (line, expected) in [
        ("kcaws console --session gov --region ", vec!["us-gov-east-1", "us-gov-west-1"]),
        ("kcaws console --session=corp --region us-gov", vec![]),
        ("kcaws console --region us-gov-e", vec!["us-gov-east-1"]),
    ] {
        assert_eq!(
            values(&fixture.kcaws("__complete --line").arg(line).run().expect_ok()),
            expected,
            "{line}"
        );
    }
    fixture.env.write_aws_config("nonsense");
    let broken = fixture.kcaws("__complete --").args(["kcaws", "exec", ""]).run().expect_ok();
    assert!(broken.stdout.is_empty() && broken.stderr.is_empty(), "{broken}");
}

/// Accounts and permission sets that no profile names, once they have been listed.
#[test]
fn what_was_listed_last_is_completed() {
    let fixture = fixture();
    fixture.sim.add_account("300000000001", "evil\u{1b}[2J$(touch pwned)", "x@example.com");
    fixture.sim.assign("alice@example.com", "300000000001", "ReadOnlyAccess");
    fixture.log_in();
    let complete = |line: &str| {
        let output = fixture.kcaws("__complete --line").arg(line).run().expect_ok();
        assert!(output.stderr.is_empty() && !output.stdout.contains(&0x1b), "{output}");
        output
    };
    let account = "kcaws env --session corp --account 30";
    assert!(values(&complete(account)).is_empty(), "not listed yet");
    fixture.run("accounts").expect_ok();
    fixture.sim.clear_log();
    assert_eq!(
        complete(account).stdout_text(),
        "300000000001\tevil\\u{1b}[2J$(touch pwned)\n",
        "by its name, which does not act"
    );
    let roles = |line: &str| values(&complete(line));
    assert_eq!(roles("kcaws env --session corp --account 300000000001 --role "), ["ReadOnlyAccess"]);
    assert_eq!(roles("kcaws env --account=300000000001 --role=R"), ["--role=ReadOnlyAccess"]);
    assert!(roles("kcaws env --role ").contains(&"AdministratorAccess".to_owned()));
    assert!(values(&complete("kcaws env --session other --account 30")).is_empty());
    assert!(fixture.sim.requests().is_empty(), "no network");
    for (shell, script) in [
        (
            Shell::Bash,
            "source ./completion.bash; COMP_LINE='kcaws env --account 30'; COMP_POINT=${#COMP_LINE}; __kcaws_complete; printf '%s\n' \"${COMPREPLY[@]}\"",
        ),
        (Shell::Fish, "source completion.fish; complete -C 'kcaws env --account 30'"),
        (
            Shell::Nu,
            "source completion.nu; kcaws-complete 'kcaws env --account 30' | each {|c| print $'($c.value)\t($c.description)' } | ignore",
        ),
    ] {
        let Some(command) = shell.run(&fixture.env, script) else { continue };
        let output = command.run().expect_ok();
        assert_eq!(values(&output), ["300000000001"], "{shell:?}: {output}");
        assert!(!output.stdout.contains(&0x1b), "{output}");
    }
    assert!(!fixture.env.home().join("pwned").exists());
    fixture.run("logout").expect_ok();
    assert!(values(&complete(account)).is_empty(), "gone with the login");
}

#[test]
fn bash_gets_words_that_it_can_run_and_runs_nothing() {
    let fixture = fixture();
    let complete = |line: &str| {
        let script = "source ./completion.bash; COMP_LINE=$L; COMP_POINT=${#L}; __kcaws_complete; printf '%s\\n' ${COMPREPLY[@]+\"${COMPREPLY[@]}\"}";
        let output = Shell::Bash
            .run(&fixture.env, &format!("set -u; {script}"))
            .unwrap()
            .env("L", line)
            .run()
            .expect_ok();
        assert!(output.stderr.is_empty(), "{output}");
        output.stdout_text()
    };
    assert_eq!(complete("kcaws exec d"), "dev\n");
    let evil = complete("kcaws exec e");
    let echoed = Shell::Bash.run(&fixture.env, &format!("printf %s {evil}")).unwrap().run().expect_ok();
    assert_eq!(echoed.stdout_text(), EVIL, "the completed word is one word: {evil}");
    assert_eq!(complete("kcaws exec a:"), "b\n", "readline has a: already");
    assert_eq!(complete("kcaws exec two\\ w"), "two\\ words\n");
    assert_eq!(complete("kcaws env --role=Pow"), "PowerUserAccess\n");
    assert!(!fixture.env.home().join("pwned").exists());
}

#[test]
fn fish_and_nu_and_elvish_get_them_too_and_run_nothing() {
    let fixture = fixture();
    for (shell, script) in [
        (Shell::Fish, "source completion.fish; complete -C 'kcaws exec '"),
        (
            Shell::Nu,
            "source completion.nu; kcaws-complete 'kcaws exec ' | each {|c| print $'($c.value)\t($c.description)' } | ignore",
        ),
    ] {
        let Some(command) = shell.run(&fixture.env, script) else { continue };
        let output = command.run().expect_ok();
        let found = values(&output);
        assert!(found.contains(&"dev".to_owned()) && found.contains(&"a:b".to_owned()), "{output}");
        assert!(!output.stdout.contains(&0x1b), "{output}");
        assert!(!fixture.env.home().join("pwned").exists(), "{shell:?}");
    }
    for (line, expected) in [
        ("kcaws exec \"two w", "two words"),
        ("kcaws exec 'two ", "two words"),
        ("kcaws exec two\\ w", "two words"),
        ("kcaws use -- -", "-dash"),
        ("kcaws exec dev -- ./completion.fi", "./completion.fish"),
    ] {
        let script = "source completion.fish; complete -C $LINE";
        let Some(command) = Shell::Fish.run(&fixture.env, script) else { break };
        assert_eq!(values(&command.env("LINE", line).run().expect_ok()), [expected], "{line}");
    }
    // The name that nu would read as more than a word is quoted.
    if let Some(command) = Shell::Nu
        .run(&fixture.env, "source completion.nu; (kcaws-complete 'kcaws exec e').value.0 | from nuon")
    {
        assert_eq!(command.run().expect_ok().stdout_text().trim_end(), EVIL);
    }
}

/// What a shell's line editor makes of `kcaws exec e` and a tab. `setup` makes `kcaws` print its second argument as
/// `ran<…>`, and says `set-up` when it is done.
fn typed(program: &str, prompt: &str, setup: &str, accept: &[&str]) {
    typed_line("kcaws exec e\t", "pwned", EVIL, program, prompt, setup, accept);
}

/// In a pseudo-terminal of zsh's own: `line`, then `accept` once `seen` is there, runs with `expected`.
fn typed_line(
    line: &str,
    seen: &str,
    expected: &str,
    program: &str,
    prompt: &str,
    setup: &str,
    accept: &[&str],
) {
    let fixture = fixture();
    fixture.env.write_home_file("only-this-file", "");
    fixture.env.write_home_file(
        "zpty.zsh",
        r#"
zmodload zsh/zpty
wait_for() {
  local got='' part
  repeat 500; do
    while zpty -rt z part; do got+=$part; done
    [[ $got == *$1* ]] && break
    sleep 0.02
  done
  print -r -- "$got"
}
# -e: readline shows what is typed where the terminal does.
zpty -e z "$PROGRAM"
wait_for "$PROMPT" >/dev/null
zpty -w -n z "$SETUP"$'\r'
wait_for set-up >/dev/null
# Enter only after the completion: with more input pending, a tab is a tab.
zpty -w -n z "$LINE"
wait_for "$SEEN" >/dev/null
for key in "$@"; do
  sleep 0.2
  zpty -w -n z "$key"
done
wait_for 'ran<'
"#,
    );
    let load = fixture.env.home().join(".config/elvish/lib/completing.elv");
    std::fs::create_dir_all(load.parent().unwrap()).unwrap();
    std::fs::copy(fixture.env.home().join("completion.elvish"), load).unwrap();
    let Some(command) = Shell::Zsh.run(&fixture.env, "source ./zpty.zsh") else { return };
    let command = command.arg("zpty").args(accept);
    let command = command.env("LINE", line).env("SEEN", seen);
    let output = command.env("PROGRAM", program).env("PROMPT", prompt).env("SETUP", setup).run();
    assert!(output.stdout_text().contains(&format!("ran<{expected}>")), "{output}");
    assert!(!fixture.env.home().join("pwned").exists());
}

/// With its completion system as people have it.
#[test]
fn zsh_completes_in_its_line_editor_and_runs_nothing() {
    require_program!("zsh");
    let setup = "PS1=; unset zle_bracketed_paste; autoload -Uz compinit; compinit -u -D; source ./completion.zsh; \
        bindkey '^I' complete-word; kcaws() { print -r -- r\"\"an'<'$2'>' }; echo set\"-\"up";
    typed("stty cols 200; PS1='ready> ' TERM=dumb exec zsh -f -i", "ready> ", setup, &["\r"]);
}

/// What follows the `--` of exec is not ours to complete.
#[test]
fn zsh_completes_files_where_kcaws_knows_nothing() {
    require_program!("zsh");
    let setup = "PS1=; unset zle_bracketed_paste; autoload -Uz compinit; compinit -u -D; source ./completion.zsh; \
        bindkey '^I' complete-word; kcaws() { print -r -- r\"\"an'<'$4'>' }; echo set\"-\"up";
    let program = "stty cols 200; PS1='ready> ' TERM=dumb exec zsh -f -i";
    typed_line(
        "kcaws exec dev -- ./only-t\t",
        "his-file",
        "./only-this-file",
        program,
        "ready> ",
        setup,
        &["\r"],
    );
}

#[test]
fn bash_completes_within_quotes_and_keeps_them() {
    let setup = "source ./completion.bash; kcaws() { printf 'r''an<%s>\\n' \"$2\"; }; echo set'-'up";
    let program = "stty cols 200; PS1='ready> ' TERM=dumb exec bash --noprofile --norc -i";
    for line in ["kcaws exec \"two w\t", "kcaws exec 'two w\t", "kcaws exec two\\ w\t"] {
        typed_line(line, "words", "two words", program, "ready> ", setup, &["\r"]);
    }
}

/// Tab opens a list; Enter takes what is chosen there, and another one runs the line.
#[test]
fn elvish_completes_in_its_line_editor_and_runs_nothing() {
    require_program!("elvish");
    let setup = "use completing; set edit:completion:arg-completer[kcaws] = $completing:complete~; \
        fn kcaws {|@a| echo r'an<'$a[1]'>' }; echo set'-'up";
    typed("stty rows 24 cols 200; TERM=xterm exec elvish -norc", "> ", setup, &["\r", "\r"]);
}

#[test]
fn bash_completes_in_its_line_editor_and_runs_nothing() {
    let setup = "source ./completion.bash; kcaws() { printf 'r''an<%s>\\n' \"$2\"; }; echo set'-'up";
    typed(
        "stty cols 200; PS1='ready> ' TERM=dumb exec bash --noprofile --norc -i",
        "ready> ",
        setup,
        &["\r"],
    );
}

#[test]
fn fish_completes_in_its_line_editor_and_runs_nothing() {
    require_program!("fish");
    let setup =
        "source ./completion.fish; function kcaws; printf 'r''an<%s>\\n' $argv[2]; end; echo set'-'up";
    typed(
        "stty rows 24 cols 200; TERM=xterm exec fish --no-config -C 'function fish_prompt; echo \"ready> \"; end'",
        "ready> ",
        setup,
        &["\r"],
    );
}

/// Plugin managers start the completion system behind the first prompt, and people write the lines in any order.
#[test]
fn zsh_is_completed_whenever_its_completion_system_starts() {
    const COMPINIT: &str = "autoload -Uz compinit; compinit -u -D";
    const LOAD: &str = "source ./completion.zsh";
    let fixture = fixture();
    for (lines, expected) in [
        (vec![COMPINIT, LOAD], "_kcaws theirs"),
        (vec![LOAD, COMPINIT], "_kcaws theirs"),
        (vec![LOAD, "setopt ksh_arrays sh_word_split no_unset", "true", COMPINIT], "_kcaws theirs"),
        (vec![LOAD, LOAD, COMPINIT, "true"], "_kcaws theirs"),
        // Nothing is there to complete with, and nothing is said.
        (vec![LOAD, LOAD], "none theirs,__kcaws_complete"),
    ] {
        let show = "print -r -- \"is ${_comps[kcaws]-none} ${(j:,:)precmd_functions}\"; (exit 7)";
        // Each line is followed by a prompt; the other hook must survive, and so must the exit code.
        let first = "unsetopt zle; PS1=; PS2=; theirs() { : }; precmd_functions=(theirs)";
        let keeps = "print -r -- \"code $?\"";
        let script = format!("{first}\n{}\n\nsetopt no_ksh_arrays\n{show}\n{keeps}\n", lines.join("\n"));
        let Some(zsh) = kcaws_test_kit::find_program("zsh") else {
            return kcaws_test_kit::skipped("zsh is not installed");
        };
        let output = fixture.env.command(zsh).args(["-f", "-i"]).stdin(script).run();
        let text = output.stdout_text();
        assert!(text.contains(&format!("is {expected}\n")), "{lines:?}: {output}");
        assert!(text.contains("code 7\n"), "{output}");
        // Prompts are there too.
        assert!(!output.stderr_text().contains("zsh:"), "{output}");
    }
}
