//! What the checks look at: read once, and shared.

use std::cell::{Cell, OnceCell};
use std::path::Path;

use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::platform::foreign_file;
use kcaws::ports::clock::Skew;
use kcaws::ports::keyring::Prompting;
use kcaws::ports::sts::CallerIdentity;

use super::{CheckArgs, Failure};
use crate::access_file::AccessFile;
use crate::app::AdminApp;
use crate::identity_center::instance::{self, InstanceError};
use crate::ports::aws_call::AwsError;
use crate::ports::keycloak::{HttpKeycloak, Keycloak, KeycloakClient};
use crate::ports::sso_admin::Instance;
use crate::realm::client::saml_client;
use crate::realm::service_provider::ServiceProvider;

pub(super) struct Context<'a> {
    pub(super) app: &'a AdminApp,
    pub(super) file: &'a AccessFile,
    pub(super) user: Option<&'a str>,
    pub(super) prompting: Prompting,
    /// What AWS says of itself, if it was given.
    pub(super) provider: Option<ServiceProvider>,
    keycloak: Result<HttpKeycloak, Failure>,
    caller: OnceCell<Result<CallerIdentity, Failure>>,
    instance: OnceCell<Result<Instance, Failure>>,
    client: OnceCell<Option<KeycloakClient>>,
    /// How far AWS's clock is ahead, once the instance was asked for.
    aws_skew: Cell<Option<Skew>>,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        app: &'a AdminApp,
        file: &'a AccessFile,
        args: &'a CheckArgs,
        prompting: Prompting,
    ) -> Result<Self, CommandError> {
        Ok(Self {
            app,
            file,
            user: args.user.as_deref(),
            prompting,
            provider: args.metadata.as_deref().map(provider).transpose()?,
            keycloak: app.keycloak(&file.realm, prompting).map_err(Failure::from),
            caller: OnceCell::new(),
            instance: OnceCell::new(),
            client: OnceCell::new(),
            aws_skew: Cell::new(None),
        })
    }

    pub(super) fn keycloak(&self) -> Result<&dyn Keycloak, &Failure> {
        self.keycloak.as_ref().map(|keycloak| keycloak as &dyn Keycloak)
    }

    pub(super) fn caller(&self) -> Result<&CallerIdentity, &Failure> {
        self.caller.get_or_init(|| Ok(self.app.caller(self.file)?)).as_ref()
    }

    pub(super) fn instance(&self) -> Result<&Instance, &Failure> {
        let find = || {
            let service = self.app.aws(self.file)?.sso_admin();
            let found = instance::find(&self.file.identity_center, &service);
            // Without an answer, the last one with a date was another server's.
            if !matches!(&found, Err(InstanceError::Aws(AwsError::Unreachable { .. }))) {
                self.aws_skew.set(self.app.http()?.clock_skew());
            }
            Ok(found?)
        };
        self.instance.get_or_init(find).as_ref()
    }

    /// Returns how far AWS's clock is ahead of ours, if it answered.
    pub(super) fn aws_skew(&self) -> Option<Skew> {
        let _ = self.instance();
        self.aws_skew.get()
    }

    /// Returns the SAML client of Identity Center in the realm, if there is one that can be read.
    pub(super) fn client(&self) -> Option<&KeycloakClient> {
        let find = || {
            let keycloak = self.keycloak().ok()?;
            if let Some(provider) = &self.provider {
                return keycloak.client(&provider.entity_id).ok()?;
            }
            let store = &self.instance().ok()?.identity_store_id;
            saml_client(keycloak, &self.file.identity_center.region, store).ok()?
        };
        self.client.get_or_init(find).as_ref()
    }
}

fn provider(path: &Path) -> Result<ServiceProvider, CommandError> {
    let wrong = |why: String| {
        CommandError::new(Exit::Usage, ErrorCode::Metadata, format!("`{}` is not AWS's metadata", path.display()))
            .because(why)
            .hint("download it in the console: Settings, Identity source, Change identity source, service provider metadata")
    };
    let bytes = foreign_file::read(path).map_err(|error| wrong(error.to_string()))?;
    ServiceProvider::parse(&String::from_utf8_lossy(&bytes)).map_err(|error| wrong(error.to_string()))
}
