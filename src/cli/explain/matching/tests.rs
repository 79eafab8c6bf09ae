use std::collections::HashSet;

use super::*;

fn names(text: &str) -> Vec<&'static str> {
    about(text).into_iter().map(|topic| topic.name).collect()
}

/// A text as people paste it, and all topics that it leads to, the likeliest first.
const TABLE: &[(&str, &[&str])] = &[
    // Exit codes and names of topics.
    ("exit 5", &["exit_5"]),
    ("exit_5", &["exit_5"]),
    ("Exit code 130", &["exit_130"]),
    ("5", &["exit_5"]),
    ("143", &["exit_130"]),
    ("not_found", &["not_found"]),
    // The OIDC service and the portal.
    ("invalid_grant", &["invalid_grant"]),
    ("{\"error\":\"invalid_grant\",\"error_description\":\"Invalid grant provided\"}", &["invalid_grant"]),
    ("UnauthorizedException", &["unauthorized"]),
    ("com.amazonaws.switchboard.portal#UnauthorizedException", &["unauthorized"]),
    ("slow_down", &["slow_down"]),
    ("expired_token", &["expired_token"]),
    (
        "An error occurred (ForbiddenException) when calling the GetRoleCredentials operation: No access",
        &["no_access"],
    ),
    ("kcaws: cause: AWS answered 403 (No access)", &["no_access"]),
    ("403", &["no_access"]),
    ("Invalid start url provided", &["invalid_request"]),
    ("{\"error\":\"access_denied\",\"reason\":\"KMS_AccessDeniedException\"}", &["kms_key"]),
    ("KMS_DisabledException", &["kms_key"]),
    ("KMS_NotFoundException", &["kms_key"]),
    ("KMS_InvalidKeyUsageException", &["kms_key"]),
    ("KMS_InvalidStateException", &["kms_key"]),
    // One word of several services, alone and with the words of one.
    ("ExpiredTokenException", &["keys_expired", "expired_token"]),
    ("An error occurred (ExpiredTokenException) when calling the CreateToken operation:", &["expired_token"]),
    (
        "An error occurred (ExpiredTokenException) when calling the GetCallerIdentity operation: The security token included in the request is expired",
        &["keys_expired"],
    ),
    (
        "An error occurred (ExpiredToken) when calling the ListBuckets operation: The provided token has expired.",
        &["keys_expired"],
    ),
    ("ExpiredToken", &["keys_expired"]),
    ("access_denied", &["access_denied"]),
    ("AccessDenied", &["not_authorized"]),
    ("Access Denied", &["not_authorized"]),
    ("AccessDeniedException", &["not_authorized", "access_denied"]),
    (
        "An error occurred (AccessDeniedException) when calling the CreateToken operation: ",
        &["access_denied"],
    ),
    (
        "An error occurred (AccessDenied) when calling the ListBuckets operation: Access Denied",
        &["not_authorized"],
    ),
    (
        "User: arn:aws:sts::111122223333:assumed-role/x/y is not authorized to perform: s3:ListAllMyBuckets because no identity-based policy allows the s3:ListAllMyBuckets action",
        &["not_authorized"],
    ),
    (
        "An error occurred (AccessDenied) when calling the AssumeRole operation: User: arn:aws:sts::1:assumed-role/x/y is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/z",
        &["not_authorized"],
    ),
    (
        "An error occurred (AccessDeniedException) when calling the ListAccounts operation: You don't have permissions",
        &["not_authorized"],
    ),
    ("UnauthorizedOperation: You are not authorized to perform this operation.", &["not_authorized"]),
    ("SlowDown: Please reduce your request rate.", &["throttled"]),
    ("An error occurred (ResourceNotFoundException) when calling the GetFunction operation", &["not_found"]),
    // What tools show when kcaws said that a login is needed.
    (
        "Error when retrieving credentials from custom-process: kcaws: error: no valid login for session `corp`",
        &["custom_process", "exit_4"],
    ),
    ("error in credential_process: exit status 4", &["custom_process", "exit_4"]),
    ("CredentialsProviderError: Could not load credentials from any providers", &["no_credentials"]),
    (
        "CredentialsError: Missing credentials in config, if using AWS_CONFIG_FILE, set AWS_SDK_LOAD_CONFIG=1",
        &["no_credentials"],
    ),
    (
        "Unable to resolve AWS account to use. It must be either configured when you define your CDK Stack, or through the environment",
        &["no_credentials"],
    ),
    (
        "software.amazon.awssdk.core.exception.SdkClientException: Unable to load credentials from any of the providers in the chain AwsCredentialsProviderChain(credentialsProviders=[SystemPropertyCredentialsProvider()])",
        &["no_credentials"],
    ),
    (
        "com.amazonaws.SdkClientException: Unable to load AWS credentials from any provider in the chain: [EnvironmentVariableCredentialsProvider]",
        &["no_credentials"],
    ),
    (
        "When reading information for key 'x' in bucket 'b': AWS Error ACCESS_DENIED during HeadObject operation: No response body.",
        &["no_credentials", "not_authorized"],
    ),
    (
        "Invalid Configuration Error: Secret Validation Failure: during `create` using the following: Credential Chain: 'process'",
        &["no_credentials"],
    ),
    (
        "Fatal: unable to open repository: no credentials found. $AWS_ACCESS_KEY_ID is not set",
        &["no_credentials"],
    ),
    (
        "error getting credentials - err: exit status 1, out: `credentials not found in native keychain`",
        &["no_credentials", "exit_1"],
    ),
    ("Error: No valid credential sources found", &["no_credentials"]),
    ("NoCredentialProviders: no valid providers in chain. Deprecated.", &["no_credentials"]),
    (
        "Unable to locate credentials. You can configure credentials by running \"aws configure\".",
        &["no_credentials"],
    ),
    ("ERROR: /root/.s3cfg: None\nERROR: Configuration file not available.", &["no_credentials"]),
    (
        "ProcessProviderExecutionError: error in credential_process\ncaused by: exit status 2",
        &["custom_process", "exit_2"],
    ),
    ("no EC2 IMDS role found, operation error ec2imds: GetMetadata", &["instance_metadata"]),
    ("dial tcp 169.254.169.254:80: i/o timeout", &["instance_metadata"]),
    ("exec: \"kcaws\": executable file not found in $PATH", &["program_not_found"]),
    ("executable kcaws not found", &["program_not_found"]),
    ("/bin/sh: 1: kcaws: not found", &["program_not_found"]),
    ("Token has expired and refresh failed", &["sso_token"]),
    ("Error loading SSO Token: Token for corp does not exist", &["sso_token"]),
    ("The SSO session associated with this profile has expired or is otherwise invalid.", &["sso_token"]),
    ("error: You must be logged in to the server (Unauthorized)", &["kubernetes"]),
    ("The following profile does not have credentials configured: [dev]", &["no_credentials"]),
    (
        "Error: failed to refresh cached credentials, no EC2 IMDS role found",
        &["no_credentials", "instance_metadata"],
    ),
    // Files, Regions, keys.
    (
        "CredentialsProviderError: Profile dev could not be found or parsed in shared credentials file.",
        &["profile_not_found"],
    ),
    ("The config profile (dev) could not be found", &["profile_not_found"]),
    ("Unable to parse config file: /home/you/.aws/config", &["config_refused"]),
    (
        "Partial credentials found in assume-role, missing: source_profile or credential_source",
        &["role_chain"],
    ),
    (
        "Infinite loop in credential configuration detected. Attempting to load from profile a which has already been visited.",
        &["role_chain"],
    ),
    (
        "You must specify a region. You can also configure your region by running \"aws configure\".",
        &["no_region"],
    ),
    ("MissingRegion: could not find region configuration", &["no_region"]),
    ("The security token included in the request is invalid", &["keys_invalid"]),
    (
        "An error occurred (InvalidClientTokenId) when calling the GetCallerIdentity operation",
        &["keys_invalid"],
    ),
    ("UnrecognizedClientException", &["keys_invalid"]),
    ("SignatureDoesNotMatch", &["signature"]),
    (
        "An error occurred (RequestTimeTooSkewed) when calling the ListBuckets operation: The difference between the request time and the current time is too large.",
        &["clock"],
    ),
    (
        "SignatureDoesNotMatch: Signature expired: 20261128T010101Z is now earlier than 20261128T020101Z",
        &["clock"],
    ),
    // On the way.
    ("x509: certificate signed by unknown authority", &["certificate"]),
    (
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate (_ssl.c:1006)",
        &["certificate"],
    ),
    ("dial tcp: lookup portal.sso.eu-cental-1.amazonaws.com: no such host", &["unknown_host"]),
    ("Could not connect to the endpoint URL: \"https://sts.eu-cental-1.amazonaws.com/\"", &["unknown_host"]),
    (
        "This site can't be reached 127.0.0.1 refused to connect. ERR_CONNECTION_REFUSED",
        &["connection_refused"],
    ),
    ("dial tcp 127.0.0.1:8080: connect: connection refused", &["connection_refused"]),
    ("500", &["server_error"]),
    ("503", &["server_error"]),
    ("HTTP 503 Service Unavailable", &["server_error"]),
    // Pages.
    ("errorMessage: Response contains invalid name id policy format", &["name_id_policy"]),
    ("Not a valid response for the provided request id", &["not_a_valid_response"]),
    ("It's not you, it is us", &["its_not_you"]),
    ("An unexpected error has occurred", &["unexpected_error"]),
    ("Something doesn't compute", &["something_doesnt_compute"]),
    ("Invalid MFA credentials", &["invalid_mfa_credentials"]),
    ("Invalid callback URL", &["invalid_callback_url"]),
    ("We are sorry... Invalid requester", &["invalid_requester"]),
    ("Invalid redirect uri", &["invalid_redirect_uri"]),
    ("We are sorry... Invalid parameter: redirect_uri", &["invalid_redirect_uri"]),
    ("We are sorry... Invalid Request", &["keycloak_invalid_request"]),
    ("Account is disabled, contact your administrator.", &["account_disabled"]),
    ("Page has expired", &["keycloak_page_expired"]),
    ("Action expired. Please start again.", &["keycloak_page_expired"]),
    (
        "Restart login cookie not found. It may have expired; it may have been deleted or cookies are disabled in your browser.",
        &["keycloak_page_expired"],
    ),
    ("Cookie not found. Please make sure cookies are enabled in your browser.", &["keycloak_page_expired"]),
    ("You are already logged in.", &["keycloak_already_logged_in"]),
    ("HTTPS required", &["keycloak_https_required"]),
    // Typos and pieces.
    ("invalid_grnat", &["invalid_grant"]),
    ("invalid grant", &["invalid_grant"]),
    ("mfa credentials", &["invalid_mfa_credentials"]),
    ("exti code 130", &["exit_130"]),
];

#[test]
fn a_text_leads_to_its_topics_and_to_no_other() {
    let wrong: Vec<String> = TABLE
        .iter()
        .filter(|(text, expected)| names(text) != *expected)
        .map(|(text, expected)| format!("{text}\n  is {:?}, not {expected:?}", names(text)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_text_about_something_else_leads_nowhere() {
    for nothing in [
        "",
        "…",
        "hello world",
        "exit 99",
        "q",
        "exit 131",
        "exit 13",
        "exit code 30",
        "exit code 12",
        "7",
        "file not found",
        "404 ms",
        "took 403 steps",
        "no access key was given",
        "access to the path is denied",
        "Cookies are delicious",
        "slow down, please",
        "the page you asked for",
        "cookie",
        "token",
        "profile",
        "line 500 of the log",
        "client not found in the phone book",
        "kcaws",
        "Invalid request body: missing field",
    ] {
        assert!(names(nothing).is_empty(), "{nothing}: {:?}", names(nothing));
    }
}

/// Seven of the clients hide what kcaws said.
#[test]
fn what_tools_show_when_a_login_is_needed_leads_to_one() {
    let hidden =
        ["custom_process", "no_credentials", "instance_metadata", "exit_4", "sso_token", "unauthorized"];
    for topic in topics().filter(|topic| hidden.contains(&topic.name)) {
        assert!(topic.fix.contains("`kcaws login`"), "{}: {}", topic.name, topic.fix);
    }
}

#[test]
fn the_table_is_written_as_it_is_searched() {
    let mut seen = HashSet::new();
    for topic in topics() {
        assert!(seen.insert(topic.name), "{} is there twice", topic.name);
        for phrase in topic.seen {
            for part in phrase.trim_start_matches('=').replace(" - ", " + ").split(" + ") {
                assert_eq!(plain(part), part.trim_end_matches('*'), "{}", topic.name);
            }
            let wanted = phrase.split(" - ").next().unwrap_or_default();
            let text = wanted.trim_start_matches('=').replace(" + ", " … ").replace('*', "x");
            assert!(names(&text).contains(&topic.name), "{phrase}: {:?}", names(&text));
        }
        for text in [topic.means, topic.fix, topic.source] {
            assert!(!text.is_empty() && !text.ends_with('.'), "{text}");
        }
    }
}
