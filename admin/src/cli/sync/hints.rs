//! What to do about a plan that is refused, and about records that cannot be written.

use crate::sync::plan::{Blocked, ObjectKind, Plan, Refusal};

/// Returns what lifts a refusal.
pub(super) fn of_refusal(refusal: &Refusal, plan: &Plan) -> String {
    match refusal {
        Refusal::EmptyScope { .. } if plan.scope.groups == 0 => {
            "correct the patterns of `groups` in [directory] of the access file: they select no group".to_owned()
        }
        Refusal::EmptyScope { .. } => {
            "check the members of the selected groups; the last users are disabled one by one: `kcaws admin offboard USER`"
                .to_owned()
        }
        Refusal::HalvedScope { .. } => "if this is what you want: --allow smaller-scope".to_owned(),
        Refusal::OtherRealm { realm, .. } => format!(
            "check `url` and `name` in [realm] of the access file; a restored realm has to keep its ID: import it with `\"id\": \"{realm}\"`"
        ),
        Refusal::ForeignObject { adoptable: true, .. } => {
            "if it is the same one, take it over: --adopt".to_owned()
        }
        Refusal::ForeignObject { kind, id, adoptable: false, .. } => format!(
            "rename or delete {id} in Identity Center: --adopt does not make one of two {}s",
            kind.title()
        ),
        Refusal::ForeignEmail { id, .. } => {
            format!("give {id} another e-mail address in Identity Center, or delete it there")
        }
        Refusal::DiffersInCase { kind: ObjectKind::User, .. } => {
            "if it is the same user, take it over and correct its name: --adopt".to_owned()
        }
        Refusal::DiffersInCase { kind: ObjectKind::Group, .. } => {
            "if it is the same group, take it over and correct its name: --adopt".to_owned()
        }
        Refusal::TooManyRemovals { .. } => {
            format!("if this is what you want: --max-removals {}", plan.counted_removals)
        }
    }
}

/// Returns what to do about records that cannot be written.
pub(super) fn of_records(blocked: &[Blocked]) -> &'static str {
    let is_of_departed = |blocked: &Blocked| matches!(blocked, Blocked::NameOfDeparted { .. });
    match (blocked.iter().any(is_of_departed), blocked.iter().all(is_of_departed)) {
        (_, true) => "if they are the same people or groups as before, hand the names over: --adopt",
        (true, false) => {
            "correct them in Keycloak, and hand over the names of those who left with --adopt: see above"
        }
        (false, false) => "correct them in Keycloak: see above",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::plan::RemovalKind;

    fn plan(groups: usize) -> Plan {
        let plan = serde_json::json!({
            "realm": "r1", "made_at": "2026-11-29T08:00:00Z",
            "scope": { "users": 0, "groups": groups, "memberships": 0 },
            "deactivations": [], "users": [], "groups": [], "additions": [], "removals": [], "deletions": [],
            "blocked": [], "refusals": [], "notes": [],
            "cost": { "writes": 0, "reads": 0, "seconds": 0.0 }, "counted_removals": 9,
        });
        serde_json::from_value(plan).expect("a plan")
    }

    #[test]
    fn each_refusal_has_what_lifts_it() {
        let foreign = |adoptable| Refusal::ForeignObject {
            kind: ObjectKind::Group,
            name: "Dev".to_owned(),
            id: "g-1".to_owned(),
            adoptable,
        };
        let other = Refusal::OtherRealm { realm: "r0".to_owned(), objects: 2, example: "Dev".to_owned() };
        let email =
            Refusal::ForeignEmail { user: "a".to_owned(), email: "a@x".to_owned(), id: "u-1".to_owned() };
        let removals = Refusal::TooManyRemovals { kind: RemovalKind::Users, planned: 6, allowed: 5 };
        for (refusal, groups, part) in [
            (Refusal::EmptyScope { active: 1 }, 0, "`groups` in [directory]"),
            (Refusal::EmptyScope { active: 1 }, 2, "`kcaws admin offboard USER`"),
            (Refusal::HalvedScope { active: 20, in_scope: 9 }, 2, "--allow smaller-scope"),
            (other, 2, "`\"id\": \"r0\"`"),
            (foreign(true), 2, "take it over: --adopt"),
            (foreign(false), 2, "rename or delete g-1"),
            (email, 2, "give u-1 another e-mail address"),
            (removals, 2, "--max-removals 9"),
        ] {
            let hint = of_refusal(&refusal, &plan(groups));
            assert!(hint.contains(part), "{refusal:?}: {hint}");
        }
    }

    #[test]
    fn records_are_corrected_in_keycloak_or_adopted() {
        let departed = || Blocked::NameOfDeparted {
            kind: ObjectKind::User,
            subject: "p1".to_owned(),
            name: "a@x".to_owned(),
        };
        let bad = Blocked::BadValues { subject: "p2".to_owned(), user: "b".to_owned(), faults: Vec::new() };
        assert!(!of_records(&[departed()]).contains("Keycloak"));
        assert!(of_records(&[departed(), bad.clone()]).contains("--adopt"));
        assert!(!of_records(&[bad]).contains("--adopt"));
    }
}
