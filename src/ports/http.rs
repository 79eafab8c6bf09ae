//! The HTTP client below the AWS SDK clients and the sign-in endpoint: proxy, trust, deadlines and a size limit
//! in one place.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::proxy::ProxyConfig;
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
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use http_body_util::{BodyExt, Limited};
use hyper::body::Bytes;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::clock::{Clock, Skew};
use super::env::Env;
use super::foreign_file;
use super::resolver::SystemResolver;
use super::runtime::Runtime;

/// Largest answer that is read. A full page of 100 accounts is about 20 KB; what is larger than this is no
/// answer of AWS's, and it shall not fill our memory.
const LARGEST_ANSWER: usize = 2 * 1024 * 1024;

/// Connecting takes one round trip, or three with TLS and a proxy.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
pub enum HttpSetupError {
    #[error("cannot read the certificates in `{path}` (AWS_CA_BUNDLE)", path = .path.display())]
    CaBundle { path: PathBuf, source: std::io::Error },
    #[error("`{path}` (AWS_CA_BUNDLE) holds no PEM certificate", path = .path.display())]
    NoCertificate { path: PathBuf },
}

/// Of a plain request; any status is an answer.
pub struct Answer {
    pub status: u16,
    pub headers: Headers,
    pub body: Bytes,
}

/// What every connection of this process shares.
#[derive(Clone)]
pub struct HttpSetup {
    /// PEM, each certificate known to parse: the SDK panics on one that does not.
    extra_roots: Vec<String>,
    witness: DateWitness,
}

/// Compares the `Date` of every answer with our clock: times are judged by the service's clock, and a skew is
/// named in errors.
#[derive(Clone)]
struct DateWitness {
    clock: Arc<dyn Clock>,
    skew: Arc<Mutex<Option<Skew>>>,
}

impl std::fmt::Debug for DateWitness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DateWitness")
    }
}

impl DateWitness {
    fn see(&self, answer: &HttpResponse) {
        let date = answer.headers().get("date").and_then(|date| DateTime::parse_from_rfc2822(date).ok());
        let found = date.and_then(|date| Skew::between(date.to_utc(), self.clock.now()));
        if let (Some(found), Ok(mut skew)) = (found, self.skew.lock()) {
            *skew = Some(found);
        }
    }
}

impl HttpSetup {
    /// Reads `AWS_CA_BUNDLE`. Its certificates are *added* to the platform's roots: a company bundle that names
    /// only the company's proxy must not cut off AWS.
    pub fn from_env(env: &Env, clock: Arc<dyn Clock>) -> Result<Self, HttpSetupError> {
        let witness = DateWitness { clock, skew: Arc::default() };
        let Some(path) = env.raw("AWS_CA_BUNDLE").map(PathBuf::from) else {
            return Ok(Self { extra_roots: Vec::new(), witness });
        };
        let bundle = foreign_file::read(&path)
            .map_err(|source| HttpSetupError::CaBundle { path: path.clone(), source })?;
        let extra_roots: Vec<String> =
            CertificateDer::pem_slice_iter(&bundle).filter_map(Result::ok).filter_map(usable_root).collect();
        if extra_roots.is_empty() {
            return Err(HttpSetupError::NoCertificate { path });
        }
        Ok(Self { extra_roots, witness })
    }

    /// How far the services' clock is ahead of ours, by the newest answer that bore a `Date`.
    pub fn clock_skew(&self) -> Option<Skew> {
        self.witness.skew.lock().ok().and_then(|skew| *skew)
    }

    /// The time by the services' clock, as far as it is known.
    pub fn now_there(&self) -> DateTime<Utc> {
        self.clock_skew().unwrap_or_default().there(self.witness.clock.now())
    }

    /// A client for SDK clients that call one origin.
    pub fn client(&self, https: bool) -> SharedHttpClient {
        let setup = self.clone();
        let inner = Builder::new().build_with_connector_fn(move |settings, components| {
            setup.connector(https, settings.cloned(), components.and_then(RuntimeComponents::sleep_impl))
        });
        SharedHttpClient::new(BoundedClient { inner, witness: self.witness.clone() })
    }

    /// The whole answer to one plain request, for what no SDK client of ours knows. Blocks. Or why there is none.
    ///
    /// `patience` bounds all of it, and is the only clock but the connection's: a second one for the first byte
    /// would at times win the race and say the same in other words.
    pub fn ask(&self, https: bool, patience: Duration, request: HttpRequest) -> Result<Answer, String> {
        let runtime = Runtime::new().map_err(|error| error.to_string())?;
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).build();
        let sleep = SharedAsyncSleep::new(TokioSleep::new());
        let whole = async {
            let inner = SharedHttpConnector::new(self.connector(https, Some(settings), Some(sleep)));
            let answer = BoundedConnector { inner, witness: self.witness.clone() }.call(request).await;
            let answer = answer.map_err(|error| super::innermost(&error))?;
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            let body = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
            Ok(Answer { status, headers, body })
        };
        runtime.block_on(async {
            tokio::time::timeout(patience, whole)
                .await
                .unwrap_or_else(|_| Err(format!("no answer within {} s", patience.as_secs())))
        })
    }

    /// A plain-http origin (loopback only, see [`super::identity_center::Origin`]) gets no TLS: reading the
    /// platform's roots costs more than everything else in a cold call. The SDK's own proxy handling is lost
    /// with a custom connector, hence it is asked for here.
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
            return builder.proxy_config(ProxyConfig::disabled()).build_http();
        }
        let mut roots = TrustStore::default();
        for pem in &self.extra_roots {
            roots = roots.with_pem_certificate(pem.as_bytes());
        }
        let context = TlsContext::builder().with_trust_store(roots).build().unwrap_or_default();
        builder
            .proxy_config(ProxyConfig::from_env())
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
            .tls_context(context)
            .build_with_resolver(SystemResolver)
    }
}

/// One oddity in a company bundle (an expired X.509 v1 root, say) must not cost the others.
fn usable_root(certificate: CertificateDer<'_>) -> Option<String> {
    let body = BASE64_STANDARD.encode(&certificate);
    RootCertStore::empty().add(certificate).ok()?;
    Some(format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"))
}

/// Refuses to read more than [`LARGEST_ANSWER`], and shows every answer to the witness.
#[derive(Debug)]
struct BoundedClient {
    inner: SharedHttpClient,
    witness: DateWitness,
}

impl HttpClient for BoundedClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(BoundedConnector { inner, witness: self.witness.clone() })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.inner.connector_metadata()
    }
}

#[derive(Debug)]
struct BoundedConnector {
    inner: SharedHttpConnector,
    witness: DateWitness,
}

impl HttpConnector for BoundedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        // TLS below us panics at such a time, and no certificate is valid then.
        if self.witness.clock.now().timestamp() < 0 {
            let why = "this machine's clock shows a time before 1970";
            return HttpConnectorFuture::ready(Err(ConnectorError::user(why.into())));
        }
        let answer = self.inner.call(request);
        let witness = self.witness.clone();
        HttpConnectorFuture::new(async move {
            let answer = answer.await?;
            witness.see(&answer);
            Ok::<_, ConnectorError>(answer.map(|body| {
                SdkBody::from_body_1_x(Limited::new(body, LARGEST_ANSWER).map_err(std::io::Error::other))
            }))
        })
    }
}
