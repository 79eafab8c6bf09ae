//! What a plan of 50,000 users holds in memory, measured in a process of its own.

use std::process::Command;

use kcaws::ports::clock::FakeClock;

use crate::sync::call::{CallError, Calls};
use crate::sync::owner::ExternalId;
use crate::sync::plan::{ObjectKind, PlanOptions, Planner};
use crate::sync::record::{Attribute, Record};
use crate::sync::source::{Detail, Realm, RealmGroup, RealmUser};
use crate::sync::target::{
    Created, Directory, DirectoryGroup, DirectoryUser, GroupPatch, Page, Receipt, Sides, UserPatch,
};

const USERS: usize = 50_000;
const GROUPS: usize = 1_000;
const MEMBERS: usize = 100;
const ALLOWED: usize = 40 * 1024;

/// Both sides, made up as they are asked for, and in step.
struct MadeUp;

fn uuid(at: usize) -> String {
    format!("{at:08x}-1111-4222-8333-444444444444")
}

fn email(at: usize) -> String {
    format!("given{at}.family{at}@example.com")
}

fn record(at: usize) -> Record {
    let (email, given, family) = (email(at), format!("Given{at}"), format!("Family{at}"));
    let full = format!("{given} {family}");
    Record::of(|attribute| match attribute {
        Attribute::UserName | Attribute::Email => Some(&email),
        Attribute::GivenName => Some(&given),
        Attribute::FamilyName => Some(&family),
        Attribute::DisplayName => Some(&full),
        _ => None,
    })
}

fn members(group: usize) -> impl Iterator<Item = usize> {
    (0..MEMBERS).map(move |at| (group * MEMBERS + at) % USERS)
}

fn owned(id: &str) -> Option<String> {
    ExternalId::new("r1", id).ok().map(|id| id.to_string())
}

fn page<T>(count: usize, cursor: Option<&str>, item: impl Fn(usize) -> T) -> Page<T> {
    let from: usize = cursor.map_or(0, |cursor| cursor.parse().expect("a cursor"));
    let to = count.min(from + 100);
    Page { items: (from..to).map(item).collect(), next: (to < count).then(|| to.to_string()) }
}

impl Realm for MadeUp {
    fn id(&self) -> Result<String, CallError> {
        Ok("r1".to_owned())
    }

    fn count_users(&self) -> Result<u64, CallError> {
        Ok(USERS as u64)
    }

    fn each_user(&self, _: Detail, see: &mut dyn FnMut(RealmUser)) -> Result<(), CallError> {
        for at in 0..USERS {
            see(RealmUser {
                id: uuid(at),
                enabled: true,
                user_name: email(at),
                email: Some(email(at)),
                first_name: Some(format!("Given{at}")),
                last_name: Some(format!("Family{at}")),
                ..RealmUser::default()
            });
        }
        Ok(())
    }

    fn count_groups(&self) -> Result<u64, CallError> {
        Ok(GROUPS as u64)
    }

    fn each_group(&self, see: &mut dyn FnMut(RealmGroup)) -> Result<(), CallError> {
        (0..GROUPS).for_each(|at| {
            see(RealmGroup { id: format!("g{at}"), name: format!("Group {at}"), parent: None });
        });
        Ok(())
    }

    fn members(&self, group: &str) -> Result<Vec<String>, CallError> {
        Ok(members(group[1..].parse().expect("a group")).map(uuid).collect())
    }

    fn user(&self, _: &str) -> Result<Option<RealmUser>, CallError> {
        Err(CallError::Missing)
    }

    fn groups_of(&self, _: &str) -> Result<Option<Vec<String>>, CallError> {
        Err(CallError::Missing)
    }

    fn find_users(&self, _: &str) -> Result<Vec<RealmUser>, CallError> {
        Err(CallError::Missing)
    }
}

impl Directory for MadeUp {
    fn users(&self, cursor: Option<&str>) -> Result<Page<DirectoryUser>, CallError> {
        Ok(page(USERS, cursor, |at| DirectoryUser {
            id: format!("u-{}", uuid(at)),
            external_id: owned(&uuid(at)),
            active: true,
            revision: Some("1".to_owned()),
            updated_at: None,
            record: record(at),
        }))
    }

    fn groups(&self, cursor: Option<&str>) -> Result<Page<DirectoryGroup>, CallError> {
        Ok(page(GROUPS, cursor, |at| DirectoryGroup {
            id: format!("{at}"),
            external_id: owned(&format!("g{at}")),
            name: format!("Group {at}"),
            revision: None,
        }))
    }

    fn members(&self, group: &str, _: Option<&str>) -> Result<Page<String>, CallError> {
        let members = members(group.parse().expect("a group")).map(|at| format!("u-{}", uuid(at)));
        Ok(Page { items: members.collect(), next: None })
    }

    fn groups_of(&self, _: &str, _: Option<&str>) -> Result<Page<String>, CallError> {
        Err(CallError::Missing)
    }

    fn user(&self, _: &str) -> Result<Option<DirectoryUser>, CallError> {
        Err(CallError::Missing)
    }

    fn group(&self, _: &str) -> Result<Option<DirectoryGroup>, CallError> {
        Err(CallError::Missing)
    }

    fn user_by_external_id(&self, _: &ExternalId) -> Result<Option<String>, CallError> {
        Err(CallError::Missing)
    }

    fn user_by_name(&self, _: &str) -> Result<Option<String>, CallError> {
        Err(CallError::Missing)
    }

    fn group_by_external_id(&self, _: &ExternalId) -> Result<Option<String>, CallError> {
        Err(CallError::Missing)
    }

    fn group_by_name(&self, _: &str) -> Result<Option<String>, CallError> {
        Err(CallError::Missing)
    }

    fn is_writable(&self, _: ObjectKind, _: &str) -> Result<bool, CallError> {
        Err(CallError::Missing)
    }

    fn sides(&self) -> Sides {
        Sides { read: String::new(), written: String::new() }
    }

    fn create_user(&self, _: &ExternalId, _: &Record) -> Result<Created, CallError> {
        Err(CallError::Missing)
    }

    fn patch_user(&self, _: &str, _: &UserPatch<'_>) -> Result<Receipt, CallError> {
        Err(CallError::Missing)
    }

    fn rename_user(&self, _: &str, _: &str) -> Result<Receipt, CallError> {
        Err(CallError::Missing)
    }

    fn set_active(&self, _: &str, _: bool) -> Result<Receipt, CallError> {
        Err(CallError::Missing)
    }

    fn delete_user(&self, _: &str) -> Result<Receipt, CallError> {
        Err(CallError::Missing)
    }

    fn create_group(&self, _: &ExternalId, _: &str, _: &[&str]) -> Result<Created, CallError> {
        Err(CallError::Missing)
    }

    fn patch_group(&self, _: &str, _: &GroupPatch<'_>) -> Result<Receipt, CallError> {
        Err(CallError::Missing)
    }

    fn add_members(&self, _: &str, _: &[&str]) -> Result<Receipt, CallError> {
        Err(CallError::Missing)
    }

    fn remove_members(&self, _: &str, _: &[&str]) -> Result<Receipt, CallError> {
        Err(CallError::Missing)
    }
}

/// Returns the most memory that the process has held, in KiB, without pages of the program's own file.
///
/// Those of an unoptimized test program are several times those of the released one.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let of = |name: &str| -> usize {
        let line = status.lines().find(|line| line.starts_with(name)).expect("a line of it");
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
    };
    of("VmHWM:").saturating_sub(of("RssFile:"))
}

/// Set in the process that makes the plan.
const IN_ITS_OWN_PROCESS: &str = "KCAWS_TEST_MEMORY";

/// A process of its own, because other tests hold memory at the same time.
#[test]
#[expect(clippy::print_stdout, reason = "the figure is the other process's")]
fn fifty_thousand_users_fit_into_forty_megabytes() {
    if std::env::var_os(IN_ITS_OWN_PROCESS).is_some() {
        return plan_is_small();
    }
    let test = "sync::tests::memory::fifty_thousand_users_fit_into_forty_megabytes";
    let mut child = Command::new(std::env::current_exe().expect("a path"));
    let child = child.args(["--exact", test, "--nocapture"]).env(IN_ITS_OWN_PROCESS, "1");
    let output = child.output().expect("starts");
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}{errors}");
    printed.lines().filter(|line| line.starts_with("budget: ")).for_each(|line| println!("{line}"));
}

fn plan_is_small() {
    let clock = FakeClock::at("2026-11-29T08:00:00Z");
    let calls = Calls::new(&clock, 20.0);
    let settings = toml::from_str("groups = [\"/**\"]").expect("settings");
    let planner = Planner {
        realm: &MadeUp,
        directory: &MadeUp,
        settings: &settings,
        realm_calls: &calls,
        directory_calls: &calls,
    };
    let before = peak();
    let plan = planner.plan(&PlanOptions::default()).expect("a plan");
    let held = peak() - before;
    assert_eq!(plan.scope.users, USERS);
    assert!(!plan.has_changes());
    crate::budget::at_most(&format!("sync plan, {USERS} users, memory held"), held, ALLOWED, "KiB");
}
