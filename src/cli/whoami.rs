use super::unnamed;
use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;

use super::error::CommandError;
use super::ui::{Ui, shown};
use crate::app::provider::Provider;
use crate::app::resolve::{self, ResolvedRole, ResolvedSession};
use crate::app::{App, endpoints};
use crate::ports::identity_center::{Origin, RoleCredentials};
use crate::ports::sts::CallerIdentity;
use crate::profile::Role;
use crate::profile::services::{Service, endpoint_override};
use crate::session::status;

/// Show who you are to AWS: your user and role with a profile
///
/// Gets the profile's credentials as a tool would, including cached ones, and asks STS whose they are.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  kcaws whoami\n  kcaws whoami dev --json | jq -r .user")]
pub(super) struct WhoamiArgs {
    /// Profile to use [default: $AWS_PROFILE, then $AWS_DEFAULT_PROFILE, then `default`]
    profile: Option<String>,
    /// Same as PROFILE; use --profile=-NAME if the name starts with `-`
    #[arg(long = "profile", value_name = "PROFILE", conflicts_with = "profile")]
    named: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

impl WhoamiArgs {
    fn profile(&self) -> Option<&str> {
        self.profile.as_deref().or(self.named.as_deref())
    }
}

#[derive(Serialize)]
struct Report {
    schema: u32,
    profile: String,
    session: String,
    /// Name of the role session, which is Identity Center's username.
    user: Option<String>,
    role_name: String,
    /// Null for a permission set.
    role_arn: Option<String>,
    account_id: String,
    arn: String,
    user_id: String,
    credentials_expires_at: DateTime<Utc>,
}

pub(super) fn run(args: &WhoamiArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let profile = profile(args, app)?;
    if let Some(other) = app.env.other_profile().filter(|_| args.profile().is_none()) {
        ui.warn(&format!("AWS_DEFAULT_PROFILE is `{other}`: AWS CLI 1 and boto3 use that one"));
    }
    let ResolvedRole { selected, role, region } = resolve::role_of_profile(app, &profile)?;
    let provider = Provider::for_a_person(app, selected, role, ui.asking())?;
    let credentials = provider.credentials()?;
    let end = provider.ends_at(&credentials)?;
    let Provider { selected, role, .. } = provider;
    let region = region.unwrap_or_else(|| selected.session.region.clone());
    let identity = identity(app, &selected, &role, &region, &credentials)?;
    let report = report(profile, &selected, &role, identity, &credentials);
    if args.json {
        ui.json(&report);
        return Ok(());
    }
    let left = super::expiry::span(end - app.clock.now());
    for (name, value) in [
        ("user", report.user.as_deref().unwrap_or("unknown")),
        ("role", &report.role_name),
        ("account", &report.account_id),
        ("session", &report.session),
        ("ends in", &left),
        ("arn", &report.arn),
    ] {
        ui.data(&format!("{name:8} {}", shown(value)));
    }
    Ok(())
}

fn profile(args: &WhoamiArgs, app: &App) -> Result<String, CommandError> {
    if let Some(profile) = args.profile() {
        return Ok(profile.to_owned());
    }
    let unnamed = unnamed::unnamed_profile(app)?;
    unnamed.ok_or_else(|| unnamed::which_profile(app).hint("pass --profile, or set AWS_PROFILE"))
}

/// Asks STS whose credentials they are, and stores the name for `status`.
pub(super) fn identity(
    app: &App,
    selected: &ResolvedSession,
    role: &Role,
    region: &str,
    credentials: &RoleCredentials,
) -> Result<CallerIdentity, CommandError> {
    let given = endpoint_override(Service::Sts, &app.env, app.document()?, selected.profile.as_deref());
    let endpoint = Origin::of_sts(&endpoints::settings(app, region), given.as_ref())?;
    selected.credentials_may_go_to(role, &endpoint, app)?;
    let identity = app.sts(endpoint, region)?.caller_identity(credentials)?;
    if let Some(user) = identity.user() {
        status::note_user(app.state(), &selected.session, user);
    }
    Ok(identity)
}

fn report(
    profile: String,
    selected: &ResolvedSession,
    role: &Role,
    identity: CallerIdentity,
    credentials: &RoleCredentials,
) -> Report {
    Report {
        schema: 1,
        profile,
        session: selected.session.name.clone(),
        user: identity.user().map(str::to_owned),
        role_name: role.role_name.to_string(),
        role_arn: role.role_name.arn().map(str::to_owned),
        account_id: identity.account,
        arn: identity.arn,
        user_id: identity.user_id,
        credentials_expires_at: credentials.expires_at,
    }
}
