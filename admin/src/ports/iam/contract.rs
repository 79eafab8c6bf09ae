//! What both forms of the port do, the real one against the simulator.

use idc_sim::{AccountAccessTrust, Fault, IamRole, IdcSim, Route};
use serde_json::json;

use super::fake::FakeIam;
use super::{Iam, RoleTrustPolicy};
use crate::ports::aws_call::AwsError;
use crate::ports::testing::AdminSim;

const ARN: &str = "arn:aws:iam::000011112222:role/team/Deploy";

fn check(iam: &dyn Iam) {
    let role = iam.role("Deploy").expect("answers").expect("is there");
    assert_eq!(role.arn, ARN);
    assert!(role.policy["Statement"].is_array(), "{}", role.policy);
    assert_eq!(iam.role("Other").expect("answers"), None);
}

fn sim() -> IdcSim {
    let role = IamRole::new(ARN).account_access(AccountAccessTrust::Granted);
    IdcSim::builder().tenant("aa-gyxmap389").iam_role(role).start()
}

#[test]
fn the_real_form() {
    let sim = sim();
    check(AdminSim::of(&sim).iam());
}

#[test]
fn the_fake_form() {
    let role = RoleTrustPolicy { arn: ARN.to_owned(), policy: json!({ "Statement": [] }) };
    check(&FakeIam { roles: [("Deploy".to_owned(), role)].into(), is_denied: false });
}

#[test]
fn refusals_keep_their_kind() {
    let sim = sim();
    let key = sim.access_key(sim.management_account(), &["sso:*"]);
    let ports = AdminSim::with_key(&sim, &key);
    let denied = ports.iam().role("Deploy");
    assert!(matches!(denied, Err(AwsError::Denied { .. })), "{denied:?}");
    let ports = AdminSim::of(&sim);
    let iam = ports.iam();
    for (fault, is_it) in [
        (
            Fault::status(200, "<html>"),
            (|error| matches!(error, AwsError::NotAws { .. })) as fn(&AwsError) -> bool,
        ),
        (Fault::status(503, "<html></html>"), |error| !matches!(error, AwsError::NotFound { .. })),
        (Fault::cut(), |error| matches!(error, AwsError::Unreachable { .. })),
    ] {
        sim.clear_faults();
        sim.fault(Route::GetRole, fault);
        let error = iam.role("Deploy").expect_err("no role");
        assert!(is_it(&error), "{error:?}");
    }
}
