//! Instances from a list, for tests of the domain.

use super::{Instance, SsoAdmin};
use crate::ports::aws_call::AwsError;

#[derive(Default)]
pub(crate) struct FakeSsoAdmin {
    pub(crate) instances: Vec<Instance>,
}

impl SsoAdmin for FakeSsoAdmin {
    fn instances(&self) -> Result<Vec<String>, AwsError> {
        Ok(self.instances.iter().map(|instance| instance.arn.clone()).collect())
    }

    fn instance(&self, arn: &str) -> Result<Instance, AwsError> {
        let found = self.instances.iter().find(|instance| instance.arn == arn);
        let message = "Instance not found".to_owned();
        found.cloned().ok_or(AwsError::NotFound { operation: "DescribeInstance", message })
    }
}
