//! `kcaws use` through the hooks: what may be on its line, and what may not.

use crate::hooks::{fixture, load, script, show};
use crate::shells::Shell;

/// As in an alias: `alias kcaws='kcaws --no-input'`.
#[test]
fn options_of_kcaws_itself_may_stand_before_use_and_behind_it() {
    let fixture = fixture();
    for shell in Shell::ALL {
        let steps = [
            "kcaws -q --no-input use dev",
            show(shell),
            "kcaws use -q plain",
            show(shell),
            "kcaws --quiet use -",
            show(shell),
            "kcaws use -q --clear",
            show(shell),
        ];
        let Some(command) = script(&fixture, shell, &steps) else { continue };
        let output = command.env("AWS_ACCESS_KEY_ID", "AKIA").run().expect_ok();
        let lines = ["<dev|none>", "<plain|none>", "<dev|none>", "<none|none>"];
        assert_eq!(output.stdout_text().lines().collect::<Vec<_>>(), lines, "{shell:?} {output}");
        assert!(output.stderr.is_empty(), "{shell:?} {output}");
    }
}

#[test]
fn what_is_too_much_is_wrong_usage_and_changes_nothing() {
    let fixture = fixture();
    for shell in Shell::ALL {
        for line in
            ["kcaws use --clear plain", "kcaws use - plain", "kcaws use plain dev", "kcaws use --clear -"]
        {
            let attempt = match shell {
                Shell::Bash | Shell::Zsh => format!("{line} || echo failed $?"),
                Shell::Fish => format!("{line}; or echo failed $status"),
                Shell::Elvish => format!("try {{ {line} }} catch {{ echo failed 2 }}"),
                Shell::Nu => format!("try {{ {line} }} catch {{ print 'failed 2' }}"),
            };
            let steps = ["kcaws use plain", "kcaws use dev", &attempt, show(shell)];
            let Some(command) = script(&fixture, shell, &steps) else { continue };
            let output = command.run().expect_ok().expect_stderr("error: ");
            assert_eq!(output.stdout_text(), "failed 2\n<dev|none>\n", "{shell:?} {line} {output}");
        }
        let nothing = match shell {
            Shell::Bash | Shell::Zsh => "kcaws use - || echo failed $?",
            Shell::Fish => "kcaws use -; or echo failed $status",
            Shell::Elvish => "try { kcaws use - } catch { echo failed 1 }",
            Shell::Nu => "try { kcaws use - } catch { print 'failed 1' }",
        };
        let Some(command) = script(&fixture, shell, &[nothing, show(shell)]) else { continue };
        let output =
            command.run().expect_ok().expect_stderr("no other profile was used in this shell before");
        assert_eq!(output.stdout_text(), "failed 1\n<none|none>\n", "{shell:?} {output}");
    }
}

#[test]
fn a_profile_whose_name_begins_with_a_dash_is_used_and_come_back_to() {
    let fixture = fixture();
    for shell in Shell::ALL {
        let steps = ["kcaws use -- -dash", show(shell), "kcaws use dev", "kcaws use -", show(shell)];
        let Some(command) = script(&fixture, shell, &steps) else { continue };
        let output = command.run().expect_ok();
        assert_eq!(output.stdout_text(), "<-dash|none>\n<-dash|none>\n", "{shell:?} {output}");
    }
}

/// An alias that is there already is expanded where a function of its name is defined by `name()`.
#[test]
fn an_alias_of_the_persons_own_does_not_break_the_hook_and_goes_on_working() {
    let fixture = fixture();
    for (shell, options) in [(Shell::Bash, "shopt -s expand_aliases"), (Shell::Zsh, "setopt aliases")] {
        let load = load(&fixture, shell);
        let text =
            format!("{options}\nalias kcaws='kcaws -q'\n{load}\n{load}\nkcaws use dev\n{}", show(shell));
        fixture.env.write_home_file("aliased", text);
        let Some(command) = shell.run(&fixture.env, "source ./aliased") else { continue };
        let output = command.run().expect_ok();
        assert_eq!(output.stdout_text(), "<dev|none>\n", "{shell:?} {output}");
        assert!(output.stderr.is_empty(), "{shell:?} {output}");
    }
}

#[test]
fn the_profile_of_a_project_is_used_once_it_is_allowed() {
    let fixture = fixture();
    fixture.env.write_home_file(".kcaws.toml", "profile = \"dev\"\n");
    for shell in Shell::ALL {
        let _ = fixture.run("allow --revoke");
        let steps = ["kcaws -q allow", "kcaws -q use", show(shell)];
        let Some(command) = script(&fixture, shell, &steps) else { continue };
        let output = command.run().expect_ok();
        assert_eq!(output.stdout_text(), "<dev|none>\n", "{shell:?} {output}");
    }
}
