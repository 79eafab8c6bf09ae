//! Role credentials on 127.0.0.1 for one program and its children: the container credential provider of the AWS
//! SDKs (AWS SDKs and Tools reference guide, "Container credential provider"). A request has to bring the token, the
//! right path and the right Host; any other learns nothing.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use subtle::ConstantTimeEq;
use tokio::net::TcpListener;

use super::loopback::{self, NoPort};
use super::runtime::Runtime;
use super::sealed::hex;
use crate::secret::Secret;

/// One JSON object, or words for the program's error message.
pub type Given = Result<Secret<Vec<u8>>, String>;

pub struct CredentialsEndpoint {
    pub url: String,
    pub token: Secret<String>,
}

struct Door {
    authority: String,
    path: String,
    token: Secret<String>,
    give: Box<dyn Fn() -> Given + Send + Sync>,
}

impl CredentialsEndpoint {
    /// Serves on threads of its own until the process ends. `give` may take its time.
    pub fn start(give: impl Fn() -> Given + Send + Sync + 'static) -> Result<Self, NoPort> {
        let runtime = Runtime::new().map_err(NoPort)?;
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).map_err(NoPort)?;
        let port = listener.local_addr().map_err(NoPort)?.port();
        let (path, token) = (format!("/{}", random()?.expose()), random()?);
        let authority = format!("127.0.0.1:{port}");
        let url = format!("http://{authority}{path}");
        let door = Arc::new(Door { authority, path, token: token.clone(), give: Box::new(give) });
        std::thread::spawn(move || runtime.block_on(accept(&listener, &door)));
        Ok(Self { url, token })
    }
}

async fn accept(listener: &TcpListener, door: &Arc<Door>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(loopback::PAUSE).await;
            continue;
        };
        let door = door.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let door = door.clone();
                async move { Ok::<_, Infallible>(answer(&door, &request).await) }
            });
            // Who breaks off hurts nobody.
            let _ = loopback::http1().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(door: &Arc<Door>, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let header = |name| request.headers().get(name).map_or(&b""[..], HeaderValue::as_bytes);
    let is_known = request.method() == Method::GET
        && header(HOST) == door.authority.as_bytes()
        && loopback::is(request.uri(), &door.path);
    let is_allowed = bool::from(header(AUTHORIZATION).ct_eq(door.token.expose().as_bytes()));
    let (status, body) = if !is_known {
        (StatusCode::NOT_FOUND, Bytes::new())
    } else if !is_allowed {
        (StatusCode::UNAUTHORIZED, Bytes::new())
    } else {
        let door = door.clone();
        // It waits for the network, on a runtime of its own.
        match tokio::task::spawn_blocking(move || (door.give)()).await {
            Ok(Ok(json)) => (StatusCode::OK, Bytes::copy_from_slice(json.expose())),
            Ok(Err(words)) => (StatusCode::INTERNAL_SERVER_ERROR, refusal(&words)),
            Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, refusal("kcaws failed")),
        }
    };
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

fn refusal(words: &str) -> Bytes {
    serde_json::json!({"code": "KcawsError", "message": words}).to_string().into()
}

fn random() -> Result<Secret<String>, NoPort> {
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|error| NoPort(std::io::Error::other(error)))?;
    Ok(Secret::new(hex(&random)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::loopback::ask;

    #[test]
    fn only_who_knows_path_host_and_token_is_given_anything() {
        let endpoint =
            CredentialsEndpoint::start(|| Ok(Secret::new(b"{\"given\":1}".to_vec()))).expect("listens");
        let (authority, path) = endpoint.url.trim_start_matches("http://").split_once('/').expect("a path");
        assert!(authority.starts_with("127.0.0.1:"));
        let token = endpoint.token.expose();
        let right = format!("GET /{path} HTTP/1.1\r\nHost: {authority}\r\nAuthorization: {token}");
        for _ in 0..2 {
            let given = ask(authority, &right);
            assert!(given.starts_with("HTTP/1.1 200") && given.ends_with("{\"given\":1}"), "{given}");
        }
        for (wrong, status) in [
            (right.replace(token, "guessed"), 401),
            (format!("GET /{path} HTTP/1.1\r\nHost: {authority}"), 401),
            (right.replace("Host: 127", "Host: evil.127"), 404),
            (right.replace("GET", "POST"), 404),
            (right.replace(path, "credentials"), 404),
        ] {
            let refused = ask(authority, &wrong);
            assert!(refused.starts_with(&format!("HTTP/1.1 {status}")), "{refused}");
            assert!(!refused.contains("given"), "{refused}");
        }
    }

    #[test]
    fn a_refusal_is_told_in_words() {
        let endpoint = CredentialsEndpoint::start(|| Err("no valid login".to_owned())).expect("listens");
        let (authority, path) = endpoint.url.trim_start_matches("http://").split_once('/').expect("a path");
        let token = endpoint.token.expose();
        let told =
            ask(authority, &format!("GET /{path} HTTP/1.1\r\nHost: {authority}\r\nAuthorization: {token}"));
        assert!(told.starts_with("HTTP/1.1 500") && told.contains("no valid login"), "{told}");
    }
}
