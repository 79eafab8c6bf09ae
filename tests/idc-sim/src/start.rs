//! From settings to a running simulator.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use crate::ca::CertificateAuthority;
use crate::handle::IdcSim;
use crate::proxy;
use crate::saml::metadata::IdentityProviderMetadata;
use crate::settings::Settings;
use crate::state::Sim;

impl Settings {
    /// Starts the simulator; it stops when the handle is dropped.
    ///
    /// Errors: a setting that makes no sense (`InvalidInput`), or a port that is taken.
    pub fn start(mut self) -> io::Result<IdcSim> {
        let invalid = |text: String| io::Error::new(io::ErrorKind::InvalidInput, text);
        self.check().map_err(invalid)?;
        let provider = self.idp_metadata.as_deref().map(IdentityProviderMetadata::read).transpose();
        let provider = provider.map_err(invalid)?;
        let ca = Arc::new(CertificateAuthority::new().map_err(io::Error::other)?);
        let plain = listen(self.port)?;
        let proxy = listen(self.proxy_port)?;
        self.port = plain.local_addr()?.port();
        self.proxy_port = proxy.local_addr()?.port();
        #[expect(clippy::disallowed_methods, reason = "the simulator looks no host name up")]
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("idc-sim")
            .enable_all()
            .build()?;
        let sim = Arc::new(Sim::new(self));
        sim.state().saml.provider = provider;
        {
            let _inside = runtime.enter();
            let plain = tokio::net::TcpListener::from_std(plain)?;
            let proxy = tokio::net::TcpListener::from_std(proxy)?;
            runtime.spawn(proxy::serve_plain(Arc::clone(&sim), plain));
            runtime.spawn(proxy::serve_proxy(Arc::clone(&sim), Arc::clone(&ca), proxy));
        }
        Ok(IdcSim::new(sim, &ca, runtime))
    }
}

/// Loopback only: the simulator hands out what looks like secrets to anyone who asks.
fn listen(port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
