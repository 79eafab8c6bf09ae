//! One plain request to a service of AWS's that no SDK client of ours knows, and what can become of it.

use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use hyper::body::Bytes;

use super::http::HttpSetup;
use super::identity_center::Origin;

const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Debug, thiserror::Error)]
#[error("{}", .trouble.of(.host))]
pub struct CallError {
    /// As programs tell the services apart.
    pub service: &'static str,
    pub host: String,
    pub trouble: Trouble,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Trouble {
    /// `code`: the service's own word, where its answer has one.
    Refused {
        status: u16,
        code: Option<String>,
    },
    Overloaded {
        status: u16,
    },
    Unreachable {
        why: String,
    },
    /// No answer of this service's: somebody else's page, or a redirect.
    NotUnderstood,
}

impl Trouble {
    fn of(&self, host: &str) -> String {
        match self {
            Self::Refused { code: Some(code), .. } => format!("{host} refused the credentials ({code})"),
            Self::Refused { status, code: None } => format!("{host} refused the credentials ({status})"),
            Self::Overloaded { status } => format!("{host} is in trouble ({status})"),
            Self::Unreachable { why } => format!("cannot reach {host}: {why}"),
            Self::NotUnderstood => format!("{host} answered something that is not understood"),
        }
    }

    /// `code`: finds the service's own word in the body of a refusal.
    fn in_answer(status: u16, body: &[u8], code: fn(&str) -> Option<String>) -> Option<Self> {
        Some(match status {
            200 => return None,
            429 | 500..600 => Self::Overloaded { status },
            300..400 => Self::NotUnderstood,
            _ => Self::Refused { status, code: code(&String::from_utf8_lossy(body)) },
        })
    }
}

/// A service at its place.
pub struct Callee {
    pub service: &'static str,
    pub http: HttpSetup,
    pub origin: Origin,
}

impl Callee {
    /// The body of a good answer.
    pub fn call(&self, request: HttpRequest, code: fn(&str) -> Option<String>) -> Result<Bytes, CallError> {
        let answer = self.http.ask(self.origin.is_https(), PATIENCE, request);
        let answer = answer.map_err(|why| self.unreachable(why))?;
        match Trouble::in_answer(answer.status, &answer.body, code) {
            None => Ok(answer.body),
            Some(trouble) => Err(self.in_trouble(trouble)),
        }
    }

    pub fn unreachable(&self, why: impl std::fmt::Display) -> CallError {
        self.in_trouble(Trouble::Unreachable { why: why.to_string() })
    }

    pub fn not_understood(&self) -> CallError {
        self.in_trouble(Trouble::NotUnderstood)
    }

    fn in_trouble(&self, trouble: Trouble) -> CallError {
        CallError { service: self.service, host: self.origin.host().to_owned(), trouble }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_tells_a_refusal_from_trouble_and_from_somebody_else() {
        let of = |status| Trouble::in_answer(status, b"ExpiredToken", |_| None);
        assert_eq!(of(200), None);
        for status in [429, 500, 503] {
            assert_eq!(of(status), Some(Trouble::Overloaded { status }));
        }
        for status in [301, 302, 307] {
            assert_eq!(of(status), Some(Trouble::NotUnderstood), "{status}");
        }
        assert_eq!(of(400), Some(Trouble::Refused { status: 400, code: None }));
        let named = Trouble::in_answer(403, b"ExpiredToken", |body| Some(body.to_owned()));
        assert_eq!(named, Some(Trouble::Refused { status: 403, code: Some("ExpiredToken".to_owned()) }));
    }
}
