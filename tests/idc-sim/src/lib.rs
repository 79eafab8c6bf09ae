//! IAM Identity Center on loopback.
//!
//! A stand-in for the AWS side of a login: SSO OIDC, the access portal's API, the pages that people see,
//! a SAML service provider, the console's federation endpoint and STS (`GetCallerIdentity`, `AssumeRole`). It has its own clock, faults on
//! demand and a request log. It shares no type with kcaws: what both say on the wire must agree by itself.
//!
//! ```no_run
//! let sim = idc_sim::IdcSim::builder().auto_approve(true).start();
//! for (name, value) in sim.env() {
//!     // hand to the client under test
//! #   let _ = (name, value);
//! }
//! assert_eq!(sim.count(idc_sim::Route::CreateToken), 0);
//! ```
//!
//! The map: `exchange` takes every request through route table, log and faults to its service (`oidc`,
//! `portal`, `sts` with `sigv4`, `federation`, `browser` with `pages` and `signin`, `saml`); `state` is what they
//! remember, `directory` the users and groups and who may do what (`identity_store` and `scim` are its two services);
//! `proxy` and `ca` are the ways in; `operator` and
//! `admin` are what happens from outside, by `handle` (Rust) or `control` (HTTP).

mod account_access;
mod admin;
mod administrator;
mod aws_json;
mod browser;
mod builder;
mod ca;
mod call;
mod caller;
mod clock;
mod control;
mod directory;
mod exchange;
mod faults;
mod federation;
mod handle;
mod hosts;
mod iam;
mod identity_store;
mod log;
mod oidc;
mod operator;
mod organizations;
mod pages;
mod portal;
mod proxy;
mod query_api;
mod route;
mod saml;
mod scim;
mod secret;
mod settings;
mod signin;
mod sigv4;
mod sso_admin;
mod start;
mod state;
mod sts;
mod switches;
mod throttle;

pub use account_access::ACCOUNT_ACCESS_SCOPES;
pub use account_access::settings::{
    AccountAccessScopes, AccountAccessSettings, BrokenTrust, DefaultDuration, EntitlementCheck, ErrorTypeIn,
    ExpiryForm, ForeignRegion, MissingScope, ThrottlePer, UnassignedPerson, UnknownTenant, UnusableRole,
    WithoutPermissionSets,
};
pub use builder::Builder;
pub use caller::AccessKey;
pub use clock::rfc3339;
pub use directory::Principal;
pub use directory::handle::{NewGroup, NewUser};
pub use directory::settings::{
    ColonInExternalId, DirectorySettings, OrphanedAssignments, ScimDetail, ScimTotal,
};
pub use faults::Fault;
pub use handle::{ArmedFault, IdcSim};
pub use iam::{AccountAccessTrust, IamRole};
pub use log::{Entry, LoggedRequest};
pub use operator::{PendingCode, SeededLogin};
pub use route::Route;
pub use saml::trail::TrailEvent;
pub use secret::SECRET_MARK;
pub use settings::Settings;
pub use switches::{
    AccountState, AcsUrls, DateHeader, DenialAnswer, LogoutEnds, MissingSessionEnd, PageSize,
    RefreshRotation, SameAccount, SignatureOn, SlowDown, Throttle, VerificationUri,
};
