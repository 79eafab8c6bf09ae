use clap::Args;
use serde::Serialize;

use crate::app::App;
use crate::cli::error::CommandError;
use crate::cli::selection;
use crate::cli::ui::Ui;
use crate::profile::own::{self, Source};
use crate::profile::{Document, Heading, sources};

/// List the profiles: where their credentials come from, and what stands in their way
///
/// SHADOWED BY names what some tool takes instead of the profile's credential_process, and where it stands.
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
    role: Option<String>,
    region: Option<String>,
    source: Source,
    shadowed_by: Vec<Shadow>,
}

#[derive(Serialize)]
struct Shadow {
    by: &'static str,
    path: String,
    line: usize,
}

pub(super) fn run(args: &ListArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    selection::check_config_file(app)?;
    let document = app.document()?;
    let credentials = app.credentials_document();
    let mut rows: Vec<Row> =
        document.profile_names().into_iter().map(|name| row(document, credentials.as_ref(), name)).collect();
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
    let cells: Vec<Vec<String>> = rows.into_iter().map(cells).collect();
    ui.table(&["PROFILE", "SOURCE", "SESSION", "ACCOUNT", "PERMISSION SET", "REGION", "SHADOWED BY"], &cells);
    Ok(())
}

fn row(document: &Document, credentials: Option<&Document>, name: String) -> Row {
    let section = document.section(&Heading::Profile(name.clone()));
    let get = |key| section.as_ref().and_then(|section| section.get(key)).map(str::to_owned);
    let mut source = section.as_ref().map_or(Source::None, own::source);
    if source == Source::None
        && let Some(taken) = sources::of_credentials_file(document, credentials, &name)
    {
        source = match taken.source {
            sources::Source::CredentialsProcess => Source::CredentialsProcess,
            _ => Source::CredentialsFile,
        };
    }
    let own = document.own(&name);
    // Looking for a session that is not there takes the whole file, for each profile that names it.
    let names_nothing =
        get("sso_session").is_some_and(|name| document.section(&Heading::SsoSession(name)).is_none());
    let target = if own.is_some() || names_nothing { None } else { document.target(&name).ok() };
    // Half a profile has what its lines say.
    let role = target.as_ref().and_then(|target| target.role.clone());
    let (own_session, own_role) = own.map_or((None, None), |own| (Some(own.session), Some(own.role)));
    let role = role.or(own_role);
    let shadows = own::shadows(document, &name, credentials).into_iter().map(|shadow| Shadow {
        by: shadow.by,
        path: shadow.place.path.display().to_string(),
        line: shadow.place.line,
    });
    Row {
        line: section.as_ref().map(|section| section.place().line),
        session: target.map(|target| target.session.name).or(own_session).or_else(|| get("sso_session")),
        account_id: role.as_ref().map(|role| role.account_id.clone()).or_else(|| get("sso_account_id")),
        role: role.map(|role| role.role_name).or_else(|| get("sso_role_name")),
        region: get("region"),
        source,
        shadowed_by: shadows.collect(),
        name,
    }
}

fn cells(row: Row) -> Vec<String> {
    let source = serde_json::to_value(row.source).ok();
    let source = source.as_ref().and_then(|value| value.as_str()).unwrap_or_default().replace('_', " ");
    let shadows =
        row.shadowed_by.iter().map(|shadow| format!("{} ({}:{})", shadow.by, shadow.path, shadow.line));
    let shadows: Vec<String> = shadows.collect();
    let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    vec![
        row.name,
        source,
        text(row.session),
        text(row.account_id),
        text(row.role),
        text(row.region),
        shadows.join(", "),
    ]
}
