//! The HTTP client below the AWS SDK clients and the sign-in endpoint: proxy, trust, deadlines and size limit.

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::body::SdkBody;
use chrono::{DateTime, Utc};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Bytes;

use crate::platform::env::Env;
use crate::platform::innermost;
use crate::platform::proxy::{self, Proxy, ProxyError};
use crate::platform::resolver::SystemResolver;
use crate::platform::roots::{Bundle, Roots, RootsError};
use crate::platform::running_time::within;
use crate::platform::runtime::Runtime;
use crate::ports::clock::{Clock, Skew};

/// The largest response that is read.
///
/// A full page of 100 accounts has about 20 KB; a larger response does not come from AWS, and must not fill the memory.
const LARGEST_ANSWER: usize = 2 * 1024 * 1024;

/// Connecting takes one round trip, or three with TLS and a proxy.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest pause that a response may ask for and be believed.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);

#[derive(Debug, thiserror::Error)]
pub enum HttpSetupError {
    #[error(transparent)]
    Roots(#[from] RootsError),
    #[error(transparent)]
    Proxy(#[from] ProxyError),
}

/// The host that could not be reached, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot reach {at}: {why}")]
pub struct Unreached {
    /// The host, or the proxy before it.
    pub at: String,
    pub why: String,
}

/// An HTML page in place of an API response: no AWS service answers with one.
#[derive(Debug, thiserror::Error)]
#[error("received an HTML page instead of a response ({status})")]
pub struct Page {
    pub status: u16,
}

impl Page {
    /// Returns the page that `error` comes from.
    pub fn within<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(page) = error.downcast_ref() {
                return Some(page);
            }
            next = error.source();
        }
        None
    }
}

/// Returns whether only AWS services send a header of this name. The portal's own has no prefix.
pub fn is_aws_header(name: &str) -> bool {
    ["x-amzn-requestid", "x-amzn-errortype", "x-amz-request-id", "requestid"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// The response to a plain request, with any status.
pub struct Answer {
    pub status: u16,
    pub headers: Headers,
    pub body: Bytes,
    /// Whether the body was larger than what is read; then it is empty.
    pub is_cut: bool,
}

/// The state that every connection of this process shares.
#[derive(Clone)]
pub struct HttpSetup {
    extra_roots: Arc<Roots>,
    proxy: Option<Arc<Proxy>>,
    witness: ClockSkewObserver,
    retry_after: Arc<Mutex<Option<Duration>>>,
}

/// Compares the `Date` of every response with our clock.
///
/// Times are judged by the service's clock, and errors mention a skew.
#[derive(Clone)]
struct ClockSkewObserver {
    clock: Arc<dyn Clock>,
    skew: Arc<Mutex<Option<Skew>>>,
}

/// A proxy URL may contain a password.
impl std::fmt::Debug for HttpSetup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HttpSetup")
    }
}

impl ClockSkewObserver {
    fn see(&self, answer: &HttpResponse) {
        let date = answer.headers().get("date").and_then(|date| DateTime::parse_from_rfc2822(date).ok());
        let found = date.and_then(|date| Skew::between(date.to_utc(), self.clock.now()));
        if let (Some(found), Ok(mut skew)) = (found, self.skew.lock()) {
            *skew = Some(found);
        }
    }
}

impl HttpSetup {
    /// Creates a client that trusts the certificates in `AWS_CA_BUNDLE` and the platform's.
    pub fn from_env(env: &Env, clock: Arc<dyn Clock>) -> Result<Self, HttpSetupError> {
        Self::trusting(&Bundle::of_env(env), env, clock)
    }

    /// Creates a client with the proxy of the environment and with these certificates *added* to the platform's.
    ///
    /// A company's bundle that only names the company's proxy must not cut off AWS.
    pub fn trusting(bundles: &[Bundle], env: &Env, clock: Arc<dyn Clock>) -> Result<Self, HttpSetupError> {
        let proxy = Proxy::from_env(env)?.map(Arc::new);
        let extra_roots = Arc::new(Roots::read(bundles)?);
        for left_out in &extra_roots.left_out {
            tracing::warn!(target: "kcaws::http", "{left_out}");
        }
        let witness = ClockSkewObserver { clock, skew: Arc::default() };
        Ok(Self { extra_roots, proxy, witness, retry_after: Arc::default() })
    }

    /// Returns why a request failed, with the skipped certificates if they may be the reason.
    fn why(&self, error: &(dyn Error + 'static)) -> String {
        let mut why = innermost(error);
        if matches!(tls_error(error), Some(rustls::Error::InvalidCertificate(_)))
            && let Some(first) = self.extra_roots.left_out.first()
        {
            why = format!("{why}; {first}");
        }
        why
    }

    /// Returns how long the latest response asks to wait (`Retry-After` in seconds).
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after.lock().ok().and_then(|retry_after| *retry_after)
    }

    /// Forgets the last `Retry-After`, before a request that may get no response.
    pub fn forget_retry_after(&self) {
        note_retry_after(&self.retry_after, None);
    }

    /// Returns the host, and the proxy that requests to it use.
    pub fn with_proxy(&self, host: &str) -> String {
        match self.proxy.as_ref().filter(|proxy| proxy.leads_to(host)) {
            Some(proxy) => format!("{host} (by the proxy {})", proxy.address()),
            None => host.to_owned(),
        }
    }

    /// Returns which host was not reached on the way to `host`, and why.
    pub fn unreached(&self, host: &str, error: &(dyn Error + 'static)) -> (String, String) {
        let proxy = self.proxy.as_ref().filter(|proxy| proxy.leads_to(host));
        match proxy.and_then(|proxy| Some((proxy, proxy::problem(error)?))) {
            Some((proxy, problem)) => proxy.blamed(host, problem, error),
            None => (host.to_owned(), self.why(error)),
        }
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.witness.clock
    }

    /// Returns how far the services' clock is ahead, by the latest response with a `Date`.
    pub fn clock_skew(&self) -> Option<Skew> {
        self.witness.skew.lock().ok().and_then(|skew| *skew)
    }

    /// Returns the time by the services' clock, if it is known.
    pub fn now_there(&self) -> DateTime<Utc> {
        self.clock_skew().unwrap_or_default().there(self.witness.clock.now())
    }

    /// Returns a client for SDK clients that call one origin.
    pub fn client(&self, https: bool) -> SharedHttpClient {
        let setup = self.clone();
        let inner = Builder::new().build_with_connector_fn(move |settings, components| {
            setup.connector(https, settings.cloned(), components.and_then(RuntimeComponents::sleep_impl))
        });
        SharedHttpClient::new(BoundedClient { inner, setup: self.clone() })
    }

    /// Sends one plain request, blocks, and returns the whole response, for services without an SDK client here.
    ///
    /// `patience` bounds all of it, and is the only timer besides the connection's: a second one for the first byte
    /// would at times fire first and report the same in other words.
    pub fn ask(&self, https: bool, patience: Duration, request: HttpRequest) -> Result<Answer, Unreached> {
        let at = host_of(request.uri());
        let answer = self.ask_at_most(https, patience, request)?;
        if answer.is_cut {
            let why = format!("the response is larger than {} MB", LARGEST_ANSWER / 1024 / 1024);
            return Err(Unreached { at, why });
        }
        Ok(answer)
    }

    /// Like [`Self::ask`], for callers that have an error of their own for a response that is too large.
    pub fn ask_at_most(
        &self,
        https: bool,
        patience: Duration,
        request: HttpRequest,
    ) -> Result<Answer, Unreached> {
        let host = host_of(request.uri());
        let unreached = |why: String| Unreached { at: host.clone(), why };
        let runtime = Runtime::new().map_err(|error| unreached(error.to_string()))?;
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).build();
        let sleep = SharedAsyncSleep::new(TokioSleep::new());
        let whole = async {
            let inner = SharedHttpConnector::new(self.connector(https, Some(settings), Some(sleep)));
            let answer = BoundedConnector::of_whole_answers(inner, self.clone()).call(request).await;
            let answer = answer.map_err(|error| {
                let (at, why) = self.unreached(&host, &error);
                Unreached { at, why }
            })?;
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            let (body, is_cut) = match answer.into_body().collect().await {
                Ok(body) => (body.to_bytes(), false),
                Err(error) if is_too_large(&*error) => (Bytes::new(), true),
                Err(error) => return Err(unreached(error.to_string())),
            };
            Ok(Answer { status, headers, body, is_cut })
        };
        let waited = runtime.block_on(within(patience, whole));
        waited.value.unwrap_or_else(|| {
            let why = format!("no answer within {:.0} s", patience.as_secs_f64());
            Err(Unreached { at: self.with_proxy(&host), why })
        })
    }

    /// Returns a connector that keeps its connections, for services without an SDK client that are asked often.
    ///
    /// The caller bounds how much of a response it reads, and for how long.
    pub fn pooled(&self, https: bool) -> SharedHttpConnector {
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).build();
        let sleep = SharedAsyncSleep::new(TokioSleep::new());
        let inner = SharedHttpConnector::new(self.connector(https, Some(settings), Some(sleep)));
        let largest = usize::MAX;
        SharedHttpConnector::new(BoundedConnector {
            inner,
            setup: self.clone(),
            refuses_pages: false,
            largest,
        })
    }

    /// Returns the connector, without TLS for a plain-http origin.
    ///
    /// Such an origin is loopback only, see [`crate::ports::identity_center::Origin`]. Reading the platform's roots
    /// costs more than everything else in a cold call. A custom connector disables the SDK's own proxy handling, which
    /// is therefore requested here.
    fn connector(
        &self,
        https: bool,
        settings: Option<HttpConnectorSettings>,
        sleep: Option<SharedAsyncSleep>,
    ) -> Connector {
        let mut builder = Connector::builder();
        builder.set_connector_settings(settings);
        builder.set_sleep_impl(sleep);
        if !https {
            return builder.proxy_config(proxy::none()).build_http();
        }
        let mut roots = TrustStore::default();
        for pem in &self.extra_roots.pems {
            roots = roots.with_pem_certificate(pem.as_bytes());
        }
        let context = TlsContext::builder().with_trust_store(roots).build().unwrap_or_default();
        builder
            .proxy_config(self.proxy.as_ref().map_or_else(proxy::none, |proxy| proxy.config()))
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
            .tls_context(context)
            .build_with_resolver(SystemResolver)
    }
}

/// Returns the TLS error that caused `error`.
pub(crate) fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(found) = error.downcast_ref() {
        return Some(found);
    }
    // An I/O error hides the error that it was made from in `source`.
    let made_of = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    made_of.and_then(|inner| tls_error(inner)).or_else(|| error.source().and_then(tls_error))
}

fn is_too_large(error: &(dyn Error + 'static)) -> bool {
    // An I/O error hides the error that it was made from in `source`.
    let made_of = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.is::<LengthLimitError>()
        || made_of.is_some_and(|inner| is_too_large(inner))
        || error.source().is_some_and(is_too_large)
}

/// Returns host and port of a request.
fn host_of(uri: &str) -> String {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default().to_owned()
}

fn note_retry_after(into: &Mutex<Option<Duration>>, answer: Option<&HttpResponse>) {
    let seconds = answer.and_then(|answer| answer.headers().get("retry-after")?.trim().parse().ok());
    if let Ok(mut retry_after) = into.lock() {
        *retry_after = seconds.map(Duration::from_secs).filter(|asked| *asked <= LONGEST_RETRY_AFTER);
    }
}

/// Refuses responses larger than [`LARGEST_ANSWER`] and HTML pages, and passes every response to the observer.
#[derive(Debug)]
struct BoundedClient {
    inner: SharedHttpClient,
    setup: HttpSetup,
}

impl HttpClient for BoundedClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        let (setup, largest) = (self.setup.clone(), LARGEST_ANSWER);
        SharedHttpConnector::new(BoundedConnector { inner, setup, refuses_pages: true, largest })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.inner.connector_metadata()
    }
}

#[derive(Debug)]
struct BoundedConnector {
    inner: SharedHttpConnector,
    setup: HttpSetup,
    /// A success status with HTML, which an SDK that expects no body would accept.
    refuses_pages: bool,
    /// How many bytes of a body are read.
    largest: usize,
}

impl BoundedConnector {
    fn of_whole_answers(inner: SharedHttpConnector, setup: HttpSetup) -> Self {
        Self { inner, setup, refuses_pages: false, largest: LARGEST_ANSWER }
    }
}

impl HttpConnector for BoundedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        // The TLS library panics at such a time, and no certificate is valid then.
        if self.setup.witness.clock.now().timestamp() < 0 {
            let why = "this machine's clock shows a time before 1970";
            return HttpConnectorFuture::ready(Err(ConnectorError::user(why.into())));
        }
        let answer = self.inner.call(request);
        let (setup, refuses_pages, largest) = (self.setup.clone(), self.refuses_pages, self.largest);
        HttpConnectorFuture::new(async move {
            let answer = answer.await?;
            let kind = answer.headers().get("content-type").unwrap_or_default();
            if refuses_pages && answer.status().is_success() && kind.trim_start().starts_with("text/html") {
                return Err(ConnectorError::user(Page { status: answer.status().as_u16() }.into()));
            }
            setup.witness.see(&answer);
            note_retry_after(&setup.retry_after, Some(&answer));
            Ok::<_, ConnectorError>(answer.map(|body| {
                SdkBody::from_body_1_x(Limited::new(body, largest).map_err(std::io::Error::other))
            }))
        })
    }
}
