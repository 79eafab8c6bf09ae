//! Sends one plain request to an AWS service without an SDK client here, and interprets the response.

use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use crate::platform::http::{Answer, HttpSetup, Unreached, is_aws_header};
use crate::ports::identity_center::Origin;

const PATIENCE: Duration = Duration::from_secs(15);

/// How often errors are retried.
const MOST_AGAIN: u32 = 2;
const BACK_OFF: Duration = Duration::from_millis(500);

#[derive(Debug, thiserror::Error)]
#[error("{}", .kind.of(.host))]
pub struct CallError {
    pub service: CalledService,
    pub host: String,
    pub kind: CallErrorKind,
}

/// The services that are called this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalledService {
    Sts,
    /// The federation endpoint of the console.
    Signin,
}

#[derive(Debug, PartialEq, Eq)]
pub enum CallErrorKind {
    /// `code` is the service's error code, if its response has one.
    Refused {
        status: u16,
        code: Option<RefusalCode>,
    },
    Overloaded {
        status: u16,
    },
    Unreachable(Unreached),
    /// The response does not have AWS's form.
    NotAws {
        status: u16,
    },
    /// Not a response of this service, though perhaps one of AWS's.
    NotUnderstood,
}

/// The error codes that commands distinguish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefusalCode {
    AccessDenied,
    /// The credentials have expired.
    ExpiredToken,
    Other(String),
}

impl RefusalCode {
    fn named(name: String) -> Self {
        match name.as_str() {
            "AccessDenied" => Self::AccessDenied,
            "ExpiredToken" => Self::ExpiredToken,
            _ => Self::Other(name),
        }
    }
}

impl std::fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::AccessDenied => "AccessDenied",
            Self::ExpiredToken => "ExpiredToken",
            Self::Other(name) => name,
        })
    }
}

impl CallErrorKind {
    fn of(&self, host: &str) -> String {
        match self {
            Self::Refused { code: Some(code), .. } => format!("{host} refused the credentials ({code})"),
            Self::Refused { status, code: None } => format!("{host} refused the credentials ({status})"),
            Self::Overloaded { status } => format!("{host} returned an error ({status})"),
            Self::Unreachable(unreached) => unreached.to_string(),
            Self::NotAws { status } => {
                format!("something other than AWS answered in place of {host} ({status})")
            }
            Self::NotUnderstood => format!("{host} sent an unexpected response"),
        }
    }
}

/// How a service reports refusals.
#[derive(Clone, Copy)]
pub enum Refusals {
    /// With a code, which this function finds in the body.
    Coded(fn(&str) -> Option<String>),
    /// As an HTML page with this status, and without a mark of AWS's.
    Pages(u16),
}

impl Refusals {
    fn in_answer(self, answer: &Answer) -> Option<CallErrorKind> {
        let status = answer.status;
        let code = match self {
            Self::Coded(code) => code(&String::from_utf8_lossy(&answer.body)).map(RefusalCode::named),
            Self::Pages(_) => None,
        };
        let is_page = matches!(self, Self::Pages(of) if of == status);
        let is_of_aws = has_aws_header(answer) || code.is_some() || is_page;
        Some(match status {
            200 => return None,
            // 511 is "sign in to this network" (RFC 6585 section 6).
            511 | 300..400 => CallErrorKind::NotAws { status },
            429 | 500..600 => CallErrorKind::Overloaded { status },
            _ if is_of_aws => CallErrorKind::Refused { status, code },
            _ => CallErrorKind::NotAws { status },
        })
    }
}

fn has_aws_header(answer: &Answer) -> bool {
    answer.headers.iter().any(|(name, _)| is_aws_header(name))
}

/// A service at its origin.
pub struct ServiceEndpoint {
    pub service: CalledService,
    pub http: HttpSetup,
    pub origin: Origin,
    pub refusals: Refusals,
}

impl ServiceEndpoint {
    /// Returns the successful response; errors are retried as long as the call's time allows.
    pub fn call(&self, request: &HttpRequest) -> Result<Answer, CallError> {
        let clock = self.http.clock();
        let end = clock.elapsed() + PATIENCE;
        let mut again = 0;
        loop {
            let left = end.saturating_sub(clock.elapsed());
            let once = request.try_clone().ok_or_else(|| self.failed("the request cannot be sent"))?;
            let answer = self.http.ask(self.origin.is_https(), left, once);
            let answer = answer.map_err(|unreached| self.error(CallErrorKind::Unreachable(unreached)))?;
            match self.refusals.in_answer(&answer) {
                None => return Ok(answer),
                Some(CallErrorKind::Overloaded { .. })
                    if again < MOST_AGAIN && clock.elapsed() + BACK_OFF * 4 < end =>
                {
                    again += 1;
                    clock.sleep(BACK_OFF * again);
                }
                Some(kind) => return Err(self.error(kind)),
            }
        }
    }

    /// Returns the error of a request that could not be built.
    pub fn failed(&self, why: impl std::fmt::Display) -> CallError {
        let unreached = Unreached { at: self.origin.host().to_owned(), why: why.to_string() };
        self.error(CallErrorKind::Unreachable(unreached))
    }

    /// Checks by its form whether a response with a success status comes from AWS.
    pub fn not_understood(&self, answer: &Answer) -> CallError {
        let is_page = answer.body.trim_ascii_start().starts_with(b"<")
            && answer.body.windows(5).take(1000).any(|word| word.eq_ignore_ascii_case(b"<html"));
        self.error(if is_page && !has_aws_header(answer) {
            CallErrorKind::NotAws { status: answer.status }
        } else {
            CallErrorKind::NotUnderstood
        })
    }

    fn error(&self, kind: CallErrorKind) -> CallError {
        CallError { service: self.service, host: self.origin.host().to_owned(), kind }
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::http::Headers;
    use hyper::body::Bytes;

    use super::*;

    fn of(
        refusals: Refusals,
        status: u16,
        header: Option<&'static str>,
        body: &'static str,
    ) -> Option<CallErrorKind> {
        let mut headers = Headers::new();
        if let Some(header) = header {
            headers.insert(header, "x");
        }
        refusals.in_answer(&Answer {
            status,
            headers,
            body: Bytes::from_static(body.as_bytes()),
            is_cut: false,
        })
    }

    const CODED: Refusals = Refusals::Coded(|body| body.strip_prefix("code ").map(str::to_owned));

    #[test]
    fn a_status_distinguishes_refusals_from_errors() {
        assert_eq!(of(CODED, 200, None, ""), None);
        for status in [429, 500, 503] {
            assert_eq!(of(CODED, status, None, "<html>"), Some(CallErrorKind::Overloaded { status }));
        }
        for (name, code) in [
            ("ExpiredToken", RefusalCode::ExpiredToken),
            ("AccessDenied", RefusalCode::AccessDenied),
            ("ExpiredTokenException", RefusalCode::Other("ExpiredTokenException".to_owned())),
        ] {
            assert_eq!(code.to_string(), name);
            let named = RefusalCode::named(name.to_owned());
            assert_eq!(named, code);
        }
        let named = CallErrorKind::Refused { status: 403, code: Some(RefusalCode::ExpiredToken) };
        assert_eq!(of(CODED, 403, None, "code ExpiredToken"), Some(named));
        let marked = of(CODED, 403, Some("x-amzn-RequestId"), "<html>");
        assert_eq!(marked, Some(CallErrorKind::Refused { status: 403, code: None }));
    }

    #[test]
    fn without_a_mark_of_awss_it_is_someone_else_who_answers() {
        for status in [301, 307, 400, 403, 404, 407, 451, 511] {
            assert_eq!(of(CODED, status, None, "<html>"), Some(CallErrorKind::NotAws { status }), "{status}");
        }
        assert_eq!(of(CODED, 511, Some("x-amzn-requestid"), ""), Some(CallErrorKind::NotAws { status: 511 }));
    }

    #[test]
    fn a_service_that_refuses_with_a_page_is_believed_under_its_status_alone() {
        let page = |status| of(Refusals::Pages(400), status, None, "<html>");
        assert_eq!(page(400), Some(CallErrorKind::Refused { status: 400, code: None }));
        assert_eq!(page(403), Some(CallErrorKind::NotAws { status: 403 }));
    }
}
