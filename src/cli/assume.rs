//! A role that a profile assumes: the credentials of its chain, step by step.

use std::time::Duration;

use super::error::{CommandError, Exit, argument};
use super::selection::{self, Chain, ResolvedSession};
use super::ui::{Ui, shown};
use crate::app::App;
use crate::credentials::Fetched;
use crate::credentials::cache::FetchBudget;
use crate::platform::process::user_at_host;
use crate::ports::identity_center::{Origin, RoleCredentials};
use crate::ports::passphrase;
use crate::ports::service_call::{CallError, CallErrorKind};
use crate::ports::sts::{AssumeRole, Sts};
use crate::profile::identity::{AssumedRole, LONGEST_CHAINED_SESSION};
use crate::profile::services::{Service, endpoint_override};
use crate::secret::Secret;

/// Assumes the chain's roles one after another, beginning with a permission set's credentials. A code is asked for
/// where a person is at the terminal, and never while an old answer is still good.
pub(super) fn through(
    chain: &Chain,
    selected: &ResolvedSession,
    mut credentials: RoleCredentials,
    app: &App,
    person: Option<&Ui>,
    budget: FetchBudget,
) -> Result<Fetched, CommandError> {
    let session_name = session_name(app);
    let mut fetched = None;
    for step in &chain.steps {
        let code =
            step.mfa_serial.as_deref().map(|serial| code(serial, selected, person, budget)).transpose()?;
        let wanted = AssumeRole {
            arn: step.arn.as_str(),
            session_name: step.session_name.as_deref().unwrap_or(&session_name),
            duration: step
                .duration
                .map(|seconds| Duration::from_secs(seconds.min(LONGEST_CHAINED_SESSION).into())),
            external_id: step.external_id.as_deref(),
            mfa: step.mfa_serial.as_deref().zip(code.as_ref()),
        };
        let sts = sts_of(step, selected, app)?;
        let assumed = sts.assume_role(&credentials, &wanted).map_err(|error| refused(step, error))?;
        let judged = Fetched::judged(assumed.credentials, app.clock.now(), assumed.skew)?;
        credentials = judged.credentials.clone();
        fetched = Some(judged);
    }
    fetched.ok_or_else(|| CommandError::new(Exit::Configuration, "no_role", "the profile assumes no role"))
}

/// The STS of the Region of the step's profile; the tools take that one too.
fn sts_of(step: &AssumedRole, selected: &ResolvedSession, app: &App) -> Result<Box<dyn Sts>, CommandError> {
    let region = step.region.as_deref().unwrap_or(&selected.session.region);
    let given = endpoint_override(Service::Sts, &app.env, app.document()?, selected.profile.as_deref());
    let endpoint = Origin::of_sts(&selection::endpoint_settings(app, region), given.as_ref())?;
    selection::endpoints(app, selected)?.credentials_may_go_to(&endpoint)?;
    Ok(app.sts(endpoint, region)?)
}

fn code(
    serial: &str,
    selected: &ResolvedSession,
    person: Option<&Ui>,
    budget: FetchBudget,
) -> Result<Secret<String>, CommandError> {
    if !budget.waits || !person.is_some_and(Ui::is_interactive) {
        // Only a profile has roles to assume.
        let profile = argument(selected.profile.as_deref().unwrap_or_default());
        return Err(CommandError::new(
            Exit::Usage,
            "mfa_needed",
            "an MFA code is needed, and there is no terminal to ask for it",
        )
        .because(format!("the profile has `mfa_serial = {}`", shown(serial)))
        .hint(format!(
            "run `kcaws whoami --profile {profile}` in a terminal first: its answer is kept for up to an hour"
        )));
    }
    let typed = passphrase::typed_unseen(&format!("MFA code of {}: ", shown(serial)));
    let typed = typed.map_err(|error| CommandError::new(Exit::Usage, "mfa_needed", error.to_string()))?;
    if typed.expose().len() == 6 && typed.expose().bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(typed);
    }
    Err(CommandError::new(Exit::Usage, "mfa_code", "an MFA code has six digits")
        .hint("run the same command again"))
}

fn refused(step: &AssumedRole, error: CallError) -> CommandError {
    let code = match &error.trouble {
        CallErrorKind::Refused { code: Some(code), .. } => code.as_str(),
        _ => return error.into(),
    };
    match code {
        "AccessDenied" if step.mfa_serial.is_some() => denied(step)
            .because("AWS STS answered AccessDenied: the MFA code was wrong or used before, or the role does not trust you")
            .hint("try again with the next code of the device"),
        "AccessDenied" => denied(step)
            .because("AWS STS answered AccessDenied: the role does not trust you, wants another external_id, or is not there")
            .hint("ask the role's owner to allow your permission set's role in its trust policy"),
        _ => error.into(),
    }
}

fn denied(step: &AssumedRole) -> CommandError {
    let message = format!("not allowed to assume `{}`", step.arn.as_str());
    CommandError::new(Exit::NotAssigned, "role_denied", message)
}

/// `kcaws-alice-laptop`: CloudTrail shows it. What the pattern of role session names does not have becomes `-`.
fn session_name(app: &App) -> String {
    let is_fine = |letter: char| letter.is_ascii_alphanumeric() || "_+=,.@-".contains(letter);
    let name = format!("kcaws-{}", user_at_host(&app.env));
    name.chars().map(|letter| if is_fine(letter) { letter } else { '-' }).take(64).collect()
}
