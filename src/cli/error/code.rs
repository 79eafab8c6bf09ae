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

/// The exit codes of each code in the table of `docs/json.md`.
#[cfg(test)]
pub(super) fn documented() -> std::collections::BTreeMap<&'static str, Vec<u8>> {
    let page = include_str!("../../../docs/json.md");
    let (_, table) = page.split_once("## Error codes").expect("has a table");
    let row = |line: &'static str| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let exits: Result<Vec<u8>, _> = cells.next()?.split(", ").map(str::parse::<u8>).collect();
        let code = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
        exits.ok().map(|exits| (code, exits))
    };
    table.lines().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::path::Path;

    use super::super::Exit;
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
        let rows: Vec<&str> = documented().into_keys().collect();
        // These end a command without a word.
        let is_said = |code: &&ErrorCode| {
            !matches!(code, ErrorCode::ClosedPipe | ErrorCode::Interrupted | ErrorCode::Changes)
        };
        let mut codes: Vec<&str> = ErrorCode::ALL.iter().filter(is_said).map(|code| code.as_str()).collect();
        codes.sort_unstable();
        assert_eq!(codes, rows);
    }

    /// Returns what is written as `Exit::E, ErrorCode::C` in the Rust files below a folder.
    fn written(folder: &Path, pairs: &mut Vec<(String, String)>) {
        let word = |text: &str| -> String { text.chars().take_while(char::is_ascii_alphanumeric).collect() };
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                written(&path, pairs);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("text");
                for after in text.split("Exit::").skip(1) {
                    let exit = word(after);
                    let rest = after[exit.len()..].strip_prefix(',').map(str::trim_start);
                    let rest = rest.map(|rest| rest.trim_start_matches("code: "));
                    if let Some(code) = rest.and_then(|rest| rest.strip_prefix("ErrorCode::")) {
                        pairs.push((exit, word(code)));
                    }
                }
            }
        }
    }

    /// The commands of both programs make errors in many places: nothing but their text has all of them.
    #[test]
    fn no_error_has_an_exit_code_that_the_document_does_not_name() {
        const EXITS: [Exit; 9] = [
            Exit::Failed,
            Exit::Usage,
            Exit::Configuration,
            Exit::LoginNeeded,
            Exit::Keyring,
            Exit::NotAssigned,
            Exit::Unsafe,
            Exit::CannotRun,
            Exit::NotFound,
        ];
        let mut pairs = Vec::new();
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        written(&repository.join("src"), &mut pairs);
        written(&repository.join("admin/src"), &mut pairs);
        assert!(pairs.len() > 100, "the form has changed: {pairs:?}");
        let documented = documented();
        for (exit, code) in pairs {
            let exit = EXITS.into_iter().find(|known| format!("{known:?}") == exit);
            let code = ErrorCode::ALL.iter().find(|known| format!("{known:?}") == code);
            let (Some(exit), Some(code)) = (exit, code) else { continue };
            let exits = documented.get(code.as_str());
            assert!(exits.is_some_and(|all| all.contains(&(exit as u8))), "{exit:?}, {code:?}: {exits:?}");
        }
    }
}
