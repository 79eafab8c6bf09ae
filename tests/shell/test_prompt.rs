use idc_sim::{Fault, Route};
use kcaws_test_kit::{Client, Output, clients};

use crate::shells::Shell;
use crate::stage::{ACCOUNT, ROLE, Stage, binary};

/// A prompt never complains.
#[track_caller]
fn says(output: Output, text: &str) {
    let output = output.expect_ok();
    assert_eq!(output.stdout_text(), text, "{output}");
    assert!(output.stderr.is_empty(), "{output}");
}

/// Minutes are the simulator's to give; a slow machine may see one pass.
fn without_time(text: &str) -> String {
    text.split(' ').filter(|word| !word.ends_with('m')).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_prompt_tells_a_day_from_login_to_logout_without_asking_anybody() {
    let stage = Stage::new();
    stage.desk.set_env("AWS_PROFILE", "dev");
    says(stage.run("prompt"), "dev log in");
    stage.log_in();
    says(stage.run("prompt"), "dev renews");
    stage.credentials().expect_ok();
    stage.sim.clear_log();
    let full = stage.run("prompt").expect_ok().stdout_text();
    assert_eq!(without_time(&full), format!("dev:{ROLE}"), "{full}");
    assert_ne!(full, without_time(&full), "and how long: {full}");
    let words = stage.kcaws("prompt").args(["--format", "{session}/{account}/{region}"]).run();
    says(words, &format!("corp/{ACCOUNT}/eu-west-1"));
    assert!(stage.sim.requests().is_empty());

    // The renewal finds the assignment gone.
    stage.sim.fault(Route::GetRoleCredentials, Fault::status(403, "{}")).times(1);
    stage.run("exec dev --min-ttl 11h -- true").expect_code(125);
    stage.run("logout").expect_ok();
    says(stage.run("prompt"), "dev log in");
}

#[test]
fn inside_of_exec_a_prompt_tells_of_what_the_command_has() {
    let stage = Stage::new();
    stage.log_in();
    let prompt = |options: &str| {
        let line = format!("exec {options} --");
        stage
            .kcaws(&line)
            .arg(binary())
            .arg("prompt")
            .env("AWS_PROFILE", "dev")
            .run()
            .expect_ok()
            .stdout_text()
    };
    for options in ["dev", "dev --keep-profile"] {
        let text = prompt(options);
        assert_eq!(without_time(&text), "dev", "{text}");
        assert_ne!(text, "dev", "the time");
    }
    assert_eq!(prompt("dev --serve"), "dev renews");
    // The profile comes before the endpoint.
    assert_eq!(without_time(&prompt("dev --serve --keep-profile")), format!("dev:{ROLE}"));
    // Keys of somebody else.
    let other = stage.kcaws("prompt").env("AWS_PROFILE", "dev").env("AWS_ACCESS_KEY_ID", "AKIA").run();
    says(other, "dev other keys");
}

#[test]
fn a_prompt_is_silent_of_what_is_not_ours_and_of_what_is_broken() {
    let stage = Stage::new();
    stage.log_in();
    says(stage.run("prompt"), "");
    for (config, profile) in [
        ("[profile other]\ncredential_process = aws-vault export x\n", "other"),
        ("[profile keys]\naws_access_key_id = AKIA\n", "keys"),
        ("[profile loop]\ncredential_process = kcaws credential-process --profile loop\n", "loop"),
        ("", "nobody"),
        ("nonsense", "dev"),
        ("[profile dev]\nsso_session = gone\n", "dev"),
    ] {
        stage.desk.write_aws_config(config);
        for _ in 0..2 {
            says(stage.kcaws("prompt").env("AWS_PROFILE", profile).run(), "");
        }
    }
    std::fs::remove_file(stage.desk.aws_config_path()).unwrap();
    says(stage.kcaws("prompt").env("AWS_PROFILE", "dev").run(), "");
}

#[test]
fn a_changed_config_is_seen_at_once_and_an_old_role_is_not_shown() {
    let stage = Stage::new();
    stage.log_in();
    stage.desk.set_env("AWS_PROFILE", "dev");
    stage.credentials().expect_ok();
    assert!(stage.run("prompt").expect_ok().stdout_text().starts_with("dev:PowerUserAccess "));
    stage.desk.write_aws_config(&stage.config().replace(ROLE, "ReadOnlyAccess"));
    says(stage.run("prompt"), "dev renews");
    let other = stage.config().replace(stage.sim.start_url(), "https://d-0000000000.awsapps.com/start");
    stage.desk.write_aws_config(&other);
    says(stage.run("prompt"), "dev log in");
}

#[test]
fn a_state_folder_that_cannot_be_used_costs_the_prompt_nothing() {
    let stage = Stage::new();
    stage.desk.set_env("AWS_PROFILE", "dev");
    std::fs::write(stage.state(), "a file in its place").unwrap();
    says(stage.run("prompt"), "dev log in");
}

#[test]
fn hostile_names_do_not_act_in_a_prompt() {
    let stage = Stage::new();
    let name = "a\u{1b}[2J%n$(touch pwned)\u{202e}b";
    stage.desk.write_aws_config(&stage.config().replace("[profile dev]", &format!("[profile {name}]")));
    let output = stage.kcaws("prompt --shell zsh").env("AWS_PROFILE", name).run();
    says(output, "a\\u{1b}[2J%%n$(touch pwned)\\u{202e}b log in");
}

/// The snippet of the documents, by a starship that draws everything else too.
#[test]
fn starship_shows_profile_and_time_and_lets_no_name_act() {
    let Some(starship) = clients().command_line_or_skip(Client::Starship) else { return };
    let page = include_str!("../../docs/shells.md");
    let mut blocks = page.split("```toml\n").map(|block| block.split("```").next().unwrap());
    let snippet = blocks.find(|block| block.starts_with("[custom.kcaws]")).expect("it is there");
    let stage = Stage::new();
    let name = "e%n$(touch pwned)`touch pwned`\\";
    let config = stage.config();
    let (_, body) = config.split_once("[profile dev]").unwrap();
    stage.desk.write_aws_config(&format!("{config}\n[profile {name}]{body}"));
    stage.log_in();
    stage.credentials().expect_ok();
    stage.desk.write_home_file(".config/starship.toml", snippet);
    stage.desk.write_script("kcaws", &format!("#!/bin/sh\nexec '{}' \"$@\"\n", binary().display()));
    for (shell, script) in [
        (
            Shell::Bash,
            "eval \"$(\"$STARSHIP\" init bash --print-full-init)\"; starship_precmd; printf '%s' \"${PS1@P}\"",
        ),
        (Shell::Zsh, "eval \"$(\"$STARSHIP\" init zsh --print-full-init)\"; print -rP -- \"$PROMPT\""),
        (Shell::Fish, "$STARSHIP init fish --print-full-init | source; fish_prompt"),
    ] {
        for (profile, shown) in
            [("dev", "dev:PowerUserAccess "), (name, &format!("{name}:PowerUserAccess ")), ("nobody", "")]
        {
            let Some(command) = shell.run(&stage.desk, script) else { continue };
            let command =
                command.env("STARSHIP", &starship[0]).env("TERM", "xterm").env("AWS_PROFILE", profile);
            let output = command.run().expect_ok();
            // What starship writes for a dollar is root's `#` in bash.
            let text = output.stdout_text().replace("#(", "$(");
            assert_eq!(text.contains("PowerUserAccess"), !shown.is_empty(), "{shell:?} {profile}: {output}");
            assert!(text.contains(shown), "{shell:?} {profile}: {output}");
            assert!(!stage.desk.home().join("pwned").exists(), "{shell:?}");
        }
    }
}
