//! Both sides connected, and a person who tries to log in.

use std::time::Duration;

use kcaws_test_keycloak::deliver;
use kcaws_test_kit::PageClient;

use crate::fixture::{Company, REGION, developers_binary};

const ACCOUNT: &str = "111122223333";
const ROLE: &str = "PowerUserAccess";
pub(crate) const PATIENCE: Duration = Duration::from_mins(5);

/// Wires both sides with kcaws alone, and writes the developer's config.
pub(crate) fn wired(company: &Company<'_>) {
    let aws = company.env.write_home_file("aws.xml", company.sim.sp_metadata());
    let apply = format!("client apply --yes --metadata {}", aws.display());
    company.run(&apply).expect_ok();
    trust(company);
    company.env.write_aws_config(&format!(
        "[sso-session corp]\nsso_start_url = {}\nsso_region = {REGION}\n\n[profile dev]\ncredential_process = '{}' credential-process --session corp --account {ACCOUNT} --role {ROLE}\nregion = {REGION}\n",
        company.sim.start_url(),
        developers_binary().display(),
    ));
}

/// Gives AWS the realm's metadata as it is now.
pub(crate) fn trust(company: &Company<'_>) {
    let keycloak = company.env.home().join("keycloak.xml");
    company.run(&format!("metadata --out {}", keycloak.display())).expect_ok();
    company.sim.set_idp_metadata(&company.env.read_home_file("keycloak.xml")).unwrap();
}

/// Signs in by forms as far as Keycloak and AWS let the person, and returns whether AWS would give out a token.
pub(crate) fn is_let_in(company: &Company<'_>, user: &str) -> bool {
    let command = company.env.command(developers_binary()).args(["login", "corp", "--no-browser"]);
    let mut login = command.timeout(PATIENCE).spawn();
    let line = login.wait_for_stderr("  code: ");
    let code = line.split_whitespace().last().unwrap();
    let consent = format!("{}/start/consent?user_code={code}", company.sim.url());
    let page = deliver(&mut PageClient::new(), &consent, user, &format!("{user}-pw"));
    login.press_ctrl_c();
    let _ = login.wait();
    page.is_ok_and(|page| page.has_button("Allow"))
}
