//! What the file is, rather than what it says: links, rights, full disks, sizes.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use kcaws_test_kit::{TestCommand, TestEnv, install_program, require_program};

use crate::fixture::binary;
use crate::readers;

const SESSION: &str =
    "[sso-session corp]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = eu-central-1\n";
const ADD: &str = "profile add dev --session corp --account 111122223333 --role Admin";
/// `nobody`: root may write everything.
const NOBODY: &str = "65534";

fn kcaws(env: &TestEnv, line: &str) -> TestCommand {
    env.command(binary()).args(line.split(' '))
}

fn files_in(folder: &Path) -> Vec<String> {
    let names =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn saml2aws_45_a_link_into_the_dotfiles_stays_a_link() {
    let env = TestEnv::new();
    let real = env.write_home_file("dotfiles/aws-config", SESSION);
    chmod(&real, 0o644);
    std::fs::create_dir(env.home().join(".aws")).unwrap();
    symlink("../dotfiles/aws-config", env.aws_config_path()).unwrap();
    kcaws(&env, ADD).run().expect_ok();
    assert!(env.aws_config_path().is_symlink());
    assert!(std::fs::read_to_string(&real).unwrap().contains("[profile dev]"));
    assert_eq!(std::fs::metadata(&real).unwrap().mode() & 0o7777, 0o644);
    assert_eq!(files_in(&env.home().join("dotfiles")), ["aws-config"]);
    kcaws(&env, "profile undo").run().expect_ok();
    assert_eq!(std::fs::read_to_string(&real).unwrap(), SESSION);
    assert!(env.aws_config_path().is_symlink());
}

#[test]
fn another_file_by_its_variable_is_written_there() {
    let env = TestEnv::new();
    let path = env.write_home_file("elsewhere/cfg", SESSION);
    let output = kcaws(&env, ADD).env("AWS_CONFIG_FILE", "~/elsewhere/cfg").run().expect_ok();
    assert!(output.stderr_text().contains(path.to_str().unwrap()), "{output}");
    assert!(std::fs::read_to_string(path).unwrap().contains("[profile dev]"));
    assert!(!env.aws_config_path().exists());
}

#[test]
fn a_relative_path_means_the_same_file_from_every_folder() {
    let env = TestEnv::new();
    let path = env.write_home_file("work/cfg", SESSION);
    env.write_home_file("work/creds", "[dev]\naws_access_key_id = x\n");
    let at = |line, folder: &str| {
        let folder = env.home().join(folder);
        kcaws(&env, line).env("AWS_SHARED_CREDENTIALS_FILE", "creds").current_dir(folder)
    };
    let added = at(ADD, "work").env("AWS_CONFIG_FILE", "cfg").run().expect_ok();
    assert!(added.stderr_text().contains(path.to_str().unwrap()), "{added}");
    let credentials = env.home().join("work/creds:2");
    assert!(added.stderr_text().contains(credentials.to_str().unwrap()), "{added}");
    // Its backup is not that of another `cfg`.
    let other = env.write_home_file("cfg", SESSION);
    at("profile undo", "")
        .env("AWS_CONFIG_FILE", "cfg")
        .run()
        .expect_code(1)
        .expect_stderr("has not written");
    at("profile undo 1", "").run().expect_ok();
    assert_eq!(std::fs::read_to_string(path).unwrap(), SESSION);
    assert_eq!(std::fs::read_to_string(other).unwrap(), SESSION);
}

#[test]
fn a_process_in_the_credentials_file_is_the_source_and_is_named() {
    let env = TestEnv::new();
    env.write_aws_config(&format!("{SESSION}[profile x]\nregion = eu-west-1\n"));
    let theirs = "credential_process = /opt/vault export\n";
    let path = env.write_home_file(".aws/credentials", format!("[x]\n{theirs}[dev]\n{theirs}"));
    kcaws(&env, ADD).run().expect_ok().expect_stderr("credentials_process at").expect_stderr("credentials:4");
    let listed = kcaws(&env, "profile list --json").run().expect_ok().stdout_json();
    let (dev, x) = (&listed["profiles"][0], &listed["profiles"][1]);
    assert_eq!((&dev["source"], &x["source"]), (&"kcaws".into(), &"credentials_process".into()));
    assert_eq!(dev["shadowed_by"][0]["by"], "credentials_process");
    for line in ["console x --print", "env x", "credential-process --profile x"] {
        kcaws(&env, line).run().expect_code(3).expect_stderr(&format!("{}:2", path.display()));
    }
}

#[test]
fn a_profile_of_the_credentials_file_alone_belongs_to_its_owner_and_is_in_no_ones_way() {
    let env = TestEnv::new();
    env.write_aws_config(SESSION);
    env.write_home_file(".aws/credentials", "[alone]\naws_access_key_id = x\nregion = eu-west-3\n");
    let alone = |line| kcaws(&env, line).env("AWS_PROFILE", "alone").env("KCAWS_KEYRING", "keyutils");
    alone("accounts").run().expect_code(4).expect_stderr("kcaws login corp");
    let used = kcaws(&env, "use --hook alone").run().expect_ok();
    assert_eq!(used.stdout_text(), "alone\nAWS_DEFAULT_PROFILE AWS_EB_PROFILE\n.\n");
    kcaws(&env, "use --hook nobody").run().expect_code(3);
    alone("doctor --offline --profile alone").run().expect_ok().expect_stdout("credentials:2");
}

#[test]
fn what_is_no_file_at_all_has_a_hint_of_its_own() {
    let env = TestEnv::new();
    std::fs::create_dir(env.home().join(".aws")).unwrap();
    symlink("config", env.aws_config_path()).unwrap();
    for (line, code) in [("profile list", 3), (ADD, 1)] {
        kcaws(&env, line).run().expect_code(code).expect_stderr("points back to itself");
    }
    std::fs::remove_file(env.aws_config_path()).unwrap();
    std::fs::create_dir(env.aws_config_path()).unwrap();
    for (line, code) in [("profile list", 3), (ADD, 1)] {
        kcaws(&env, line).run().expect_code(code).expect_stderr("that is a folder");
    }
    let below = env.home().join(".bashrc/config");
    env.write_home_file(".bashrc", "");
    let list = kcaws(&env, "profile list").env("AWS_CONFIG_FILE", below);
    list.run().expect_code(3).expect_stderr("is a file, not a folder");
}

#[test]
fn an_answer_that_finds_no_room_has_a_hint_about_stdout() {
    let env = TestEnv::new();
    env.write_aws_config(SESSION);
    let line = format!("exec {} profile list --json >/dev/full", binary().display());
    let full = env.command("sh").args(["-c", &line]).run();
    full.expect_code(1)
        .expect_stderr("cannot write the output")
        .expect_stderr("free up space where stdout goes");
}

#[test]
fn a_protected_file_is_refused_by_name() {
    let env = TestEnv::new();
    let path = env.write_aws_config(SESSION);
    chmod(&path, 0o444);
    kcaws(&env, ADD)
        .run()
        .expect_code(1)
        .expect_stderr("is read-only")
        .expect_stderr("nothing was changed; if that is not intended, run `chmod u+w /");
    assert_eq!(env.read_aws_config(), SESSION);
    assert_eq!(files_in(&env.home().join(".aws")), ["config"]);
    kcaws(&env, "profile undo --list").run().expect_ok().expect_stderr("Nothing to undo");
}

/// As home-manager leaves it. The path stands for a store; another owner is what tells.
#[test]
fn a_file_that_something_else_makes_is_left_to_the_person_with_what_to_add() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let env = TestEnv::new();
    let made = env.root().join("made-config");
    let path = env.write_aws_config(SESSION);
    std::fs::rename(&path, &made).unwrap();
    std::os::unix::fs::symlink(&made, &path).unwrap();
    chmod(&made, 0o444);
    env.command("chown").arg(NOBODY).arg(&made).run().expect_ok();
    let output = kcaws(&env, ADD).run().expect_code(1);
    let output = output
        .expect_stderr("is a link, and `")
        .expect_stderr("made-config` is read-only and belongs to ")
        .expect_stderr("change the file at its source")
        .expect_stderr("\n[profile dev]\ncredential_process = ");
    assert!(!output.stderr_text().contains("chmod"), "{output}");
    assert!(!output.stderr_text().contains("chown"), "{output}");
    assert_eq!(std::fs::read_to_string(&made).unwrap(), SESSION);
}

#[test]
fn a_profile_that_assumes_a_role_is_not_to_be_taken_over_by_force() {
    let env = TestEnv::new();
    let role = "role_arn = arn:aws:iam::222233334444:role/Deploy\nsource_profile = base\n";
    env.write_aws_config(&format!("{SESSION}\n[profile dev]\n{role}"));
    let output = kcaws(&env, ADD).run().expect_code(3).expect_stderr("was not written by kcaws");
    let output = output.expect_stderr("`role_arn`");
    assert!(!output.stderr_text().contains("--force"), "{output}");
}

#[test]
fn a_protected_folder_is_refused_too() {
    let setpriv = require_program!("setpriv");
    let env = TestEnv::new();
    let path = env.write_aws_config(SESSION);
    // Someone without root's rights, whose home all of this is.
    for entry in ["", "bin", "run", "tmp", "home"] {
        chmod(&env.root().join(entry), 0o755);
    }
    let command = || {
        let wrapped = env.command(&setpriv).args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]);
        let copy = env.bin_dir().join("kcaws");
        install_program(&binary(), &copy);
        wrapped.arg(&copy).args(ADD.split(' '))
    };
    if rustix::process::geteuid().is_root() {
        let own = env.command("chown").args(["-R", NOBODY]).arg(env.home()).run();
        own.expect_ok();
    }
    chmod(path.parent().unwrap(), 0o555);
    let run = if rustix::process::geteuid().is_root() { command() } else { kcaws(&env, ADD) };
    let output =
        run.run().expect_code(1).expect_stderr("cannot create a file in").expect_stderr("Permission denied");
    assert_eq!(env.read_aws_config(), SESSION, "{output}");
    assert_eq!(files_in(path.parent().unwrap()), ["config"]);
    chmod(path.parent().unwrap(), 0o755);
}

#[test]
fn a_full_disk_changes_nothing_and_leaves_nothing() {
    let env = TestEnv::new();
    let big = format!("{SESSION}{}", "# filler\n".repeat(4_000));
    let path = env.write_aws_config(&big);
    // A limit on the size of files stands for the disk: 1 KiB, and for the config alone the size that it has.
    for limit in [1, big.len() / 1024 + 1] {
        let script =
            format!("ulimit -f {limit}; exec '{}' {ADD} --region {}", binary().display(), "x".repeat(2_000));
        let output = env.command("bash").args(["-c", &script]).run().expect_code(1);
        let output = output.expect_stderr("kcaws: hint: ");
        assert_eq!(env.read_aws_config(), big, "{output}");
        assert_eq!(files_in(path.parent().unwrap()), ["config"]);
        let backups = env.state_dir().join("kcaws/backups");
        assert!(!backups.exists() || files_in(&backups).is_empty(), "{output}");
    }
    kcaws(&env, ADD).run().expect_ok();
}

#[test]
fn a_file_with_two_names_is_left_alone_unless_asked() {
    let env = TestEnv::new();
    let path = env.write_aws_config(SESSION);
    let twin = env.home().join("twin");
    std::fs::hard_link(&path, &twin).unwrap();
    kcaws(&env, ADD).run().expect_code(1).expect_stderr("2 names").expect_stderr("--in-place");
    assert_eq!(env.read_aws_config(), SESSION);
    kcaws(&env, &format!("{ADD} --in-place")).run().expect_ok();
    assert!(std::fs::read_to_string(&twin).unwrap().contains("[profile dev]"));
    assert_eq!(std::fs::metadata(&path).unwrap().nlink(), 2);
}

#[test]
fn a_mounted_file_is_left_alone_unless_asked() {
    let unshare = require_program!("unshare");
    let env = TestEnv::new();
    let path = env.write_aws_config(SESSION);
    let real = env.write_home_file("real", SESSION);
    let script = |line: &str| {
        format!(
            "mount --bind '{}' '{}' && exec '{}' {line}",
            real.display(),
            path.display(),
            binary().display()
        )
    };
    let run = |line: &str| {
        env.command(&unshare).args(["--user", "--map-root-user", "--mount", "sh", "-c", &script(line)]).run()
    };
    let refused = run(ADD);
    if refused.stderr_text().contains("unshare") || refused.stderr_text().contains("mount:") {
        kcaws_test_kit::skip_allowed!("this machine gives no one a mount namespace");
    }
    refused.expect_code(1).expect_stderr("is a mount of its own").expect_stderr("--in-place");
    assert_eq!(std::fs::read_to_string(&real).unwrap(), SESSION);
    run(&format!("{ADD} --in-place")).expect_ok();
    assert!(std::fs::read_to_string(&real).unwrap().contains("[profile dev]"));
    assert_eq!(env.read_aws_config(), SESSION, "below the mount nothing changed");
}

#[test]
fn backups_are_for_the_owner_and_the_newest_twenty_stay() {
    let env = TestEnv::new();
    env.write_aws_config(SESSION);
    for number in 0..23 {
        kcaws(&env, &format!("{ADD} --region r{number}")).run().expect_ok();
    }
    let folder = env.state_dir().join("kcaws/backups");
    let names = files_in(&folder);
    assert_eq!((names.len(), names[0].as_str()), (20, "00000004.backup"));
    for name in names {
        assert_eq!(std::fs::metadata(folder.join(name)).unwrap().mode() & 0o7777, 0o600);
    }
    let listed = kcaws(&env, "profile undo --list --json").run().expect_ok().stdout_json();
    assert_eq!(listed["backups"].as_array().unwrap().len(), 20);
    assert_eq!(listed["backups"][0]["command"], "profile add dev");
    kcaws(&env, "profile undo 5").run().expect_ok();
    assert!(env.read_aws_config().contains("region = r3\n"));
}

#[test]
fn undoing_the_first_write_takes_the_file_away_again() {
    let env = TestEnv::new();
    env.write_home_file("cfg", SESSION);
    // A session that is nowhere would be refused: so the file goes between.
    kcaws(&env, ADD).env("AWS_CONFIG_FILE", env.home().join("cfg")).run().expect_ok();
    std::fs::remove_file(env.home().join("cfg")).unwrap();
    kcaws(&env, "profile undo").env("AWS_CONFIG_FILE", env.home().join("cfg")).run().expect_ok();
    assert_eq!(env.read_home_file("cfg"), SESSION);
    kcaws(&env, "profile undo").env("AWS_CONFIG_FILE", env.home().join("cfg")).run().expect_ok();
    assert!(!env.home().join("cfg").exists());
}

#[test]
fn ten_thousand_profiles_are_one_more() {
    let env = TestEnv::new();
    let profile =
        |number| format!("\n# {number}\n[profile p{number}]\nregion = eu-central-1\noutput = json\n");
    let many = SESSION.to_owned() + &(0..10_000).map(profile).collect::<String>();
    env.write_aws_config(&many);
    kcaws(&env, ADD).run().expect_ok();
    let after = env.read_aws_config();
    assert!(after.starts_with(&many));
    let (ours, sdk) = (readers::ours(&after), readers::rust_sdk(&after));
    assert_eq!(ours.len(), 10_001);
    assert_eq!(sdk, Ok(ours));
    let listed = kcaws(&env, "profile list --json").run().expect_ok().stdout_json();
    assert_eq!(listed["profiles"].as_array().unwrap().len(), 10_001);
    kcaws(&env, "profile remove dev").run().expect_ok();
    assert_eq!(env.read_aws_config(), many);
}

/// It took minutes once: each looked through the whole file.
#[test]
fn ten_thousand_profiles_of_a_session_that_is_gone_are_listed() {
    let env = TestEnv::new();
    let profile = |number| {
        format!("[profile p{number}]\nsso_session = gone\nsso_account_id = 111122223333\nsso_role_name = r\n")
    };
    env.write_aws_config(&(0..10_000).map(profile).collect::<String>());
    let listed = kcaws(&env, "profile list --json").run().expect_ok().stdout_json();
    let last = &listed["profiles"][9_999];
    assert_eq!((&last["session"], &last["source"]), (&"gone".into(), &"sso".into()));
}

#[test]
fn a_program_of_another_name_writes_no_line_that_no_one_would_know() {
    let env = TestEnv::new();
    env.write_aws_config(SESSION);
    let other = env.home().join("kc");
    install_program(&binary(), &other);
    env.command(&other).args(ADD.split(' ')).run().expect_code(1).expect_stderr("not `kcaws`");
    assert_eq!(env.read_aws_config(), SESSION);
}

#[test]
fn the_line_calls_the_link_that_stays_and_every_shell_runs_it() {
    let env = TestEnv::new();
    env.write_aws_config(SESSION);
    let cellar = env.home().join("Cellar/kcaws/1.0/bin");
    install_program(&binary(), &cellar.join("kcaws"));
    let folder = env.home().join("my tools");
    std::fs::create_dir(&folder).unwrap();
    symlink(cellar.join("kcaws"), folder.join("kcaws")).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.display());
    env.command("sh").args(["-c", &format!("exec kcaws {ADD}")]).env("PATH", &path).run().expect_ok();
    let line = env.read_aws_config().lines().last().unwrap().to_owned();
    let start =
        format!("credential_process = \"{}/kcaws\" credential-process --session corp ", folder.display());
    assert!(line.starts_with(&start), "{line}");
    // No one is logged in: exit 4 shows that the words arrived.
    let command = line.split_once(" = ").unwrap().1.to_owned();
    env.command("sh").args(["-c", &command]).run().expect_code(4);
    let python = "import shlex, subprocess, sys; sys.exit(subprocess.call(shlex.split(sys.argv[1])))";
    env.command("/usr/bin/python3").args(["-c", python, &command]).run().expect_code(4);
}
