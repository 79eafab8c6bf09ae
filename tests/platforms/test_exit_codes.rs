use crate::fixture::{ACCOUNT, LoginFixture, ROLE, env};

#[test]
fn scripts_can_tell_failures_apart() {
    let env = env();
    let fixture = LoginFixture::at(&env);
    fixture.credentials(ROLE).expect_code(4).expect_stderr("kcaws: hint: run `kcaws login corp`");
    fixture.run("status corp").expect_code(4);
    fixture
        .run(&format!("credential-process --session nowhere --account {ACCOUNT} --role {ROLE}"))
        .expect_code(3)
        .expect_stderr("nowhere");
    fixture.run("credential-process --session corp").expect_code(2);
    let foreign = fixture.machine.foreign_store();
    let refused = fixture.kcaws("login corp --no-browser").env("KCAWS_KEYRING", foreign).run();
    refused.expect_code(5).expect_stderr("this platform has no such store");

    fixture.log_in();
    fixture.credentials("NotAssigned").expect_code(6);
    fixture.credentials(ROLE).expect_ok();
    let (login, code) = fixture.begin_login("login corp --no-browser --force");
    fixture.sim.deny(&code);
    login.wait().expect_code(4).expect_stderr("the login was denied");
}
