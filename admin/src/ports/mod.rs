//! Everything outside the process that has a trait, a real form, a fake and one contract test.

pub(crate) mod keycloak;
