//! `kcaws admin access who`.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::Ui;
use serde::Serialize;

use super::entitlements::{Whose, all_accounts};
use super::export::realm_paths;
use super::{FileArg, OpenAccess, pace, reading, render, with_access};
use crate::access::accounts::{AccountInventory, InventoryNeeds};
use crate::access::read::{
    AssignmentView, Coverage, GroupDirectory, GroupError, ObservedSet, ResolvedGroup, SetDetail, as_page,
    of_principals, read_sets,
};
use crate::access::settings::GroupReference;
use crate::access::who::{AccessFilter, AccessRow, Names, csv, role_rows, rows};
use crate::app::AdminApp;
use crate::ports::identity_store::IdentityStore as _;
use crate::ports::sso_admin::access::{Assignment, Principal};

/// Show who has which permission set or IAM role in which account
///
/// CSV and JSON have `role_arn_pattern`, what the ARN of the role is like: of an IAM role it is the ARN itself, and there
/// is no permission set. The end of a permission set's role is made up by AWS in each account, and no API of Identity
/// Center returns it: `aws iam list-roles --path-prefix /aws-reserved/sso.amazonaws.com/` in the account does.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws admin access who --user alice@example.com\n  kcaws admin access who --account 012345678901 --set PowerUser\n  kcaws admin access who --csv > access.csv"
)]
pub(super) struct WhoArgs {
    #[command(flatten)]
    file: FileArg,
    /// Only what this user has, also by groups; the user name in Identity Center
    #[arg(long, conflicts_with = "group")]
    user: Option<String>,
    /// Only what this group has: a path in the realm, or a name in Identity Center
    #[arg(long)]
    group: Option<String>,
    /// Only this account, by ID or name; * stands for any characters
    #[arg(long)]
    account: Option<String>,
    /// Only this permission set; * stands for any characters
    #[arg(long)]
    set: Option<String>,
    /// Only this IAM role of account access manager, by ARN or name; * stands for any characters
    #[arg(long, conflicts_with_all = ["set", "deep"])]
    role: Option<String>,
    /// Read every permission set in every account: sees assignments of single users and deleted groups
    #[arg(long)]
    deep: bool,
    /// Print CSV with a header
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    assignments: &'a [AccessRow],
}

pub(super) fn run(args: &WhoArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let file = app.access_file(args.file.file.as_deref())?;
    let found = with_access(&file, app, pace(app)?, ui, |open, ui| {
        let spinner = ui.spinner("Reading assignments …");
        let found = found(args, open, ui);
        spinner.finish_and_clear();
        found
    })?;
    if args.json {
        ui.json(&Report { schema: 1, assignments: &found });
    } else if args.csv {
        for line in csv(&found) {
            ui.data(&line);
        }
    } else if found.is_empty() {
        ui.say("no assignments");
    } else {
        table(&found, ui);
    }
    Ok(())
}

fn table(found: &[AccessRow], ui: &mut Ui) {
    let row = |row: &AccessRow| {
        let who = row.group_path.clone().or_else(|| row.group.clone());
        vec![
            who.or_else(|| row.user.clone()).unwrap_or_default(),
            row.permission_set.clone().unwrap_or_else(|| row.role.clone()),
            row.account_id.clone(),
            row.account_name.clone(),
        ]
    };
    let lines: Vec<Vec<String>> = found.iter().map(row).collect();
    let has_roles = found.iter().any(|row| row.permission_set.is_none());
    let what = if has_roles { "PERMISSION SET OR ROLE" } else { "PERMISSION SET" };
    ui.table(&["WHO", what, "ACCOUNT", "NAME"], &lines);
    ui.say(&render::counted(found.len(), "assignment", "assignments"));
}

fn found(args: &WhoArgs, open: &OpenAccess<'_>, ui: &mut Ui) -> Result<Vec<AccessRow>, CommandError> {
    let filter =
        AccessFilter { set: args.set.clone(), account: args.account.clone(), role: args.role.clone() };
    let groups = open.groups()?;
    let principals = principals(args, open, &groups)?;
    let has_sets = open.has_permission_sets && args.role.is_none();
    let sets = if has_sets { read_sets(open.at, |_, _| SetDetail::Name)? } else { BTreeMap::new() };
    let inventory = open.inventory(InventoryNeeds::default())?;
    let assignments = if has_sets {
        let looking = Looking {
            principals: principals.as_deref(),
            sets: &sets,
            filter: &filter,
            groups: &groups,
            inventory: &inventory,
        };
        assignments(args, open, &looking, ui)?
    } else {
        BTreeSet::new()
    };
    if !open.has_permission_sets {
        ui.say("Permission sets are switched off in this instance: there are IAM roles only.");
    }
    let entitlements = match (&args.set, &principals) {
        (Some(_), _) => Vec::new(),
        (None, Some(principals)) => open.entitlements(&Whose::Principals(principals), ui)?,
        (None, None) => {
            let mut accounts = all_accounts(&inventory);
            accounts.retain(|account| filter.has_account(account, &inventory));
            open.entitlements(&Whose::Accounts(accounts), ui)?
        }
    };
    let of_sets = assignments.iter().map(|one| &one.principal);
    let used: BTreeSet<&Principal> = of_sets.chain(entitlements.iter().map(|one| &one.principal)).collect();
    let used_groups = used.iter().filter_map(|principal| match principal {
        Principal::Group(id) => Some(id.as_str()),
        Principal::User(_) => None,
    });
    let paths = realm_paths(open, &groups, used_groups, ui);
    let names = Names {
        sets: &sets,
        inventory: &inventory,
        groups: &groups,
        users: &user_names(open, &used)?,
        paths: &paths,
        partition: open.partition,
    };
    let roles = role_rows(&entitlements, &names, &filter);
    let all: BTreeSet<AccessRow> = rows(&assignments, &names, &filter).into_iter().chain(roles).collect();
    if all.is_empty() {
        refuse_unknown(&filter, &sets, &inventory, has_sets)?;
    }
    Ok(all.into_iter().collect())
}

/// What assignments are looked for with.
struct Looking<'a> {
    principals: Option<&'a [Principal]>,
    sets: &'a BTreeMap<String, ObservedSet>,
    filter: &'a AccessFilter,
    groups: &'a GroupDirectory,
    inventory: &'a AccountInventory,
}

fn assignments(
    args: &WhoArgs,
    open: &OpenAccess<'_>,
    Looking { principals, sets, filter, groups, inventory }: &Looking<'_>,
    ui: &mut Ui,
) -> Result<BTreeSet<Assignment>, CommandError> {
    let asked = sets.iter().filter(|(name, _)| filter.has_set(name)).map(|(_, set)| set.arn.clone());
    let view = AssignmentView { sets: asked.collect(), ..AssignmentView::default() };
    let by_principal = match principals {
        Some(principals) => of_principals(open.at, principals)?,
        None => None,
    };
    let (assignments, coverage) = if let Some(assignments) = by_principal {
        (assignments, Coverage::Whole)
    } else {
        let ids: Vec<&str> = groups.ids().collect();
        let accounts = inventory.accounts().count();
        // Only the management account may list by principal; a group or user is then looked for everywhere.
        let reading = reading(args.deep || principals.is_some());
        reading.read(open.at, &view, &ids, accounts)?
    };
    if coverage == Coverage::GroupsOnly {
        ui.warn("assignments of single users and of deleted groups were not read (--deep)");
    }
    let is_asked = |one: &Assignment| principals.as_ref().is_none_or(|asked| asked.contains(&one.principal));
    Ok(assignments.into_iter().filter(is_asked).collect())
}

/// Returns whose assignments are asked for; `None` for everybody's.
fn principals(
    args: &WhoArgs,
    open: &OpenAccess<'_>,
    groups: &GroupDirectory,
) -> Result<Option<Vec<Principal>>, CommandError> {
    if let Some(name) = &args.user {
        let users = open.at.requests.pages(|cursor| Ok(as_page("ListUsers", open.store.users(cursor)?)))?;
        let is_named = |given: Option<&String>| given.is_some_and(|given| given.eq_ignore_ascii_case(name));
        let user = users.into_iter().find(|user| is_named(user.user_name.as_ref()));
        let user = user.ok_or_else(|| no_such("Identity Center", "user", name))?.id;
        let page = |cursor: Option<&str>| {
            Ok(as_page("ListGroupMembershipsForMember", open.store.groups_of(&user, cursor)?))
        };
        let memberships = open.at.requests.pages(page)?;
        let of_groups = memberships.into_iter().map(Principal::Group);
        return Ok(Some(of_groups.chain([Principal::User(user.clone())]).collect()));
    }
    let Some(name) = &args.group else { return Ok(None) };
    let reference: GroupReference =
        name.parse().unwrap_or_else(|_| GroupReference::IdentityCenter(name.clone()));
    let realm = match &reference {
        GroupReference::Realm(_) => Some(open.realm()?),
        GroupReference::IdentityCenter(_) => None,
    };
    match groups.resolve(&reference, realm.as_ref()) {
        Err(GroupError::NotInRealm { .. }) => Err(no_such("the realm", "group", name)),
        Err(GroupError::NotInIdentityCenter { .. }) => Err(no_such("Identity Center", "group", name)),
        Ok(ResolvedGroup::Present(id)) => Ok(Some(vec![Principal::Group(id)])),
        Ok(ResolvedGroup::NotYet | ResolvedGroup::Planned(_)) => Ok(Some(Vec::new())),
        Err(error) => Err(error.into()),
    }
}

/// Returns an error if there is no such account or permission set at all: the name may have a typo.
fn refuse_unknown(
    filter: &AccessFilter,
    sets: &BTreeMap<String, ObservedSet>,
    inventory: &AccountInventory,
    has_sets: bool,
) -> Result<(), CommandError> {
    let is_known = |id: &String| filter.has_account(id, inventory);
    match (&filter.account, &filter.set) {
        (Some(name), _) if !all_accounts(inventory).iter().any(is_known) => {
            Err(no_such("the organization", "account", name))
        }
        (_, Some(name)) if has_sets && !sets.keys().any(|set| filter.has_set(set)) => {
            Err(no_such("Identity Center", "permission set", name))
        }
        _ => Ok(()),
    }
}

fn no_such(place: &str, kind: &str, name: &str) -> CommandError {
    CommandError::new(Exit::Usage, ErrorCode::NoMatch, format!("{place} has no {kind} `{name}`"))
        .hint("write the name as the console shows it")
}

/// Returns the names of the users who have assignments of their own.
fn user_names(
    open: &OpenAccess<'_>,
    used: &BTreeSet<&Principal>,
) -> Result<BTreeMap<String, String>, CommandError> {
    let has_users = used.iter().any(|principal| matches!(principal, Principal::User(_)));
    if !has_users {
        return Ok(BTreeMap::new());
    }
    let users = open.at.requests.pages(|cursor| Ok(as_page("ListUsers", open.store.users(cursor)?)))?;
    Ok(users.into_iter().filter_map(|user| Some((user.id, user.user_name?))).collect())
}
