//! Every answer through the ports: no panic, no value that kcaws would not hand on, nothing of the secrets in an error,
//! no request to another place, bounded memory.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kcaws::platform::env::Env;
use kcaws::platform::http::HttpSetup;
use kcaws::ports::clock::SystemClock;
use kcaws::ports::identity_center::sdk::SdkIdentityCenter;
use kcaws::ports::identity_center::{
    AccountAccess, ClientGrant, Endpoints, Grant, IamRole, IdentityCenter, Origin, Patience, Registration,
    RoleCredentials, is_account_id, is_iam_role_arn, is_role_name,
};
use kcaws::ports::signin::{HttpSignin, Signin};
use kcaws::ports::sts::{HttpSts, Sts};
use kcaws::secret::Secret;

use crate::answers::{self, Answer};
use crate::operations::Operation;
use crate::server::Server;

/// Sent with every request, and never to be seen again.
const HUSH: &str = "hush-hush-hush";
const ARN: &str = "arn:aws:iam::111122223333:role/team/Deploy";
/// One in so many, without KCAWS_TEST_LONG.
const PART: usize = 8;
/// This process with twelve servers in it; an answer without bounds would take gigabytes.
const MOST_MEMORY: u64 = 400 * 1024 * 1024;

fn patience() -> Patience {
    let attempt = Duration::from_secs(2);
    Patience { attempt, attempts: 1, portal_attempts: 1, total: 2 * attempt, refresh: attempt }
}

fn registration() -> Registration {
    Registration {
        client_id: "client".to_owned(),
        client_secret: HUSH.into(),
        expires_at: chrono::DateTime::from_timestamp(4_000_000_000, 0).unwrap(),
        scopes: Vec::new(),
    }
}

fn is_opaque(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn are_fine(got: &RoleCredentials) {
    let parts = [&got.access_key_id, got.secret_access_key.expose(), got.session_token.expose()];
    assert!(parts.into_iter().all(|text| is_opaque(text)));
    assert!((1..=253_402_300_799).contains(&got.expires_at.timestamp()));
}

/// Asks once. `Err`: what kcaws would show.
fn ask(operation: Operation, url: &str) -> Result<(), String> {
    let http = HttpSetup::from_env(&Env::from_pairs(&[]), Arc::new(SystemClock::new())).unwrap();
    let origin = Origin::new(url);
    let endpoints = Endpoints { oidc: origin.clone(), portal: origin.clone(), account_access: None };
    let center = SdkIdentityCenter::new("eu-central-1", endpoints, patience(), http.clone()).unwrap();
    let token = Secret::from(HUSH);
    let access = AccountAccess { origin: origin.clone(), tenant: "aa-gyxmap389".to_owned() };
    let credentials =
        || RoleCredentials::received("ASIA".into(), HUSH.into(), HUSH.into(), 4_000_000_000_000).unwrap();
    let text = |error: &dyn std::error::Error| error.to_string();
    let issued = |grant| -> Result<(), String> {
        let token = center.create_token(&registration(), grant).map_err(|error| text(&error))?;
        assert!(is_opaque(token.access_token.secret().expose()));
        assert!(token.refresh_token.is_none_or(|token| is_opaque(token.secret().expose())));
        Ok(())
    };
    match operation {
        Operation::Register => {
            let got =
                center.register_client("kcaws", &[], ClientGrant::Device).map_err(|error| text(&error))?;
            assert!(is_opaque(&got.client_id) && is_opaque(got.client_secret.expose()));
            assert!(got.expires_at.timestamp() <= 253_402_300_799);
        }
        Operation::Device => {
            let start = "https://d-1.awsapps.com/start";
            let got =
                center.start_device_authorization(&registration(), start).map_err(|error| text(&error))?;
            assert!(is_opaque(got.device_code.expose()));
            let is_fine = |code: String| code.len() <= 64 && !code.chars().any(char::is_control);
            assert!(got.user_code.is_none_or(is_fine));
        }
        Operation::Token => issued(Grant::DeviceCode(&token))?,
        Operation::Refresh => issued(Grant::RefreshToken(&token))?,
        Operation::Credentials => {
            are_fine(
                &center.role_credentials(&token, "111122223333", "Admin").map_err(|error| text(&error))?,
            );
        }
        Operation::IamCredentials => {
            are_fine(&center.iam_role_credentials(&access, &token, ARN).map_err(|error| text(&error))?);
        }
        Operation::IamRoles => {
            let got = center.list_iam_roles(&access, &token, None).map_err(|error| text(&error))?;
            let is_one = |role: &IamRole| is_account_id(&role.account_id) && is_iam_role_arn(&role.arn);
            assert!(got.items.iter().all(is_one));
            let names = got.items.iter().flat_map(|role| &role.account_name);
            assert!(names.into_iter().all(|name| name.chars().count() <= 251));
            if let Some(next) = got.next.filter(|next| !next.is_empty()) {
                let _ = center.list_iam_roles(&access, &token, Some(&next));
            }
        }
        Operation::Logout => center.logout(&token).map_err(|error| text(&error))?,
        Operation::Accounts => {
            let got = center.list_accounts(&token, None, None).map_err(|error| text(&error))?;
            assert!(got.items.iter().all(|account| is_account_id(&account.id)));
            assert!(got.items.iter().flat_map(|one| &one.name).all(|name| name.chars().count() <= 251));
            if let Some(next) = got.next.filter(|next| !next.is_empty()) {
                let _ = center.list_accounts(&token, Some(&next), None);
            }
        }
        Operation::Roles => {
            let got =
                center.list_account_roles(&token, "111122223333", None).map_err(|error| text(&error))?;
            assert!(got.items.iter().all(|name| is_role_name(name)));
        }
        Operation::SignIn => {
            let signin = HttpSignin::new(http, origin);
            let got = signin.signin_token(&credentials(), None).map_err(|error| text(&error))?;
            assert!(is_opaque(got.expose()));
        }
        Operation::CallerIdentity => {
            let sts = HttpSts::new(http, origin, "eu-central-1".to_owned());
            let _ = sts.caller_identity(&credentials()).map_err(|error| text(&error))?;
        }
    }
    Ok(())
}

/// `None`: as it should be.
fn fault_of(operation: Operation, url: &str, answer: &Answer) -> Option<String> {
    let fault = match catch_unwind(AssertUnwindSafe(|| ask(operation, url))) {
        Err(_) => "panics".to_owned(),
        Ok(Err(shown)) if shown.contains(HUSH) => "shows a secret".to_owned(),
        Ok(_) => return None,
    };
    Some(format!("{operation:?}, {}: {fault}", answer.name))
}

/// The most that this process ever had in memory.
#[cfg(target_os = "linux")]
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[cfg(not(target_os = "linux"))]
fn peak() -> u64 {
    0
}

#[test]
fn no_answer_makes_a_port_panic_or_hand_on_what_it_must_not() {
    let evil = Server::saying(Arc::default());
    let (asked, faults) = (Mutex::new(0_usize), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for (place, operation) in Operation::ALL.into_iter().enumerate() {
            let (asked, faults, evil) = (&asked, &faults, &evil);
            scope.spawn(move || {
                let says = Arc::new(Mutex::new(Vec::new()));
                let server = Server::saying(says.clone());
                let answers = answers::all(operation, &evil.url());
                let is_chosen = |at: usize| kcaws_test_kit::is_long() || at % PART == place % PART;
                for (_, answer) in answers.iter().enumerate().filter(|(at, _)| is_chosen(*at)) {
                    says.lock().unwrap().clone_from(&answer.steps);
                    *asked.lock().unwrap() += 1;
                    faults.lock().unwrap().extend(fault_of(operation, &server.url(), answer));
                }
            });
        }
    });
    let (asked, faults) = (asked.into_inner().unwrap(), faults.into_inner().unwrap());
    println!("{asked} answers, peak {} MB", peak() / 1024 / 1024);
    assert!(faults.is_empty(), "{} of {asked}:\n{}", faults.len(), faults.join("\n"));
    assert!(asked > if kcaws_test_kit::is_long() { 3_400 } else { 400 }, "{asked}");
    assert_eq!(evil.connections(), 0, "a request went where an answer sent it");
    assert!(peak() < MOST_MEMORY, "{} bytes", peak());
}
