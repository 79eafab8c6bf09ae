use idc_sim::Route;

use crate::stage::Stage;

#[test]
fn logout_ends_the_session_there_and_forgets_it_here() {
    let stage = Stage::new();
    stage.log_in();
    stage.run("logout corp").expect_ok().expect_stderr("Logged out of `corp`, at Identity Center and here");
    assert_eq!(stage.sim.count(Route::Logout), 1);
    stage.credentials().expect_code(4);
    stage.run("status corp").expect_code(4);
    let left = std::fs::read_dir(stage.state().join("keyutils")).unwrap().count();
    assert_eq!(left, 0, "no sealed file is left");
    stage.run("logout corp").expect_ok().expect_stderr("Nobody was logged in");
}

#[test]
fn an_old_access_token_does_not_leave_the_session_alive() {
    let stage = Stage::new();
    stage.log_in();
    stage.sim.expire_access_tokens();
    stage.run("logout").expect_ok().expect_stderr("at Identity Center and here");
    let tokens = stage.sim.requests_to(Route::Logout);
    let last = tokens.last().unwrap().header("x-amz-sso_bearer_token").unwrap().to_owned();
    assert!(!stage.sim.is_access_token_good(&last));
}

#[test]
fn the_tokens_go_also_when_the_service_is_gone() {
    let mut stage = Stage::new();
    stage.log_in();
    stage.stop_service();
    stage
        .run("logout corp")
        .expect_code(1)
        .expect_stderr("`corp` is logged out here, but AWS could not be told")
        .expect_stderr("cannot reach");
    stage.credentials().expect_code(4);
}

#[test]
fn a_session_that_was_over_is_no_failure() {
    let stage = Stage::new();
    stage.log_in();
    stage.sim.end_session(&stage.sim.default_user());
    stage.run("logout").expect_ok().expect_stderr("was over already");
}

#[test]
fn all_takes_every_session_also_one_that_the_config_has_lost() {
    let stage = Stage::new();
    stage.log_in();
    let config = stage.config();
    stage.desk.write_aws_config(&config.replace("[sso-session corp]", "[sso-session second]"));
    let (login, code) = stage.begin_login("login second --no-browser");
    stage.sim.approve(&code);
    login.wait().expect_ok();
    stage.run("logout --all").expect_ok().expect_stderr("`corp`").expect_stderr("`second`");
    assert_eq!(stage.sim.count(Route::Logout), 2);
    stage.run("status second").expect_code(4);
}
