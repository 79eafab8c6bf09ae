//! Who somebody is: the seam behind which an identity provider sits.
//!
//! The built-in one is a form with user name and password. The other one is a SAML identity provider, once its metadata
//! has been given: it sends the browser away in `begin`, and [`establish`] is called when it comes back.

use std::time::SystemTime;

use axum::http::StatusCode;
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::response::{IntoResponse as _, Redirect, Response};

use crate::call::Call;
use crate::pages;
use crate::saml;
use crate::state::{Browser, Sim};

const COOKIE: &str = "idc_sim_session";
const FORM: &str = "/start/sign-in";

/// Finds out who is at the browser.
pub(crate) trait IdentityProvider {
    /// Sends the browser to sign in; afterwards it is to go to `next`, a path at the portal.
    fn begin(&self, sim: &Sim, call: &Call, next: &str) -> Response;
}

/// The built-in identity provider: the directory's own passwords.
pub(crate) struct PasswordForm;

impl IdentityProvider for PasswordForm {
    fn begin(&self, sim: &Sim, call: &Call, next: &str) -> Response {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        Redirect::to(&format!("{}{FORM}?{query}", call.portal_base(&sim.settings))).into_response()
    }
}

/// The external identity provider.
struct Saml;

impl IdentityProvider for Saml {
    fn begin(&self, sim: &Sim, call: &Call, next: &str) -> Response {
        saml::request::begin(sim, call, local_path(next))
    }
}

/// The identity provider of the hour: the external one if there is one, and then no other.
pub(crate) fn provider(sim: &Sim) -> &'static dyn IdentityProvider {
    if sim.state().saml.provider.is_some() { &Saml } else { &PasswordForm }
}

impl PasswordForm {
    /// `GET /start/sign-in`
    pub(crate) fn show(next: &str) -> Response {
        pages::sign_in_form(FORM, next, "", None)
    }

    /// `POST /start/sign-in`
    pub(crate) fn submit(sim: &Sim, call: &Call) -> Response {
        let fields = call.fields();
        let field = |name| fields.first(name).unwrap_or_default();
        let (user, next) = (field("username"), field("next"));
        if !sim.state().directory.may_sign_in(user, field("password")) {
            let alert = "User name or password is wrong, or the user is disabled.";
            return pages::sign_in_form(FORM, next, user, Some(alert));
        }
        establish(sim, call, user, None, next)
    }
}

/// Starts a session for `user` in this browser and sends it on to `next`. `cap` is the identity
/// provider's own end of the session, if it names one.
pub(crate) fn establish(sim: &Sim, call: &Call, user: &str, cap: Option<SystemTime>, next: &str) -> Response {
    let now = sim.now();
    let mut state = sim.state();
    let session = state.sign_in(&sim.settings, user, cap, now);
    let cookie = state.add_browser(session);
    let secure = if call.scheme() == "https" { "; Secure" } else { "" };
    let headers = [
        (SET_COOKIE, format!("{COOKIE}={cookie}; Path=/; HttpOnly; SameSite=Lax{secure}")),
        (LOCATION, local_path(next).to_owned()),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// Only paths at the portal: `next` comes from a URL that anybody can write.
pub(crate) fn local_path(next: &str) -> &str {
    let local = next.starts_with("/start") && !next.contains(['\\', '\r', '\n']);
    if local { next } else { "/start" }
}

/// The browser's living session, if it has one.
pub(crate) fn browser(sim: &Sim, call: &Call) -> Option<Browser> {
    let state = sim.state();
    let browser = state.browsers.get(call.cookie(COOKIE)?)?;
    state.browser_may_use(browser.session, sim.now()).then(|| browser.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_away() {
        assert_eq!(local_path("/start/consent?user_code=A"), "/start/consent?user_code=A");
        for hostile in ["//evil.example/", "https://evil.example/", "/\\evil.example", "/start\r\nX: y", ""] {
            assert_eq!(local_path(hostile), "/start", "{hostile}");
        }
    }
}
