//! Every command a second time, interrupted, and without anybody to ask.

use idc_sim::IdcSim;
use kcaws_test_keycloak::require_keycloak;

use crate::fixture::{ALL_ROLES, Company, on_a_terminal};

#[test]
fn a_second_run_changes_nothing() {
    let server = require_keycloak!();
    let company = Company::new(server);
    let aws = company.env.write_home_file("aws.xml", company.sim.sp_metadata());
    let apply = format!("client apply --yes --metadata {}", aws.display());
    company.run(&apply).expect_ok().expect_stderr("1 change");
    let client = company.realm.client(&company.sim.sp_entity_id());
    company.run(&apply).expect_ok().expect_stdout("no changes");
    assert_eq!(company.realm.client(&company.sim.sp_entity_id()), client);

    let out = company.env.home().join("keycloak.xml");
    let save = format!("metadata --out {}", out.display());
    company.run(&save).expect_ok();
    let text = company.env.read_home_file("keycloak.xml");
    company.run(&save).expect_ok().expect_stdout("no changes since");
    assert_eq!(company.env.read_home_file("keycloak.xml"), text);

    for line in ["check", "source", "policy aws", "policy keycloak"] {
        let (first, second) = (company.run(line), company.run(line));
        assert_eq!((first.code(), first.stdout_text()), (second.code(), second.stdout_text()), "{line}");
    }
}

#[test]
fn an_interrupted_init_writes_nothing() {
    let server = require_keycloak!();
    let company = Company::without_file(server, IdcSim::builder(), ALL_ROLES);
    let url = company.server_url();
    for prompt in ["Keycloak server: ", "Client secret: "] {
        let line = if prompt.starts_with("Client") {
            format!("init --url {url} --realm {} --client-id kcaws-admin", company.realm.name())
        } else {
            "init".to_owned()
        };
        let mut init = on_a_terminal(&company.env, &line).spawn();
        init.wait_for_prompt(prompt);
        init.press('\u{3}');
        init.wait().expect_code(130);
        assert!(!company.env.home().join("access.toml").exists());
        company.env.assert_no_secret_in_files(company.env.root());
    }
}

#[test]
fn nobody_is_asked_without_a_terminal_or_with_no_input() {
    let server = require_keycloak!();
    let company = Company::new(server);
    let endpoint = company.sim.scim_endpoint();
    let file = format!("{}scim_endpoint = \"{endpoint}\"\n", company.access_file());
    company.env.write_home_file("access.toml", file);
    let aws = company.env.write_home_file("aws.xml", company.sim.sp_metadata());
    let apply = format!("client apply --metadata {}", aws.display());
    let known = format!("--url {} --realm {}", company.server_url(), company.realm.name());
    for (line, option) in [
        ("init --file new.toml".to_owned(), "--url"),
        (format!("init --file new.toml {known}"), "--region"),
        (apply, "--yes"),
        ("client plan".to_owned(), "--metadata"),
        ("token set".to_owned(), "stdin"),
    ] {
        if !line.starts_with("token") {
            company.run(&line).expect_code(2).expect_stderr(option);
        }
        let shown = on_a_terminal(&company.env, &format!("{line} --no-input")).run().expect_code(2);
        assert!((shown.stdout_text() + &shown.stderr_text()).contains(option), "{line}: {shown}");
    }
    company.run("token set").expect_code(2).expect_stderr("is not a token");
    assert!(company.realm.client(&company.sim.sp_entity_id()).is_none());
}
