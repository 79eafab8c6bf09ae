//! An endpoint that accepts or refuses its token, for tests of the domain.

use super::{Scim, ScimError};

pub(crate) struct FakeScim {
    pub(crate) accepts: bool,
}

impl Scim for FakeScim {
    fn check(&self) -> Result<(), ScimError> {
        if self.accepts { Ok(()) } else { Err(ScimError::TokenRefused) }
    }
}
