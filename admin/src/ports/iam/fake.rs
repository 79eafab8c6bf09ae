//! Roles in memory.

use std::collections::BTreeMap;

use super::{Iam, RoleTrustPolicy};
use crate::ports::aws_call::AwsError;

#[derive(Default)]
pub(crate) struct FakeIam {
    /// By name.
    pub(crate) roles: BTreeMap<String, RoleTrustPolicy>,
    pub(crate) is_denied: bool,
}

impl Iam for FakeIam {
    fn role(&self, name: &str) -> Result<Option<RoleTrustPolicy>, AwsError> {
        if self.is_denied {
            return Err(AwsError::Denied { operation: "GetRole", message: "for a test".to_owned() });
        }
        Ok(self.roles.get(name).cloned())
    }
}
