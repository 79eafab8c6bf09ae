//! A plan in a file: what was read and decided, so that an apply does exactly that or nothing.

use std::path::Path;

use chrono::{DateTime, Utc};
use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use serde::{Deserialize, Serialize};

use super::ClientInputs;
use crate::cli::metadata_file;
use crate::realm::client::ClientPlan;
use crate::sync::plan::LONGEST_LIFE;

const SCHEMA: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanFile {
    schema: u32,
    kind: Kind,
    created_at: DateTime<Utc>,
    /// The realm's URL.
    realm: String,
    inputs: ClientInputs,
    plan: ClientPlan,
}

/// Tells this file from the plans of other commands.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Client,
}

impl PlanFile {
    pub(super) fn new(realm: String, inputs: ClientInputs, plan: ClientPlan, now: DateTime<Utc>) -> Self {
        Self { schema: SCHEMA, kind: Kind::Client, created_at: now, realm, inputs, plan }
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), CommandError> {
        let text = serde_json::to_string_pretty(self).expect("texts and lists serialize");
        metadata_file::write(path, &(text + "\n"))
    }

    pub(super) fn read(path: &Path) -> Result<Self, CommandError> {
        let text = metadata_file::read(path)?;
        let read: Result<Self, _> = serde_json::from_str(&text);
        read.ok().filter(|file| file.schema == SCHEMA).ok_or_else(|| {
            let message = format!("`{}` is not a plan of `kcaws admin client plan`", path.display());
            CommandError::new(Exit::Usage, ErrorCode::NotUnderstood, message)
                .hint("make one with `kcaws admin client plan --out PLAN`")
        })
    }

    /// Returns what the plan was made for, if that is this realm and not long ago.
    pub(super) fn inputs_for(&self, realm: &str, now: DateTime<Utc>) -> Result<ClientInputs, CommandError> {
        if self.realm != realm {
            return Err(refused(format!("the plan is for {}, not for {realm}", self.realm)));
        }
        let age = now - self.created_at;
        if age.abs() > LONGEST_LIFE {
            return Err(refused(format!(
                "the plan was made at {}, more than an hour from now",
                self.created_at
            )));
        }
        Ok(self.inputs.clone())
    }

    /// Refuses the plan if the same inputs leads to other changes by now.
    pub(super) fn check(&self, now: &ClientPlan) -> Result<(), CommandError> {
        if self.plan == *now {
            return Ok(());
        }
        Err(refused("the client was changed since the plan was made".to_owned()))
    }
}

fn refused(message: String) -> CommandError {
    CommandError::new(Exit::Unsafe, ErrorCode::Unsafe, message)
        .hint("nothing was written; make a new plan with `kcaws admin client plan --out PLAN`")
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::ports::keycloak::FakeKeycloak;
    use crate::realm::client::{NameIdSource, plan};
    use crate::realm::service_provider::ServiceProvider;
    use crate::realm::service_provider::tests::{acs, metadata};

    const REALM: &str = "https://sso.example.com/realms/corp";

    #[test]
    fn a_plan_is_good_for_its_realm_for_an_hour_and_until_the_client_changes() {
        let provider = ServiceProvider::parse(&metadata(&acs("https://a.example/", ""))).expect("metadata");
        let inputs = ClientInputs { provider, name_id: NameIdSource::Email, portal: None };
        let keycloak = FakeKeycloak::default();
        let planned = plan(&keycloak, &inputs.client()).expect("plans");
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("plan.json");
        PlanFile::new(REALM.to_owned(), inputs.clone(), planned.clone(), now).write(&path).expect("writes");

        let file = PlanFile::read(&path).expect("reads");
        assert_eq!(file.inputs_for(REALM, now + TimeDelta::minutes(59)).expect("is good"), inputs);
        file.check(&planned).expect("is good");
        for refused in [
            file.inputs_for("https://sso.example.com/realms/other", now).map(drop),
            file.inputs_for(REALM, now + TimeDelta::minutes(61)).map(drop),
            file.check(&ClientPlan { id: Some("c".to_owned()), ..planned }),
        ] {
            assert_eq!(refused.expect_err("is refused").exit_code(), Exit::Unsafe as u8);
        }
        for text in ["", "{}", r#"{"schema":2}"#] {
            metadata_file::write(&path, text).expect("writes");
            assert_eq!(PlanFile::read(&path).expect_err("is refused").exit_code(), Exit::Usage as u8);
        }
    }
}
