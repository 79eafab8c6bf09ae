//! The real service, over the AWS SDK.

use aws_sdk_organizations::Client;

use super::{Organization, Organizations};
use crate::ports::aws_call::{AwsError, Caller};

/// The service principal of Identity Center, to which administration is delegated.
const IDENTITY_CENTER: &str = "sso.amazonaws.com";

pub(crate) struct SdkOrganizations {
    client: Client,
    caller: Caller,
}

impl SdkOrganizations {
    pub(crate) fn new(client: Client, caller: Caller) -> Self {
        Self { client, caller }
    }
}

impl Organizations for SdkOrganizations {
    fn organization(&self) -> Result<Organization, AwsError> {
        const OPERATION: &str = "DescribeOrganization";
        let answer = self.caller.call(OPERATION, self.client.describe_organization().send())?;
        let missing = |member| AwsError::Incomplete { operation: OPERATION, member };
        let found = answer.organization.ok_or_else(|| missing("Organization"))?;
        Ok(Organization {
            id: found.id.ok_or_else(|| missing("Id"))?,
            management_account: found.master_account_id.ok_or_else(|| missing("MasterAccountId"))?,
        })
    }

    fn delegated_administrators(&self) -> Result<Vec<String>, AwsError> {
        let request = self.client.list_delegated_administrators().service_principal(IDENTITY_CENTER);
        let pages = async {
            let mut pages = request.into_paginator().items().send();
            let mut found = Vec::new();
            while let Some(next) = pages.next().await {
                found.extend(next?.id);
            }
            Ok(found)
        };
        self.caller.call("ListDelegatedAdministrators", pages)
    }
}
