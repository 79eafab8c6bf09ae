//! One request and its answer: look up the route, log, inject faults, dispatch, date.

use std::sync::Arc;
use std::time::SystemTime;

use axum::body::{Body, Bytes};
use axum::http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE};
use axum::http::{HeaderName, HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;

use crate::call::Call;
use crate::clock;
use crate::faults::{self, Effect, Fault, FaultyDate};
use crate::hosts::{self, KnownHost, Service};
use crate::log::{Entry, LoggedRequest};
use crate::route::{self, Found, Route};
use crate::state::Sim;
use crate::switches::DateHeader;
use crate::{account_access, aws_json, control, portal, scim};

/// More than any client has reason to send.
const BODY_LIMIT: usize = 1024 * 1024;

/// The connection is to be dropped without an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the connection was cut on purpose")
    }
}

impl std::error::Error for Cut {}

/// Answers a request that came in at the plain entry, or, with the host of its CONNECT, by the proxy.
pub(crate) async fn exchange(
    sim: Arc<Sim>,
    connected_to: Option<(String, KnownHost)>,
    request: Request<Incoming>,
) -> Result<Response, Cut> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, BODY_LIMIT).collect().await.map_err(|_| Cut)?.to_bytes();
    let host = parts.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    let (connected_host, known) =
        connected_to.map_or((None, None), |(host, known)| (Some(host), Some(known)));
    let call = Call {
        entry: if known.is_some() { Entry::Proxy } else { Entry::Plain },
        host: host.to_ascii_lowercase(),
        service: known.as_ref().map(|known| known.service),
        region: known.map_or_else(|| sim.settings.region.clone(), |known| known.region),
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    };
    if call.entry == Entry::Plain && is_loopback(&call.host) && call.path.starts_with("/_sim/") {
        return Ok(control::answer(&sim, &call));
    }
    let found = match &connected_host {
        Some(connected) if !same_host(connected, &call.host) => Found::WrongHost,
        None if !is_loopback(&call.host) => Found::WrongHost,
        _ => route::find(&call),
    };
    let route = found.route();
    let number = sim.log().push(logged(&call, route, sim.now()));
    let fault = sim.faults().take(route);
    let response = with_fault(&sim, found, &call, fault).await?;
    sim.log().answered(number, response.status().as_u16());
    Ok(response)
}

/// The log's view of a call.
fn logged(call: &Call, route: Route, at: SystemTime) -> LoggedRequest {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    LoggedRequest {
        at,
        entry: call.entry,
        route,
        method: call.method.clone(),
        host: call.host.clone(),
        path: call.path.clone(),
        query: call.query.clone(),
        headers: call.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: call.body.to_vec(),
        status: None,
    }
}

/// `host` and `host:443` are the same place.
pub(crate) fn same_host(connected: &str, named: &str) -> bool {
    named.strip_suffix(":443").unwrap_or(named) == connected
}

/// Other names at the plain entry would be a browser that was lured here by DNS rebinding.
fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}

async fn with_fault(sim: &Sim, found: Found, call: &Call, fault: Option<Fault>) -> Result<Response, Cut> {
    let Some(fault) = fault else {
        let mut response = dispatch(sim, found, call);
        date(sim, &mut response, None);
        return Ok(response);
    };
    if !fault.delay.is_zero() {
        tokio::time::sleep(fault.delay).await;
    }
    let mut response = match fault.effect {
        Effect::Cut => return Err(Cut),
        Effect::Answer { status, body } => faults::canned(status, body),
        Effect::HugeBody(bytes) => faults::huge(bytes),
        Effect::None => dispatch(sim, found, call),
        Effect::LoseAnswer => {
            dispatch(sim, found, call);
            return Err(Cut);
        }
        Effect::EndList => {
            let (mut parts, body) = dispatch(sim, found, call).into_parts();
            let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
            parts.headers.remove(CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(faults::without_next_token(&body)))
        }
        Effect::CutMidBody | Effect::BrokenJson => {
            let (parts, body) = dispatch(sim, found, call).into_parts();
            let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
            let cut = matches!(fault.effect, Effect::CutMidBody);
            faults::half(Response::from_parts(parts, Body::empty()), &body, cut)
        }
    };
    decorate(&mut response, &fault.headers);
    date(sim, &mut response, fault.date);
    Ok(response)
}

/// Adds the fault's headers.
fn decorate(response: &mut Response, headers: &[(String, String)]) {
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
}

/// A fault of [`Route::Connect`]: an answer in place of the tunnel, a delay, or (every other kind, since
/// the tunnel has no body to break) a cut. `None` lets the request go on.
pub(crate) async fn fault_at_proxy(sim: &Sim, request: &Request<Incoming>) -> Result<Option<Response>, Cut> {
    let Some(fault) = sim.faults().take(Route::Connect) else { return Ok(None) };
    tokio::time::sleep(fault.delay).await;
    match &fault.effect {
        Effect::None => Ok(None),
        Effect::Answer { status, body } => {
            let mut response = refusal_at_proxy(sim, request, faults::canned(*status, body.clone()));
            decorate(&mut response, &fault.headers);
            Ok(Some(response))
        }
        Effect::Cut
        | Effect::LoseAnswer
        | Effect::CutMidBody
        | Effect::BrokenJson
        | Effect::HugeBody(_)
        | Effect::EndList => {
            sim.log().push(proxy_request(sim, request));
            Err(Cut)
        }
    }
}

/// Sets `Date`; hyper would set the real one.
fn date(sim: &Sim, response: &mut Response, faulty: Option<FaultyDate>) {
    let right = match sim.settings.date_header {
        DateHeader::FollowsClock => sim.now(),
        DateHeader::RealTime => clock::real_now(),
    };
    let shown = match faulty {
        None => right,
        Some(FaultyDate::At(date)) => date,
        Some(FaultyDate::OffByMillis(millis)) => clock::shift(right, millis),
    };
    if let Ok(value) = HeaderValue::from_str(&clock::http_date(shown)) {
        response.headers_mut().insert(DATE, value);
    }
}

fn dispatch(sim: &Sim, found: Found, call: &Call) -> Response {
    match found {
        Found::Operation(operation) => operation.answer(sim, call),
        Found::UnknownTarget => aws_json::unknown_target(call),
        Found::Nothing if scim::has(&call.path) => scim::answer(sim, call),
        Found::Nothing => text(StatusCode::NOT_FOUND, "the simulator knows no such path"),
        Found::WrongHost => misdirected(call),
        Found::WrongMethod(Service::Scim) => scim::answer(sim, call),
        Found::WrongMethod(Service::Portal) => portal::method_not_allowed(),
        Found::WrongMethod(Service::AccountAccess | Service::AccountAccessRuntime) => {
            account_access::runtime::method_not_allowed(sim)
        }
        Found::WrongMethod(_) => text(StatusCode::METHOD_NOT_ALLOWED, "wrong method"),
    }
}

/// RFC 9110 section 15.5.20: a client's mistake that a single base URL would hide.
fn misdirected(call: &Call) -> Response {
    let place = call.service.map_or_else(|| "the plain entry".to_owned(), |service| format!("{service:?}"));
    let text = format!("{} {} is not a request for {place} ({})\n", call.method, call.path, call.host);
    (StatusCode::MISDIRECTED_REQUEST, [(CONTENT_TYPE, "text/plain")], text).into_response()
}

fn text(status: StatusCode, text: &'static str) -> Response {
    (status, [(CONTENT_TYPE, "text/plain")], text).into_response()
}

/// A refused CONNECT, or something else that is no request for a service, logged and answered.
pub(crate) fn refuse_at_proxy(
    sim: &Sim,
    request: &Request<Incoming>,
    status: StatusCode,
    why: &'static str,
) -> Response {
    refusal_at_proxy(sim, request, (status, why).into_response())
}

fn refusal_at_proxy(sim: &Sim, request: &Request<Incoming>, mut response: Response) -> Response {
    let number = sim.log().push(proxy_request(sim, request));
    sim.log().answered(number, response.status().as_u16());
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    date(sim, &mut response, None);
    response
}

fn proxy_request(sim: &Sim, request: &Request<Incoming>) -> LoggedRequest {
    let call = Call {
        entry: Entry::Proxy,
        host: request.uri().authority().map(ToString::to_string).unwrap_or_default(),
        service: None,
        region: String::new(),
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers: request.headers().clone(),
        body: Bytes::new(),
    };
    logged(&call, Route::Connect, sim.now())
}

/// What a CONNECT is answered with, by host and port.
pub(crate) fn connectable(sim: &Sim, authority: &str) -> Result<(String, KnownHost), &'static str> {
    let (host, port) = authority.rsplit_once(':').ok_or("CONNECT needs host and port")?;
    if port != "443" {
        return Err("only port 443");
    }
    let host = host.to_ascii_lowercase();
    let known = hosts::known(&host, &sim.settings).ok_or("no AWS host that the simulator plays")?;
    Ok((host, known))
}
