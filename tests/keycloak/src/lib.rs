//! A real Keycloak and a real Chromium for the suites.
//!
//! - [`require_keycloak!`]: the server of this test binary, started when the first test asks for it.
//! - [`Realm`]: one for each test; users, the SAML client of a service provider, events.
//! - [`sign_in()`]: a person at Keycloak's forms without a browser, 0.3 s.
//! - [`require_chromium!`]: a browser that is driven over WebDriver.
//!
//! `tests/keycloak/install` puts Keycloak in place; README.md tells the rest.

// A suite starts processes, writes files and reads the runner's variables: what clippy.toml keeps out of
// `src/` is this crate's purpose, and a failed unwrap is a failed test.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "test code: see the comment above")]

mod admin;
mod chromium;
mod failures;
mod http;
mod realm;
mod saml;
mod server;
mod sign_in;

pub use chromium::Chromium;
pub use realm::{Event, Realm, User};
pub use saml::{Response, SamlClient, authn_request_url};
pub use server::{Server, keycloak_or_skip};
pub use sign_in::{Answer, Refusal, deliver, sign_in};

/// The Keycloak of this test binary; the test is skipped where none is installed.
#[macro_export]
macro_rules! require_keycloak {
    () => {
        match $crate::keycloak_or_skip() {
            Some(server) => server,
            None => return,
        }
    };
}

/// A fresh Chromium; the test is skipped where it or its driver is missing.
#[macro_export]
macro_rules! require_chromium {
    () => {
        match $crate::Chromium::start_or_skip() {
            Some(chromium) => chromium,
            None => return,
        }
    };
}

/// What a quick run leaves out.
fn left_out(what: &str) -> bool {
    let quick = std::env::var_os("KCAWS_TEST_QUICK").is_some_and(|v| v == "1");
    if quick {
        kcaws_test_kit::skipped_allowed(&format!("{what} is left out of a quick run"));
    }
    quick
}
