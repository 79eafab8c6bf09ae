//! Keeps users, groups and members of IAM Identity Center in step with a realm.
//!
//! A run reads both sides ([`source`], [`target`]), compares them ([`plan`]) and applies the difference ([`apply`]).
//! There is no state but the objects themselves: their externalId names the realm and the id there ([`owner`]).

pub mod apply;
pub mod call;
pub mod owner;
mod parallel;
pub mod plan;
pub mod read_fault;
pub mod record;
pub mod scope;
pub mod source;
pub mod target;
#[cfg(test)]
mod tests;
