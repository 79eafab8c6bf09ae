//! IAM Identity Center on loopback.
