//! Faults: what a route does wrong on purpose, for the next few requests or until cleared.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use hyper::body::{Body as HttpBody, Frame};
use serde_json::Value;
use tokio::time::Sleep;

use crate::route::Route;

/// Something that goes wrong.
#[derive(Clone, Debug)]
pub struct Fault {
    pub(crate) effect: Effect,
    pub(crate) delay: Duration,
    pub(crate) date: Option<FaultyDate>,
    pub(crate) headers: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// The request is answered as usual.
    None,
    Answer {
        status: u16,
        body: String,
    },
    Cut,
    LoseAnswer,
    CutMidBody,
    BrokenJson,
    HugeBody(u64),
    EndList,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum FaultyDate {
    At(SystemTime),
    OffByMillis(i64),
}

impl Fault {
    fn of(effect: Effect) -> Self {
        Self { effect, delay: Duration::ZERO, date: None, headers: Vec::new() }
    }

    /// Answers with this status and body instead of doing anything. The content type is JSON where the
    /// body starts with `{`, else HTML.
    pub fn status(status: u16, body: impl Into<String>) -> Self {
        Self::of(Effect::Answer { status, body: body.into() })
    }

    /// Waits (in real time), then answers as usual.
    pub fn delay(delay: Duration) -> Self {
        Self { delay, ..Self::of(Effect::None) }
    }

    /// Cuts the connection before the request has had any effect.
    pub fn cut() -> Self {
        Self::of(Effect::Cut)
    }

    /// Does what was asked, then cuts the connection instead of answering: a refresh token is used up
    /// and its successor is lost.
    pub fn lose_answer() -> Self {
        Self::of(Effect::LoseAnswer)
    }

    /// Does what was asked and cuts the connection in the middle of the body.
    pub fn cut_mid_body() -> Self {
        Self::of(Effect::CutMidBody)
    }

    /// Does what was asked and answers with half of the JSON, complete as far as HTTP can tell.
    pub fn broken_json() -> Self {
        Self::of(Effect::BrokenJson)
    }

    /// Answers 200 with a JSON string of about `bytes` bytes, streamed.
    pub fn huge_body(bytes: u64) -> Self {
        Self::of(Effect::HugeBody(bytes))
    }

    /// Answers with a page, for administrators' services, as if it were the last: without `NextToken`.
    pub fn end_list() -> Self {
        Self::of(Effect::EndList)
    }

    /// Answers as usual with this `Date`.
    pub fn date(date: SystemTime) -> Self {
        Self { date: Some(FaultyDate::At(date)), ..Self::of(Effect::None) }
    }

    /// Answers as usual with a `Date` that is `seconds` ahead (or, if negative, behind).
    pub fn date_off_by(seconds: i64) -> Self {
        Self { date: Some(FaultyDate::OffByMillis(seconds.saturating_mul(1000))), ..Self::of(Effect::None) }
    }

    /// Waits (in real time) before whatever else this fault does.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Adds a header to the answer, e.g. `Retry-After`. Invalid names and values are left out.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// The faults that wait for a request.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    next_id: u64,
    armed: Vec<Armed>,
}

#[derive(Debug)]
struct Armed {
    id: u64,
    route: Route,
    fault: Fault,
    skip: u64,
    times: Option<u64>,
}

impl Faults {
    /// Arms a fault until it is cleared and returns its id.
    pub(crate) fn arm(&mut self, route: Route, fault: Fault) -> u64 {
        self.next_id += 1;
        self.armed.push(Armed { id: self.next_id, route, fault, skip: 0, times: None });
        self.next_id
    }

    pub(crate) fn limit(&mut self, id: u64, times: u64) {
        if let Some(armed) = self.armed.iter_mut().find(|armed| armed.id == id) {
            armed.times = Some(times);
        }
    }

    pub(crate) fn skip(&mut self, id: u64, requests: u64) {
        if let Some(armed) = self.armed.iter_mut().find(|armed| armed.id == id) {
            armed.skip = requests;
        }
    }

    pub(crate) fn clear(&mut self) {
        self.armed.clear();
    }

    /// The fault for this request, oldest first; counts it.
    pub(crate) fn take(&mut self, route: Route) -> Option<Fault> {
        self.armed.retain(|armed| armed.times != Some(0));
        let armed = self.armed.iter_mut().find(|armed| armed.route == route)?;
        if armed.skip > 0 {
            armed.skip -= 1;
            return None;
        }
        if let Some(times) = &mut armed.times {
            *times -= 1;
        }
        Some(armed.fault.clone())
    }
}

/// The answer of [`Fault::status`].
pub(crate) fn canned(status: u16, body: String) -> Response {
    let content_type = if body.trim_start().starts_with('{') { "application/json" } else { "text/html" };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(CONTENT_TYPE, content_type)], body).into_response()
}

/// The answer of [`Fault::huge_body`].
pub(crate) fn huge(bytes: u64) -> Response {
    let body = Body::new(Padding { left: bytes, started: false, chunk: Bytes::from(vec![b'x'; 64 * 1024]) });
    (StatusCode::OK, [(CONTENT_TYPE, "application/json")], body).into_response()
}

/// The first half of `body` under the same head, then nothing more: by `cut` the connection, else as if
/// that were all.
pub(crate) fn half(mut response: Response, body: &Bytes, cut: bool) -> Response {
    let half = body.slice(..body.len() / 2);
    if cut {
        response.headers_mut().insert(CONTENT_LENGTH, body.len().into());
        *response.body_mut() = Body::new(TornBody { half: Some(half), pause: None });
    } else {
        response.headers_mut().insert(CONTENT_LENGTH, half.len().into());
        *response.body_mut() = Body::from(half);
    }
    response
}

/// `body` without its `NextToken` or `nextToken`; as it is where it has none.
pub(crate) fn without_next_token(body: &Bytes) -> Bytes {
    let Ok(Value::Object(mut members)) = serde_json::from_slice::<Value>(body) else { return body.clone() };
    if members.remove("NextToken").or_else(|| members.remove("nextToken")).is_none() {
        return body.clone();
    }
    Value::Object(members).to_string().into()
}

/// A JSON string without end in sight.
struct Padding {
    left: u64,
    started: bool,
    chunk: Bytes,
}

impl HttpBody for Padding {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if !self.started {
            self.started = true;
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"{\"padding\":\"")))));
        }
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let size = usize::try_from(self.left).unwrap_or(usize::MAX).min(self.chunk.len());
        self.left -= size as u64;
        Poll::Ready(Some(Ok(Frame::data(self.chunk.slice(..size)))))
    }
}

/// Half a body, then an error, upon which hyper drops the connection.
struct TornBody {
    half: Option<Bytes>,
    /// Time for the half to reach the client: what hyper has buffered is lost with the connection.
    pause: Option<Pin<Box<Sleep>>>,
}

impl HttpBody for TornBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(half) = self.half.take() {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        let pause = self.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(Duration::from_millis(50))));
        ready!(pause.as_mut().poll(context));
        Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionAborted.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_skips_and_clears() {
        let mut faults = Faults::default();
        let id = faults.arm(Route::CreateToken, Fault::cut());
        faults.skip(id, 1);
        faults.limit(id, 2);
        let taken: Vec<bool> = (0..5).map(|_| faults.take(Route::CreateToken).is_some()).collect();
        assert_eq!(taken, [false, true, true, false, false]);

        faults.arm(Route::Logout, Fault::cut());
        assert!(faults.take(Route::CreateToken).is_none());
        assert!(faults.take(Route::Logout).is_some());
        faults.clear();
        assert!(faults.take(Route::Logout).is_none());
    }
}
