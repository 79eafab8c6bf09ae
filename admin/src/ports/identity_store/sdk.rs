//! The real service, over the AWS SDK.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_identitystore::operation::describe_group::DescribeGroupOutput;
use aws_sdk_identitystore::operation::describe_user::DescribeUserOutput;
use aws_sdk_identitystore::types::{Email, ExternalId, Group, MemberId, PhoneNumber, User, UserStatus};
use aws_sdk_identitystore::{Client, Config};
use aws_smithy_types::Document;
use chrono::{DateTime, Utc};

use super::{Enterprise, IdentityStore, StoreGroup, StorePage, StoreUser};
use crate::ports::aws_call::{AwsError, Caller};

/// The most that a page has.
const PAGE: i32 = 100;
const ENTERPRISE: &str = "aws:identitystore:enterprise";

pub(crate) struct SdkIdentityStore {
    client: Client,
    caller: Caller,
    store: String,
    with_enterprise: bool,
}

impl SdkIdentityStore {
    /// Creates the client of one identity store, `d-…`. The enterprise attributes of users are read only if asked for.
    pub(crate) fn new(config: &SdkConfig, caller: Caller, store: &str, with_enterprise: bool) -> Self {
        // A repetition within the SDK would not count against the rate.
        let config = Config::from(config).to_builder().retry_config(RetryConfig::disabled()).build();
        Self { client: Client::from_conf(config), caller, store: store.to_owned(), with_enterprise }
    }

    fn extensions(&self) -> Option<Vec<String>> {
        self.with_enterprise.then(|| vec![ENTERPRISE.to_owned()])
    }
}

impl IdentityStore for SdkIdentityStore {
    fn id(&self) -> &str {
        &self.store
    }

    fn users(&self, cursor: Option<&str>) -> Result<StorePage<StoreUser>, AwsError> {
        let request = self
            .client
            .list_users()
            .identity_store_id(&self.store)
            .max_results(PAGE)
            .set_extensions(self.extensions())
            .set_next_token(cursor.map(str::to_owned));
        let page = self.caller.call("ListUsers", request.send())?;
        Ok(StorePage { items: page.users.into_iter().map(Into::into).collect(), next: page.next_token })
    }

    fn groups(&self, cursor: Option<&str>) -> Result<StorePage<StoreGroup>, AwsError> {
        let request = self
            .client
            .list_groups()
            .identity_store_id(&self.store)
            .max_results(PAGE)
            .set_next_token(cursor.map(str::to_owned));
        let page = self.caller.call("ListGroups", request.send())?;
        Ok(StorePage { items: page.groups.into_iter().map(Into::into).collect(), next: page.next_token })
    }

    fn members(&self, group: &str, cursor: Option<&str>) -> Result<StorePage<String>, AwsError> {
        let request = self
            .client
            .list_group_memberships()
            .identity_store_id(&self.store)
            .group_id(group)
            .max_results(PAGE)
            .set_next_token(cursor.map(str::to_owned));
        let page = self.caller.call("ListGroupMemberships", request.send())?;
        let members =
            page.group_memberships.into_iter().filter_map(|membership| match membership.member_id {
                Some(MemberId::UserId(id)) => Some(id),
                _ => None,
            });
        Ok(StorePage { items: members.collect(), next: page.next_token })
    }

    fn groups_of(&self, user: &str, cursor: Option<&str>) -> Result<StorePage<String>, AwsError> {
        let request = self
            .client
            .list_group_memberships_for_member()
            .identity_store_id(&self.store)
            .member_id(MemberId::UserId(user.to_owned()))
            .max_results(PAGE)
            .set_next_token(cursor.map(str::to_owned));
        let page = self.caller.call("ListGroupMembershipsForMember", request.send())?;
        let groups = page.group_memberships.into_iter().filter_map(|membership| membership.group_id);
        Ok(StorePage { items: groups.collect(), next: page.next_token })
    }

    fn user(&self, id: &str) -> Result<Option<StoreUser>, AwsError> {
        let request = self
            .client
            .describe_user()
            .identity_store_id(&self.store)
            .user_id(id)
            .set_extensions(self.extensions());
        or_none(self.caller.call("DescribeUser", request.send()).map(Into::into))
    }

    fn group(&self, id: &str) -> Result<Option<StoreGroup>, AwsError> {
        let request = self.client.describe_group().identity_store_id(&self.store).group_id(id);
        or_none(self.caller.call("DescribeGroup", request.send()).map(Into::into))
    }
}

fn or_none<T>(answer: Result<T, AwsError>) -> Result<Option<T>, AwsError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(AwsError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Both forms of a user have the same members.
macro_rules! store_user {
    ($user:expr) => {{
        let user = $user;
        let name = user.name;
        StoreUser {
            id: user.user_id,
            user_name: user.user_name,
            external_ids: ids(user.external_ids),
            enabled: user.user_status.as_ref().map(|status| *status != UserStatus::Disabled),
            revision: Some(user.revision).filter(|revision| !revision.is_empty()),
            updated_at: user.updated_at.and_then(time),
            given_name: name.as_ref().and_then(|name| name.given_name.clone()),
            family_name: name.and_then(|name| name.family_name),
            display_name: user.display_name,
            email: email(user.emails),
            nick_name: user.nick_name,
            profile_url: user.profile_url,
            user_type: user.user_type,
            title: user.title,
            phone_number: phone(user.phone_numbers),
            preferred_language: user.preferred_language,
            locale: user.locale,
            timezone: user.timezone,
            enterprise: user.extensions.as_ref().map(enterprise).unwrap_or_default(),
        }
    }};
}

/// Both forms of a group have the same members.
macro_rules! store_group {
    ($group:expr) => {{
        let group = $group;
        StoreGroup {
            id: group.group_id,
            display_name: group.display_name,
            external_ids: ids(group.external_ids),
            revision: Some(group.revision).filter(|revision| !revision.is_empty()),
        }
    }};
}

impl From<User> for StoreUser {
    fn from(user: User) -> Self {
        store_user!(user)
    }
}

impl From<DescribeUserOutput> for StoreUser {
    fn from(user: DescribeUserOutput) -> Self {
        store_user!(user)
    }
}

impl From<Group> for StoreGroup {
    fn from(group: Group) -> Self {
        store_group!(group)
    }
}

impl From<DescribeGroupOutput> for StoreGroup {
    fn from(group: DescribeGroupOutput) -> Self {
        store_group!(group)
    }
}

fn ids(ids: Option<Vec<ExternalId>>) -> Vec<String> {
    ids.into_iter().flatten().map(|external| external.id).collect()
}

fn email(emails: Option<Vec<Email>>) -> Option<String> {
    let emails = emails.unwrap_or_default();
    let primary = emails.iter().position(|email| email.primary).unwrap_or(0);
    emails.into_iter().nth(primary)?.value
}

fn phone(numbers: Option<Vec<PhoneNumber>>) -> Option<String> {
    numbers.into_iter().flatten().next()?.value
}

fn time(time: aws_smithy_types::DateTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.secs(), 0)
}

fn enterprise(extensions: &HashMap<String, Document>) -> Enterprise {
    let Some(Document::Object(members)) = extensions.get(ENTERPRISE) else { return Enterprise::default() };
    let text = |name: &str| match members.get(name) {
        Some(Document::String(text)) => Some(text.clone()),
        _ => None,
    };
    Enterprise {
        employee_number: text("employeeNumber"),
        cost_center: text("costCenter"),
        organization: text("organization"),
        division: text("division"),
        department: text("department"),
    }
}
