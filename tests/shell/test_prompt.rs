use idc_sim::{Fault, Route};
use kcaws_test_kit::{Client, Output, clients};

use crate::fixture::{ACCOUNT, LoginFixture, ROLE, binary};
use crate::shells::Shell;

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
    let fixture = LoginFixture::new();
    fixture.env.set_env("AWS_PROFILE", "dev");
    says(fixture.run("prompt"), "dev log in");
    fixture.log_in();
    says(fixture.run("prompt"), "dev renews");
    fixture.credentials().expect_ok();
    fixture.sim.clear_log();
    let full = fixture.run("prompt").expect_ok().stdout_text();
    assert_eq!(without_time(&full), format!("dev:{ROLE}"), "{full}");
    assert_ne!(full, without_time(&full), "and how long: {full}");
    let words = fixture.kcaws("prompt").args(["--format", "{session}/{account}/{region}"]).run();
    says(words, &format!("corp/{ACCOUNT}/eu-west-1"));
    assert!(fixture.sim.requests().is_empty());

    // The renewal finds the assignment gone.
    fixture.sim.fault(Route::GetRoleCredentials, Fault::status(403, "{}")).times(1);
    fixture.run("exec dev --min-ttl 11h -- true").expect_code(125);
    fixture.run("logout").expect_ok();
    says(fixture.run("prompt"), "dev log in");
}

#[test]
fn inside_of_exec_a_prompt_tells_of_what_the_command_has() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let prompt = |options: &str| {
        let line = format!("exec {options} --");
        fixture
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
    // Keys of someone else.
    let other = fixture.kcaws("prompt").env("AWS_PROFILE", "dev").env("AWS_ACCESS_KEY_ID", "AKIA").run();
    says(other, "dev other keys");
}

#[test]
fn a_prompt_is_silent_of_what_is_not_ours_and_of_what_is_broken() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    says(fixture.run("prompt"), "");
    for (config, profile) in [
        ("[profile other]\ncredential_process = aws-vault export x\n", "other"),
        ("[profile keys]\naws_access_key_id = AKIA\n", "keys"),
        ("[profile loop]\ncredential_process = kcaws credential-process --profile loop\n", "loop"),
        ("", "nobody"),
        ("nonsense", "dev"),
        ("[profile dev]\nsso_session = gone\n", "dev"),
    ] {
        fixture.env.write_aws_config(config);
        for _ in 0..2 {
            says(fixture.kcaws("prompt").env("AWS_PROFILE", profile).run(), "");
        }
    }
    std::fs::remove_file(fixture.env.aws_config_path()).unwrap();
    says(fixture.kcaws("prompt").env("AWS_PROFILE", "dev").run(), "");
}

#[test]
fn a_changed_config_is_seen_at_once_and_an_old_role_is_not_shown() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.env.set_env("AWS_PROFILE", "dev");
    fixture.credentials().expect_ok();
    assert!(fixture.run("prompt").expect_ok().stdout_text().starts_with("dev:PowerUserAccess "));
    fixture.env.write_aws_config(&fixture.config().replace(ROLE, "ReadOnlyAccess"));
    says(fixture.run("prompt"), "dev renews");
    let other = fixture.config().replace(fixture.sim.start_url(), "https://d-0000000000.awsapps.com/start");
    fixture.env.write_aws_config(&other);
    says(fixture.run("prompt"), "dev log in");
}

#[test]
fn a_state_folder_that_cannot_be_used_costs_the_prompt_nothing() {
    let fixture = LoginFixture::new();
    fixture.env.set_env("AWS_PROFILE", "dev");
    std::fs::write(fixture.state(), "a file in its place").unwrap();
    says(fixture.run("prompt"), "dev log in");
}

#[test]
fn hostile_names_do_not_act_in_a_prompt() {
    let fixture = LoginFixture::new();
    let name = "a\u{1b}[2J%n$(touch pwned)\u{202e}b";
    fixture.env.write_aws_config(&fixture.config().replace("[profile dev]", &format!("[profile {name}]")));
    let output = fixture.kcaws("prompt --shell zsh").env("AWS_PROFILE", name).run();
    says(output, "a\\u{1b}[2J%%n$(touch pwned)\\u{202e}b log in");
}

/// The snippet of the documents, by a starship that draws everything else too.
#[test]
fn starship_shows_profile_and_time_and_lets_no_name_act() {
    let Some(starship) = clients().command_line_or_skip(Client::Starship) else { return };
    let page = include_str!("../../docs/shells.md");
    let mut blocks = page.split("```toml\n").map(|block| block.split("```").next().unwrap());
    let snippet = blocks.find(|block| block.starts_with("[custom.kcaws]")).expect("it is there");
    let fixture = LoginFixture::new();
    let name = "e%n$(touch pwned)`touch pwned`\\";
    let config = fixture.config();
    let (_, body) = config.split_once("[profile dev]").unwrap();
    fixture.env.write_aws_config(&format!("{config}\n[profile {name}]{body}"));
    fixture.log_in();
    fixture.credentials().expect_ok();
    fixture.env.write_home_file(".config/starship.toml", snippet);
    fixture.env.write_script("kcaws", &format!("#!/bin/sh\nexec '{}' \"$@\"\n", binary().display()));
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
            let Some(command) = shell.run(&fixture.env, script) else { continue };
            let command =
                command.env("STARSHIP", &starship[0]).env("TERM", "xterm").env("AWS_PROFILE", profile);
            let output = command.run().expect_ok();
            // What starship writes for a dollar is root's `#` in bash.
            let text = output.stdout_text().replace("#(", "$(");
            assert_eq!(text.contains("PowerUserAccess"), !shown.is_empty(), "{shell:?} {profile}: {output}");
            assert!(text.contains(shown), "{shell:?} {profile}: {output}");
            assert!(!fixture.env.home().join("pwned").exists(), "{shell:?}");
        }
    }
}
