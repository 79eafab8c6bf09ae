//! Who asks: Signature Version 4 by the credentials that the simulator issued.

use crate::call::Call;
use crate::hosts::{self, Partition};
use crate::sigv4::{Authorization, SignatureError};
use crate::state::Sim;

use super::refusal::Refusal;

const SERVICE: &str = "identitystore";

/// Checks the signature and returns the ARN of the caller's session.
pub(super) fn authenticate(sim: &Sim, call: &Call) -> Result<String, Refusal> {
    let authorization = Authorization::of(call).map_err(refused)?;
    let invalid = || {
        let text = "The security token included in the request is invalid.";
        Refusal::new("UnrecognizedClientException", text)
    };
    let credentials =
        sim.state().role_credentials.get(&authorization.access_key_id).cloned().ok_or_else(invalid)?;
    check_scope(call, &authorization)?;
    let now = sim.now();
    authorization
        .verify(call, &credentials.secret_access_key, now, sim.settings.signature_skew)
        .map_err(refused)?;
    if call.header("x-amz-security-token") != Some(&credentials.session_token) {
        return Err(invalid());
    }
    if credentials.expires <= now {
        let text = "The security token included in the request is expired";
        return Err(Refusal::new("ExpiredTokenException", text));
    }
    let partition = Partition::of_region(&sim.settings.region).id;
    let (account, role, user) = (&credentials.account, &credentials.role_name, &credentials.user);
    Ok(format!("arn:{partition}:sts::{account}:assumed-role/{role}/{user}"))
}

/// By its own host the service insists on its region; one base URL for everything only tells nonsense apart.
fn check_scope(call: &Call, authorization: &Authorization) -> Result<(), Refusal> {
    if authorization.service != SERVICE {
        let text = format!("Credential should be scoped to correct service: '{SERVICE}'.");
        return Err(Refusal::new("InvalidSignatureException", text));
    }
    let fits = match call.service {
        Some(_) => authorization.region == call.region,
        None => hosts::is_region(&authorization.region),
    };
    if fits {
        return Ok(());
    }
    Err(Refusal::new("InvalidSignatureException", "Credential should be scoped to a valid region."))
}

fn refused(error: SignatureError) -> Refusal {
    match error {
        SignatureError::Missing => {
            Refusal::new("MissingAuthenticationTokenException", "Missing Authentication Token")
        }
        SignatureError::Incomplete(text) => Refusal::new("IncompleteSignatureException", text),
        SignatureError::DoesNotMatch(text) => Refusal::new("InvalidSignatureException", text),
    }
}
