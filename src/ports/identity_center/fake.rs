//! A scripted Identity Center: each operation takes its next answer from a queue and records the call.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{
    Account, AccountAccess, ClientGrant, DeviceAuthorization, Grant, IamRole, IdentityCenter, IssuedToken,
    Page, Registration, RoleCredentials, ServiceError, Token,
};
use crate::ports::clock::Skew;
use crate::secret::Secret;

/// The next responses of the service.
///
/// Operations without a script panic: either the test or the code is wrong then.
#[derive(Default)]
pub struct FakeIdentityCenter {
    pub registrations: Queue<Registration>,
    pub authorizations: Queue<DeviceAuthorization>,
    pub tokens: Queue<IssuedToken>,
    pub accounts: Queue<Page<Account>>,
    pub roles: Queue<Page<String>>,
    pub iam_roles: Queue<Page<IamRole>>,
    pub credentials: Queue<RoleCredentials>,
    pub logouts: Queue<()>,
    pub skew: Mutex<Option<Skew>>,
    /// Whether a refresh would come too late.
    pub is_late: AtomicBool,
    pub left_out: Mutex<Vec<String>>,
    calls: Mutex<Vec<String>>,
}

/// Responses in order.
pub struct Queue<T>(Mutex<VecDeque<Result<T, ServiceError>>>);

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Queue<T> {
    pub fn will(&self, answer: Result<T, ServiceError>) {
        self.0.lock().expect("no test panics while holding it").push_back(answer);
    }

    fn next(&self, operation: &str) -> Result<T, ServiceError> {
        let answer = self.0.lock().expect("no test panics while holding it").pop_front();
        answer.unwrap_or_else(|| panic!("{operation} was called once more than the script foresees"))
    }
}

impl FakeIdentityCenter {
    /// Returns the calls so far, such as `CreateToken refresh_token`.
    pub fn calls(&self) -> Vec<String> {
        self.calls.lock().expect("no test panics while holding it").clone()
    }

    fn note(&self, call: impl Into<String>) {
        self.calls.lock().expect("no test panics while holding it").push(call.into());
    }

    pub fn registration(expires_at: &str) -> Registration {
        Registration {
            client_id: "client".to_owned(),
            client_secret: "client-secret".into(),
            expires_at: chrono::DateTime::parse_from_rfc3339(expires_at).expect("a time").to_utc(),
            scopes: vec![super::ACCOUNT_ACCESS.to_owned()],
        }
    }

    pub fn authorization() -> DeviceAuthorization {
        DeviceAuthorization {
            device_code: "device-code".into(),
            user_code: Some("BCDF-GHJK".to_owned()),
            verification_uri: "https://device.sso.eu-central-1.amazonaws.com/".to_owned(),
            verification_uri_complete: None,
            expires_in: Duration::from_mins(10),
            interval: Duration::from_secs(1),
        }
    }

    pub fn token(access: &str, refresh: Option<&str>) -> IssuedToken {
        let token = |text: &str| Token::new(text.to_owned()).expect("a token in a test");
        IssuedToken {
            access_token: token(access),
            expires_in: Duration::from_hours(1),
            refresh_token: refresh.map(token),
        }
    }

    pub fn role_credentials(expires_at: &str) -> RoleCredentials {
        RoleCredentials {
            access_key_id: "ASIAEXAMPLE".to_owned(),
            secret_access_key: "key".into(),
            session_token: "token".into(),
            expires_at: chrono::DateTime::parse_from_rfc3339(expires_at).expect("a time").to_utc(),
        }
    }
}

impl IdentityCenter for FakeIdentityCenter {
    fn register_client(
        &self,
        _client_name: &str,
        _scopes: &[String],
        grant: ClientGrant<'_>,
    ) -> Result<Registration, ServiceError> {
        self.note(match grant {
            ClientGrant::Device => "RegisterClient",
            ClientGrant::AuthorizationCode { .. } => "RegisterClient authorization_code",
        });
        self.registrations.next("RegisterClient")
    }

    fn start_device_authorization(
        &self,
        _registration: &Registration,
        _start_url: &str,
    ) -> Result<DeviceAuthorization, ServiceError> {
        self.note("StartDeviceAuthorization");
        self.authorizations.next("StartDeviceAuthorization")
    }

    fn create_token(
        &self,
        registration: &Registration,
        grant: Grant<'_>,
    ) -> Result<IssuedToken, ServiceError> {
        self.note(match grant {
            Grant::DeviceCode(_) => "CreateToken device_code".to_owned(),
            Grant::AuthorizationCode { code, redirect_uri, .. } => {
                format!("CreateToken authorization_code {} {redirect_uri}", code.expose())
            }
            Grant::RefreshToken(token) if registration.client_id == "client" => {
                format!("CreateToken refresh_token {}", token.expose())
            }
            Grant::RefreshToken(token) => {
                format!("CreateToken refresh_token {} by {}", token.expose(), registration.client_id)
            }
        });
        self.tokens.next("CreateToken")
    }

    fn list_accounts(
        &self,
        access_token: &Secret<String>,
        _page: Option<&str>,
        _at_most: Option<u16>,
    ) -> Result<Page<Account>, ServiceError> {
        self.note(format!("ListAccounts {}", access_token.expose()));
        self.accounts.next("ListAccounts")
    }

    fn list_account_roles(
        &self,
        _access_token: &Secret<String>,
        account_id: &str,
        _page: Option<&str>,
    ) -> Result<Page<String>, ServiceError> {
        self.note(format!("ListAccountRoles {account_id}"));
        self.roles.next("ListAccountRoles")
    }

    fn role_credentials(
        &self,
        access_token: &Secret<String>,
        _account_id: &str,
        _role_name: &str,
    ) -> Result<RoleCredentials, ServiceError> {
        self.note(format!("GetRoleCredentials {}", access_token.expose()));
        self.credentials.next("GetRoleCredentials")
    }

    fn list_iam_roles(
        &self,
        at: &AccountAccess,
        access_token: &Secret<String>,
        _page: Option<&str>,
    ) -> Result<Page<IamRole>, ServiceError> {
        self.note(format!("ListRoles {} {}", at.tenant, access_token.expose()));
        self.iam_roles.next("ListRoles")
    }

    fn iam_role_credentials(
        &self,
        at: &AccountAccess,
        access_token: &Secret<String>,
        role_arn: &str,
    ) -> Result<RoleCredentials, ServiceError> {
        self.note(format!("GetRoleCredentials {} {role_arn} {}", at.tenant, access_token.expose()));
        self.credentials.next("GetRoleCredentials")
    }

    fn logout(&self, access_token: &Secret<String>) -> Result<(), ServiceError> {
        self.note(format!("Logout {}", access_token.expose()));
        self.logouts.next("Logout")
    }

    fn has_time_to_refresh(&self) -> bool {
        !self.is_late.load(Ordering::Relaxed)
    }

    fn clock_skew(&self) -> Option<Skew> {
        *self.skew.lock().expect("no test panics while holding it")
    }

    fn left_out(&self) -> Vec<String> {
        self.left_out.lock().expect("no test panics while holding it").clone()
    }
}
