use clap::Args;
use serde::Serialize;

use crate::app::App;
use crate::app::resolve;
use crate::cli::error::CommandError;
use crate::cli::ui::Ui;
use crate::profile::Heading;
use crate::profile::identity::{ProfileFiles, RoleArn};
use crate::profile::kcaws_profile::{self, Source};

/// List the profiles: where their credentials come from and what hides them
///
/// ASSUMED WITH shows the profile whose credentials are used to assume a role; ACCOUNT and PERMISSION SET are then the
/// role's. SHADOWED BY shows what some tools use instead of the profile's credential_process, and where it is defined.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws profile list\n  kcaws profile list --json | jq -r '.profiles[] | select(.source == \"kcaws\")'"
)]
pub(super) struct ListArgs {
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Serialize)]
struct Report {
    schema: u32,
    path: String,
    profiles: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    line: Option<usize>,
    session: Option<String>,
    account_id: Option<String>,
    role_name: Option<String>,
    region: Option<String>,
    source: Source,
    shadowed_by: Vec<Shadow>,
    /// The IAM role that the profile assumes or, with account access manager, has credentials of; and with whose
    /// credentials it is assumed. Null for a permission set.
    role_arn: Option<String>,
    source_profile: Option<String>,
    credential_source: Option<String>,
}

#[derive(Serialize)]
struct Shadow {
    by: &'static str,
    path: String,
    line: usize,
}

pub(super) fn run(args: &ListArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    resolve::check_config_file(app)?;
    let document = app.document()?;
    let credentials = app.credentials_document();
    let files = ProfileFiles { config: document, credentials };
    let mut rows: Vec<Row> = document.profile_names().into_iter().map(|name| row(files, name)).collect();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    if args.json {
        ui.json(&Report { schema: 1, path: document.path().display().to_string(), profiles: rows });
        return Ok(());
    }
    if rows.is_empty() {
        ui.say(&format!(
            "{} contains no profiles. See `kcaws profile add --help`.",
            document.path().display()
        ));
        return Ok(());
    }
    let mut head = vec!["PROFILE", "SOURCE", "SESSION", "ACCOUNT", "PERMISSION SET", "REGION"];
    let assumes = rows.iter().any(|row| row.assumed_with().is_some());
    head.extend(assumes.then_some("ASSUMED WITH"));
    head.push("SHADOWED BY");
    let cells: Vec<Vec<String>> = rows.into_iter().map(|row| cells(row, assumes)).collect();
    ui.table(&head, &cells);
    Ok(())
}

fn row(files: ProfileFiles<'_>, name: String) -> Row {
    let ProfileFiles { config: document, credentials } = files;
    let section = document.section(&Heading::Profile(name.clone()));
    let get = |key| section.as_ref().and_then(|section| section.get(key)).map(str::to_owned);
    let source = Source::of_profile(document, credentials, &name);
    let (role_arn, source_profile) = (get("role_arn"), get("source_profile"));
    let own = document.own(&name).filter(|_| role_arn.is_none());
    let identity = if own.is_some() { None } else { files.identity(&name).ok() };
    let role = identity.as_ref().and_then(|identity| identity.acts_as().cloned());
    let (own_session, own_role) = own.map_or((None, None), |own| (Some(own.session), Some(own.role)));
    let of_arn = || role_arn.as_deref().and_then(RoleArn::parse).map(|arn| arn.role().clone());
    let role = role.or(own_role).or_else(of_arn);
    // An incomplete profile shows the keys that it has; next to a role they have no effect.
    let half = |key| if role_arn.is_none() { get(key) } else { None };
    let shadows = kcaws_profile::shadows(document, &name, credentials).into_iter().map(|shadow| Shadow {
        by: shadow.by,
        path: shadow.place.path.display().to_string(),
        line: shadow.place.line,
    });
    Row {
        line: section.as_ref().map(|section| section.place().line),
        session: identity
            .map(|identity| identity.session.name)
            .or(own_session)
            .or_else(|| half("sso_session")),
        account_id: role.as_ref().map(|role| role.account_id.clone()).or_else(|| half("sso_account_id")),
        role_name: role.as_ref().map(|role| role.role_name.to_string()).or_else(|| half("sso_role_name")),
        region: get("region"),
        source,
        shadowed_by: shadows.collect(),
        source_profile: source_profile.filter(|_| source == Source::SourceProfile),
        credential_source: get("credential_source").filter(|_| source == Source::CredentialSource),
        role_arn: role_arn.or_else(|| role.and_then(|role| role.role_name.arn().map(str::to_owned))),
        name,
    }
}

impl Row {
    /// Returns the profile whose credentials are used to assume a role.
    fn assumed_with(&self) -> Option<&str> {
        self.source_profile.as_deref().or(self.credential_source.as_deref())
    }
}

fn cells(row: Row, assumes: bool) -> Vec<String> {
    let assumed_with = row.assumed_with().unwrap_or("-").to_owned();
    let shadows =
        row.shadowed_by.iter().map(|shadow| format!("{} ({}:{})", shadow.by, shadow.path, shadow.line));
    let shadows: Vec<String> = shadows.collect();
    let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let mut cells = vec![
        row.name,
        row.source.words().to_owned(),
        text(row.session),
        text(row.account_id),
        text(row.role_name),
        text(row.region),
    ];
    cells.extend(assumes.then_some(assumed_with));
    cells.push(shadows.join(", "));
    cells
}
