use crate::stage::{ACCOUNT, ROLE, Stage, desk};

#[test]
fn scripts_can_tell_failures_apart() {
    let desk = desk();
    let stage = Stage::at(&desk);
    stage.credentials(ROLE).expect_code(4).expect_stderr("kcaws: hint: run `kcaws login corp`");
    stage.run("status corp").expect_code(4);
    stage
        .run(&format!("credential-process --session nowhere --account {ACCOUNT} --role {ROLE}"))
        .expect_code(3)
        .expect_stderr("nowhere");
    stage.run("credential-process --session corp").expect_code(2);
    let foreign = stage.machine.foreign_store();
    let refused = stage.kcaws("login corp --no-browser").env("KCAWS_KEYRING", foreign).run();
    refused.expect_code(5).expect_stderr("this platform has no such store");

    stage.log_in();
    stage.credentials("NotAssigned").expect_code(6);
    stage.credentials(ROLE).expect_ok();
    let (login, code) = stage.begin_login("login corp --no-browser --force");
    stage.sim.deny(&code);
    login.wait().expect_code(4).expect_stderr("the login was denied");
}
