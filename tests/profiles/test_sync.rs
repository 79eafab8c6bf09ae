//! `profile sync` against the simulator.

use idc_sim::{Builder, Fault, IdcSim, PageSize, Route};
use kcaws_test_kit::{Signal, require_program};

use crate::fixture::{LoginFixture, binary};
use crate::readers;

const USER: &str = "alice@example.com";

/// `count` accounts of three roles each, and those alone.
fn accounts(builder: Builder, count: usize) -> Builder {
    let mut builder = builder.no_assignments().auto_approve(true).page_size(PageSize::Fixed(100));
    for number in 0..count {
        let id = format!("2{number:011}");
        builder = builder.account(&id, &format!("Team {number}"), "team@example.com");
        for role in ["AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess"] {
            builder = builder.assign(USER, &id, role);
        }
    }
    builder
}

fn logged_in(builder: Builder) -> LoginFixture {
    let fixture = LoginFixture::with(builder);
    fixture.run("login corp --no-browser").expect_ok();
    fixture.sim.clear_log();
    fixture
}

fn few() -> LoginFixture {
    logged_in(accounts(IdcSim::builder(), 3))
}

#[test]
fn accounts_in_any_script_and_of_one_name_all_get_their_profiles() {
    let accounts = [("1", "開発"), ("2", "本番"), ("3", "Büro München"), ("4", "twice"), ("5", "Twice")];
    let builder =
        accounts.iter().fold(IdcSim::builder().no_assignments().auto_approve(true), |builder, (id, name)| {
            let id = format!("{id:0>12}");
            builder.account(&id, name, "team@example.com").assign(USER, &id, "ReadOnlyAccess")
        });
    let fixture = logged_in(builder);
    fixture.run("profile sync corp --yes").expect_ok();
    let after = fixture.env.read_aws_config();
    let profiles = readers::ours(&after);
    let names: Vec<&str> = profiles.keys().map(String::as_str).filter(|name| *name != "dev").collect();
    assert_eq!(
        names,
        [
            "000000000001-read-only-access",
            "000000000002-read-only-access",
            "buro-munchen-read-only-access",
            "twice-000000000004-read-only-access",
            "twice-000000000005-read-only-access",
        ]
    );
    assert_eq!(readers::rust_sdk(&after), Ok(profiles.clone()));
    fixture.run("profile sync corp --yes").expect_ok().expect_stderr("Nothing to change");
}

#[test]
fn a_profile_for_every_role_and_the_second_time_nothing() {
    let fixture = few();
    let before = fixture.env.read_aws_config();
    let output = fixture.run("profile sync corp --yes").expect_ok();
    assert!(output.stderr_text().contains("9 created"), "{output}");
    let after = fixture.env.read_aws_config();
    assert!(after.starts_with(&before));
    let profiles = readers::ours(&after);
    assert_eq!(profiles.len(), 10);
    let line = &profiles["team-1-read-only-access"]["credential_process"];
    let wanted = "credential-process --session corp --account 200000000001 --role ReadOnlyAccess";
    assert!(line.ends_with(wanted), "{line}");
    assert_eq!(readers::rust_sdk(&after), Ok(profiles));
    let again = fixture.run("profile sync corp --yes").expect_ok();
    assert!(again.stderr_text().contains("Nothing to change"), "{again}");
    fixture.run("profile undo").expect_ok();
    assert_eq!(fixture.env.read_aws_config(), before);
}

#[test]
fn what_is_gone_is_pruned_and_hand_edits_stay() {
    let fixture = few();
    fixture.run("profile sync --yes").expect_ok();
    let edited = fixture.env.read_aws_config().replace(
        "[profile team-0-read-only-access]\n",
        "[profile team-0-read-only-access]\n# mine\nregion = x\n",
    );
    fixture.env.write_aws_config(&edited);
    fixture.sim.unassign(USER, "200000000001", "ReadOnlyAccess");
    fixture.run("profile sync --no-prune --yes").expect_ok();
    assert_eq!(fixture.env.read_aws_config(), edited);
    let output = fixture.run("profile sync --yes --json").expect_ok().stdout_json();
    let removed: Vec<&str> = output["profiles"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["change"] == "removed")
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(removed, ["team-1-read-only-access"]);
    let after = fixture.env.read_aws_config();
    assert!(after.contains("# mine\nregion = x\n") && !after.contains("team-1-read-only-access"));
    assert!(after.contains("[profile dev]"), "not of sync, and kept: {after}");
}

#[test]
fn the_settings_name_and_place_what_sync_writes() {
    let fixture = few();
    let settings = "[profiles]\nname = \"{account_name|replace: :}.{role|kebab|replace:-access:}\"\nregion = \"eu-central-1\"\n\
                    output = \"json\"\n[profiles.accounts.200000000002]\nalias = \"prod\"\nregion = \"us-east-1\"\n\
                    [profiles.roles.PowerUserAccess]\nalias = \"power\"\n";
    fixture.env.write_home_file(".config/kcaws/config.toml", settings);
    fixture.run("profile sync --yes").expect_ok();
    let profiles = readers::ours(&fixture.env.read_aws_config());
    assert_eq!(profiles["prod.power"]["region"], "us-east-1");
    assert_eq!(profiles["Team0.read-only"]["region"], "eu-central-1");
    assert_eq!(profiles["Team0.read-only"]["output"], "json");
    let output = fixture.kcaws("profile sync --dry-run --template").arg("{account_id}").run().expect_code(1);
    assert!(output.stderr_text().contains("would be the name of both AdministratorAccess in 2"), "{output}");
    fixture
        .kcaws("profile sync --dry-run --template")
        .arg("{acount}")
        .run()
        .expect_code(3)
        .expect_stderr("`acount`");
}

#[test]
fn no_profile_of_another_is_touched_and_the_rest_is_written() {
    let fixture = few();
    let foreign = "\n[profile team-0-power-user-access]\nregion = mine\n";
    fixture.env.write_aws_config(&(fixture.config() + foreign));
    let output = fixture.run("profile sync --yes").expect_code(1).expect_stderr("team-0-power-user-access");
    let after = fixture.env.read_aws_config();
    assert!(after.contains(foreign) && after.contains("[profile team-0-read-only-access]"), "{output}");
}

#[test]
fn what_a_person_made_of_a_profile_is_left_alone_or_reported() {
    let fixture = few();
    fixture.run("profile sync --yes").expect_ok();
    let written = fixture.env.read_aws_config();
    let line = |role: &str| format!("--account 200000000000 --role {role}\n");
    let edited = written.replace(&line("ReadOnlyAccess"), &line("Mine")).replace(
        "[profile team-1-read-only-access]\n",
        "[profile team-1-read-only-access]\ncli_pager = cat\n",
    );
    fixture.env.write_aws_config(&edited);
    fixture.sim.unassign(USER, "200000000001", "ReadOnlyAccess");
    let said = fixture.run("profile sync --dry-run").expect_code(1).stderr_text();
    assert!(said.contains("`team-1-read-only-access` would be removed with lines"), "{said}");
    let said = fixture.run("profile sync --yes").expect_code(1).stderr_text();
    assert!(said.contains("skipped profile `team-0-read-only-access`"), "{said}");
    assert!(said.contains("changed by hand (") && said.contains("`kcaws profile undo`"), "{said}");
    let after = fixture.env.read_aws_config();
    assert!(after.contains(&line("Mine")) && !after.contains("cli_pager"), "{after}");
    fixture.run("profile undo").expect_ok();
    assert_eq!(fixture.env.read_aws_config(), edited);
    fixture.run("profile remove team-0-read-only-access team-1-read-only-access").expect_ok();
    fixture.run("profile sync --yes").expect_ok();
    assert!(fixture.env.read_aws_config().contains(&line("ReadOnlyAccess")));
}

#[test]
fn hostile_names_become_harmless() {
    let fixture = few();
    fixture.sim.add_account("300000000001", "x]\n[profile evil]\nregion = y\n#", "x@example.com");
    fixture.sim.assign(USER, "300000000001", "ReadOnlyAccess");
    fixture.sim.add_account("300000000002", "\u{1b}[2J東京\u{202e}$(id)", "x@example.com");
    fixture.sim.assign(USER, "300000000002", "ReadOnlyAccess");
    let output =
        fixture.kcaws("profile sync --yes --template").arg("{account_name}.{role}").run().expect_ok();
    let after = fixture.env.read_aws_config();
    assert!(!after.contains("evil]") && !after.contains('\u{1b}'), "{after}");
    assert!(after.contains("[profile x---profile-evil--region---y--.ReadOnlyAccess]"), "{after}\n{output}");
    assert_eq!(readers::rust_sdk(&after), Ok(readers::ours(&after)));
}

#[test]
fn a_question_is_asked_and_no_is_no() {
    require_program!("script");
    let fixture = few();
    let before = fixture.env.read_aws_config();
    fixture.run("profile sync").expect_code(2).expect_stderr("--yes");
    assert_eq!(fixture.sim.count(Route::ListAccounts), 0, "not after a minute of listing");
    for (answer, is_written) in [("n", false), ("", false), ("y", true)] {
        let line = format!("'{}' profile sync", binary().display());
        let script = fixture.env.command("script").env("TERM", "xterm");
        let script = script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).interactive();
        let mut asked = script.spawn();
        asked.wait_for_prompt("[y/N]");
        asked.type_line(answer);
        let output = asked.wait().expect_ok().expect_stdout("+[profile team-0-read-only-access]");
        assert_eq!(fixture.env.read_aws_config() != before, is_written, "{answer:?}: {output}");
    }
}

#[test]
fn a_run_that_was_cut_off_is_taken_up_and_nothing_is_half_written() {
    let fixture = logged_in(accounts(IdcSim::builder(), 60));
    let before = fixture.env.read_aws_config();
    let running = fixture.kcaws("profile sync --yes").spawn();
    kcaws_test_kit::wait_for("some lists", || {
        (fixture.sim.count(Route::ListAccountRoles) > 35).then_some(())
    });
    running.signal(Signal::INT);
    running.wait().expect_code(130);
    assert_eq!(fixture.env.read_aws_config(), before);
    fixture.sim.clear_log();
    fixture.run("profile sync --yes").expect_ok();
    let asked = fixture.sim.count(Route::ListAccountRoles);
    assert!(asked < 50, "{asked} of 60 asked again");
    assert_eq!(readers::ours(&fixture.env.read_aws_config()).len(), 181);
    fixture.sim.clear_log();
    fixture.run("profile sync --yes").expect_ok();
    assert_eq!(fixture.sim.count(Route::ListAccountRoles), 60, "a whole run asks again");
}

#[test]
fn an_error_is_reported_and_what_was_listed_is_kept() {
    let fixture = logged_in(accounts(IdcSim::builder(), 30));
    let before = fixture.env.read_aws_config();
    fixture.sim.fault(Route::ListAccountRoles, Fault::broken_json()).skip(20).times(99);
    fixture.run("profile sync --yes").expect_code(1).expect_stderr("unexpected response");
    assert_eq!(fixture.env.read_aws_config(), before);
    fixture.sim.clear_faults();
    fixture.sim.clear_log();
    fixture.run("profile sync --yes").expect_ok();
    assert!(fixture.sim.count(Route::ListAccountRoles) <= 10);
    fixture.run("logout").expect_ok();
    fixture.run("profile sync --yes").expect_code(4).expect_stderr("kcaws login corp");
}

#[test]
fn a_token_that_ends_in_the_middle_is_renewed_once() {
    let fixture = logged_in(accounts(IdcSim::builder(), 30));
    fixture
        .sim
        .fault(
            Route::ListAccountRoles,
            Fault::status(401, r#"{"message":"Session token not found or invalid"}"#),
        )
        .skip(10)
        .times(1);
    fixture.run("profile sync --yes").expect_ok();
    assert_eq!(fixture.sim.count(Route::CreateToken), 1);
    assert_eq!(readers::ours(&fixture.env.read_aws_config()).len(), 91);
}

#[test]
fn another_template_renames_in_place_and_what_names_a_profile_is_said() {
    let fixture = few();
    fixture.run("profile sync --yes").expect_ok();
    let chained = "\n[profile chained]\nrole_arn = arn:aws:iam::333344445555:role/X\nsource_profile = team-0-read-only-access\n";
    let before = fixture.env.read_aws_config() + chained;
    fixture.env.write_aws_config(&before);
    let sync = |flag: &str| {
        let command = fixture.kcaws(&format!("profile sync {flag} --template"));
        command.arg("{account_name|kebab}.{role|kebab}").run().expect_ok()
    };
    let said = sync("--dry-run").stderr_text();
    assert!(said.contains("`team-0-read-only-access` to `team-0.read-only-access`"), "{said}");
    let output = sync("--yes --json");
    let json = output.stdout_json();
    let rows = json["profiles"].as_array().unwrap();
    assert!(rows.len() == 9 && rows.iter().all(|row| row["change"] == "renamed"), "{json}");
    assert_eq!(rows[0]["from"], "team-0-administrator-access");
    let mut expected = before.clone();
    for role in ["administrator", "power-user", "read-only"] {
        for team in ["team-0", "team-1", "team-2"] {
            expected = expected.replace(&format!("{team}-{role}-access"), &format!("{team}.{role}-access"));
        }
    }
    assert_eq!(fixture.env.read_aws_config(), expected);
    let removed = fixture.run("profile remove team-0.read-only-access").expect_ok();
    let said = removed.stderr_text();
    assert!(
        said.contains("source_profile of profile `chained` refers to `team-0.read-only-access`"),
        "{said}"
    );
    assert!(said.contains("config:"), "{said}");
}

#[test]
fn the_region_given_to_configure_is_that_of_later_profiles() {
    let fixture = few();
    let configure =
        "configure --session corp --no-login --no-shell-line --profile-region us-west-2 --yes --profiles";
    fixture.run(&format!("{configure} team-0-read-only-access")).expect_ok();
    fixture.run("profile sync --yes").expect_ok();
    let profiles = readers::ours(&fixture.env.read_aws_config());
    assert_eq!(profiles["team-2-read-only-access"]["region"], "us-west-2");
}
