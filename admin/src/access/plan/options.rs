//! Who makes a plan, and what that person decides.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Allowance;
use crate::access::read::AssignmentReading;
use crate::only::Only;
use crate::sync::scope::MaxRemovals;

/// As whom kcaws is running.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Acting {
    pub(crate) account: String,
    /// If the credentials are those of a permission set.
    pub(crate) permission_set: Option<String>,
    /// The name of another role, without its path, if the credentials are those of one.
    pub(crate) role: Option<String>,
    /// The management account, which a delegate may not change.
    pub(crate) management: String,
    pub(crate) is_delegate: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlanOptions {
    pub(crate) adopt: bool,
    pub(crate) allowed: BTreeSet<Allowance>,
    pub(crate) max_removals: MaxRemovals,
    pub(crate) reading: AssignmentReading,
    /// The part of the changes that is meant.
    #[serde(default, skip_serializing_if = "Only::is_everything")]
    pub(crate) only: Only,
}

impl PlanOptions {
    /// Returns the options of a plan that is held to one that was made with these: what that one may remove is allowed.
    pub(crate) fn held_to_plan(&self) -> Self {
        Self {
            allowed: [Allowance::RoleRemoval, Allowance::OwnAccess].into(),
            max_removals: MaxRemovals::Count(u32::MAX),
            ..self.clone()
        }
    }
}

impl Acting {
    /// Reads the permission set from an ARN of STS, `…:assumed-role/AWSReservedSSO_NAME_0123456789abcdef/alice`.
    pub(crate) fn permission_set_of(arn: &str) -> Option<String> {
        let role = arn.split_once(":assumed-role/AWSReservedSSO_")?.1.split('/').next()?;
        role.rsplit_once('_').map(|(name, _)| name.to_owned())
    }

    /// Reads the role's name from an ARN of STS, `…:assumed-role/NAME/session`.
    pub(crate) fn role_of(arn: &str) -> Option<String> {
        let role = arn.split_once(":assumed-role/")?.1.split('/').next()?;
        (!role.starts_with("AWSReservedSSO_")).then(|| role.to_owned())
    }
}
