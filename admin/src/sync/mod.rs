//! Keeps users, groups and members of IAM Identity Center in step with a realm.
//!
//! A run reads both sides ([`source`], [`target`]), compares them ([`plan`]) and applies the difference ([`apply`]).
//! There is no state but the objects themselves: their externalId names the realm and the id there ([`owner`]).

pub(crate) mod apply;
pub(crate) mod call;
pub(crate) mod explain;
mod index;
pub(crate) mod owner;
pub(crate) mod parallel;
pub(crate) mod plan;
pub(crate) mod read_fault;
pub(crate) mod record;
pub(crate) mod render;
pub(crate) mod scope;
pub(crate) mod source;
pub(crate) mod target;
#[cfg(test)]
mod tests;
