//! scim2-tester, a judge of SCIM by other people: what it finds wrong is what AWS does differently, and nothing else.

use idc_sim::IdcSim;
use kcaws_test_kit::{Client, require_client};
use serde_json::Value;

use crate::env::plain;

/// A check that fails as it would at AWS.
struct Deviation {
    check: &'static str,
    /// A part of what the tester says.
    reason: &'static str,
    /// Why AWS's endpoint does not pass.
    because: &'static str,
}

const fn deviation(check: &'static str, reason: &'static str, because: &'static str) -> Deviation {
    Deviation { check, reason, because }
}

const DEVIATIONS: &[Deviation] = &[
    deviation(
        "access_invalid_resource_type",
        "the status code is 405",
        "ListResourceTypes is all that there is of resource types (guide, \"Supported API operations\")",
    ),
    deviation("query_resource_type_by_id", "The method is not allowed", "the same"),
    deviation("object_replacement Group", "The method is not allowed", "there is no PutGroup (the same)"),
    deviation(
        "check_add_attribute Group",
        "Attribute 'members' was not added or has unexpected value",
        "a group is shown without members (guide, \"GetGroup\")",
    ),
    deviation(
        "check_replace_attribute Group",
        "Replacing group memberships is not supported",
        "neither all members can be replaced (guide, \"PatchGroup\")",
    ),
    deviation(
        "check_remove_attribute Group",
        "Removing all group memberships is not supported",
        "nor all of them removed (the same)",
    ),
    deviation(
        "check_remove_attribute User",
        "The remove operation is not supported for active",
        "the remove operation is not supported for active (guide, \"PatchUser\")",
    ),
    deviation(
        "check_add_attribute User",
        "enterprise:2.0:User.schemas is not supported",
        "the tester puts a `schemas` into the extension, which RFC 7643 does not have there",
    ),
    deviation("check_replace_attribute User", "enterprise:2.0:User.schemas is not supported", "the same"),
    deviation(
        "object_list_with_attributes User",
        "excluded attribute",
        "attributes and excludedAttributes are not supported (guide, \"ListUsers\")",
    ),
    deviation("object_query_with_attributes User", "excluded attribute", "the same"),
    deviation(
        "search_with_attributes",
        "Resource not found",
        "there is no /.search (guide, \"Limitations from SCIM specification\")",
    ),
    deviation(
        "attribute User",
        "must be marked as primary",
        "the tester makes up whether the one e-mail address is the primary one (guide, \"CreateUser\")",
    ),
];

#[test]
fn scim2_tester_finds_what_aws_does_differently_and_nothing_else() {
    let command_line = require_client!(Client::Scim2Tester);
    let (sim, env) = plain(IdcSim::builder().admin_throttle(None));
    let command = env.command_line(&command_line).arg(sim.scim_endpoint());
    let output = command.stdin(sim.issue_scim_token()).run().expect_ok();
    let checks: Vec<Value> =
        output.stdout_text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let text = |check: &Value, name: &str| check[name].as_str().unwrap_or_default().to_owned();
    let (passed, failed): (Vec<_>, Vec<_>) =
        checks.iter().partition(|check| matches!(text(check, "status").as_str(), "SUCCESS" | "COMPLIANT"));
    assert!(passed.len() > 90, "{output}");
    let mut seen = vec![false; DEVIATIONS.len()];
    for check in failed {
        let (title, reason) = (text(check, "title") + " " + &text(check, "resource"), text(check, "reason"));
        let fits = |known: &Deviation| title.contains(known.check) && reason.contains(known.reason);
        let at = DEVIATIONS.iter().position(fits).unwrap_or_else(|| panic!("{title}: {reason}"));
        seen[at] = true;
    }
    for (known, seen) in DEVIATIONS.iter().zip(seen) {
        assert!(seen || known.reason.contains("primary"), "{} passes, though {}", known.check, known.because);
    }
}
