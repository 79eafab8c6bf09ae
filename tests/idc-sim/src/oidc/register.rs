//! `RegisterClient`: `POST /client/register`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{ErrorCode, Refusal, members, respond};
use crate::account_access::ACCOUNT_ACCESS_SCOPES;
use crate::account_access::settings::AccountAccessScopes;
use crate::call::Call;
use crate::clock::epoch_seconds;
use crate::secret;
use crate::state::{ACCOUNT_ACCESS, Registration, Sim};

/// AWS user guide: at most 25 scopes in a request.
const MAX_SCOPES: usize = 25;

pub(super) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
pub(super) const AUTHORIZATION_CODE: &str = "authorization_code";
pub(super) const REFRESH_TOKEN: &str = "refresh_token";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RegisterClient {
    client_name: String,
    client_type: String,
    scopes: Option<Vec<String>>,
    redirect_uris: Option<Vec<String>>,
    grant_types: Option<Vec<String>>,
    issuer_url: Option<String>,
    #[expect(dead_code, reason = "allowed by the model, of no effect here")]
    entitled_application_arn: Option<String>,
}

pub(crate) fn answer(sim: &Sim, call: &Call) -> axum::response::Response {
    respond(sim.kms_key().and_then(|()| members(call)).and_then(|request| register(sim, call, request)))
}

fn register(sim: &Sim, call: &Call, request: RegisterClient) -> Result<Value, Refusal> {
    let scopes = request.scopes.unwrap_or_default();
    let redirect_uris = request.redirect_uris.unwrap_or_default();
    if request.client_name.is_empty() {
        return Err(ErrorCode::InvalidRequest.because("clientName must not be empty"));
    }
    if request.client_type != "public" {
        return Err(ErrorCode::InvalidClientMetadata.because("Only public clients can be registered"));
    }
    check_scopes(&scopes, sim.settings.account_access.account_access_scopes)?;
    if let Some(types) = &request.grant_types {
        check_grant_types(types, &redirect_uris)?;
    }
    if let Some(uri) = redirect_uris.iter().find(|uri| !is_registrable_redirect(uri)) {
        return Err(ErrorCode::InvalidRedirectUri.because(format!("Invalid redirect URI: {uri}")));
    }
    if request.issuer_url.as_deref().is_some_and(|url| !sim.settings.knows_start_url(url)) {
        return Err(ErrorCode::InvalidRequest.because("Invalid issuerUrl provided"));
    }

    let now = sim.now();
    let client_id = secret::client_id(&call.region);
    let registration = Registration {
        client_secret: secret::client_secret(),
        client_name: request.client_name,
        scopes,
        grant_types: request.grant_types,
        redirect_uris,
        region: call.region.clone(),
        expires: now + sim.settings.registration_life,
    };
    let endpoint =
        |path: &str| sim.settings.announce_endpoints.then(|| format!("{}{path}", call.oidc_base()));
    let body = json!({
        "authorizationEndpoint": endpoint("/authorize"),
        "clientId": client_id,
        "clientIdIssuedAt": epoch_seconds(now),
        "clientSecret": registration.client_secret,
        "clientSecretExpiresAt": epoch_seconds(registration.expires),
        "tokenEndpoint": endpoint("/token"),
    });
    sim.state().registrations.insert(client_id, registration);
    Ok(body)
}

fn check_scopes(scopes: &[String], switch: AccountAccessScopes) -> Result<(), Refusal> {
    if scopes.len() > MAX_SCOPES {
        return Err(ErrorCode::InvalidScope.because("More than 25 scopes requested"));
    }
    let has_accounts = scopes.iter().any(|scope| scope == ACCOUNT_ACCESS);
    let are_open = match switch {
        AccountAccessScopes::Together => true,
        AccountAccessScopes::OnlyAlone => !has_accounts,
        AccountAccessScopes::Unknown => false,
    };
    let is_known = |scope: &String| {
        is_known_scope(scope) || (are_open && ACCOUNT_ACCESS_SCOPES.contains(&scope.as_str()))
    };
    match scopes.iter().find(|scope| !is_known(scope)) {
        Some(scope) => Err(ErrorCode::InvalidScope.because(format!("Invalid scope: {scope}"))),
        None => Ok(()),
    }
}

/// The scopes of the access portal and of the services that public clients ask for.
fn is_known_scope(scope: &str) -> bool {
    const PREFIXES: [&str; 4] = ["sso:account:access", "sso-portal:", "codewhisperer:", "openid"];
    PREFIXES
        .iter()
        .any(|prefix| scope.strip_prefix(prefix).is_some_and(|rest| prefix.ends_with(':') != rest.is_empty()))
}

fn check_grant_types(types: &[String], redirect_uris: &[String]) -> Result<(), Refusal> {
    let has = |wanted: &str| types.iter().any(|known| known == wanted);
    if let Some(unknown) =
        types.iter().find(|known| ![DEVICE_CODE, AUTHORIZATION_CODE, REFRESH_TOKEN].contains(&known.as_str()))
    {
        return Err(ErrorCode::UnsupportedGrantType.because(format!("Unsupported grant type: {unknown}")));
    }
    // Reported of AWS by the authors of mairu (sorah/mairu, src/ext_awssso.rs).
    if has(DEVICE_CODE) && has(AUTHORIZATION_CODE) {
        return Err(ErrorCode::ServerError.because("Internal server error"));
    }
    if has(AUTHORIZATION_CODE) && redirect_uris.is_empty() {
        return Err(ErrorCode::InvalidRequest.because("redirectUris are required for authorization_code"));
    }
    Ok(())
}

/// Known good are `http://127.0.0.1/oauth/callback` and the bare `http://127.0.0.1`, without a port;
/// AWS refuses everything else of a public client (aws/aws-toolkit-vscode#6206).
fn is_registrable_redirect(uri: &str) -> bool {
    matches!(uri, "http://127.0.0.1/oauth/callback" | "http://127.0.0.1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes() {
        for good in ["sso:account:access", "sso-portal:*", "codewhisperer:completions", "openid"] {
            assert!(is_known_scope(good), "{good}");
        }
        for bad in ["", "sso:account:accessories", "sso-portal:", "admin"] {
            assert!(!is_known_scope(bad), "{bad}");
        }
    }

    #[test]
    fn redirects() {
        assert!(is_registrable_redirect("http://127.0.0.1/oauth/callback"));
        assert!(is_registrable_redirect("http://127.0.0.1"));
        for bad in [
            "http://[::1]/oauth/callback",
            "http://127.0.0.1:8080/oauth/callback",
            "http://127.0.0.1/",
            "http://localhost/",
            "https://example.com/",
        ] {
            assert!(!is_registrable_redirect(bad), "{bad}");
        }
    }
}
