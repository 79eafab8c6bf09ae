//! Assumes the roles of a profile, one after another.

use std::time::Duration;

use super::error::AppError;
use super::open::Asking;
use super::resolve::{Chain, ResolvedSession};
use super::{App, endpoints};
use crate::credentials::Fetched;
use crate::credentials::cache::FetchBudget;
use crate::platform::printable::shown;
use crate::platform::process::user_at_host;
use crate::ports::identity_center::{Origin, RoleCredentials};
use crate::ports::passphrase;
use crate::ports::service_call::{CallError, CallErrorKind, RefusalCode};
use crate::ports::sts::{AssumeRole, Sts};
use crate::profile::Role;
use crate::profile::identity::{AssumedRole, LONGEST_CHAINED_SESSION};
use crate::profile::services::{Service, endpoint_override};
use crate::secret::Secret;

/// Assumes the roles of the chain in order, beginning with a permission set's credentials.
///
/// Asks for an MFA code only at a terminal, and never while cached credentials are still valid.
pub fn through(
    chain: &Chain,
    selected: &ResolvedSession,
    mut credentials: RoleCredentials,
    app: &App,
    asking: Asking,
    budget: FetchBudget,
) -> Result<Fetched, AppError> {
    let session_name = session_name(app);
    let mut fetched = None;
    for step in &chain.steps {
        let code =
            step.mfa_serial.as_deref().map(|serial| code(serial, selected, asking, budget)).transpose()?;
        let wanted = AssumeRole {
            arn: step.arn.as_str(),
            session_name: step.session_name.as_deref().unwrap_or(&session_name),
            duration: step
                .duration
                .map(|seconds| Duration::from_secs(seconds.min(LONGEST_CHAINED_SESSION).into())),
            external_id: step.external_id.as_deref(),
            mfa: step.mfa_serial.as_deref().zip(code.as_ref()),
        };
        let sts = sts_of(step, &chain.permission_set, selected, app)?;
        let assumed = sts.assume_role(&credentials, &wanted).map_err(|error| refused(step, error))?;
        let judged = Fetched::judged(assumed.credentials, app.clock.now(), assumed.skew)?;
        credentials = judged.credentials.clone();
        fetched = Some(judged);
    }
    Ok(fetched.expect("a chain has a step at least"))
}

/// Returns the STS client for the Region of the step's profile, as other tools choose it.
fn sts_of(
    step: &AssumedRole,
    first: &Role,
    selected: &ResolvedSession,
    app: &App,
) -> Result<Box<dyn Sts>, AppError> {
    let region = step.region.as_deref().unwrap_or(&selected.session.region);
    let given = endpoint_override(Service::Sts, &app.env, app.document()?, selected.profile.as_deref());
    let endpoint = Origin::of_sts(&endpoints::settings(app, region), given.as_ref())?;
    selected.credentials_may_go_to(first, &endpoint, app)?;
    Ok(app.sts(endpoint, region)?)
}

fn code(
    serial: &str,
    selected: &ResolvedSession,
    asking: Asking,
    budget: FetchBudget,
) -> Result<Secret<String>, AppError> {
    if !budget.waits || asking == Asking::NoOne {
        // Only a profile has roles to assume.
        let profile = selected.profile.clone().unwrap_or_default();
        return Err(AppError::MfaNeeded { serial: serial.to_owned(), profile });
    }
    let typed = passphrase::typed_unseen(&format!("MFA code of {}: ", shown(serial)));
    let typed = typed.map_err(AppError::MfaNotRead)?;
    if typed.expose().len() == 6 && typed.expose().bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(typed);
    }
    Err(AppError::BadMfaCode)
}

fn refused(step: &AssumedRole, error: CallError) -> AppError {
    match &error.kind {
        CallErrorKind::Refused { code: Some(RefusalCode::AccessDenied), .. } => {
            AppError::RoleDenied { role: step.arn.clone(), has_mfa: step.mfa_serial.is_some() }
        }
        _ => error.into(),
    }
}

/// Returns the role session name, such as `kcaws-alice-laptop`, which CloudTrail shows.
///
/// Characters that role session names do not allow become `-`.
fn session_name(app: &App) -> String {
    let is_fine = |letter: char| letter.is_ascii_alphanumeric() || "_+=,.@-".contains(letter);
    let name = format!("kcaws-{}", user_at_host(&app.env));
    name.chars().map(|letter| if is_fine(letter) { letter } else { '-' }).take(64).collect()
}
