//! What `kcaws init` prints, loaded and used by the shells themselves.

use kcaws_test_kit::{find_program, require_program, skip_allowed};

use crate::fixture::binary;
use crate::hooks::{EVIL, fixture, load, script, show};
use crate::shells::Shell;

#[test]
fn every_hook_loads_in_silence_and_sets_changes_back_and_clears_the_profile() {
    let fixture = fixture();
    for shell in Shell::ALL {
        let show = show(shell);
        let steps = [
            "kcaws use dev",
            show,
            "kcaws use plain",
            show,
            "kcaws use -",
            show,
            "kcaws use --clear",
            show,
            "kcaws use -",
            show,
        ];
        let Some(command) = script(&fixture, shell, &steps) else { continue };
        let output = command.run().expect_ok();
        let lines = ["<dev|none>", "<plain|none>", "<dev|none>", "<none|none>", "<dev|none>"];
        assert_eq!(output.stdout_text().lines().collect::<Vec<_>>(), lines, "{shell:?} {output}");
        let silent = script(&fixture, shell, &[]).unwrap().run().expect_ok();
        assert!(silent.stdout.is_empty() && silent.stderr.is_empty(), "{shell:?} {silent}");
    }
}

#[test]
fn a_hostile_name_is_a_name_and_nothing_of_it_runs() {
    let fixture = fixture();
    for shell in Shell::ALL {
        let quoted = match shell {
            Shell::Nu => "kcaws use $env.EVIL",
            Shell::Elvish => "kcaws use $E:EVIL",
            _ => "kcaws use \"$EVIL\"",
        };
        let print = match shell {
            Shell::Nu => "^printenv AWS_PROFILE",
            Shell::Elvish => "e:printenv AWS_PROFILE",
            _ => "command printenv AWS_PROFILE",
        };
        let Some(command) = script(&fixture, shell, &[quoted, print]) else { continue };
        let output = command.env("EVIL", EVIL).run().expect_ok();
        assert_eq!(output.stdout_text(), format!("{EVIL}\n"), "{shell:?} {output}");
        assert!(!fixture.env.home().join("pwned").exists(), "{shell:?}");
    }
}

#[test]
fn keys_that_would_win_are_removed_and_it_is_said() {
    let fixture = fixture();
    for shell in Shell::ALL {
        let print = match shell {
            Shell::Nu => "print ('AWS_ACCESS_KEY_ID' in $env)",
            Shell::Elvish => "echo (has-env AWS_ACCESS_KEY_ID)",
            Shell::Fish => "set -q AWS_ACCESS_KEY_ID; and echo true; or echo false",
            _ => "test -n \"${AWS_ACCESS_KEY_ID+x}\" && echo true || echo false",
        };
        let Some(command) = script(&fixture, shell, &["kcaws use dev", print]) else { continue };
        let output = command.env("AWS_ACCESS_KEY_ID", "AKIA").run().expect_ok();
        assert!(output.stdout_text().contains("false"), "{shell:?} {output}");
        output.expect_stderr(
            "removed AWS keys from the environment because they take precedence over profiles",
        );
    }
}

/// The AWS CLI 1 and boto3 take AWS_DEFAULT_PROFILE first, and the EB CLI a variable of its own.
#[test]
fn after_use_no_other_variable_chooses_a_profile() {
    let fixture = fixture();
    for shell in Shell::ALL {
        let all = match shell {
            Shell::Nu => {
                "print $\"($env.AWS_PROFILE? | default none) ($env.AWS_DEFAULT_PROFILE? | default none) ($env.AWS_EB_PROFILE? | default none)\""
            }
            Shell::Elvish => {
                "e:sh -c 'echo ${AWS_PROFILE-none} ${AWS_DEFAULT_PROFILE-none} ${AWS_EB_PROFILE-none}'"
            }
            _ => {
                "command sh -c 'echo ${AWS_PROFILE-none} ${AWS_DEFAULT_PROFILE-none} ${AWS_EB_PROFILE-none}'"
            }
        };
        let steps = ["kcaws use dev", all, "kcaws use -", all, "kcaws use --clear", all];
        let Some(command) = script(&fixture, shell, &steps) else { continue };
        let others = command.env("AWS_DEFAULT_PROFILE", "plain").env("AWS_EB_PROFILE", "plain");
        let output = others.run().expect_ok();
        let expected = "dev none none\nplain none none\nnone none none\n";
        assert_eq!(output.stdout_text(), expected, "{shell:?} {output}");
        let Some(command) = script(&fixture, shell, &["kcaws use --clear", all]) else { continue };
        let output = command.env("AWS_DEFAULT_PROFILE", "plain").run().expect_ok();
        assert_eq!(output.stdout_text(), "none none none\n", "{shell:?} {output}");
    }
}

#[test]
fn a_universal_variable_of_fish_is_hidden_and_not_erased() {
    let fixture = fixture();
    // Without its configuration fish keeps no universal variables.
    let fish = require_program!("fish");
    let steps = [
        &load(&fixture, Shell::Fish),
        "set -Ux AWS_DEFAULT_PROFILE plain; set -Ux AWS_ACCESS_KEY_ID AKIA",
        "kcaws use dev",
        "command sh -c 'echo $AWS_PROFILE $AWS_DEFAULT_PROFILE $AWS_ACCESS_KEY_ID'",
        "set -eg AWS_DEFAULT_PROFILE; set -eg AWS_ACCESS_KEY_ID",
        "echo $AWS_DEFAULT_PROFILE $AWS_ACCESS_KEY_ID",
    ];
    let output = fixture.env.command(fish).args(["-c", &steps.join("\n")]).run().expect_ok();
    assert_eq!(output.stdout_text(), "dev dev\nplain AKIA\n");
}

#[test]
fn a_region_of_the_persons_own_stays() {
    let fixture = fixture();
    for shell in Shell::ALL {
        let steps = ["kcaws use plain", show(shell), "kcaws use --clear", show(shell)];
        let Some(command) = script(&fixture, shell, &steps) else { continue };
        let output = command.env("AWS_REGION", "us-east-1").run().expect_ok();
        assert_eq!(output.stdout_text(), "<plain|us-east-1>\n<none|us-east-1>\n", "{shell:?} {output}");
    }
}

#[test]
fn a_refusal_changes_nothing_and_is_the_commands_own() {
    let fixture = fixture();
    for shell in Shell::ALL {
        let attempt = match shell {
            Shell::Bash | Shell::Zsh => "kcaws use nobody || echo failed $?",
            Shell::Fish => "kcaws use nobody; or echo failed $status",
            Shell::Elvish => "try { kcaws use nobody } catch { echo failed 3 }",
            Shell::Nu => "try { kcaws use nobody } catch { print 'failed 3' }",
        };
        let Some(command) = script(&fixture, shell, &["kcaws use dev", attempt, show(shell)]) else {
            continue;
        };
        let output = command.run().expect_ok();
        assert!(output.stdout_text().ends_with("failed 3\n<dev|none>\n"), "{shell:?} {output}");
        output.expect_stderr("there is no profile `nobody`");
    }
}

#[test]
fn what_is_no_use_reaches_the_binary_as_it_is() {
    let fixture = fixture();
    for shell in Shell::ALL {
        let Some(command) = script(&fixture, shell, &["kcaws exec --help", "kcaws use --json"]) else {
            continue;
        };
        let output = command.run().expect_ok().expect_stdout("Run a command with role credentials");
        output.expect_stdout("\"schema\": 1");
        let Some(command) = script(&fixture, shell, &["kcaws use -qh"]) else { continue };
        command.run().expect_ok().expect_stdout("Choose the profile of this shell");
    }
}

#[test]
fn the_prompts_function_says_the_profile_keeps_the_status_and_is_silent_elsewhere() {
    let fixture = fixture();
    for (shell, steps, expected) in [
        (
            Shell::Bash,
            "__kcaws_prompt; (exit 7); AWS_PROFILE=dev __kcaws_prompt; echo \" $?\"",
            "dev log in 7\n",
        ),
        (
            Shell::Zsh,
            "__kcaws_prompt; (exit 7); AWS_PROFILE=dev __kcaws_prompt; echo \" $?\"",
            "dev log in 7\n",
        ),
        (
            Shell::Fish,
            "__kcaws_prompt; set -gx AWS_PROFILE dev; command sh -c 'exit 7'; __kcaws_prompt; echo \" $status\"",
            "dev log in 7\n",
        ),
        (Shell::Bash, "AWS_DEFAULT_PROFILE=dev __kcaws_prompt", "dev log in"),
        (Shell::Zsh, "AWS_DEFAULT_PROFILE=dev __kcaws_prompt", "dev log in"),
        (Shell::Fish, "set -gx AWS_DEFAULT_PROFILE dev; __kcaws_prompt", "dev log in"),
        (Shell::Elvish, "set-env AWS_DEFAULT_PROFILE dev; kcaws:prompt", "dev log in"),
        (Shell::Nu, "$env.AWS_DEFAULT_PROFILE = 'dev'; print (kcaws-prompt)", "dev log in\n"),
        (Shell::Elvish, "kcaws:prompt; set-env AWS_PROFILE dev; kcaws:prompt", "dev log in"),
        (Shell::Nu, "kcaws-prompt; $env.AWS_PROFILE = 'dev'; print (kcaws-prompt)", "dev log in\n"),
    ] {
        let Some(command) = script(&fixture, shell, &[steps]) else { continue };
        let output = command.run().expect_ok();
        assert_eq!(output.stdout_text(), expected, "{shell:?} {output}");
        assert!(output.stderr.is_empty(), "{shell:?} {output}");
    }
}

#[test]
fn the_hooks_work_in_strict_mode_vi_mode_and_beside_any_prompt_command() {
    let fixture = fixture();
    let steps =
        "kcaws use dev; kcaws use plain; kcaws use -; __kcaws_prompt >/dev/null; true; echo \"$AWS_PROFILE\"";
    for options in [
        "set -euo pipefail",
        "set -o vi",
        "set -o posix",
        "set -u; PROMPT_COMMAND=true",
        "set -u; PROMPT_COMMAND=(true false)",
    ] {
        let text = format!("{options}\n{}\n{steps}", load(&fixture, Shell::Bash));
        let output = Shell::Bash.run(&fixture.env, &text).unwrap().run().expect_ok();
        assert_eq!(output.stdout_text(), "dev\n", "{options}: {output}");
    }
    for options in [
        "set -euo pipefail",
        "set -o vi",
        "setopt ksh_arrays",
        "setopt sh_word_split rc_quotes",
        "setopt nounset warn_create_global",
    ] {
        let text = format!("{options}\n{}\n{steps}", load(&fixture, Shell::Zsh));
        let Some(command) = Shell::Zsh.run(&fixture.env, &text) else { continue };
        let output = command.run().expect_ok();
        assert_eq!(output.stdout_text(), "dev\n", "{options}: {output}");
        assert_eq!(output.stderr_text().matches("kcaws").count(), 3, "one line a change: {output}");
    }
}

#[test]
fn a_binary_that_is_gone_is_named_by_commands_and_not_by_prompts() {
    let fixture = fixture();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Nu, Shell::Elvish] {
        let gone = load(&fixture, shell);
        for file in ["hook", "hook.bash", "hook.nu", ".config/elvish/lib/kcaws.elv"] {
            if fixture.env.home().join(file).exists() {
                let text =
                    fixture.env.read_home_file(file).replace(binary().to_str().unwrap(), "/gone/kcaws");
                fixture.env.write_home_file(file, text);
            }
        }
        let prompt = match shell {
            Shell::Nu => "kcaws-prompt; try { kcaws status } catch {|e| print --stderr $e.msg }",
            Shell::Elvish => "kcaws:prompt; try { kcaws status } catch e { }",
            _ => "__kcaws_prompt; kcaws status; true",
        };
        let Some(command) = shell.run(&fixture.env, &format!("{gone}\n{prompt}")) else { continue };
        let output = command.env("AWS_PROFILE", "dev").run().expect_ok();
        assert!(output.stdout_text().trim().is_empty(), "{shell:?} {output}");
        assert_eq!(output.stderr_text().matches("/gone/kcaws is gone").count(), 1, "{shell:?} {output}");
    }
}

/// PowerShell is in no package registry that CI reaches: where it is installed, its file is loaded and used.
#[test]
fn the_powershell_hook_works_where_there_is_powershell() {
    let Some(pwsh) = find_program("pwsh") else {
        skip_allowed!("pwsh is not installed: shell/kcaws.ps1 is not run here");
    };
    let fixture = fixture();
    let hook = fixture.run("init powershell").expect_ok().stdout_text();
    let script = format!(
        "Set-StrictMode -Version Latest\n{hook}\nkcaws use dev\n\"$Env:AWS_PROFILE <$Env:AWS_REGION>\"\nkcaws use --clear\n\"<$Env:AWS_PROFILE>\""
    );
    fixture.env.write_home_file("hook.ps1", &script);
    let output = fixture.env.command(pwsh).args(["-NoProfile", "-File", "hook.ps1"]).run().expect_ok();
    assert_eq!(output.stdout_text(), "dev <>\n<>\n");
}

#[test]
fn a_person_picks_by_letters_or_by_number_and_the_last_used_comes_first() {
    require_program!("script");
    let fixture = fixture();
    let load = load(&fixture, Shell::Bash);
    fixture.env.write_home_file("pick.bash", format!("{load}\nkcaws use && echo \"<$AWS_PROFILE>\""));
    let terminal = |term: &str| {
        let line = "bash --norc --noprofile pick.bash";
        let command = fixture.env.command("script").env("TERM", term);
        command.args(["--quiet", "--return", "--command", line, "/dev/null"]).interactive().spawn()
    };
    let mut numbers = terminal("dumb");
    numbers.wait_for_prompt("(a number)");
    numbers.type_line("2");
    let output = numbers.wait().expect_ok().expect_stdout("<plain>");
    assert!(!output.stdout.contains(&0x1b), "nothing is drawn: {output}");

    let mut drawn = terminal("xterm");
    drawn.wait_for_prompt("Profile:");
    drawn.press('\r');
    drawn.wait().expect_ok().expect_stdout("<plain>");
    let mut drawn = terminal("xterm");
    drawn.wait_for_prompt("Profile:");
    "powuser\r".chars().for_each(|key| drawn.press(key));
    drawn.wait().expect_ok().expect_stdout("<dev>");
    for (key, code) in [('\u{1b}', 1), ('\u{3}', 130)] {
        let mut drawn = terminal("xterm");
        drawn.wait_for_prompt("Profile:");
        drawn.press(key);
        drawn.wait().expect_code(code);
    }
}

#[test]
fn without_a_hook_or_a_terminal_use_says_what_to_do() {
    let fixture = fixture();
    let output = fixture.kcaws("use dev").env("SHELL", "/bin/zsh").run().expect_code(2);
    assert!(output.stdout.is_empty());
    output.expect_stderr("eval -- \"$(kcaws init zsh)\"").expect_stderr("~/.zshrc");
    fixture
        .kcaws("use")
        .env("SHELL", "/usr/bin/fish")
        .run()
        .expect_code(2)
        .expect_stderr("kcaws init fish | source");
    fixture.run("use --hook").expect_code(2).expect_stderr("profiles: dev, plain, -dash");
    let list = fixture.kcaws("use --json").env("AWS_PROFILE", "dev").run().expect_ok().stdout_json();
    let dev = &list["profiles"][0];
    assert_eq!(
        (&dev["name"], &dev["current"], &dev["logged_in"]),
        (&"dev".into(), &true.into(), &false.into())
    );
    assert!(dev["credentials_expires_at"].is_null());
    fixture.env.write_aws_config("[profile x\u{1b}]\nregion = a\n");
    fixture.kcaws("use --hook").arg("x\u{1b}").run().expect_code(3).expect_stderr("control character");
}

/// `doctor` knows by it that the hook is there; the shell itself and its other children do not see it.
#[test]
fn a_call_through_the_hook_says_so_and_no_other_program_hears_of_it() {
    let fixture = fixture();
    fixture.log_in();
    for shell in Shell::ALL {
        let others = match shell {
            Shell::Nu => "print $\"<($env.KCAWS_HOOK? | default none)>\"",
            Shell::Elvish => "if (has-env KCAWS_HOOK) { echo '<it>' } else { echo '<none>' }",
            _ => "command printenv KCAWS_HOOK; echo '<none>'",
        };
        let child = "kcaws exec dev -- sh -c 'echo child ${KCAWS_HOOK-none}'";
        let Some(command) = script(&fixture, shell, &["kcaws doctor --offline", others, child]) else {
            continue;
        };
        let text = command.run().expect_ok().stdout_text();
        let found = format!("shell_hook ({}): loaded in this shell", shell.name());
        assert!(text.contains(&found), "{shell:?} {text}");
        assert!(text.ends_with("<none>\nchild none\n"), "{shell:?} {text}");
    }
}
