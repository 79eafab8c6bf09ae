//! Values that can log in as someone: tokens, client secrets, role keys, sign-in URLs.
//!
//! A secret has neither `Debug` nor `Display` nor `Serialize`, is zeroed when dropped, and can only be read through
//! [`Secret::expose`]. `git grep 'expose'` is the list of all places to audit.

use serde::{Deserialize, Deserializer, Serializer};
use zeroize::{Zeroize, Zeroizing};

/// A value that must not be shown.
///
/// ```compile_fail
/// let token = kcaws::secret::Secret::new(String::from("aoa…"));
/// println!("{token:?}");
/// ```
#[derive(Clone)]
pub struct Secret<T: Zeroize>(Zeroizing<T>);

impl<T: Zeroize> Secret<T> {
    pub fn new(value: T) -> Self {
        Self(Zeroizing::new(value))
    }

    /// Returns the value.
    ///
    /// The caller must justify what is done with it from here on.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl From<String> for Secret<String> {
    fn from(value: String) -> Self {
        Self::new(value)
    }
}

impl From<&str> for Secret<String> {
    fn from(value: &str) -> Self {
        Self::new(value.to_owned())
    }
}

impl<'de> Deserialize<'de> for Secret<String> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// Serializes a field that is meant to be stored: `#[serde(serialize_with = "secret::expose")]`.
///
/// There is no `Serialize` on the type, so nothing is written by accident.
pub fn expose<S: Serializer>(secret: &Secret<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// Serializes an optional field; see [`expose`].
pub fn expose_option<S: Serializer>(
    secret: &Option<Secret<String>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_some(secret.expose()),
        None => serializer.serialize_none(),
    }
}
