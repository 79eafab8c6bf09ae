//! The pages that people see: plain forms, readable without scripts.

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::response::{IntoResponse as _, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::account_access::{ASSUME, READ_ONLY};
use crate::oidc::device::AskingClient;

const STYLE: &str = "
:root { color-scheme: light dark; --accent: #0b5cad; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; background: Canvas; color: CanvasText; }
main { max-width: 30rem; margin: 8vh auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; }
label { display: block; margin: 1rem 0 .25rem; font-weight: 600; }
input { font: inherit; width: 100%; box-sizing: border-box; padding: .6rem; border: 1px solid; border-radius: .3rem; }
input.code { font-family: ui-monospace, monospace; letter-spacing: .15em; text-transform: uppercase; }
button { font: inherit; margin: 1.5rem .5rem 0 0; padding: .6rem 1.2rem; border: 1px solid var(--accent); border-radius: .3rem; background: Canvas; color: CanvasText; cursor: pointer; }
button.main { background: var(--accent); color: #fff; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.alert { border-left: .3rem solid #b3261e; padding: .5rem 1rem; }
dt { font-weight: 600; } dd { margin: 0 0 .75rem; overflow-wrap: anywhere; }
footer { margin-top: 3rem; font-size: .85rem; opacity: .75; }
";

/// A page with the house's frame.
pub(crate) fn page(status: StatusCode, title: &str, content: &Markup) -> Response {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (title) }
                    (content)
                    footer { "IAM Identity Center simulator. Nothing here reaches AWS." }
                }
            }
        }
    };
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        // Codes and handles are in these pages' addresses.
        (REFERRER_POLICY, "no-referrer"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
    ];
    (status, headers, document.into_string()).into_response()
}

pub(crate) fn notice(title: &str, text: &str) -> Response {
    page(StatusCode::OK, title, &html! { p { (text) } })
}

pub(crate) fn failure(status: StatusCode, title: &str, text: &str) -> Response {
    page(status, title, &html! { p.alert role="alert" { (text) } })
}

/// Asks for the code that the device shows.
pub(crate) fn code_form(status: StatusCode, action: &str, user_code: &str, alert: Option<&str>) -> Response {
    let content = html! {
        @if let Some(alert) = alert {
            p.alert role="alert" { (alert) }
        }
        p { "Enter the code that your device shows. Go on only if you started this login yourself, just now." }
        form method="get" action=(action) {
            label for="user_code" { "Code" }
            input.code #user_code name="user_code" value=(user_code) required autofocus autocomplete="off"
                autocapitalize="characters" spellcheck="false" maxlength="16";
            button.main type="submit" { "Confirm and continue" }
        }
    };
    page(status, "Authorize a device", &content)
}

pub(crate) fn sign_in_form(action: &str, next: &str, user: &str, alert: Option<&str>) -> Response {
    let status = if alert.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    let content = html! {
        @if let Some(alert) = alert {
            p.alert role="alert" { (alert) }
        }
        form method="post" action=(action) {
            input type="hidden" name="next" value=(next);
            label for="username" { "User name" }
            input #username name="username" value=(user) required autofocus autocomplete="username" spellcheck="false";
            label for="password" { "Password" }
            input #password name="password" type="password" required autocomplete="current-password";
            button.main type="submit" { "Sign in" }
        }
    };
    page(status, "Sign in", &content)
}

/// Sends a message by HTTP-POST (SAML bindings, section 3.5.4): by itself, and by a button where scripts are off.
pub(crate) fn post_form(action: &str, name: &str, message: &str, relay_state: &str) -> Response {
    let content = html! {
        p { "You are being sent to your identity provider." }
        form method="post" action=(action) {
            input type="hidden" name=(name) value=(message);
            input type="hidden" name="RelayState" value=(relay_state);
            button.main type="submit" { "Continue" }
        }
        script { (PreEscaped("document.forms[0].submit();")) }
    };
    page(StatusCode::OK, "Sign in", &content)
}

/// What the consent page asks about.
pub(crate) struct ConsentView<'a> {
    pub(crate) action: &'a str,
    pub(crate) client: &'a AskingClient,
    pub(crate) user: &'a str,
    /// Name and value of the field that says what is consented to.
    pub(crate) subject: (&'a str, &'a str),
    pub(crate) form_token: &'a str,
}

pub(crate) fn consent_form(view: &ConsentView<'_>) -> Response {
    let (name, value) = view.subject;
    let content = html! {
        p { strong { (view.client.name) } " wants to access your data. You are signed in as " strong { (view.user) } "." }
        dl {
            @if name == "user_code" {
                dt { "Code" } dd { (value) }
            }
            dt { "Access" }
            @if view.client.scopes.is_empty() {
                dd { "Your AWS accounts" }
            }
            @for scope in &view.client.scopes {
                dd { (scope_text(scope)) " (" code { (scope) } ")" }
            }
        }
        p { "Allow this only if you started it yourself, just now." }
        form method="post" action=(view.action) {
            input type="hidden" name=(name) value=(value);
            input type="hidden" name="form_token" value=(view.form_token);
            button.main type="submit" name="decision" value="allow" { "Allow" }
            button type="submit" name="decision" value="deny" { "Deny" }
        }
    };
    page(StatusCode::OK, &format!("Allow {} to access your data?", view.client.name), &content)
}

fn scope_text(scope: &str) -> &'static str {
    match scope {
        "sso:account:access" => "Your AWS accounts and the roles in them",
        READ_ONLY => "The list of roles that are assigned to you",
        ASSUME => "Credentials of the roles that are assigned to you",
        _ => "Further access",
    }
}

/// The portal's first page. What comes after `#` no server sees: one line of script follows the fragments of the
/// device page and of shortcut links.
pub(crate) fn start(user: Option<&str>, accounts: &[(String, String)]) -> Response {
    let content = html! {
        script { (PreEscaped("const page = location.hash.match(/^#\\/(device|console)/); if (page) location.replace('/start/' + location.hash.slice(2));")) }
        @if let Some(user) = user {
            p { "You are signed in as " strong { (user) } "." }
            dl {
                @for (name, id) in accounts {
                    dt { (name) } dd { (id) }
                }
            }
        } @else {
            p { a href="/start/sign-in" { "Sign in" } }
        }
        p { a href="/start/device" { "Enter a device code" } }
    };
    page(StatusCode::OK, "AWS access portal", &content)
}

/// What the console's stand-in shows.
pub(crate) struct ConsoleView<'a> {
    pub(crate) account: &'a str,
    pub(crate) permission_set: &'a str,
    pub(crate) role_name: &'a str,
    pub(crate) user: &'a str,
    pub(crate) region: &'a str,
    pub(crate) destination: &'a str,
    pub(crate) issuer: Option<&'a str>,
    pub(crate) minutes: u64,
}

pub(crate) fn console(view: &ConsoleView<'_>) -> Response {
    let content = html! {
        p { "You are signed in. The real console would open now." }
        dl {
            dt { "Account" } dd #account { (view.account) }
            dt { "Permission set" } dd #permission-set { (view.permission_set) }
            dt { "Role" } dd #role { (view.role_name) "/" (view.user) }
            dt { "Region" } dd #region { (view.region) }
            dt { "Destination" } dd #destination { (view.destination) }
            dt { "Session" } dd #session { (view.minutes) " minutes" }
            @if let Some(issuer) = view.issuer {
                dt { "Afterwards" } dd #issuer { (issuer) }
            }
        }
    };
    page(StatusCode::OK, "AWS Management Console", &content)
}
