//! Which AWS credentials are used, and how a command ends if they are not valid.

use idc_sim::{Fault, IamRole, IdcSim, Route};

use crate::site::Site;

const FRESH: &str = "get fresh credentials";

#[test]
fn keys_that_sts_refuses_are_to_be_replaced() {
    let site = Site::new();
    let refused = "<ErrorResponse><Error><Code>ExpiredToken</Code></Error></ErrorResponse>";
    site.sim.fault(Route::GetCallerIdentity, Fault::status(403, refused));
    site.fails("an expired token", "plan", 4, FRESH);
    site.sim.clear_faults();
    site.env.set_env("AWS_SECRET_ACCESS_KEY", "wrong");
    for line in ["plan", "apply --yes"] {
        site.fails("a wrong key", line, 4, FRESH);
    }
}

#[test]
fn the_profile_of_the_access_file_comes_before_the_environment() {
    let site = Site::new();
    let file = site.env.read_home_file("access.toml");
    let with_profile = |name: &str| {
        let profile = format!("[identity_center]\nprofile = \"{name}\"\n");
        site.env.write_home_file("access.toml", file.replace("[identity_center]\n", &profile));
    };
    with_profile("nobody");
    site.fails("no such profile", "plan", 3, "there is no profile `nobody`");

    site.env.set_env("AWS_SECRET_ACCESS_KEY", "wrong");
    let key = site.sim.administrator_key();
    let keys = format!("aws_access_key_id = {}\naws_secret_access_key = {}\n", key.id, key.secret);
    site.env.write_home_file(".aws/credentials", format!("[keys]\n{keys}"));
    let json = format!(r#"{{"Version":1,"AccessKeyId":"{}","SecretAccessKey":"{}"}}"#, key.id, key.secret);
    let json = site.env.write_home_file("key.json", json);
    site.env.write_aws_config(&format!(
        "[profile process]\ncredential_process = cat '{}'\n\n[profile empty]\n",
        json.display()
    ));
    for profile in ["keys", "process"] {
        with_profile(profile);
        site.run("plan").expect_ok();
    }
    with_profile("empty");
    site.fails("no keys", "plan", 4, "there are no AWS credentials");

    site.env.write_home_file("access.toml", file);
    site.fails("no profile in the file", "plan", 4, FRESH);
    site.env.remove_env("AWS_ACCESS_KEY_ID");
    site.env.remove_env("AWS_SECRET_ACCESS_KEY");
    site.env.set_env("AWS_PROFILE", "keys");
    site.run("plan").expect_ok();
}

#[test]
fn a_role_is_assumed_with_the_keys_of_its_source_profile() {
    let role = "arn:aws:iam::000011112222:role/Admin";
    let site = Site::of(IdcSim::builder().iam_role(IamRole::new(role)));
    let key = site.sim.administrator_key();
    let keys = format!("aws_access_key_id = {}\naws_secret_access_key = {}\n", key.id, key.secret);
    site.env.write_home_file(".aws/credentials", format!("[keys]\n{keys}"));
    site.env.write_aws_config(&format!("[profile role]\nrole_arn = {role}\nsource_profile = keys\n"));
    let file = site.env.read_home_file("access.toml");
    let named = file.replace("[identity_center]\n", "[identity_center]\nprofile = \"role\"\n");
    site.env.write_home_file("access.toml", named);
    site.env.set_env("AWS_SECRET_ACCESS_KEY", "wrong");
    // The simulator's roles trust no keys: the request came that far.
    site.fails("a role", "plan", 4, "is not authorized to perform: sts:AssumeRole");
    assert!(site.sim.count(Route::AssumeRole) > 0);
}
