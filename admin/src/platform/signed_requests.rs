//! Keeps signed requests off the open network.
//!
//! The SDK's chain of credentials asks metadata services of containers and machines by plain http, which is right; a
//! signed request, or one with a token, goes to https or to this machine only (rule 12).

use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use kcaws::ports::identity_center::loopback_or_https;
use url::Url;

#[derive(Debug)]
pub(crate) struct OnlyToLoopbackOrHttps(SharedHttpClient);

/// A signed request that would have gone over plain http to another machine.
#[derive(Debug, thiserror::Error)]
#[error("the endpoint {host} is plain http: signed requests go to https only, or to this machine")]
pub(crate) struct PlainHttp {
    pub(crate) host: String,
}

impl OnlyToLoopbackOrHttps {
    pub(crate) fn over(client: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(Self(client))
    }
}

impl HttpClient for OnlyToLoopbackOrHttps {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector(self.0.http_connector(settings, components)))
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

#[derive(Debug)]
struct Connector(SharedHttpConnector);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match refusal(&request) {
            Some(refusal) => HttpConnectorFuture::ready(Err(ConnectorError::user(refusal.into()))),
            None => self.0.call(request),
        }
    }
}

fn refusal(request: &HttpRequest) -> Option<PlainHttp> {
    request.headers().get("authorization")?;
    let url = Url::parse(request.uri()).ok();
    if url.as_ref().is_some_and(loopback_or_https) {
        return None;
    }
    let host = url.and_then(|url| url.host_str().map(str::to_owned));
    Some(PlainHttp { host: host.unwrap_or_else(|| "without a name".to_owned()) })
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::body::SdkBody;

    use super::*;

    #[test]
    fn a_signed_request_goes_to_https_or_to_this_machine() {
        for (uri, signed, is_refused) in [
            ("https://sso.eu-central-1.amazonaws.com/", true, false),
            ("http://127.0.0.1:4566/", true, false),
            ("http://localhost:4566/", true, false),
            ("http://[::1]:4566/", true, false),
            ("http://sso.example.com/", true, true),
            ("http://127.0.0.1.example.com/", true, true),
            ("http://169.254.169.254/latest/meta-data", false, false),
        ] {
            let mut request = HttpRequest::new(SdkBody::empty());
            request.set_uri(uri).expect("a URI");
            if signed {
                request.headers_mut().insert("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE");
            }
            assert_eq!(refusal(&request).is_some(), is_refused, "{uri}");
        }
    }
}
