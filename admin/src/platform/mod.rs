//! What the administrator's commands need of the outside beyond the library's platform.

pub(crate) mod rest;
