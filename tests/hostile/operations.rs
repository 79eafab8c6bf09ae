//! The twelve operations, and what AWS says to each.

use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Register,
    Device,
    Token,
    Refresh,
    Credentials,
    Logout,
    Accounts,
    Roles,
    SignIn,
    CallerIdentity,
    IamRoles,
    IamCredentials,
}

impl Operation {
    pub(crate) const ALL: [Self; 12] = [
        Self::Register,
        Self::Device,
        Self::Token,
        Self::Refresh,
        Self::Credentials,
        Self::Logout,
        Self::Accounts,
        Self::Roles,
        Self::SignIn,
        Self::CallerIdentity,
        Self::IamRoles,
        Self::IamCredentials,
    ];

    /// Whether a request is one of this operation.
    pub(crate) fn is_asked_by(self, path: &str, body: &[u8]) -> bool {
        let of_refresh = || body.windows(13).any(|part| part == b"refresh_token");
        match self {
            Self::Register => path == "/client/register",
            Self::Device => path == "/device_authorization",
            Self::Token => path == "/token" && !of_refresh(),
            Self::Refresh => path == "/token" && of_refresh(),
            Self::Credentials => path == "/federation/credentials",
            Self::Logout => path == "/logout",
            Self::Accounts => path == "/assignment/accounts",
            Self::Roles => path == "/assignment/roles",
            Self::SignIn => path == "/federation",
            Self::CallerIdentity => path == "/",
            Self::IamRoles => path == "/access",
            Self::IamCredentials => path == "/access/credentials",
        }
    }

    /// The members of a good answer; none where it is no JSON.
    pub(crate) fn good(self) -> Value {
        match self {
            Self::Register => json!({"clientId": "client", "clientSecret": "secret", "clientIdIssuedAt": 1,
                "clientSecretExpiresAt": 4_000_000_000_u64}),
            Self::Device => json!({"deviceCode": "device", "userCode": "BCDF-GHJK",
                "verificationUri": "http://127.0.0.1/", "verificationUriComplete": "http://127.0.0.1/?c=BCDF-GHJK",
                "expiresIn": 600, "interval": 1}),
            Self::Token | Self::Refresh => json!({"accessToken": "access", "tokenType": "Bearer",
                "expiresIn": 3600, "refreshToken": "refresh"}),
            Self::Credentials => json!({"roleCredentials": {"accessKeyId": "ASIAEXAMPLE",
                "secretAccessKey": "key", "sessionToken": "token", "expiration": 1_795_000_000_000_u64}}),
            Self::Logout => json!({}),
            Self::Accounts => json!({"accountList": [{"accountId": "111122223333", "accountName": "dev",
                "emailAddress": "dev@example.com"}], "nextToken": null}),
            Self::Roles => json!({"roleList": [{"roleName": "Admin", "accountId": "111122223333"}],
                "nextToken": null}),
            Self::SignIn => json!({"SigninToken": "signin"}),
            Self::CallerIdentity => json!({"Arn": "arn:aws:sts::111122223333:assumed-role/x/y",
                "Account": "111122223333", "UserId": "A:y"}),
            Self::IamRoles => json!({"roles": [{"accountId": "111122223333", "accountName": "dev",
                "roleArn": "arn:aws:iam::111122223333:role/team/Deploy"}], "nextToken": null}),
            Self::IamCredentials => json!({"credentialsDetails": {"programmaticAccess": {
                "accessKeyId": "ASIAEXAMPLE", "secretAccessKey": "key", "sessionToken": "token",
                "expiresAt": 1_795_000_000}}}),
        }
    }

    /// As it goes over the wire: STS speaks XML.
    pub(crate) fn written(self, value: &Value) -> Vec<u8> {
        if self != Self::CallerIdentity {
            return value.to_string().into_bytes();
        }
        let mut text = "<GetCallerIdentityResponse><GetCallerIdentityResult>".to_owned();
        for (name, value) in value.as_object().into_iter().flatten() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text.extend(["<", name, ">", &value, "</", name, ">"]);
        }
        (text + "</GetCallerIdentityResult></GetCallerIdentityResponse>").into_bytes()
    }
}
