//! An endpoint that accepts or refuses its token, for tests of the domain.

use serde_json::Value;

use super::{PatchOperation, Scim, ScimCreated, ScimError, ScimKind, ScimReceipt};

pub(crate) struct FakeScim {
    pub(crate) accepts: bool,
}

impl Scim for FakeScim {
    fn check(&self) -> Result<(), ScimError> {
        if self.accepts { Ok(()) } else { Err(ScimError::TokenRefused) }
    }

    fn find(&self, _: ScimKind, _: &str, _: &str) -> Result<Option<String>, ScimError> {
        self.check().map(|()| None)
    }

    fn create(&self, _: ScimKind, _: &Value) -> Result<ScimCreated, ScimError> {
        panic!("this fake is only checked")
    }

    fn patch(&self, _: ScimKind, _: &str, _: &[PatchOperation]) -> Result<ScimReceipt, ScimError> {
        panic!("this fake is only checked")
    }

    fn delete(&self, _: ScimKind, _: &str) -> Result<ScimReceipt, ScimError> {
        panic!("this fake is only checked")
    }
}
