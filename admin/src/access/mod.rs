//! Who may do what where: permission sets and their assignments to groups in accounts.
//!
//! [`settings`] is what the access file wants, [`read`] what Identity Center has; [`plan`] compares the two, and
//! [`apply`] carries a plan out. Everything works on ports that it is given.

pub(crate) mod accounts;
pub(crate) mod apply;
#[cfg(all(test, unix))]
mod at_simulator;
pub(crate) mod definition;
pub(crate) mod entitlements;
pub(crate) mod export;
pub(crate) mod parallel;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod read;
pub(crate) mod requests;
pub(crate) mod settings;
pub(crate) mod who;
