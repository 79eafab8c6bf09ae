//! The ids of users, groups and memberships: one type each, so that none stands for another.

use std::borrow::Borrow;
use std::fmt;

use crate::secret;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) struct $name(String);

        impl $name {
            pub(crate) fn new() -> Self {
                Self(secret::uuid())
            }

            pub(crate) fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    )+};
}

ids! {
    /// Identifies a user for good; the user name may change.
    UserId
    /// Identifies a group for good; the display name may change.
    GroupId
    /// Identifies one membership; a user who comes back to a group has another.
    MembershipId
}
