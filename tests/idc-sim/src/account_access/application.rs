//! The application of account access: what an organization has one of.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::settings::portal_url;
use crate::hosts::Partition;
use crate::secret;
use crate::settings::Settings;

#[derive(Clone, Debug)]
pub(crate) struct Application {
    /// The last part of its ARN.
    id: String,
    /// `apl-…`: the last part of the ARN that it has at the instance.
    id_at_instance: String,
    /// `aa-…`.
    pub(crate) tenant: String,
    pub(crate) region: String,
    pub(crate) created: SystemTime,
    /// When it is active.
    pub(crate) ready: SystemTime,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Application {
    /// An application that was there before.
    pub(crate) fn ready(tenant: String, region: &str, now: SystemTime) -> Self {
        Self {
            id: secret::hex(16),
            id_at_instance: format!("apl-{}", secret::hex(16)),
            tenant,
            region: region.to_owned(),
            created: now,
            ready: now,
            tags: BTreeMap::new(),
        }
    }

    /// `arn:aws:account-access:<region>:<management account>:application/<id>`
    pub(crate) fn arn(&self, settings: &Settings) -> String {
        let partition = Partition::of_region(&self.region).id;
        let owner = &settings.management_account;
        format!("arn:{partition}:account-access:{}:{owner}:application/{}", self.region, self.id)
    }

    /// `arn:aws:sso::<management account>:application/ssoins-…/apl-…`
    pub(crate) fn instance_application_arn(&self, settings: &Settings) -> String {
        let partition = Partition::of_region(&self.region).id;
        let (owner, instance) = (&settings.management_account, &settings.instance);
        format!("arn:{partition}:sso::{owner}:application/{instance}/{}", self.id_at_instance)
    }

    /// `https://aa-….account-access.<region>.app.aws`
    pub(crate) fn portal_url(&self) -> String {
        portal_url(&self.tenant, &self.region)
    }

    pub(crate) fn is_ready(&self, now: SystemTime) -> bool {
        now >= self.ready
    }
}
