//! A client for these tests: requests, and the steps of a login.

use std::time::Duration;

use idc_sim::IdcSim;
use serde_json::{Value, json};
use ureq::http::Request;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Proxy};

pub(crate) const START_URL: &str = "https://d-1234567890.awsapps.com/start";
pub(crate) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
pub(crate) const ALICE: &str = "alice@example.com";
pub(crate) const DEV: &str = "111122223333";

/// An answer, read in full.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The `error` of an OIDC answer, after a look at its other two places.
    #[track_caller]
    pub(crate) fn oidc_error(&self) -> (u16, String) {
        let error = self.json()["error"].as_str().expect("an error").to_owned();
        assert!(self.json()["error_description"].is_string(), "{self:?}");
        let exception = self.header("x-amzn-errortype");
        let name: String = exception.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let expected = match error.as_str() {
            "server_error" => "internalserverexception".to_owned(),
            other => format!("{}exception", other.replace('_', "")),
        };
        assert_eq!(name, expected, "{exception}");
        assert!(exception.ends_with(":http://internal.amazon.com/coral/com.amazonaws.sso.oidc/"));
        (self.status, error)
    }

    /// The exception of a portal answer.
    #[track_caller]
    pub(crate) fn portal_error(&self) -> (u16, String) {
        let body = self.json();
        assert!(body["message"].is_string(), "{self:?}");
        let name = body["__type"].as_str().expect("a type");
        let exception = name.strip_prefix("com.amazonaws.switchboard.portal#").expect("the portal's type");
        (self.status, exception.to_owned())
    }
}

pub(crate) struct Client {
    agent: Agent,
    pub(crate) base: String,
}

impl Client {
    /// By the plain entry.
    pub(crate) fn new(sim: &IdcSim) -> Self {
        Self::at(sim.url())
    }

    /// By the plain entry of a simulator that is another process.
    pub(crate) fn at(url: &str) -> Self {
        let config = Agent::config_builder().proxy(None).http_status_as_error(false).max_redirects(0);
        Self { agent: config.build().into(), base: url.to_owned() }
    }

    /// By the proxy entry; `base` is a real host's.
    pub(crate) fn by_proxy(sim: &IdcSim, base: &str) -> Self {
        Self::by_proxy_trusting(sim, base, sim.ca_pem())
    }

    /// As [`Self::by_proxy`], with a root certificate of one's own choice.
    pub(crate) fn by_proxy_trusting(sim: &IdcSim, base: &str, root: &str) -> Self {
        let root = Certificate::from_pem(root.as_bytes()).expect("PEM");
        let tls = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[root])).build();
        let proxy = Proxy::new(sim.proxy_url()).expect("a proxy URL");
        let config = Agent::config_builder()
            .proxy(Some(proxy))
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0);
        Self { agent: config.build().into(), base: base.to_owned() }
    }

    pub(crate) fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, ureq::Error> {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = self.agent.run(request.body(body.to_owned()).expect("a request"))?;
        let body = response.body_mut().with_config().limit(256 * 1024 * 1024).read_to_string()?;
        Ok(Answer { status: response.status().as_u16(), headers: response.headers().clone(), body })
    }

    #[track_caller]
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.try_send(method, path, headers, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[("content-type", "application/json")], &body.to_string())
    }

    #[track_caller]
    pub(crate) fn post_form(&self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Answer {
        let mut headers = headers.to_vec();
        headers.push(("content-type", "application/x-www-form-urlencoded"));
        self.send("POST", path, &headers, &encode(fields))
    }

    /// A portal request with an access token.
    #[track_caller]
    pub(crate) fn portal(&self, path: &str, token: &str) -> Answer {
        self.send("GET", path, &[("x-amz-sso_bearer_token", token)], "")
    }

    /// Registers as the AWS CLI does for an `sso-session`.
    #[track_caller]
    pub(crate) fn register(&self) -> Registered {
        self.register_with(
            &json!({"clientName": "test", "clientType": "public", "scopes": ["sso:account:access"]}),
        )
    }

    #[track_caller]
    pub(crate) fn register_with(&self, body: &Value) -> Registered {
        let answer = self.post("/client/register", body);
        assert_eq!(answer.status, 200, "{answer:?}");
        let text = |name: &str| answer.json()[name].as_str().expect("a string").to_owned();
        Registered { id: text("clientId"), secret: text("clientSecret") }
    }

    #[track_caller]
    pub(crate) fn start_device(&self, client: &Registered) -> DeviceCode {
        let answer = self.post("/device_authorization", &client.with(&json!({"startUrl": START_URL})));
        assert_eq!(answer.status, 200, "{answer:?}");
        let text = |name: &str| answer.json()[name].as_str().expect("a string").to_owned();
        DeviceCode { device_code: text("deviceCode"), user_code: text("userCode") }
    }

    #[track_caller]
    pub(crate) fn poll(&self, client: &Registered, device_code: &str) -> Answer {
        self.post("/token", &client.with(&json!({"grantType": DEVICE_CODE, "deviceCode": device_code})))
    }

    #[track_caller]
    pub(crate) fn refresh(&self, client: &Registered, token: &str) -> Answer {
        self.post("/token", &client.with(&json!({"grantType": "refresh_token", "refreshToken": token})))
    }

    /// A whole login by device code, approved from outside.
    #[track_caller]
    pub(crate) fn log_in(&self, sim: &IdcSim) -> Tokens {
        self.log_in_as(sim, &self.register())
    }

    /// The same, with a client that is registered already.
    #[track_caller]
    pub(crate) fn log_in_as(&self, sim: &IdcSim, client: &Registered) -> Tokens {
        let code = self.start_device(client);
        sim.approve(&code.user_code);
        Tokens::of(client.clone(), &self.poll(client, &code.device_code))
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Registered {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Registered {
    /// Id and secret, and the members of `more`.
    pub(crate) fn with(&self, more: &Value) -> Value {
        let mut body = json!({"clientId": self.id, "clientSecret": self.secret});
        for (name, value) in more.as_object().expect("an object") {
            body[name] = value.clone();
        }
        body
    }
}

#[derive(Clone, Debug)]
pub(crate) struct DeviceCode {
    pub(crate) device_code: String,
    pub(crate) user_code: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) client: Registered,
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
    pub(crate) expires_in: u64,
}

impl Tokens {
    #[track_caller]
    pub(crate) fn of(client: Registered, answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{answer:?}");
        let body = answer.json();
        assert_eq!(body["tokenType"], "Bearer");
        Self {
            client,
            access: body["accessToken"].as_str().expect("an access token").to_owned(),
            refresh: body["refreshToken"].as_str().map(str::to_owned),
            expires_in: body["expiresIn"].as_u64().expect("expiresIn"),
        }
    }

    #[track_caller]
    pub(crate) fn refresh_token(&self) -> &str {
        self.refresh.as_deref().expect("a refresh token")
    }
}

pub(crate) fn encode(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

pub(crate) const fn hours(hours: u64) -> Duration {
    Duration::from_hours(hours)
}
