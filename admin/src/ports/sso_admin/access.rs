//! Permission sets and assignments of one instance.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ports::aws_call::{AwsError, AwsPage};

/// What `DescribePermissionSet` returns and `UpdatePermissionSet` replaces as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SetDescription {
    pub(crate) description: Option<String>,
    /// An ISO 8601 duration.
    pub(crate) session: Option<String>,
    pub(crate) relay_state: Option<String>,
}

/// A policy of the customer by name and path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PolicyReference {
    pub(crate) name: String,
    pub(crate) path: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BoundaryPolicy {
    /// The ARN of a policy of AWS.
    Managed(String),
    Customer(PolicyReference),
}

/// A change of a permission set that is done at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SetWrite {
    /// Replaces all of it: AWS clears what is not sent.
    Describe(SetDescription),
    AttachManaged(String),
    DetachManaged(String),
    AttachCustomer(PolicyReference),
    DetachCustomer(PolicyReference),
    PutInline(String),
    DeleteInline,
    PutBoundary(BoundaryPolicy),
    DeleteBoundary,
    Tag(BTreeMap<String, String>),
    Untag(Vec<String>),
    Delete,
}

/// What is written, for the audit file.
impl fmt::Display for SetWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reference = |policy: &PolicyReference| format!("{}{}", policy.path, policy.name);
        match self {
            Self::Describe(_) => f.write_str("description, session and relay state"),
            Self::AttachManaged(arn) => write!(f, "attach {arn}"),
            Self::DetachManaged(arn) => write!(f, "detach {arn}"),
            Self::AttachCustomer(policy) => write!(f, "attach {}", reference(policy)),
            Self::DetachCustomer(policy) => write!(f, "detach {}", reference(policy)),
            Self::PutInline(_) => f.write_str("put the inline policy"),
            Self::DeleteInline => f.write_str("delete the inline policy"),
            Self::PutBoundary(_) => f.write_str("put the boundary"),
            Self::DeleteBoundary => f.write_str("delete the boundary"),
            Self::Tag(_) => f.write_str("set tags"),
            Self::Untag(_) => f.write_str("remove tags"),
            Self::Delete => f.write_str("delete"),
        }
    }
}

/// A user or group of the identity store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Principal {
    User(String),
    Group(String),
}

/// A permission set for a principal in an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Assignment {
    /// ARN of the permission set.
    pub(crate) set: String,
    pub(crate) account: String,
    pub(crate) principal: Principal,
}

/// A change of a role in an account, which AWS makes in its own time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RoleOperation {
    /// ARN of the permission set.
    pub(crate) set: String,
    /// Empty for all accounts in which the permission set has a role.
    pub(crate) account: String,
    pub(crate) action: RoleAction,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum RoleAction {
    Assign(Principal),
    Unassign(Principal),
    /// Brings the role up to date with its permission set.
    Provision,
    /// The same in all accounts in which there is one.
    ProvisionEverywhere,
}

/// Operations of each kind have lists and IDs of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum OperationKind {
    Creation,
    Deletion,
    Provisioning,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Running,
    Succeeded,
    /// With AWS's reason.
    Failed(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OperationStatus {
    pub(crate) id: String,
    pub(crate) progress: Progress,
    pub(crate) operation: RoleOperation,
}

impl RoleOperation {
    pub(crate) fn everywhere(set: &str) -> Self {
        Self { set: set.to_owned(), account: String::new(), action: RoleAction::ProvisionEverywhere }
    }

    /// Returns the account; `None` for all.
    pub(crate) fn account_id(&self) -> Option<&str> {
        Some(self.account.as_str()).filter(|account| !account.is_empty())
    }
}

impl RoleAction {
    pub(crate) fn kind(&self) -> OperationKind {
        match self {
            Self::Assign(_) => OperationKind::Creation,
            Self::Unassign(_) => OperationKind::Deletion,
            Self::Provision | Self::ProvisionEverywhere => OperationKind::Provisioning,
        }
    }
}

impl OperationKind {
    pub(crate) const ALL: [Self; 3] = [Self::Creation, Self::Deletion, Self::Provisioning];
}

/// The answer to a creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CreatedSet {
    pub(crate) arn: String,
    pub(crate) receipt: SetReceipt,
}

/// The answer to a write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SetReceipt {
    /// The ID by which AWS knows the request.
    pub(crate) request_id: Option<String>,
}

/// One instance. Threads share it. Nothing is repeated here: the caller paces its requests.
pub(crate) trait AccessAdmin: Send + Sync {
    /// Returns the ARNs of all permission sets.
    fn permission_sets(&self, cursor: Option<&str>) -> Result<AwsPage<String>, AwsError>;

    /// Returns the name of a permission set, and what is described of it.
    fn permission_set(&self, set: &str) -> Result<(String, SetDescription), AwsError>;

    /// Returns the ARNs of the attached policies of AWS.
    fn managed_policies(&self, set: &str, cursor: Option<&str>) -> Result<AwsPage<String>, AwsError>;

    fn customer_policies(
        &self,
        set: &str,
        cursor: Option<&str>,
    ) -> Result<AwsPage<PolicyReference>, AwsError>;

    fn inline_policy(&self, set: &str) -> Result<Option<String>, AwsError>;

    fn boundary(&self, set: &str) -> Result<Option<BoundaryPolicy>, AwsError>;

    fn set_tags(&self, set: &str, cursor: Option<&str>) -> Result<AwsPage<(String, String)>, AwsError>;

    /// Returns the accounts in which the permission set has a role.
    fn accounts_of(&self, set: &str, cursor: Option<&str>) -> Result<AwsPage<String>, AwsError>;

    /// Returns the accounts in which the role has an earlier version of the permission set.
    fn lagging_accounts_of(&self, set: &str, cursor: Option<&str>) -> Result<AwsPage<String>, AwsError>;

    /// Returns who has the permission set in the account.
    fn assignments_in(
        &self,
        set: &str,
        account: &str,
        cursor: Option<&str>,
    ) -> Result<AwsPage<Assignment>, AwsError>;

    /// Returns the assignments of a principal; of a user, those of the user's groups too.
    ///
    /// A delegated administrator may be refused.
    fn assignments_of(
        &self,
        principal: &Principal,
        cursor: Option<&str>,
    ) -> Result<AwsPage<Assignment>, AwsError>;

    /// Creates a permission set without policies.
    fn create(
        &self,
        name: &str,
        description: &SetDescription,
        tags: &BTreeMap<String, String>,
    ) -> Result<CreatedSet, AwsError>;

    fn write(&self, set: &str, write: &SetWrite) -> Result<SetReceipt, AwsError>;

    /// Starts an operation. Creating an assignment that is there succeeds.
    fn start(&self, operation: &RoleOperation) -> Result<OperationStatus, AwsError>;

    /// Returns the IDs of the operations that are running, of all callers.
    fn running(&self, kind: OperationKind, cursor: Option<&str>) -> Result<AwsPage<String>, AwsError>;

    fn status(&self, kind: OperationKind, id: &str) -> Result<OperationStatus, AwsError>;
}
