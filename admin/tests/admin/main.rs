//! The administrator's commands, against the simulator of AWS and a real Keycloak.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout, reason = "test code")]

#[path = "../../../tests/kills/chance.rs"]
mod chance;
mod fixture;
mod login;
mod rollout;
mod scripted;
mod site;
mod staff;
mod test_access;
mod test_access_faults;
mod test_access_faults_of_writing;
mod test_access_judges;
mod test_access_kills;
mod test_access_moto;
mod test_access_of_the_realm;
mod test_access_roles;
mod test_access_roles_faults;
mod test_check;
mod test_credentials;
mod test_deploy;
mod test_docs_json;
mod test_faults;
mod test_faults_of_the_realm;
mod test_handover;
mod test_init;
mod test_journey;
mod test_keyring;
mod test_log;
mod test_offboard;
mod test_offboard_faults;
mod test_only;
mod test_policy;
mod test_redirect;
mod test_rollout;
mod test_rollout_kills;
mod test_servers;
mod test_story;
mod test_sync;
mod test_sync_kills;
mod test_sync_lock;
mod test_sync_stop;
mod test_sync_week;
mod test_token;
mod test_twice;
