//! `kcaws admin access export`.

use std::collections::BTreeMap;

use clap::Args;
use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::Ui;
use serde_json::{Map, Value};
use toml_edit::DocumentMut;

use super::entitlements::{Whose, all_accounts};
use super::{FileArg, OpenAccess, pace, with_access};
use crate::access::accounts::InventoryNeeds;
use crate::access::export::{ExportedAccess, OtherAssignment, PARTS, export};
use crate::access::read::{AssignmentReading, AssignmentView, GroupDirectory, SetDetail, read_sets};
use crate::access_file::AccessFile;
use crate::app::AdminApp;
use crate::ports::sso_admin::access::Principal;

/// Print all permission sets, IAM roles and assignments as an access file
///
/// The file plans to no changes; its other parts are those of the present one. Permission sets whose names begin with AWS are `existing`, which leaves them alone.
/// Assignments of single users, of groups that are gone or have no name, and in accounts that are not active cannot be
/// written into an access file: they are comments at its end, and with --json in `other_assignments`.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws admin access export > now.toml\n  kcaws admin access export --json > backup.json"
)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    file: FileArg,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

const OTHERS: &str = "
# These stay as they are: assignments of single users, of groups that are gone or have no name, and in accounts that are
# not active.
";

pub(super) fn run(args: &ExportArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let file = app.access_file(args.file.file.as_deref())?;
    let exported = with_access(&file, app, pace(app)?, ui, |open, ui| {
        let spinner = ui.spinner("Reading every permission set in every account …");
        let exported = exported(open, ui);
        spinner.finish_and_clear();
        exported
    })?;
    if args.json {
        ui.json(&Value::Object(json_file(&file, &exported)?));
    } else {
        ui.text(&toml_file(&file, &exported)?);
    }
    Ok(())
}

fn exported(open: &OpenAccess<'_>, ui: &mut Ui) -> Result<ExportedAccess, CommandError> {
    let sets = if open.has_permission_sets {
        read_sets(open.at, |_, _| SetDetail::All)?
    } else {
        ui.say("Permission sets are switched off in this instance: there are IAM roles only.");
        BTreeMap::new()
    };
    let groups = open.groups()?;
    let inventory = open.inventory(InventoryNeeds::default())?;
    let view = AssignmentView {
        sets: sets.values().map(|set| set.arn.clone()).collect(),
        ..AssignmentView::default()
    };
    let (assignments, _) = AssignmentReading::Deep.read(open.at, &view, &[], 0)?;
    let entitlements = open.entitlements(&Whose::Accounts(all_accounts(&inventory)), ui)?;
    let of_sets = assignments.iter().map(|assignment| &assignment.principal);
    let all = of_sets.chain(entitlements.iter().map(|entitlement| &entitlement.principal));
    let used = all.filter_map(|principal| match principal {
        Principal::Group(id) => Some(id.as_str()),
        Principal::User(_) => None,
    });
    let paths = realm_paths(open, &groups, used, ui);
    let reference = |id: &str| {
        let in_realm =
            groups.realm_id(id).and_then(|(realm, group)| paths.get(&(realm.to_owned(), group.to_owned())));
        let name = || groups.name(id).filter(|name| !name.is_empty());
        let in_identity_center = || name().map(|name| format!("idc:{name}"));
        in_realm.cloned().or_else(in_identity_center)
    };
    let mut exported = export(&sets, &assignments, reference, |account| inventory.is_active(account));
    exported.add_roles(&entitlements, reference);
    Ok(exported)
}

/// Paths of groups by the realm's ID and the group's in it.
pub(super) type RealmPaths = BTreeMap<(String, String), String>;

/// Returns the paths of the realm's groups. They are not read unless one of the groups in use comes from a realm.
///
/// A realm that cannot be read is not fatal: the groups have names in Identity Center, too.
pub(super) fn realm_paths<'a>(
    open: &OpenAccess<'_>,
    groups: &GroupDirectory,
    mut used: impl Iterator<Item = &'a str>,
    ui: &mut Ui,
) -> RealmPaths {
    if !used.any(|id| groups.realm_id(id).is_some()) {
        return RealmPaths::new();
    }
    let read = || {
        let realm = open.realm()?;
        let paths = realm.paths()?;
        let id = realm.realm_id().to_owned();
        Ok::<_, CommandError>(
            paths.into_iter().map(move |(group, path)| ((id.clone(), group), path)).collect(),
        )
    };
    read().unwrap_or_else(|error| {
        ui.warn(&format!("groups are named as in Identity Center: {}", error.message));
        RealmPaths::new()
    })
}

fn toml_file(file: &AccessFile, exported: &ExportedAccess) -> Result<String, CommandError> {
    let before = AccessFile::text(&file.path)?;
    let mut document: DocumentMut = before.parse().map_err(|error: toml_edit::TomlError| broken(&error))?;
    exported.write_toml(&mut document);
    let mut text = document.to_string();
    if !exported.others.is_empty() {
        text.push_str(OTHERS);
    }
    for OtherAssignment { permission_set, role, account_id, principal, group } in &exported.others {
        let what = permission_set.as_ref().or(role.as_ref()).map(String::as_str).unwrap_or_default();
        let principal = match (group, principal) {
            (Some(group), _) => group.clone(),
            (None, Principal::User(id)) => format!("user {id}"),
            (None, Principal::Group(id)) => format!("group {id}"),
        };
        // A line end in a name would begin a line of TOML.
        let line = format!("{what} in {account_id}: {principal}").escape_debug().to_string();
        text.extend(["# ", &line, "\n"]);
    }
    Ok(text)
}

fn json_file(file: &AccessFile, exported: &ExportedAccess) -> Result<Map<String, Value>, CommandError> {
    let before = AccessFile::text(&file.path)?;
    let mut members: Map<String, Value> = toml::from_str(&before).map_err(|error| broken(&error))?;
    members.retain(|key, _| !PARTS.contains(&key.as_str()));
    members.extend(exported.json());
    Ok(members)
}

fn broken(error: &dyn std::error::Error) -> CommandError {
    CommandError::new(Exit::Failed, ErrorCode::NotUnderstood, "the access file cannot be written")
        .because(error.to_string())
        .hint("another program may be changing it: run the same command again")
}
