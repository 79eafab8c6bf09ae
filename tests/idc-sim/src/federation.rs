//! The console's sign-in host: `/federation` turns role credentials into a console session.
//!
//! Source: AWS IAM user guide, "Enable custom identity broker access to the AWS console".

use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::call::{Call, Fields};
use crate::clock::left;
use crate::hosts::{Partition, is_region};
use crate::pages::{self, ConsoleView};
use crate::secret;
use crate::signin::{self, IdentityProvider as _, PasswordForm};
use crate::state::{Issuer, RoleCredentials, SigninToken, Sim};

const CONSOLE_COOKIE: &str = "idc-sim-console";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Session {
    #[serde(rename = "sessionId")]
    access_key_id: String,
    #[serde(rename = "sessionKey")]
    secret_access_key: String,
    #[serde(rename = "sessionToken")]
    token: String,
}

pub(crate) fn get_signin_token(sim: &Sim, call: &Call) -> Response {
    let fields = call.fields();
    match issue(sim, &fields) {
        Ok(token) => ([(CONTENT_TYPE, "application/json")], json!({ "SigninToken": token }).to_string())
            .into_response(),
        Err(text) => refuse(text),
    }
}

/// Errors are pages, not JSON (reported in 99designs/aws-vault#77 and others).
fn refuse(text: &str) -> Response {
    pages::failure(StatusCode::BAD_REQUEST, "Error", text)
}

fn issue(sim: &Sim, fields: &Fields) -> Result<String, &'static str> {
    if fields.has_repeated() {
        return Err("A parameter is repeated");
    }
    if fields.first("Action") != Some("getSigninToken") {
        return Err("Invalid action");
    }
    if fields.first("SessionType").is_some_and(|kind| kind != "json") {
        return Err("Invalid session type");
    }
    let session = fields.first("Session").ok_or("Missing session parameter")?;
    let session: Session = serde_json::from_str(session).map_err(|_| "Invalid session parameter")?;
    let now = sim.now();
    let account_access = &sim.settings.account_access;
    let mut state = sim.state();
    let known = state.role_credentials.get(&session.access_key_id).ok_or("Invalid credentials parameter")?;
    if known.secret_access_key != session.secret_access_key
        || known.session_token != session.token
        || known.expires <= now
    {
        return Err("Invalid credentials parameter");
    }
    let console_session = match fields.first("SessionDuration").map(str::parse::<u64>) {
        None => left(now, known.expires),
        // "You cannot use SessionDuration with role chaining" (AWS IAM user guide, same page).
        Some(_) if known.issuer == Issuer::Sts => return Err("Invalid session duration"),
        Some(_)
            if known.issuer == Issuer::AccountAccess && !account_access.account_access_console_duration =>
        {
            return Err("Invalid session duration");
        }
        Some(Ok(seconds @ 900..=43_200)) => Duration::from_secs(seconds),
        Some(_) => return Err("Invalid session duration"),
    };
    // AWS sometimes refuses more than the permission set allows (wnkz/aws-sso#11).
    if !sim.settings.long_console_sessions && console_session > known.session_duration {
        return Err("Invalid session duration");
    }
    let token = secret::signin_token();
    let signin = SigninToken {
        access_key_id: session.access_key_id,
        console_session,
        expires: now + sim.settings.signin_token_life,
    };
    state.signin_tokens.insert(token.clone(), signin);
    Ok(token)
}

pub(crate) fn login(sim: &Sim, call: &Call) -> Response {
    let fields = call.fields();
    if call.method == "POST" {
        return refuse("The login URL is for GET");
    }
    let (credentials, signin, destination) = match check_login(sim, &fields) {
        Ok(checked) => checked,
        Err(text) => return refuse(text),
    };
    // Without multi-session a browser holds one console login at a time.
    let who = format!("{}:{}", credentials.account, credentials.role_name);
    let before = call.cookie(CONSOLE_COOKIE).filter(|before| !before.is_empty());
    if !sim.settings.multi_session && before.is_some_and(|before| before != who) {
        return refuse("You must first log out before logging into a different AWS account");
    }
    let page = pages::console(&ConsoleView {
        account: &credentials.account,
        permission_set: &credentials.permission_set,
        role_name: &credentials.role_name,
        user: &credentials.user,
        region: &region_of(&destination).unwrap_or_else(|| "none".to_owned()),
        destination: &destination,
        issuer: fields.first("Issuer"),
        minutes: signin.console_session.as_secs() / 60,
    });
    ([(SET_COOKIE, format!("{CONSOLE_COOKIE}={who}; Path=/; HttpOnly; SameSite=Lax"))], page).into_response()
}

/// A shortcut link of the access portal (IAM Identity Center user guide, "Creating shortcut links"), as its script
/// follows it: the browser's own session, no credentials and no sign-in token.
pub(crate) fn by_shortcut(sim: &Sim, call: &Call) -> Response {
    let Some(browser) = signin::browser(sim, call) else {
        return PasswordForm.begin(sim, call, &format!("{}?{}", call.path, call.query));
    };
    let fields = call.query_fields();
    let refuse = |status, text: &str| pages::failure(status, "No access", text);
    let (Some(account), Some(role)) = (fields.first("account_id"), fields.first("role_name")) else {
        return refuse(StatusCode::BAD_REQUEST, "Choose an account and a role");
    };
    let partition = Partition::of_region(&sim.settings.region);
    let home = format!("https://{}/", partition.console_host());
    let destination = fields.first("destination").unwrap_or(&home);
    if fields.has_repeated() || !is_console_url(destination, &partition) {
        return refuse(StatusCode::BAD_REQUEST, "Invalid destination");
    }
    let state = sim.state();
    let user = &state.session(browser.session).user;
    let assigned = state.directory.is_assigned(user, account, role);
    let Some(permission_set) = state.directory.permission_set(role).filter(|_| assigned) else {
        return refuse(StatusCode::FORBIDDEN, "You are not assigned this role in this account");
    };
    pages::console(&ConsoleView {
        account,
        permission_set: role,
        role_name: role,
        user,
        region: &region_of(destination).unwrap_or_else(|| "none".to_owned()),
        destination,
        issuer: None,
        minutes: permission_set.session_duration.as_secs() / 60,
    })
}

/// That of the page: in its query, else in its host's first label.
fn region_of(destination: &str) -> Option<String> {
    let url = Url::parse(destination).ok()?;
    let in_query = url.query_pairs().find(|(name, _)| name == "region").map(|(_, value)| value.into_owned());
    let in_host = || url.host_str()?.split('.').next().map(str::to_owned);
    in_query.or_else(in_host).filter(|region| is_region(region))
}

fn check_login(sim: &Sim, fields: &Fields) -> Result<(RoleCredentials, SigninToken, String), &'static str> {
    if fields.has_repeated() {
        return Err("A parameter is repeated");
    }
    if fields.first("Issuer").is_some_and(|issuer| !is_web_url(issuer)) {
        return Err("Invalid issuer");
    }
    let destination = fields.first("Destination").ok_or("Missing destination parameter")?;
    let partition = Partition::of_region(&sim.settings.region);
    if !is_console_url(destination, &partition) {
        return Err("Invalid destination");
    }
    let token = fields.first("SigninToken").ok_or("Missing signin token")?;
    let state = sim.state();
    let known = state.signin_tokens.get(token).filter(|known| known.expires > sim.now());
    let signin = known.cloned().ok_or("Invalid or expired signin token")?;
    let credentials = state.role_credentials.get(&signin.access_key_id).cloned();
    Ok((credentials.ok_or("Invalid credentials parameter")?, signin, destination.to_owned()))
}

fn is_web_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
}

/// Only https, only the partition's console, no port and no user info to hide another host behind.
fn is_console_url(text: &str, partition: &Partition) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.host_str().is_some_and(|host| partition.is_console(host))
}

/// `GET /oauth?Action=logout&redirect_uri=…`: only `us-east-1.signin…` honours the redirect
/// (serverfault.com 1097528), and it goes to this host alone.
pub(crate) fn logout(sim: &Sim, call: &Call) -> Response {
    let fields = call.query_fields();
    if fields.first("Action") != Some("logout") {
        return refuse("Invalid action");
    }
    let cleared = [(SET_COOKIE, format!("{CONSOLE_COOKIE}=; Path=/; Max-Age=0"))];
    let honours = call.service.is_none() || call.host.starts_with("us-east-1.");
    let target = fields.first("redirect_uri").filter(|target| honours && is_signin_url(target, sim, call));
    match target {
        Some(target) => (cleared, Redirect::to(target)).into_response(),
        None => (cleared, pages::notice("Signed out", "You have signed out of the console.")).into_response(),
    }
}

fn is_signin_url(target: &str, sim: &Sim, call: &Call) -> bool {
    let Ok(url) = Url::parse(target) else { return false };
    let Some(host) = url.host_str() else { return false };
    let here = url.scheme() == call.scheme()
        && url[url::Position::BeforeHost..url::Position::AfterPort] == *call.host;
    let known = crate::hosts::known(host, &sim.settings);
    here || (url.scheme() == "https"
        && known.is_some_and(|known| known.service == crate::hosts::Service::SignIn))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_of_a_page_is_that_of_its_query_or_host() {
        let region = |url| region_of(url).unwrap_or_default();
        assert_eq!(region("https://console.aws.amazon.com/s3/home?region=eu-west-1#a"), "eu-west-1");
        assert_eq!(region("https://eu-central-1.console.aws.amazon.com/s3/home"), "eu-central-1");
        assert_eq!(region("https://console.aws.amazon.com/iam/home"), "");
    }

    #[test]
    fn destinations() {
        let aws = Partition::of_region("eu-central-1");
        for good in [
            "https://console.aws.amazon.com/",
            "https://eu-central-1.console.aws.amazon.com/s3/home?region=eu-central-1#x",
        ] {
            assert!(is_console_url(good, &aws), "{good}");
        }
        for bad in [
            "http://console.aws.amazon.com/",
            "https://console.aws.amazon.com@evil.example/",
            "https://evil.example/console.aws.amazon.com",
            "https://console.aws.amazon.com.evil.example/",
            "https://console.amazonaws.cn/",
            "https://console.aws.amazon.com:8443/",
            "console.aws.amazon.com",
        ] {
            assert!(!is_console_url(bad, &aws), "{bad}");
        }
    }
}
