//! The least rights that the service account needs, and which of them it has.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::ports::keycloak::{Keycloak, KeycloakError, Right};

/// What the service account is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RealmTask {
    /// Reading users, groups and members.
    Sync,
    /// Looking at everything, changing nothing.
    Check,
    /// Planning what the SAML client has to be.
    ClientPlan,
    /// Creating or changing the SAML client.
    ClientApply,
    /// Reading login events that the realm records anyway.
    Watch,
    /// Recording login events for a while.
    WatchRecording,
    /// Disabling a user and ending their sessions.
    Offboard,
}

impl RealmTask {
    pub(crate) const ALL: [Self; 7] = [
        Self::Sync,
        Self::Check,
        Self::ClientPlan,
        Self::ClientApply,
        Self::Watch,
        Self::WatchRecording,
        Self::Offboard,
    ];

    /// Returns the roles of the client `realm-management` that are needed, and no more.
    pub(crate) fn needs(self) -> &'static [Right] {
        match self {
            // The realm's own ID marks what was created in AWS for it.
            Self::Sync => &[Right::ViewUsers, Right::ViewRealm],
            Self::Check => &[Right::ViewUsers, Right::ViewRealm, Right::ViewClients],
            Self::ClientPlan => &[Right::ViewClients],
            Self::ClientApply => &[Right::ManageClients],
            Self::Watch => &[Right::ViewEvents],
            Self::WatchRecording => &[Right::ViewEvents, Right::ManageEvents],
            Self::Offboard => &[Right::ManageUsers, Right::ViewRealm],
        }
    }

    /// Returns whether the task changes something in the realm.
    pub(crate) fn writes(self) -> bool {
        match self {
            Self::ClientApply | Self::WatchRecording | Self::Offboard => true,
            Self::Sync | Self::Check | Self::ClientPlan | Self::Watch => false,
        }
    }
}

/// Returns the least rights for some tasks together, without those that another one contains.
pub(crate) fn least(tasks: impl IntoIterator<Item = RealmTask>) -> BTreeSet<Right> {
    let needed: BTreeSet<Right> = tasks.into_iter().flat_map(RealmTask::needs).copied().collect();
    let implied: BTreeSet<Right> = needed.iter().flat_map(|right| right.implied()).copied().collect();
    needed.difference(&implied).copied().collect()
}

#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RightState {
    Granted,
    Missing,
    /// A right to write, of which the token says nothing: only a write would show it.
    Unknown,
}

/// The rights of a service account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GrantedRights {
    granted: BTreeSet<Right>,
    missing: BTreeSet<Right>,
}

impl GrantedRights {
    /// Finds out the rights: those to read by reading, those to write by what the token names.
    pub(crate) fn probe(keycloak: &dyn Keycloak) -> Result<Self, KeycloakError> {
        let (mut granted, mut missing) = (BTreeSet::new(), BTreeSet::new());
        for (right, is_granted) in [
            (Right::ViewUsers, keycloak.sees_users()?),
            (Right::ViewRealm, is_allowed(keycloak.realm())?),
            (Right::ViewClients, is_allowed(keycloak.client("account"))?),
            (Right::ViewEvents, is_allowed(keycloak.events_config())?),
        ] {
            if is_granted {
                granted.insert(right)
            } else {
                missing.insert(right)
            };
        }
        if let Some(named) = keycloak.granted_rights()? {
            for right in [Right::ManageClients, Right::ManageEvents, Right::ManageUsers] {
                if named.contains(&right) {
                    granted.insert(right)
                } else {
                    missing.insert(right)
                };
            }
        }
        Ok(Self { granted, missing })
    }

    #[cfg(test)]
    pub(crate) fn state(&self, right: Right) -> RightState {
        if self.granted.contains(&right) {
            RightState::Granted
        } else if self.missing.contains(&right) {
            RightState::Missing
        } else {
            RightState::Unknown
        }
    }

    /// Returns the rights that a task lacks.
    pub(crate) fn missing_for(&self, task: RealmTask) -> Vec<Right> {
        task.needs().iter().copied().filter(|right| self.missing.contains(right)).collect()
    }

    /// Returns the rights beyond those that some tasks need.
    pub(crate) fn beyond(&self, tasks: impl IntoIterator<Item = RealmTask>) -> BTreeSet<Right> {
        let needed = least(tasks);
        let implied: BTreeSet<Right> = needed.iter().flat_map(|right| right.implied()).copied().collect();
        self.granted
            .iter()
            .copied()
            .filter(|right| !needed.contains(right) && !implied.contains(right))
            .collect()
    }
}

fn is_allowed<T>(answer: Result<T, KeycloakError>) -> Result<bool, KeycloakError> {
    match answer {
        Ok(_) => Ok(true),
        Err(error) if error.missing_right().is_some() => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::keycloak::FakeKeycloak;

    #[test]
    fn the_least_rights_of_several_tasks_contain_nothing_twice() {
        assert_eq!(least([RealmTask::Sync]), [Right::ViewUsers, Right::ViewRealm].into());
        let all = [Right::ViewRealm, Right::ManageClients, Right::ManageEvents, Right::ManageUsers];
        assert_eq!(least(RealmTask::ALL), all.into());
        let readers = RealmTask::ALL.into_iter().filter(|task| !task.writes());
        let expected = [Right::ViewUsers, Right::ViewRealm, Right::ViewClients, Right::ViewEvents];
        assert_eq!(least(readers), expected.into());
    }

    #[test]
    fn missing_and_superfluous_rights_are_found() {
        let keycloak = FakeKeycloak::default();
        keycloak.realm_mut().missing_rights = [Right::ViewEvents, Right::ManageEvents].into();
        let rights = GrantedRights::probe(&keycloak).expect("probes");
        assert_eq!(rights.missing_for(RealmTask::Sync), []);
        assert_eq!(rights.missing_for(RealmTask::WatchRecording), [Right::ViewEvents, Right::ManageEvents]);
        assert_eq!(rights.state(Right::ManageUsers), RightState::Granted);
        let beyond = rights.beyond([RealmTask::Sync, RealmTask::ClientApply]);
        assert_eq!(beyond, [Right::ManageUsers].into());
    }

    #[test]
    fn a_failure_is_not_a_missing_right() {
        let keycloak = FakeKeycloak::default();
        keycloak.realm_mut().fails.insert("events_config", KeycloakError::TokenRefused);
        assert_eq!(GrantedRights::probe(&keycloak), Err(KeycloakError::TokenRefused));
    }

    #[cfg(unix)]
    #[test]
    fn the_least_rights_suffice_on_a_real_server() {
        let server = kcaws_test_keycloak::require_keycloak!();
        for task in RealmTask::ALL {
            let realm = server.realm();
            realm.create_user("alice", "alice@example.com", "alice-pw");
            let keycloak = crate::ports::keycloak::contract::connected(server, &realm, task.needs());
            let rights = GrantedRights::probe(&keycloak).expect("probes");
            assert_eq!(rights.missing_for(task), [], "{task:?}");
            let implied: BTreeSet<Right> =
                task.needs().iter().flat_map(|right| right.implied()).copied().collect();
            for right in Right::ALL {
                let expected = task.needs().contains(&right) || implied.contains(&right);
                assert_eq!(rights.state(right) == RightState::Granted, expected, "{task:?}: {right}");
            }
        }
    }
}
