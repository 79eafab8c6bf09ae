//! The codes of errors, for programs: stable, in snake case (`docs/json.md`).

macro_rules! error_codes {
    ($($name:ident = $text:literal,)*) => {
        /// The code of an error, as in `--json`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ErrorCode {
            $($name,)*
        }

        impl ErrorCode {
            #[cfg(test)]
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

error_codes! {
    AccessFile = "access_file",
    Attribute = "attribute",
    AwsCredentials = "aws_credentials",
    AwsDenied = "aws_denied",
    BadAnswer = "bad_answer",
    BadName = "bad_name",
    BadPin = "bad_pin",
    BadRecord = "bad_record",
    BadRegion = "bad_region",
    BadStartUrl = "bad_start_url",
    Browser = "browser",
    Busy = "busy",
    CaBundle = "ca_bundle",
    Changes = "changes",
    Circular = "circular",
    Clipboard = "clipboard",
    ClosedPipe = "closed_pipe",
    CodeExpired = "code_expired",
    CodeRefused = "code_refused",
    CommandCannotRun = "command_cannot_run",
    CommandNotFound = "command_not_found",
    Config = "config",
    ConfigFile = "config_file",
    CopyLeft = "copy_left",
    DefaultFirst = "default_first",
    Denied = "denied",
    Destination = "destination",
    Duplicate = "duplicate",
    Endpoint = "endpoint",
    EndsTooLate = "ends_too_late",
    ExpiredOnArrival = "expired_on_arrival",
    Forbidden = "forbidden",
    Foreign = "foreign",
    ForeignEndpoint = "foreign_endpoint",
    Handoff = "handoff",
    IamRoleRefused = "iam_role_refused",
    InputNeeded = "input_needed",
    Interrupted = "interrupted",
    InvalidClient = "invalid_client",
    InvalidScope = "invalid_scope",
    KeepsChanging = "keeps_changing",
    Keycloak = "keycloak",
    KeycloakDenied = "keycloak_denied",
    Keyring = "keyring",
    KeyringAbsent = "keyring_absent",
    KeyringDamaged = "keyring_damaged",
    KeyringLocked = "keyring_locked",
    KeyringRefused = "keyring_refused",
    KeyringTooSlow = "keyring_too_slow",
    KmsKey = "kms_key",
    LoginNeeded = "login_needed",
    LogoutIncomplete = "logout_incomplete",
    Metadata = "metadata",
    MfaCode = "mfa_code",
    MfaNeeded = "mfa_needed",
    Moved = "moved",
    MustAsk = "must_ask",
    NoAccountAccess = "no_account_access",
    NoBackup = "no_backup",
    NoBrowser = "no_browser",
    NoCallback = "no_callback",
    NoCode = "no_code",
    NoHook = "no_hook",
    NoIdpUrl = "no_idp_url",
    NoLogoutFirst = "no_logout_first",
    NoMatch = "no_match",
    NoPassphrase = "no_passphrase",
    NoPort = "no_port",
    NoProfiles = "no_profiles",
    NoRole = "no_role",
    NoSecret = "no_secret",
    NoSessions = "no_sessions",
    NoShellLine = "no_shell_line",
    NoSourceProfile = "no_source_profile",
    NoStore = "no_store",
    NoSuchAccount = "no_such_account",
    NoSuchFile = "no_such_file",
    NoSuchProfile = "no_such_profile",
    NoSuchRole = "no_such_role",
    NoSuchService = "no_such_service",
    NoSuchSession = "no_such_session",
    NoTerminal = "no_terminal",
    NotAssigned = "not_assigned",
    NotAws = "not_aws",
    NotFound = "not_found",
    NotOurs = "not_ours",
    NotReplaceable = "not_replaceable",
    NotShared = "not_shared",
    NotUnderstood = "not_understood",
    NotWritable = "not_writable",
    NothingBefore = "nothing_before",
    NothingPicked = "nothing_picked",
    OnlyFederation = "only_federation",
    OtherInstance = "other_instance",
    OtherTenant = "other_tenant",
    Output = "output",
    OutputFile = "output_file",
    OwnPath = "own_path",
    Owner = "owner",
    Partial = "partial",
    PortalChanged = "portal_changed",
    ProjectFile = "project_file",
    Proxy = "proxy",
    ReadOnly = "read_only",
    Refused = "refused",
    RoleDenied = "role_denied",
    Root = "root",
    Scim = "scim",
    ServerError = "server_trouble",
    Settings = "settings",
    Setup = "setup",
    Signin = "signin",
    SomeFailed = "some_failed",
    StartUrl = "start_url",
    State = "state",
    StoreNotPersistent = "store_not_persistent",
    Sts = "sts",
    TakenElsewhere = "taken_elsewhere",
    TeamFile = "team_file",
    Template = "template",
    Throttled = "throttled",
    Timeout = "timeout",
    TooManyFiles = "too_many_files",
    TooShort = "too_short",
    TwoSources = "two_sources",
    Unauthorized = "unauthorized",
    UnexpectedPage = "unexpected_page",
    Unhealthy = "unhealthy",
    UnknownShell = "unknown_shell",
    UnknownTopic = "unknown_topic",
    Unquotable = "unquotable",
    Unreachable = "unreachable",
    Unsafe = "unsafe",
    Usage = "usage",
    WhichAccount = "which_account",
    WhichProfile = "which_profile",
    WhichSession = "which_session",
    WrongPassphrase = "wrong_passphrase",
    WrongRegion = "wrong_region",
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_code_is_in_snake_case_and_no_other_has_it() {
        let is_snake = |code: &str| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let codes: HashSet<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes.len(), ErrorCode::ALL.len());
        assert!(codes.into_iter().all(is_snake));
    }

    #[test]
    fn each_code_has_a_row_in_the_document_and_no_other_has_one() {
        let page = include_str!("../../../docs/json.md");
        let (_, table) = page.split_once("## Error codes").expect("has a table");
        let rows = table.lines().filter_map(|line| line.split('|').nth(2)?.trim().strip_prefix('`'));
        let mut rows: Vec<&str> = rows.filter_map(|cell| cell.strip_suffix('`')).collect();
        rows.sort_unstable();
        rows.dedup();
        // These end a command without a word.
        let is_said = |code: &&ErrorCode| {
            !matches!(code, ErrorCode::ClosedPipe | ErrorCode::Interrupted | ErrorCode::Changes)
        };
        let mut codes: Vec<&str> = ErrorCode::ALL.iter().filter(is_said).map(|code| code.as_str()).collect();
        codes.sort_unstable();
        assert_eq!(codes, rows);
    }
}
