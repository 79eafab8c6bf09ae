//! Identity Center itself: read through the Identity Store, written through SCIM.

use serde_json::{Map, Value, json};

use super::{Created, Directory, DirectoryGroup, DirectoryUser, GroupPatch, Page, Receipt, Sides, UserPatch};
use crate::ports::aws_call::AwsError;
use crate::ports::identity_store::{IdentityStore, StoreGroup, StorePage, StoreUser};
use crate::ports::scim::{PatchKind, PatchOperation, Scim, ScimCreated, ScimError, ScimKind, ScimReceipt};
use crate::sync::call::CallError;
use crate::sync::owner::ExternalId;
use crate::sync::plan::ObjectKind;
use crate::sync::record::{Attribute, Record};

pub(crate) struct AwsDirectory<'a> {
    pub(crate) store: &'a dyn IdentityStore,
    pub(crate) scim: &'a dyn Scim,
}

const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Where SCIM keeps an attribute.
#[derive(Clone, Copy)]
enum Place {
    Top(&'static str),
    Name(&'static str),
    /// The only element of a list.
    Listed(&'static str),
    Enterprise(&'static str),
}

impl Place {
    fn of(attribute: Attribute) -> Self {
        match attribute {
            Attribute::UserName => Self::Top("userName"),
            Attribute::GivenName => Self::Name("givenName"),
            Attribute::FamilyName => Self::Name("familyName"),
            Attribute::DisplayName => Self::Top("displayName"),
            Attribute::Email => Self::Listed("emails"),
            Attribute::NickName => Self::Top("nickName"),
            Attribute::ProfileUrl => Self::Top("profileUrl"),
            Attribute::UserType => Self::Top("userType"),
            Attribute::Title => Self::Top("title"),
            Attribute::PhoneNumber => Self::Listed("phoneNumbers"),
            Attribute::PreferredLanguage => Self::Top("preferredLanguage"),
            Attribute::Locale => Self::Top("locale"),
            Attribute::Timezone => Self::Top("timezone"),
            Attribute::EmployeeNumber => Self::Enterprise("employeeNumber"),
            Attribute::CostCenter => Self::Enterprise("costCenter"),
            Attribute::Organization => Self::Enterprise("organization"),
            Attribute::Division => Self::Enterprise("division"),
            Attribute::Department => Self::Enterprise("department"),
        }
    }

    fn path(self) -> String {
        match self {
            Self::Top(name) | Self::Listed(name) => name.to_owned(),
            Self::Name(name) => format!("name.{name}"),
            Self::Enterprise(name) => format!("{ENTERPRISE}:{name}"),
        }
    }

    fn value(self, text: &str) -> Value {
        match self {
            Self::Listed(_) => json!([{ "value": text, "type": "work", "primary": true }]),
            Self::Top(_) | Self::Name(_) | Self::Enterprise(_) => text.into(),
        }
    }
}

fn user_resource(external_id: &ExternalId, record: &Record) -> Value {
    let (mut top, mut name, mut enterprise) = (Map::new(), Map::new(), Map::new());
    for (attribute, text) in record.values() {
        let place = Place::of(attribute);
        let (object, key) = match place {
            Place::Top(key) | Place::Listed(key) => (&mut top, key),
            Place::Name(key) => (&mut name, key),
            Place::Enterprise(key) => (&mut enterprise, key),
        };
        object.insert(key.to_owned(), place.value(text));
    }
    let mut schemas = vec![USER_SCHEMA];
    if !enterprise.is_empty() {
        schemas.push(ENTERPRISE);
        top.insert(ENTERPRISE.to_owned(), enterprise.into());
    }
    top.insert("schemas".to_owned(), json!(schemas));
    top.insert("name".to_owned(), name.into());
    top.insert("externalId".to_owned(), external_id.to_string().into());
    top.insert("active".to_owned(), true.into());
    top.into()
}

fn replace(path: impl Into<String>, value: impl Into<Value>) -> PatchOperation {
    PatchOperation { op: PatchKind::Replace, path: path.into(), value: Some(value.into()) }
}

fn user_operations(patch: &UserPatch<'_>) -> Vec<PatchOperation> {
    let external_id = patch.external_id.map(|id| replace("externalId", id.to_string()));
    let values = patch.values.iter().map(|(attribute, value)| {
        let place = Place::of(*attribute);
        match value {
            Some(text) => replace(place.path(), place.value(text)),
            None => PatchOperation { op: PatchKind::Remove, path: place.path(), value: None },
        }
    });
    external_id.into_iter().chain(values).collect()
}

fn member_values(members: &[&str]) -> Value {
    members.iter().map(|id| json!({ "value": id })).collect()
}

impl AwsDirectory<'_> {
    fn patch(&self, kind: ScimKind, id: &str, operations: &[PatchOperation]) -> Result<Receipt, CallError> {
        Ok(self.scim.patch(kind, id, operations)?.into())
    }
}

impl Directory for AwsDirectory<'_> {
    fn users(&self, cursor: Option<&str>) -> Result<Page<DirectoryUser>, CallError> {
        Ok(self.store.users(cursor)?.into())
    }

    fn groups(&self, cursor: Option<&str>) -> Result<Page<DirectoryGroup>, CallError> {
        Ok(self.store.groups(cursor)?.into())
    }

    fn members(&self, group: &str, cursor: Option<&str>) -> Result<Page<String>, CallError> {
        Ok(self.store.members(group, cursor)?.into())
    }

    fn groups_of(&self, user: &str, cursor: Option<&str>) -> Result<Page<String>, CallError> {
        Ok(self.store.groups_of(user, cursor)?.into())
    }

    fn user(&self, id: &str) -> Result<Option<DirectoryUser>, CallError> {
        Ok(self.store.user(id)?.map(Into::into))
    }

    fn group(&self, id: &str) -> Result<Option<DirectoryGroup>, CallError> {
        Ok(self.store.group(id)?.map(Into::into))
    }

    fn user_by_external_id(&self, id: &ExternalId) -> Result<Option<String>, CallError> {
        Ok(self.scim.find(ScimKind::User, "externalId", &id.to_string())?)
    }

    fn user_by_name(&self, user_name: &str) -> Result<Option<String>, CallError> {
        Ok(self.scim.find(ScimKind::User, "userName", user_name)?)
    }

    fn group_by_external_id(&self, id: &ExternalId) -> Result<Option<String>, CallError> {
        Ok(self.scim.find(ScimKind::Group, "externalId", &id.to_string())?)
    }

    fn group_by_name(&self, name: &str) -> Result<Option<String>, CallError> {
        Ok(self.scim.find(ScimKind::Group, "displayName", name)?)
    }

    fn is_writable(&self, kind: ObjectKind, id: &str) -> Result<bool, CallError> {
        let kind = match kind {
            ObjectKind::User => ScimKind::User,
            ObjectKind::Group => ScimKind::Group,
        };
        Ok(self.scim.has(kind, id)?)
    }

    fn sides(&self) -> Sides {
        Sides { read: self.store.id().to_owned(), written: self.scim.endpoint().to_owned() }
    }

    fn create_user(&self, external_id: &ExternalId, record: &Record) -> Result<Created, CallError> {
        Ok(self.scim.create(ScimKind::User, &user_resource(external_id, record))?.into())
    }

    fn patch_user(&self, id: &str, patch: &UserPatch<'_>) -> Result<Receipt, CallError> {
        self.patch(ScimKind::User, id, &user_operations(patch))
    }

    fn rename_user(&self, id: &str, user_name: &str) -> Result<Receipt, CallError> {
        self.patch(ScimKind::User, id, &[replace("userName", user_name)])
    }

    fn set_active(&self, id: &str, active: bool) -> Result<Receipt, CallError> {
        self.patch(ScimKind::User, id, &[replace("active", active)])
    }

    fn delete_user(&self, id: &str) -> Result<Receipt, CallError> {
        Ok(self.scim.delete(ScimKind::User, id)?.into())
    }

    fn create_group(
        &self,
        external_id: &ExternalId,
        name: &str,
        members: &[&str],
    ) -> Result<Created, CallError> {
        let mut group = json!({
            "schemas": [GROUP_SCHEMA], "externalId": external_id.to_string(), "displayName": name,
        });
        if !members.is_empty() {
            group["members"] = member_values(members);
        }
        Ok(self.scim.create(ScimKind::Group, &group)?.into())
    }

    fn patch_group(&self, id: &str, patch: &GroupPatch<'_>) -> Result<Receipt, CallError> {
        let external_id = patch.external_id.map(|id| replace("externalId", id.to_string()));
        let name = patch.name.map(|name| replace("displayName", name));
        let operations: Vec<PatchOperation> = external_id.into_iter().chain(name).collect();
        self.patch(ScimKind::Group, id, &operations)
    }

    fn add_members(&self, group: &str, members: &[&str]) -> Result<Receipt, CallError> {
        let value = Some(member_values(members));
        self.patch(
            ScimKind::Group,
            group,
            &[PatchOperation { op: PatchKind::Add, path: "members".to_owned(), value }],
        )
    }

    fn remove_members(&self, group: &str, members: &[&str]) -> Result<Receipt, CallError> {
        let value = Some(member_values(members));
        let path = "members".to_owned();
        self.patch(ScimKind::Group, group, &[PatchOperation { op: PatchKind::Remove, path, value }])
    }
}

impl<T, U: From<T>> From<StorePage<T>> for Page<U> {
    fn from(page: StorePage<T>) -> Self {
        Self { items: page.items.into_iter().map(Into::into).collect(), next: page.next }
    }
}

impl From<StoreUser> for DirectoryUser {
    fn from(user: StoreUser) -> Self {
        let record = Record::of(|attribute| {
            let value = match attribute {
                Attribute::UserName => &user.user_name,
                Attribute::GivenName => &user.given_name,
                Attribute::FamilyName => &user.family_name,
                Attribute::DisplayName => &user.display_name,
                Attribute::Email => &user.email,
                Attribute::NickName => &user.nick_name,
                Attribute::ProfileUrl => &user.profile_url,
                Attribute::UserType => &user.user_type,
                Attribute::Title => &user.title,
                Attribute::PhoneNumber => &user.phone_number,
                Attribute::PreferredLanguage => &user.preferred_language,
                Attribute::Locale => &user.locale,
                Attribute::Timezone => &user.timezone,
                Attribute::EmployeeNumber => &user.enterprise.employee_number,
                Attribute::CostCenter => &user.enterprise.cost_center,
                Attribute::Organization => &user.enterprise.organization,
                Attribute::Division => &user.enterprise.division,
                Attribute::Department => &user.enterprise.department,
            };
            value.as_deref()
        });
        Self {
            record,
            id: user.id,
            external_id: own_or_first(user.external_ids),
            active: user.enabled.unwrap_or(true),
            revision: user.revision,
            updated_at: user.updated_at,
        }
    }
}

impl From<StoreGroup> for DirectoryGroup {
    fn from(group: StoreGroup) -> Self {
        Self {
            id: group.id,
            external_id: own_or_first(group.external_ids),
            name: group.display_name.unwrap_or_default(),
            revision: group.revision,
        }
    }
}

/// An object may have an id of each issuer; the one that this tool wrote decides.
fn own_or_first(mut ids: Vec<String>) -> Option<String> {
    let own = ids.iter().position(|id| id.parse::<ExternalId>().is_ok()).unwrap_or(0);
    (own < ids.len()).then(|| ids.swap_remove(own))
}

impl From<ScimReceipt> for Receipt {
    fn from(receipt: ScimReceipt) -> Self {
        Self { request_id: receipt.request_id }
    }
}

impl From<ScimCreated> for Created {
    fn from(created: ScimCreated) -> Self {
        Self { id: created.id, receipt: created.receipt.into() }
    }
}

impl From<AwsError> for CallError {
    fn from(error: AwsError) -> Self {
        match error {
            AwsError::Throttled { retry_after, .. } => Self::Throttled { retry_after },
            AwsError::NotFound { .. } => Self::Missing,
            AwsError::Conflict { message, .. } => Self::Conflict { reason: message },
            AwsError::Unreachable { .. }
            | AwsError::ServerTrouble { .. }
            | AwsError::UnsettledList { .. } => Self::Unavailable(error.into()),
            AwsError::NoCredentials { .. } | AwsError::Denied { .. } | AwsError::NotAuthenticated { .. } => {
                Self::Denied(error.into())
            }
            AwsError::QuotaExceeded { message, .. } => Self::QuotaExceeded { reason: message },
            AwsError::Refused { .. }
            | AwsError::NotAws { .. }
            | AwsError::Incomplete { .. }
            | AwsError::EndlessList { .. }
            | AwsError::RepeatedPage { .. } => Self::Failed(error.into()),
        }
    }
}

impl From<ScimError> for CallError {
    fn from(error: ScimError) -> Self {
        match error {
            ScimError::Throttled { retry_after } => Self::Throttled { retry_after },
            ScimError::NotFound => Self::Missing,
            ScimError::Conflict { message } => Self::Conflict { reason: message },
            ScimError::QuotaExceeded { message } => Self::QuotaExceeded { reason: message },
            ScimError::Refused { message, .. } => Self::Rejected { reason: message },
            ScimError::TokenRefused | ScimError::NoEndpoint => Self::Denied(error.into()),
            ScimError::ServerTrouble { .. }
            | ScimError::Rest(crate::platform::rest::RestError::Unreachable(_)) => {
                Self::Unavailable(error.into())
            }
            ScimError::NotUnderstood { .. } | ScimError::Rest(_) => Self::Failed(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_the_form_that_the_guide_shows() {
        let id = ExternalId::new("r", "p").expect("an id");
        let record = Record::of(|attribute| match attribute {
            Attribute::UserName | Attribute::Email => Some("a@example.com"),
            Attribute::GivenName => Some("Alice"),
            Attribute::FamilyName => Some("Doe"),
            Attribute::DisplayName => Some("Alice Doe"),
            Attribute::Department => Some("R&D"),
            _ => None,
        });
        let expected = json!({
            "schemas": [USER_SCHEMA, ENTERPRISE],
            "externalId": "kc:r:p", "userName": "a@example.com", "displayName": "Alice Doe", "active": true,
            "name": { "givenName": "Alice", "familyName": "Doe" },
            "emails": [{ "value": "a@example.com", "type": "work", "primary": true }],
            ENTERPRISE: { "department": "R&D" },
        });
        assert_eq!(user_resource(&id, &record), expected);
    }

    #[test]
    fn a_patch_has_one_operation_for_each_attribute() {
        let patch = UserPatch {
            external_id: None,
            values: vec![(Attribute::Email, Some("b@example.com")), (Attribute::Department, None)],
        };
        let operations = serde_json::to_value(user_operations(&patch)).expect("JSON");
        assert_eq!(
            operations,
            json!([
                { "op": "replace", "path": "emails",
                  "value": [{ "value": "b@example.com", "type": "work", "primary": true }] },
                { "op": "remove", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department" },
            ])
        );
    }

    #[test]
    fn the_external_id_of_this_tool_decides() {
        let ids = |ids: &[&str]| own_or_first(ids.iter().map(|id| (*id).to_owned()).collect());
        assert_eq!(ids(&["00u1", "kc:r:p"]).as_deref(), Some("kc:r:p"));
        assert_eq!(ids(&["00u1"]).as_deref(), Some("00u1"));
        assert_eq!(ids(&[]), None);
    }
}
