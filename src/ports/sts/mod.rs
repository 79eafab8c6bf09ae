//! STS: the identity of role credentials (`GetCallerIdentity`), and credentials of another role (`AssumeRole`).
//!
//! AWS STS API reference; Signature Version 4 by the SDK's own signer.

mod assume;

use aws_smithy_xml::decode::{Document, try_data};

pub use self::assume::{AssumeRole, AssumedCredentials};
use crate::platform::http::{Answer, HttpSetup};
use crate::ports::identity_center::{Origin, RoleCredentials};
use crate::ports::service_call::{CallError, CallErrorKind, CalledService, Refusals, ServiceEndpoint};
use crate::ports::signed_form::{SignedService, signed_form};

const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";
/// STS accepts signatures that are five minutes off.
const HARMFUL_SKEW: chrono::TimeDelta = chrono::TimeDelta::seconds(60);

/// What STS reports about credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerIdentity {
    pub account: String,
    /// `arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_<permission set>_<16 hex>/<user name>`
    pub arn: String,
    pub user_id: String,
}

impl CallerIdentity {
    /// Returns the user, after whom Identity Center names the role session.
    pub fn user(&self) -> Option<&str> {
        let (role, user) = self.arn.split_once(":assumed-role/")?.1.split_once('/')?;
        role.starts_with("AWSReservedSSO_").then_some(user)
    }
}

pub trait Sts {
    fn caller_identity(&self, credentials: &RoleCredentials) -> Result<CallerIdentity, CallError>;

    /// Returns the credentials of another role, assumed with `credentials`.
    fn assume_role(
        &self,
        credentials: &RoleCredentials,
        role: &AssumeRole<'_>,
    ) -> Result<AssumedCredentials, CallError>;
}

pub struct HttpSts {
    endpoint: ServiceEndpoint,
    /// The Region of the signature: that of the endpoint.
    region: String,
}

impl HttpSts {
    pub fn new(http: HttpSetup, endpoint: Origin, region: String) -> Self {
        let refusals = Refusals::Coded(|body| text_of(body, "Code"));
        Self {
            endpoint: ServiceEndpoint { service: CalledService::Sts, http, origin: endpoint, refusals },
            region,
        }
    }

    fn ask(&self, credentials: &RoleCredentials, body: &str) -> Result<Answer, CallError> {
        let to =
            SignedService { uri: &format!("{}/", self.endpoint.origin), name: "sts", region: &self.region };
        let request = signed_form(to, credentials, body, self.endpoint.http.now_there());
        self.endpoint.call(&request.map_err(|why| self.endpoint.failed(why))?)
    }

    /// Calls once, and once more if the refusal shows that this machine's clock is off.
    fn call<T>(
        &self,
        operation: &'static str,
        credentials: &RoleCredentials,
        body: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, CallError> {
        let skew = || self.endpoint.http.clock_skew().unwrap_or_default();
        let before = skew();
        let outcome = match self.ask(credentials, body) {
            // With the clock off, the signature is expired; the refusal contains the time.
            Err(CallError { kind: CallErrorKind::Refused { .. }, .. })
                if skew().differs_from(before, HARMFUL_SKEW) =>
            {
                self.ask(credentials, body)
            }
            outcome => outcome,
        };
        tracing::info!(target: "kcaws::aws", operation, host = self.endpoint.origin.host(), answered = outcome.is_ok());
        let answer = outcome?;
        read(&String::from_utf8_lossy(&answer.body)).ok_or_else(|| self.endpoint.not_understood(&answer))
    }
}

impl Sts for HttpSts {
    fn caller_identity(&self, credentials: &RoleCredentials) -> Result<CallerIdentity, CallError> {
        self.call("GetCallerIdentity", credentials, BODY, identity)
    }

    fn assume_role(
        &self,
        credentials: &RoleCredentials,
        role: &AssumeRole<'_>,
    ) -> Result<AssumedCredentials, CallError> {
        let assumed = self.call("AssumeRole", credentials, &role.body(), assume::credentials)?;
        Ok(AssumedCredentials { credentials: assumed, skew: self.endpoint.http.clock_skew() })
    }
}

fn identity(body: &str) -> Option<CallerIdentity> {
    Some(CallerIdentity {
        account: text_of(body, "Account")?,
        arn: text_of(body, "Arn")?,
        user_id: text_of(body, "UserId")?,
    })
}

/// Returns the text of that element two levels down: `…Response/…Result/Arn`, `ErrorResponse/Error/Code`.
fn text_of(body: &str, name: &str) -> Option<String> {
    let mut document = Document::new(body);
    let mut root = document.root_element().ok()?;
    while let Some(mut result) = root.next_tag() {
        while let Some(mut tag) = result.next_tag() {
            if tag.start_el().matches(name) {
                return try_data(&mut tag).ok().map(std::borrow::Cow::into_owned);
            }
        }
    }
    None
}

/// Responds with one fixed identity.
pub struct FakeSts(pub CallerIdentity);

impl Sts for FakeSts {
    fn caller_identity(&self, _credentials: &RoleCredentials) -> Result<CallerIdentity, CallError> {
        Ok(self.0.clone())
    }

    fn assume_role(
        &self,
        credentials: &RoleCredentials,
        _role: &AssumeRole<'_>,
    ) -> Result<AssumedCredentials, CallError> {
        Ok(AssumedCredentials { credentials: credentials.clone(), skew: None })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::sync::Arc;

    use super::*;
    use crate::platform::env::Env;
    use crate::ports::clock::SystemClock;
    use crate::ports::identity_center::fake::FakeIdentityCenter;

    const ANSWER: &str = r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
      <GetCallerIdentityResult>
        <Arn>arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@example.com</Arn>
        <UserId>AROAEXAMPLE:alice@example.com</UserId><Account>111122223333</Account>
      </GetCallerIdentityResult>
      <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>
    </GetCallerIdentityResponse>"#;

    fn contract(sts: &dyn Sts) {
        let credentials = FakeIdentityCenter::role_credentials("2026-11-24T09:00:00Z");
        let identity = sts.caller_identity(&credentials).expect("answers");
        assert_eq!((identity.account.as_str(), identity.user()), ("111122223333", Some("alice@example.com")));
    }

    #[test]
    fn both_forms_keep_the_contract_and_the_real_one_signs() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("binds");
        let endpoint = Origin::new(&format!("http://{}", listener.local_addr().expect("bound")));
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a caller");
            let mut request = Vec::new();
            let mut piece = [0; 4096];
            while !request.ends_with(BODY.as_bytes()) {
                let read = stream.read(&mut piece).expect("reads");
                request.extend_from_slice(&piece[..read]);
            }
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{ANSWER}", ANSWER.len())
                .expect("answers");
            String::from_utf8_lossy(&request).to_lowercase()
        });
        let http = HttpSetup::from_env(&Env::from_pairs(&[]), Arc::new(SystemClock::new())).expect("sets up");
        contract(&HttpSts::new(http, endpoint, "eu-central-1".to_owned()));
        let request = server.join().expect("served");
        assert!(request.starts_with("post / http/1.1\r\n"), "{request}");
        assert!(
            request.contains("/eu-central-1/sts/aws4_request") && request.contains("x-amz-security-token")
        );
        contract(&FakeSts(identity(ANSWER).expect("understood")));
    }

    #[test]
    fn the_answer_names_account_and_user() {
        let identity = identity(ANSWER).expect("understood");
        assert_eq!(identity.account, "111122223333");
        assert_eq!(identity.user_id, "AROAEXAMPLE:alice@example.com");
        assert_eq!(identity.user(), Some("alice@example.com"));
    }

    #[test]
    fn another_principal_is_no_user_of_identity_center() {
        let of = |arn: &str| CallerIdentity { arn: arn.to_owned(), ..identity(ANSWER).expect("understood") };
        for arn in ["arn:aws:iam::111122223333:user/bob", "arn:aws:sts::111122223333:assumed-role/ci/bob", ""]
        {
            assert_eq!(of(arn).user(), None, "{arn}");
        }
    }

    #[test]
    fn what_is_no_such_answer_is_not_guessed_at() {
        for body in ["", "<html>", "{}", "<a/>", "<a><b><Arn>x</Arn></b></a>"] {
            assert_eq!(identity(body), None, "{body}");
        }
        let refusal =
            "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code></Error></ErrorResponse>";
        assert_eq!(text_of(refusal, "Code").as_deref(), Some("ExpiredToken"));
    }
}
