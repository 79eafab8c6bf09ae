//! The responses of a loopback listener.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};

pub type Answer = Response<Full<Bytes>>;

/// Headers: nothing is cached, framed, sniffed or sent as a referrer, and no script runs.
const ON_EVERY_ANSWER: [(HeaderName, &str); 4] = [
    (CACHE_CONTROL, "no-store"),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
];

/// Returns a page; `title` and `body` are HTML.
pub(crate) fn page(title: &str, body: &str) -> Answer {
    let html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>\
         <style>body{{font:1.1rem/1.5 system-ui;max-width:36rem;margin:4rem auto;padding:0 1rem}}\
         code{{font-size:2rem;letter-spacing:.1em}}</style>{body}</html>"
    );
    let mut answer = Answer::new(Full::new(Bytes::from(html)));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    answer
}

/// Redirects the browser; `None` if `target` is not valid in a header.
pub(crate) fn redirect(target: &str) -> Option<Answer> {
    let mut location = HeaderValue::from_str(target).ok()?;
    location.set_sensitive(true);
    let mut answer = Answer::default();
    *answer.status_mut() = StatusCode::SEE_OTHER;
    answer.headers_mut().insert(LOCATION, location);
    Some(answer)
}

pub(crate) fn not_found() -> Answer {
    let mut nothing = Answer::default();
    *nothing.status_mut() = StatusCode::NOT_FOUND;
    nothing
}

pub(crate) fn with_every_header(mut answer: Answer) -> Answer {
    for (name, value) in ON_EVERY_ANSWER {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}
