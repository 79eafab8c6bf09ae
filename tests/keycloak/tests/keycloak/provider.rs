//! A stand-in service provider: metadata of AWS's shape, and a listener that takes answers.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

pub(crate) const ENTITY_ID: &str = "https://eu-central-1.signin.aws.amazon.com/platform/saml/d-1234567890";

/// As IAM Identity Center writes it: no key, no logout, one format of names.
pub(crate) fn metadata(acs: &[String]) -> String {
    let mut services = String::new();
    for (index, location) in acs.iter().enumerate() {
        let default = if index == 0 { " isDefault=\"true\"" } else { "" };
        let _ = write!(
            services,
            r#"<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{location}" index="{index}"{default}/>"#
        );
    }
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ENTITY_ID}"><md:SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>{services}</md:SPSSODescriptor></md:EntityDescriptor>"#
    )
}

/// Where AWS takes answers in five kinds of hosts. No one goes there.
pub(crate) fn regional_acs() -> Vec<String> {
    let tenant = "platform/saml/acs/4e52542de036a8ac-0bbb-4d87-a526-9cd6da8148bd";
    ["eu-central-1.signin.aws.amazon.com", "eu-central-1.signin.aws", "eu-central-1.sso.signin.aws"]
        .iter()
        .chain(&["us-east-1.signin.aws", "us-east-1.sso.signin.aws"])
        .map(|host| format!("https://{host}/{tenant}"))
        .collect()
}

/// Takes answers on 127.0.0.1 and says "arrived".
pub(crate) struct StandIn {
    pub(crate) acs: String,
    arrived: Receiver<String>,
}

impl StandIn {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let acs = format!("http://{}/platform/saml/acs/1", listener.local_addr().unwrap());
        let (sender, arrived) = channel();
        // Ends with the process; a browser may come back for an icon at any time.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if let Some(request) = answer(stream)
                    && request.starts_with("POST /platform/saml/acs/1 ")
                    && sender.send(request).is_err()
                {
                    break;
                }
            }
        });
        Self { acs, arrived }
    }

    /// The next request that brought an answer, whole.
    pub(crate) fn arrival(&self) -> String {
        self.arrived.recv_timeout(Duration::from_secs(30)).expect("an answer arrives")
    }

    /// Whether one is there already.
    pub(crate) fn has_arrival(&self) -> bool {
        self.arrived.try_recv().is_ok()
    }
}

/// Reads a request to its end and answers it.
fn answer(mut stream: TcpStream) -> Option<String> {
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let count = stream.read(&mut piece).ok().filter(|count| *count > 0)?;
        request.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, value)| value.trim().parse().unwrap());
        if body.len() >= length {
            let page = "<!DOCTYPE html><title>stand-in</title><p id=\"said\">arrived</p>";
            let head =
                format!("Content-Type: text/html\r\nContent-Length: {}\r\nConnection: close", page.len());
            write!(stream, "HTTP/1.1 200 OK\r\n{head}\r\n\r\n{page}").ok()?;
            return Some(text.into_owned());
        }
    }
}
