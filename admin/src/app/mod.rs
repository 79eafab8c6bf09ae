//! What is between a parsed command and the domain: the access file, secrets and ports, each opened when first used.

mod aws;
mod aws_endpoints;
mod error;
mod metadata_record;
mod secrets;

use std::cell::OnceCell;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kcaws::app::error::AppError;
use kcaws::app::{App, SetupError, endpoints};
use kcaws::platform::http::HttpSetup;
use kcaws::ports::identity_center::Origin;
use kcaws::ports::keyring::Prompting;
use kcaws::ports::service_call::{CallError, CallErrorKind};
use kcaws::ports::sts::CallerIdentity;
use kcaws::profile::identity::ProfileFiles;
use kcaws::profile::services::{Service, endpoint_override};
use kcaws::profile::{ConfigError, KnownNames};
use kcaws::secret::Secret;
use url::Url;

pub(crate) use self::aws::{Aws, AwsSetupError};
pub(crate) use self::error::AdminError;
pub(crate) use self::metadata_record::MetadataRecord;
pub(crate) use self::secrets::{AdminSecret, SecretError, SecretKind, is_line};
use crate::access_file::{AccessFile, DEFAULT_NAME, RealmSettings};
use crate::platform::rest::RestOrigin;
use crate::ports::aws_call::refusal;
use crate::ports::iam::{self, HttpIam};
use crate::ports::keycloak::{HttpKeycloak, KeycloakError, ServiceAccount};
use crate::ports::scim::HttpScim;
use crate::ports::sso_admin::SsoAdmin;

/// The variable that names the access file.
pub(crate) const FILE_VARIABLE: &str = "KCAWS_ADMIN_FILE";

/// The variable with the seconds that a response may take.
const TIMEOUT_VARIABLE: &str = "KCAWS_ADMIN_TIMEOUT";
const LONGEST_TIMEOUT: u64 = 3_600;

/// The ports of an administrator's command, and kcaws's own, to which it dereferences.
pub(crate) struct AdminApp {
    base: App,
    http: OnceCell<HttpSetup>,
    aws: OnceCell<Aws>,
}

impl Deref for AdminApp {
    type Target = App;

    fn deref(&self) -> &App {
        &self.base
    }
}

impl AdminApp {
    pub(crate) fn new(base: App) -> Self {
        Self { base, http: OnceCell::new(), aws: OnceCell::new() }
    }

    /// Returns the path of the access file: as given, or by the environment, or in the current folder.
    pub(crate) fn access_file_path(&self, given: Option<&Path>) -> PathBuf {
        let by_variable = || self.env.get(FILE_VARIABLE).map(PathBuf::from);
        given.map(Path::to_owned).or_else(by_variable).unwrap_or_else(|| PathBuf::from(DEFAULT_NAME))
    }

    pub(crate) fn access_file(&self, given: Option<&Path>) -> Result<AccessFile, AdminError> {
        Ok(AccessFile::load(&self.access_file_path(given))?)
    }

    /// Returns how long a response may take, if the environment says so.
    fn timeout(&self) -> Result<Option<Duration>, AdminError> {
        let Some(text) = self.env.get(TIMEOUT_VARIABLE) else { return Ok(None) };
        match text.parse() {
            Ok(seconds) if (1..=LONGEST_TIMEOUT).contains(&seconds) => Ok(Some(Duration::from_secs(seconds))),
            _ => Err(AdminError::Timeout { variable: TIMEOUT_VARIABLE, text }),
        }
    }

    /// Returns the HTTP client that all services share.
    pub(crate) fn http(&self) -> Result<&HttpSetup, AdminError> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let http = HttpSetup::trusting(&self.ca_bundles(), &self.env, self.clock.clone())
            .map_err(SetupError::Http)?;
        Ok(self.http.get_or_init(|| http))
    }

    /// Returns the connection to AWS, with the credentials of the profile in the file or of the default chain.
    pub(crate) fn aws(&self, file: &AccessFile) -> Result<&Aws, AdminError> {
        if let Some(aws) = self.aws.get() {
            return Ok(aws);
        }
        let center = &file.identity_center;
        let aws = self.aws_with(&center.region, center.profile.as_deref())?;
        Ok(self.aws.get_or_init(|| aws))
    }

    /// Returns the ARNs of the instances that these credentials see in the Region.
    pub(crate) fn instances(&self, region: &str, profile: Option<&str>) -> Result<Vec<String>, AdminError> {
        let service = self.aws_with(region, profile)?.sso_admin();
        Ok(service.instances()?)
    }

    fn aws_with(&self, region: &str, profile: Option<&str>) -> Result<Aws, AdminError> {
        self.act_for(profile.map(str::to_owned));
        aws_endpoints::check(&self.env).map_err(AppError::from)?;
        if let Some(profile) = profile {
            self.find_profile(profile)?;
        }
        Ok(Aws::load(region, profile, self.http()?.clone(), self.timeout()?)?)
    }

    /// Looks a profile up in both of AWS's files: the SDK does not tell one that is missing from one without credentials.
    fn find_profile(&self, name: &str) -> Result<(), AdminError> {
        let (config, credentials) = (self.document().map_err(AppError::from)?, self.credentials_document());
        let names = ProfileFiles { config, credentials }.profile_names();
        if names.iter().any(|known| known == name) {
            return Ok(());
        }
        let (name, path) = (name.to_owned(), config.path().to_owned());
        Err(AppError::from(ConfigError::NoSuchProfile { name, path, known: KnownNames::of(names) }).into())
    }

    /// Returns the realm, as the service account of the access file sees it.
    pub(crate) fn keycloak(
        &self,
        realm: &RealmSettings,
        prompting: Prompting,
    ) -> Result<HttpKeycloak, AdminError> {
        self.keycloak_with(realm, Self::client_secret(realm).read(self, prompting)?)
    }

    /// The same with this client secret.
    pub(crate) fn keycloak_with(
        &self,
        realm: &RealmSettings,
        secret: Secret<String>,
    ) -> Result<HttpKeycloak, AdminError> {
        let url = RestOrigin::parse(realm.url.as_str())
            .map_err(|error| KeycloakError::Response { why: error.to_string() })?;
        let (realm, client_id) = (realm.name.clone(), realm.client_id.clone());
        let account = ServiceAccount { url, realm, client_id, secret };
        Ok(HttpKeycloak::new(self.http()?.clone(), self.clock.clone(), account)?.timeout(self.timeout()?))
    }

    /// Returns the SCIM endpoint with its token.
    pub(crate) fn scim(&self, endpoint: &Url, prompting: Prompting) -> Result<HttpScim, AdminError> {
        self.scim_with(endpoint, Self::scim_token(endpoint).read(self, prompting)?)
    }

    /// The same with this token.
    pub(crate) fn scim_with(&self, endpoint: &Url, token: Secret<String>) -> Result<HttpScim, AdminError> {
        Ok(HttpScim::new(self.http()?.clone(), endpoint, token)?.timeout(self.timeout()?))
    }

    /// Returns the place of the service account's secret.
    pub(crate) fn client_secret(realm: &RealmSettings) -> AdminSecret {
        AdminSecret { kind: SecretKind::KeycloakClient, of: format!("{} {}", realm.url(), realm.client_id) }
    }

    pub(crate) fn scim_token(endpoint: &Url) -> AdminSecret {
        AdminSecret { kind: SecretKind::ScimToken, of: endpoint.to_string() }
    }

    /// Returns IAM with the same credentials; `None` if its endpoint is not one for signatures.
    pub(crate) fn iam(&self, file: &AccessFile) -> Result<Option<HttpIam>, AdminError> {
        let center = &file.identity_center;
        let profile = center.profile.as_deref();
        let document = self.document().map_err(AppError::from)?;
        let given = endpoint_override(Service::Iam, &self.env, document, profile);
        let fips = self.env.is_on("AWS_USE_FIPS_ENDPOINT");
        let Some(endpoint) = iam::endpoint(given.as_ref(), fips) else { return Ok(None) };
        let credentials = self.aws(file)?.credentials(profile)?;
        Ok(Some(HttpIam::new(self.http()?.clone(), endpoint, credentials)))
    }

    /// Returns the account of the AWS credentials, and who they are to STS.
    pub(crate) fn caller(&self, file: &AccessFile) -> Result<CallerIdentity, AdminError> {
        let center = &file.identity_center;
        let profile = center.profile.as_deref();
        let credentials = self.aws(file)?.credentials(profile)?;
        let document = self.document().map_err(AppError::from)?;
        let given = endpoint_override(Service::Sts, &self.env, document, profile);
        let endpoint = Origin::of_sts(&endpoints::settings(self, &center.region), given.as_ref())
            .map_err(AppError::from)?;
        let sts = self.sts(endpoint, &center.region)?;
        sts.caller_identity(&credentials).map_err(unknown_caller)
    }
}

/// Returns the error for what STS answered; a refusal is one as of any other service of AWS.
fn unknown_caller(error: CallError) -> AdminError {
    match &error.kind {
        CallErrorKind::Refused { status, code: Some(code) } => {
            refusal("GetCallerIdentity", *status, &code.to_string(), None, None).into()
        }
        CallErrorKind::Refused { code: None, .. }
        | CallErrorKind::Overloaded { .. }
        | CallErrorKind::Unreachable(_)
        | CallErrorKind::NotAws { .. }
        | CallErrorKind::NotUnderstood => AppError::from(error).into(),
    }
}

#[cfg(test)]
mod tests {
    use kcaws::ports::service_call::{CalledService, RefusalCode};

    use super::*;
    use crate::ports::aws_call::AwsError;

    #[test]
    fn credentials_that_sts_refuses_are_not_valid() {
        let refused = |code| {
            unknown_caller(CallError {
                service: CalledService::Sts,
                host: "sts.eu-central-1.amazonaws.com".to_owned(),
                kind: CallErrorKind::Refused { status: 403, code },
            })
        };
        for code in ["InvalidClientTokenId", "SignatureDoesNotMatch", "IncompleteSignature"] {
            let error = refused(Some(RefusalCode::Other(code.to_owned())));
            assert!(matches!(error, AdminError::Aws(AwsError::NotAuthenticated { .. })), "{code}: {error}");
        }
        let error = refused(Some(RefusalCode::ExpiredToken));
        assert!(matches!(error, AdminError::Aws(AwsError::NotAuthenticated { .. })), "{error}");
        let error = refused(Some(RefusalCode::AccessDenied));
        assert!(matches!(error, AdminError::Aws(AwsError::Denied { .. })), "{error}");
        assert!(matches!(refused(None), AdminError::Base(_)));
    }
}
