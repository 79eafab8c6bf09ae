//! What is not done unasked.

use super::*;

#[test]
fn the_last_assignment_in_an_account_destroys_the_role_and_is_not_removed_unasked() {
    let mut company = Company::new();
    company.apply(POWER);
    let none = format!("{}{REMOVE}", POWER.split("[[assign]]").next().expect("a beginning"));
    let plan = company.planned(&none);
    let roles = plan.blockers.iter().filter(|one| matches!(one, Blocker::RoleRemoval { .. })).count();
    assert_eq!((plan.removals.len(), roles), (10, 5));
    assert!(plan.blockers.contains(&Blocker::TooManyRemovals { removals: 10, most: 5, all: 10 }));
    // A single user in an account keeps its role, although a reading by groups does not see it.
    let arn = company.arn("Power");
    company.admin.state().assign(&arn, "000000000001", Principal::User("u-1".to_owned()));
    let plan = company.planned(&none);
    let first = plan.removals.iter().filter(|removal| removal.account_id == "000000000001");
    assert!(first.filter(|removal| removal.of != Some(Principal::User("u-1".to_owned()))).count() == 2);
    company.options.allowed = [Allowance::RoleRemoval].into();
    company.options.max_removals = MaxRemovals::Count(20);
    assert_eq!(company.planned(&none).blockers, []);
}

#[test]
fn sets_of_others_are_left_alone() {
    let mut company = Company::new();
    let arn = company.admin.state().add_set("Power", &[]);
    company.admin.state().assign(&arn, "000000000002", Principal::Group("g-2".to_owned()));
    let plan = company.planned(&format!("{POWER}{REMOVE}"));
    assert_eq!(plan.blockers, [Blocker::NotOwned { permission_set: "Power".to_owned() }]);
    assert_eq!(plan.removals, [], "foreign assignments are not in view");
    company.options.adopt = true;
    let plan = company.planned(POWER);
    assert_eq!((plan.permission_sets[0].kind, plan.blockers.as_slice()), (SetChangeKind::Adopt, &[][..]));
    assert_eq!(company.apply(POWER).failures, []);
    company.options.adopt = false;
    assert!(company.planned(POWER).is_empty());
    assert_eq!(company.planned(POWER).unlisted.len(), 1);

    let other = company.admin.state().add_set("Reader", &[(OWNER_TAG, "https://else.example.com/realms/a")]);
    let text = "[permission_sets.Reader]\nsession = \"2h\"\n";
    company.options.adopt = true;
    let plan = company.planned(text);
    assert!(matches!(plan.blockers.as_slice(), [Blocker::OtherOwner { .. }]), "{:?}", plan.blockers);
    // What is as the file says blocks nothing.
    company.options.adopt = false;
    assert!(company.planned("[permission_sets.Reader]\n").is_empty());
    company.admin.state().sets.remove(&other);
    let error = company.plan("[permission_sets.Reader]\nexisting = true\n").expect_err("is not there");
    assert!(matches!(error, AccessPlanError::NoSuchSet { .. }), "{error}");
}

#[test]
fn your_own_access_is_not_removed_unasked() {
    let mut company = Company::new();
    company.apply(POWER);
    let arn = "arn:aws:sts::000000000001:assumed-role/AWSReservedSSO_Power_0123456789abcdef/alice";
    company.acting.permission_set = Acting::permission_set_of(arn);
    company.acting.account = "000000000001".to_owned();
    assert_eq!(company.acting.permission_set.as_deref(), Some("Power"));
    let fewer = POWER.replace(", \"idc:Group1\"", "") + REMOVE;
    let own =
        Blocker::OwnAccess { permission_set: "Power".to_owned(), account_id: "000000000001".to_owned() };
    assert_eq!(company.planned(&fewer).blockers, [own]);
    company.options.allowed = [Allowance::OwnAccess].into();
    assert_eq!(company.planned(&fewer).blockers, []);
}

#[test]
fn a_delegates_limits_are_found_while_planning() {
    let mut company = Company::new();
    company.acting.is_delegate = true;
    company.admin.state().lists_by_principal = false;
    let text = POWER.replace("\"ou:/Workloads/**\"", "\"000000000000\", \"ou:/Workloads/**\"");
    let refused = Blocker::ManagementAccount {
        permission_set: "Power".to_owned(),
        account_id: "000000000000".to_owned(),
    };
    assert_eq!(company.planned(&text).blockers, std::slice::from_ref(&refused));
    assert_eq!(company.planned(POWER).blockers, []);
    // The permission set is in the management account: then even a tag of it may not be changed.
    company.acting.is_delegate = false;
    company.apply(&text);
    company.acting.is_delegate = true;
    assert!(company.planned(&text).is_empty());
    let plan = company.planned(&text.replace("platform", "security"));
    assert_eq!((plan.blockers.as_slice(), plan.provisioning.len()), (&[refused][..], 0));
}

#[test]
fn a_failed_reading_makes_no_plan() {
    let company = Company::new();
    let text = POWER.replace("idc:Group1", "idc:Nobody");
    let error = company.plan(&text).expect_err("no such group");
    assert!(matches!(error, AccessPlanError::Group { .. }));
    let line = error.line().expect("is in the file");
    let file = format!("{}{text}", super::HEAD);
    assert!(file.lines().nth(line - 1).is_some_and(|line| line.contains("idc:Nobody")), "{line}");
    assert_eq!(error.to_string(), "[[assign]] of Power: Identity Center has no group named `Nobody`");
    let text = POWER.replace("ou:/Workloads/**", "ou:/Workload/**");
    assert!(matches!(company.plan(&text), Err(AccessPlanError::Selection { .. })));
    company.admin.state().conflicts.insert("ListPermissionSets", 1000);
    assert!(matches!(company.plan(POWER), Err(AccessPlanError::Read(_))));
}

#[test]
fn nothing_is_written_while_the_audit_file_cannot_be() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _bytes: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let company = Company::new();
    let plan = company.planned(POWER);
    let audit = JsonLines::new(Full);
    let recording = apply::Recording { audit: &audit, actor: "alice", progress: &mut |_| {} };
    let earlier = EarlierOperations::default();
    let (outcome, end) =
        company.with(POWER, |input| apply::apply(&plan, &earlier, input.at, None, recording));
    assert!(matches!(end, Err(apply::ApplyError::Audit(_))));
    assert_eq!((outcome.done, outcome.left), (0, 11));
    assert_eq!(company.admin.state().operations.len(), 0);
}

#[test]
fn a_saved_plan_is_bound_to_what_it_was_made_from() {
    let company = Company::new();
    let (chain, options) = ("ssoins-1 https://sso.example.com/realms/corp", PlanOptions::default());
    let now = company.clock.now();
    let saved = SavedAccessPlan::new(&company.planned(POWER), chain, &options, now);
    let text = serde_json::to_string(&saved).expect("serializes");
    let read = |chain: &str, minutes: i64| {
        SavedAccessPlan::read(&text, chain, now + chrono::TimeDelta::minutes(minutes))
    };
    let same = read(chain, 60).expect("is recent");
    assert_eq!(same, saved);
    assert!(same.check(&company.planned(POWER)).is_ok());
    assert!(matches!(read(chain, 61), Err(SavedAccessPlanError::TooOld { .. })));
    assert!(matches!(read(chain, -61), Err(SavedAccessPlanError::OfTheFuture { .. })));
    assert!(matches!(read("ssoins-2 x", 0), Err(SavedAccessPlanError::OtherChain { .. })));
    assert!(SavedAccessPlan::read("{}", chain, now).is_err());
    // The text of a policy is not in the plan that people read.
    for changed in [POWER.replace("iam:*", "ec2:*"), POWER.replace(", \"idc:Group1\"", "")] {
        let refused = same.check(&company.planned(&changed));
        assert!(matches!(refused, Err(SavedAccessPlanError::Changed(_))), "{refused:?}");
    }
}

#[test]
fn an_assignment_stays_where_what_replaces_it_could_not_be_made() {
    let company = Company::new();
    company.apply(POWER);
    company.admin.state().broken_accounts.insert("000000000001".to_owned(), "broken".to_owned());
    // Another group has the set, too: the role would stay.
    let text = POWER.replace("idc:Group1", "idc:Group2") + REMOVE;
    let outcome = company.apply(&text);
    let failures: Vec<&str> = outcome.failures.iter().map(|failure| failure.what.as_str()).collect();
    assert_eq!(
        failures,
        ["assign Power in 000000000001: idc:Group2", "remove Power in 000000000001: idc:Group1"]
    );
    assert!(outcome.failures[1].why.starts_with("what replaces it could not be assigned"));
    company.admin.state().broken_accounts.clear();
    assert_eq!(company.apply(&text).failures, []);
    assert!(company.planned(&text).is_empty());
}

/// The group keeps what it has in the account until it has something else there.
#[test]
fn an_assignment_stays_until_its_group_has_another_one_in_the_account() {
    let company = Company::new();
    let text = "[permission_sets.Power]\nmanaged = [\"PowerUserAccess\"]\n\
                [[assign]]\nset = \"Power\"\ngroups = [\"idc:Group0\", \"idc:Group1\"]\n\
                accounts = [\"000000000001\", \"000000000002\"]\n";
    company.apply(text);
    let role = "arn:aws:iam::000000000001:role/team/Developer";
    company.account_access.state().untrusting.insert(role.to_owned());
    let text = text.replace(", \"idc:Group1\"", "")
        + &format!("[[assign]]\nrole = \"{role}\"\ngroups = [\"idc:Group1\"]\n{REMOVE}");
    let outcome = company.apply(&text);
    let failures: Vec<&str> = outcome.failures.iter().map(|failure| failure.what.as_str()).collect();
    assert_eq!(
        failures,
        [format!("assign {role}: idc:Group1").as_str(), "remove Power in 000000000001: idc:Group1"]
    );
    company.account_access.state().untrusting.clear();
    assert_eq!(company.apply(&text).failures, []);
    assert!(company.planned(&text).is_empty());
}
