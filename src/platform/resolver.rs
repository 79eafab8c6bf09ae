//! Resolves host names with the system's resolver, on a thread of its own.
//!
//! The default resolver uses tokio's pool, which panics if the system provides no thread.

use std::net::{IpAddr, ToSocketAddrs};

use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};

use crate::platform::thread;

#[derive(Clone, Debug)]
pub(crate) struct SystemResolver;

impl ResolveDns for SystemResolver {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        let host = name.to_owned();
        DnsFuture::new(async move {
            let addresses = thread::run_apart(move || (host.as_str(), 0).to_socket_addrs()).await;
            let addresses = addresses.and_then(|found| found).map_err(ResolveDnsError::new)?;
            Ok(addresses.map(|address| address.ip()).collect::<Vec<IpAddr>>())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_finds_this_machine_and_says_what_is_not_found() {
        let found = SystemResolver.resolve_dns("localhost").await.expect("this machine");
        assert!(found.iter().all(IpAddr::is_loopback) && !found.is_empty(), "{found:?}");
        assert!(SystemResolver.resolve_dns("no such host.invalid").await.is_err());
    }
}
