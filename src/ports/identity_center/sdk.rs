//! The real service, over the AWS SDK.
//!
//! It keeps a current-thread runtime and blocks on it, so that the rest of kcaws makes plain calls.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use chrono::DateTime;
use tokio::time::Instant;

use super::answer::{Bare429, Called, Service, timeouts};
use super::received::{self, opaque, page_mark};
use super::{
    Account, AccountAccess, ClientGrant, DeviceAuthorization, Endpoints, Grant, IamRole, IdentityCenter,
    IssuedToken, Page, Patience, Registration, RoleCredentials, ServiceError, Token, is_account_id,
    is_role_name,
};
use crate::platform::http::HttpSetup;
use crate::platform::runtime::Runtime;
use crate::ports::clock::Skew;
use crate::secret::Secret;

/// The grant type of RFC 8628 section 3.4.
const DEVICE_CODE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// How many of the items that were left out are named.
const MOST_NAMED: usize = 20;

pub struct SdkIdentityCenter {
    pub(super) runtime: Runtime,
    oidc: aws_sdk_ssooidc::Client,
    portal: aws_sdk_sso::Client,
    pub(super) endpoints: Endpoints,
    pub(super) patience: Patience,
    /// Moved by the time that this process was stopped.
    pub(super) deadline: Mutex<Instant>,
    pub(super) http: HttpSetup,
    left_out: Mutex<Vec<String>>,
}

impl SdkIdentityCenter {
    /// Builds the clients without connecting.
    ///
    /// The Region is passed in, so that no instance metadata service is asked.
    pub fn new(
        region: &str,
        endpoints: Endpoints,
        patience: Patience,
        http: HttpSetup,
    ) -> std::io::Result<Self> {
        let runtime = Runtime::new()?;
        let shared = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(region.to_owned()))
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .retry_config(RetryConfig::standard().with_max_attempts(patience.attempts))
            .timeout_config(timeouts(patience.attempt))
            .build();
        let oidc = aws_sdk_ssooidc::config::Builder::from(&shared)
            .retry_classifier(Bare429)
            .endpoint_url(endpoints.oidc.as_str())
            .http_client(http.client(endpoints.oidc.is_https()))
            .build();
        let portal = aws_sdk_sso::config::Builder::from(&shared)
            .retry_config(RetryConfig::standard().with_max_attempts(patience.portal_attempts))
            .retry_classifier(Bare429)
            .endpoint_url(endpoints.portal.as_str())
            .http_client(http.client(endpoints.portal.is_https()))
            .build();
        Ok(Self {
            runtime,
            oidc: aws_sdk_ssooidc::Client::from_conf(oidc),
            portal: aws_sdk_sso::Client::from_conf(portal),
            endpoints,
            patience,
            deadline: Mutex::new(Instant::now() + patience.total),
            http,
            left_out: Mutex::default(),
        })
    }

    fn oidc_call(&self, operation: &'static str) -> Called<'_> {
        Called {
            operation,
            service: Service::Oidc,
            origin: &self.endpoints.oidc,
            attempt: self.patience.attempt,
            http: &self.http,
        }
    }

    /// Records an invalid item and continues: one must not affect the others.
    pub(super) fn leave_out(&self, what: impl FnOnce() -> String) {
        let mut left_out = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        if left_out.len() < MOST_NAMED {
            let what = what();
            // A list that is requested again is the same one.
            if !left_out.contains(&what) {
                left_out.push(what);
            }
        }
    }

    fn portal_call(&self, operation: &'static str) -> Called<'_> {
        Called {
            operation,
            service: Service::Portal,
            origin: &self.endpoints.portal,
            attempt: self.patience.attempt,
            http: &self.http,
        }
    }
}

impl IdentityCenter for SdkIdentityCenter {
    fn register_client(
        &self,
        client_name: &str,
        scopes: &[String],
        grant: ClientGrant<'_>,
    ) -> Result<Registration, ServiceError> {
        let call = self.oidc_call("RegisterClient");
        let request = self
            .oidc
            .register_client()
            .client_name(client_name)
            .client_type("public")
            .set_scopes((!scopes.is_empty()).then(|| scopes.to_vec()));
        let request = match grant {
            ClientGrant::Device => request,
            ClientGrant::AuthorizationCode { redirect_uri, start_url } => request
                .grant_types("authorization_code")
                .grant_types("refresh_token")
                .redirect_uris(redirect_uri)
                .issuer_url(start_url),
        };
        let answer = self.ask(&call, request.send())?;
        let client_id = opaque_member(&call, "clientId", answer.client_id)?;
        Ok(Registration {
            client_id: client_id.expose().clone(),
            client_secret: opaque_member(&call, "clientSecret", answer.client_secret)?,
            // Without an expiry it is used for this one login and its refreshes.
            expires_at: match answer.client_secret_expires_at {
                ..=0 => DateTime::UNIX_EPOCH,
                seconds => received::time(seconds).ok_or_else(|| call.strange("clientSecretExpiresAt"))?,
            },
            scopes: scopes.to_vec(),
        })
    }

    fn start_device_authorization(
        &self,
        registration: &Registration,
        start_url: &str,
    ) -> Result<DeviceAuthorization, ServiceError> {
        let call = self.oidc_call("StartDeviceAuthorization");
        let request = self
            .oidc
            .start_device_authorization()
            .client_id(&registration.client_id)
            .client_secret(registration.client_secret.expose())
            .start_url(start_url);
        let answer = self.ask(&call, request.send())?;
        let written = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let complete = written(answer.verification_uri_complete);
        Ok(DeviceAuthorization {
            device_code: opaque_member(&call, "deviceCode", answer.device_code)?,
            user_code: written(answer.user_code)
                .map(|code| received::user_code(code).ok_or_else(|| call.strange("userCode")))
                .transpose()?,
            verification_uri: written(answer.verification_uri)
                .or_else(|| complete.clone())
                .ok_or_else(|| call.missing("verificationUri"))?,
            verification_uri_complete: complete,
            expires_in: seconds(answer.expires_in),
            interval: seconds(answer.interval),
        })
    }

    fn create_token(
        &self,
        registration: &Registration,
        grant: Grant<'_>,
    ) -> Result<IssuedToken, ServiceError> {
        let call = self.oidc_call("CreateToken");
        let request = self
            .oidc
            .create_token()
            .client_id(&registration.client_id)
            .client_secret(registration.client_secret.expose());
        if matches!(grant, Grant::RefreshToken(_)) && !self.has_time_to_refresh() {
            return Err(ServiceError::NoTime { host: call.origin.host().to_owned() });
        }
        // The caller that waits for an approval asks again in any case.
        let tries = if matches!(grant, Grant::DeviceCode(_)) { 1 } else { self.patience.attempts };
        let request = match grant {
            Grant::DeviceCode(code) => request.grant_type(DEVICE_CODE_GRANT).device_code(code.expose()),
            Grant::AuthorizationCode { code, verifier, redirect_uri } => request
                .grant_type("authorization_code")
                .code(code.expose())
                .code_verifier(verifier.expose())
                .redirect_uri(redirect_uri),
            Grant::RefreshToken(token) => request.grant_type("refresh_token").refresh_token(token.expose()),
        };
        let answer = self.token(&call, &request, tries)?;
        let token = |member, text| Token::new(text).ok_or_else(|| call.strange(member));
        Ok(IssuedToken {
            access_token: token(
                "accessToken",
                answer.access_token.ok_or_else(|| call.missing("accessToken"))?,
            )?,
            expires_in: seconds(answer.expires_in),
            refresh_token: answer.refresh_token.map(|text| token("refreshToken", text)).transpose()?,
        })
    }

    fn list_accounts(
        &self,
        access_token: &Secret<String>,
        page: Option<&str>,
        at_most: Option<u16>,
    ) -> Result<Page<Account>, ServiceError> {
        let call = self.portal_call("ListAccounts");
        let request = self
            .portal
            .list_accounts()
            .access_token(access_token.expose())
            .set_max_results(at_most.map(i32::from))
            .set_next_token(page.map(str::to_owned));
        let answer = self.ask(&call, request.send())?;
        let mut items = Vec::new();
        let listed = answer.account_list.unwrap_or_default();
        let is_empty = listed.is_empty();
        for account in listed {
            let name = account.account_name.map(received::name);
            match account.account_id.filter(|id| is_account_id(id)) {
                Some(id) => {
                    items.push(Account { id, name, email: account.email_address.map(received::name) });
                }
                None => self.leave_out(|| match name {
                    Some(name) => format!("account `{name}`, whose ID does not have 12 digits"),
                    None => "an account whose ID does not have 12 digits".to_owned(),
                }),
            }
        }
        let next = page_mark(answer.next_token).map_err(|_| call.strange("nextToken"))?;
        // With nothing else in it, it is not a list of accounts.
        if items.is_empty() && !is_empty && page.is_none() && next.is_none() {
            return Err(call.strange("accountId"));
        }
        Ok(Page { items, next })
    }

    fn list_account_roles(
        &self,
        access_token: &Secret<String>,
        account_id: &str,
        page: Option<&str>,
    ) -> Result<Page<String>, ServiceError> {
        let call = self.portal_call("ListAccountRoles");
        let request = self
            .portal
            .list_account_roles()
            .access_token(access_token.expose())
            .account_id(account_id)
            .set_next_token(page.map(str::to_owned));
        let answer = self.ask(&call, request.send())?;
        let mut items = Vec::new();
        for role in answer.role_list.unwrap_or_default() {
            match role.role_name {
                Some(name) if is_role_name(&name) => items.push(name),
                name => self.leave_out(|| {
                    let name = received::name(name.unwrap_or_default());
                    format!("permission set `{name}` in account {account_id}: AWS takes no such name")
                }),
            }
        }
        Ok(Page { items, next: page_mark(answer.next_token).map_err(|_| call.strange("nextToken"))? })
    }

    fn role_credentials(
        &self,
        access_token: &Secret<String>,
        account_id: &str,
        role_name: &str,
    ) -> Result<RoleCredentials, ServiceError> {
        let call = self.portal_call("GetRoleCredentials");
        let request = self
            .portal
            .get_role_credentials()
            .access_token(access_token.expose())
            .account_id(account_id)
            .role_name(role_name);
        let answer = self.ask(&call, request.send())?;
        let credentials = answer.role_credentials.ok_or_else(|| call.missing("roleCredentials"))?;
        RoleCredentials::received(
            credentials.access_key_id.ok_or_else(|| call.missing("accessKeyId"))?,
            credentials.secret_access_key.ok_or_else(|| call.missing("secretAccessKey"))?,
            credentials.session_token.ok_or_else(|| call.missing("sessionToken"))?,
            credentials.expiration,
        )
        .map_err(|member| call.strange(member))
    }

    fn list_iam_roles(
        &self,
        at: &AccountAccess,
        access_token: &Secret<String>,
        page: Option<&str>,
    ) -> Result<Page<IamRole>, ServiceError> {
        self.iam_roles(at, access_token, page)
    }

    fn iam_role_credentials(
        &self,
        at: &AccountAccess,
        access_token: &Secret<String>,
        role_arn: &str,
    ) -> Result<RoleCredentials, ServiceError> {
        self.iam_credentials(at, access_token, role_arn)
    }

    fn logout(&self, access_token: &Secret<String>) -> Result<(), ServiceError> {
        let call = self.portal_call("Logout");
        let request = self.portal.logout().access_token(access_token.expose());
        self.end_session(&call, &request)
    }

    fn has_time_to_refresh(&self) -> bool {
        self.time_left() >= self.patience.refresh
    }

    fn clock_skew(&self) -> Option<Skew> {
        self.http.clock_skew()
    }

    fn retry_after(&self) -> Option<Duration> {
        self.http.retry_after()
    }

    fn left_out(&self) -> Vec<String> {
        self.left_out.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn opaque_member(
    call: &Called<'_>,
    member: &'static str,
    text: Option<String>,
) -> Result<Secret<String>, ServiceError> {
    opaque(text.ok_or_else(|| call.missing(member))?).ok_or_else(|| call.strange(member))
}

fn seconds(count: i32) -> Duration {
    Duration::from_secs(u64::try_from(count).unwrap_or(0))
}
