use std::time::Duration;

use idc_sim::{IdcSim, Route};
use kcaws_test_kit::Running;

use crate::chance::Chance;
use crate::fixture::{ACCOUNT, LoginFixture};
use crate::rounds;

const ROLES: [&str; 5] =
    ["PowerUserAccess", "ReadOnlyAccess", "AdministratorAccess", "SupportUser", "ViewOnlyAccess"];
const PROCESSES: usize = 75;

/// The process that holds the session's lock wrote its number into it.
fn leader(fixture: &LoginFixture, children: &[Running]) -> Option<usize> {
    let folder = std::fs::read_dir(fixture.state().join("sessions")).ok()?;
    let lock = folder
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|e| e == "lock"))?;
    let pid: u32 = std::fs::read_to_string(lock).ok()?.trim().parse().ok()?;
    children.iter().position(|child| child.id() == pid)
}

#[test]
fn a_killed_leader_is_replaced_and_everybody_else_is_answered() {
    let hour = Duration::from_secs(3600);
    let builder = IdcSim::builder().auto_approve(true);
    let fixture =
        LoginFixture::with(ROLES.iter().fold(builder, |builder, role| builder.permission_set(role, hour)));
    fixture.run("login corp --no-browser").expect_ok();
    let mut chance = Chance::new(5);
    let mut led = 0;
    for _ in 0..rounds(4, 200) {
        let _ = std::fs::remove_dir_all(fixture.state().join("warm"));
        fixture.sim.expire_access_tokens();
        fixture.sim.clear_log();
        let mut children: Vec<Running> = (0..PROCESSES)
            .map(|number| {
                let role = ROLES[number % ROLES.len()];
                let line = format!("credential-process --session corp --account {ACCOUNT} --role {role}");
                fixture.kcaws(&line).allow_secret_on_stdout().spawn()
            })
            .collect();
        std::thread::sleep(chance.within(Duration::from_millis(60)));
        if let Some(position) = leader(&fixture, &children) {
            children.swap_remove(position).kill();
            led += 1;
        }
        let refreshed = || {
            fixture.sim.requests_to(Route::CreateToken).iter().filter(|one| one.status == Some(200)).count()
        };
        let mut lost = false;
        for child in children {
            let output = child.wait();
            match output.code() {
                0 => {
                    assert_eq!(output.stdout_json()["AccountId"], ACCOUNT);
                }
                // The leader died between the answer and its storage: said to all, and no loop.
                4 => {
                    assert!(refreshed() >= 1, "no one had refreshed: {output}");
                    lost = true;
                }
                _ => panic!("{output}"),
            }
        }
        assert!(refreshed() <= 2, "one refresh, and one more after a leader's death");
        if lost {
            fixture.run("login corp --no-browser").expect_ok();
        }
    }
    println!("{led} leaders killed");
}
