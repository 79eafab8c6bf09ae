//! The real service, over the AWS SDK.

use aws_sdk_ssoadmin::Client;
use aws_sdk_ssoadmin::types::{InstanceMetadata, InstanceStatus};

use super::{Instance, SsoAdmin};
use crate::ports::aws_call::{AwsError, Caller};

pub(crate) struct SdkSsoAdmin {
    client: Client,
    caller: Caller,
}

impl SdkSsoAdmin {
    pub(crate) fn new(client: Client, caller: Caller) -> Self {
        Self { client, caller }
    }
}

impl SsoAdmin for SdkSsoAdmin {
    fn instances(&self) -> Result<Vec<String>, AwsError> {
        const OPERATION: &str = "ListInstances";
        let pages = async {
            let mut pages = self.client.list_instances().into_paginator().items().send();
            let mut found = Vec::new();
            while let Some(next) = pages.next().await {
                found.push(next?);
            }
            Ok(found)
        };
        let found = self.caller.call(OPERATION, pages)?;
        let arn = |one: InstanceMetadata| required(OPERATION, "InstanceArn", one.instance_arn);
        found.into_iter().map(arn).collect()
    }

    fn instance(&self, arn: &str) -> Result<Instance, AwsError> {
        const OPERATION: &str = "DescribeInstance";
        let one = self.caller.call(OPERATION, self.client.describe_instance().instance_arn(arn).send())?;
        let status = one.status.as_ref().map(InstanceStatus::as_str).map(str::to_owned);
        Ok(Instance {
            arn: required(OPERATION, "InstanceArn", one.instance_arn)?,
            identity_store_id: required(OPERATION, "IdentityStoreId", one.identity_store_id)?,
            owner_account: one.owner_account_id,
            name: one.name,
            status,
            primary_region: one.primary_region,
            permission_sets_enabled: one.permission_sets_enabled,
        })
    }
}

pub(super) fn required<T>(
    operation: &'static str,
    member: &'static str,
    value: Option<T>,
) -> Result<T, AwsError> {
    value.ok_or(AwsError::Incomplete { operation, member })
}
