//! How long the role credentials of a person last.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::Offboarder;
use super::person::DirectoryAccount;
use crate::access::definition::SessionLength;
use crate::ports::sso_admin::access::{AccessAdmin, Principal};
use crate::sync::call::CallError;

impl Offboarder<'_> {
    /// Returns the longest session of the permission sets that an active user has; `None` if they cannot be known.
    ///
    /// Somebody who is inactive may have lost them after role credentials were given out.
    pub(super) fn longest_role_session(&self, user: &DirectoryAccount) -> Option<TimeDelta> {
        let access = self.access.filter(|_| user.active)?;
        let sets = self.permission_sets_of(access, &user.id).ok()?;
        let lengths = sets.iter().map(|set| {
            let (_, description) = self.directory_calls.ask(|| Ok(access.permission_set(set)?)).ok()?;
            let length = match description.session {
                Some(iso) => SessionLength::of_iso(&iso)?,
                None => SessionLength::default(),
            };
            Some(TimeDelta::minutes(length.minutes().into()))
        });
        lengths.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// Returns the ARNs of the permission sets that a user has, directly or by a group.
    fn permission_sets_of(
        &self,
        access: &dyn AccessAdmin,
        user: &str,
    ) -> Result<BTreeSet<String>, CallError> {
        let principal = Principal::User(user.to_owned());
        let mut sets = BTreeSet::new();
        let mut cursor: Option<String> = None;
        loop {
            let page =
                self.directory_calls.ask(|| Ok(access.assignments_of(&principal, cursor.as_deref())?))?;
            sets.extend(page.items.into_iter().map(|assignment| assignment.set));
            if page.next.is_none() || page.next == cursor {
                return Ok(sets);
            }
            cursor = page.next;
        }
    }
}
