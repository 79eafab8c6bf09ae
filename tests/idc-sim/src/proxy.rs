//! The two ways in: plain HTTP at one base URL, and HTTPS behind CONNECT with the hosts' real names.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::ca::CertificateAuthority;
use crate::exchange::{Cut, connectable, exchange, fault_at_proxy, refuse_at_proxy};
use crate::hosts::KnownHost;
use crate::state::Sim;

/// Serves the plain entry until the runtime goes away.
pub(crate) async fn serve_plain(sim: Arc<Sim>, listener: TcpListener) {
    while let Some(stream) = accept(&listener).await {
        tokio::spawn(serve(Arc::clone(&sim), None, stream));
    }
}

/// Serves the proxy entry until the runtime goes away.
pub(crate) async fn serve_proxy(sim: Arc<Sim>, ca: Arc<CertificateAuthority>, listener: TcpListener) {
    while let Some(stream) = accept(&listener).await {
        let (sim, ca) = (Arc::clone(&sim), Arc::clone(&ca));
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let (sim, ca) = (Arc::clone(&sim), Arc::clone(&ca));
                async move {
                    match fault_at_proxy(&sim, &request).await? {
                        Some(answer) => Ok::<_, Cut>(answer),
                        None => Ok(connect(&sim, &ca, request)),
                    }
                }
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            // Errors are the client's (it went away, or it does not speak HTTP) or a cut.
            let _ = connection.with_upgrades().await;
        });
    }
}

/// `None` only when accepting is impossible for good; a client that gave up early is passed over.
async fn accept(listener: &TcpListener) -> Option<TcpStream> {
    for _ in 0..100 {
        if let Ok((stream, _)) = listener.accept().await {
            // Answers are small and clients wait for them.
            let _ = stream.set_nodelay(true);
            return Some(stream);
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    None
}

/// Serves requests on an open connection; an error (a cut) drops it.
async fn serve<S>(sim: Arc<Sim>, host: Option<(String, KnownHost)>, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| exchange(Arc::clone(&sim), host.clone(), request));
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Answers a CONNECT and takes the connection over.
fn connect(sim: &Arc<Sim>, ca: &CertificateAuthority, mut request: Request<Incoming>) -> Response {
    if request.method() != Method::CONNECT {
        let why = "this proxy speaks CONNECT only\n";
        return refuse_at_proxy(sim, &request, StatusCode::METHOD_NOT_ALLOWED, why);
    }
    let authority = request.uri().authority().map(ToString::to_string).unwrap_or_default();
    let (host, known) = match connectable(sim, &authority) {
        Ok(found) => found,
        Err(why) => return refuse_at_proxy(sim, &request, StatusCode::FORBIDDEN, why),
    };
    let Ok(config) = ca.server_config(&host) else {
        return refuse_at_proxy(
            sim,
            &request,
            StatusCode::BAD_GATEWAY,
            "no certificate could be made for this host",
        );
    };
    let sim = Arc::clone(sim);
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        // A client that does not trust the authority ends here.
        let Ok(stream) = TlsAcceptor::from(config).accept(TokioIo::new(upgraded)).await else { return };
        serve(sim, Some((host, known)), stream).await;
    });
    Response::new(Body::empty())
}
