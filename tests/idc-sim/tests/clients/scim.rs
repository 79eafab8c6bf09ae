//! scim2-tester, a judge of SCIM by other people: what it finds wrong is what AWS does differently, and nothing else.

use std::collections::BTreeMap;

use idc_sim::IdcSim;
use kcaws_test_kit::{Client, require_client};
use serde_json::Value;

use crate::env::plain;

/// Checks that fail as they would at AWS: name, resource, and why AWS's endpoint does not pass.
const DEVIATIONS: &[(&str, &str, &str)] = &[];

#[test]
fn scim2_tester_finds_what_aws_does_differently_and_nothing_else() {
    let command_line = require_client!(Client::Scim2Tester);
    let (sim, env) = plain(IdcSim::builder().no_directory_throttle());
    let command = env.command_line(&command_line).arg(sim.scim_endpoint());
    let output = command.stdin(sim.issue_scim_token()).run().expect_ok();
    let mut found: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let mut passed = 0;
    for line in output.stdout_text().lines() {
        let check: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| check[name].as_str().unwrap_or_default().to_owned();
        match check["status"].as_str().unwrap() {
            "SUCCESS" => passed += 1,
            _ => found.entry((text("title"), text("resource"))).or_default().push(text("reason")),
        }
    }
    let expected: Vec<_> =
        DEVIATIONS.iter().map(|(check, resource, _)| ((*check).to_owned(), (*resource).to_owned())).collect();
    assert_eq!(found.keys().cloned().collect::<Vec<_>>(), expected, "{passed} passed\n{found:#?}");
}
