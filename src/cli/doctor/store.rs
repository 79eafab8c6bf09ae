//! Checks where tokens and cached credentials are stored, and whether that works.

use std::time::Duration;

use super::config::failed;
use super::context::DoctorContext;
use super::finding::Finding;
use crate::platform::aead::hex;
use crate::platform::host::{self, KeyQuota, Surroundings};
use crate::platform::which::on_fixed_path;
use crate::ports::keyring::{ItemKey, KeyringError, Prompting, SecretStore, StoreKind};
use crate::ports::sealing_key::{self, ID_LEN};
use crate::profile::SsoSession;
use crate::session::store_selection::{self, StorePreference};
use crate::session::token_location::{self, Found};
use crate::session::{SessionError, token_store};

/// Response time above which a store is called slow: tools wait for it on every uncached call.
const SLOW: Duration = Duration::from_millis(500);
/// Share of the quota, in percent.
const NEARLY_FULL: u64 = 90;
/// Bytes that the kernel counts for one of our keys (description and 32 bytes), with a margin.
const ONE_KEY: u64 = 100;

/// Checks the store of each session's tokens without prompting.
pub(super) fn store(context: &DoctorContext<'_>) -> Vec<Finding> {
    context.sessions().iter().map(|selected| one(context, &selected.session)).collect()
}

fn one(context: &DoctorContext<'_>, session: &SsoSession) -> Finding {
    let (app, name) = (context.app, session.name.as_str());
    // `settings` reports what is wrong with them.
    let Ok(settings) = app.settings() else { return Finding::ok(name, "not checked") };
    let open = |kind| app.store(kind);
    let start = app.clock.elapsed();
    let found = token_location::of(session, settings.keyring, app.state(), &open);
    let took = app.clock.elapsed().saturating_sub(start);
    match found {
        Err(error) => failed(name, &error.into()),
        Ok(Some((store, Err(error)))) => {
            let finding = failed(name, &error.into());
            Finding {
                reason: format!("{} (its tokens are stored in the {store})", finding.reason),
                ..finding
            }
        }
        Ok(Some((store, Ok(_)))) if took >= SLOW => Finding::warning(
            name,
            format!("the {} is reachable but takes {} ms", named(context, store), took.as_millis()),
            "`kcaws store migrate --to …` moves the tokens to a faster one",
        ),
        Ok(Some((store, Ok(there)))) => {
            let there = match there {
                Found::Tokens => "it has the tokens",
                Found::NoLogin => "it has no tokens, only the client registration",
                Found::Nothing => "it has no tokens",
            };
            let store = named(context, store);
            Finding::ok(name, format!("the {store} responds in {} ms; {there}", took.as_millis()))
        }
        // Nothing is stored yet: report what a login would do.
        Ok(None) => would_use(context, name, session, settings.keyring),
    }
}

/// Returns the store that a login would choose, as far as can be determined without writing.
fn would_use(
    context: &DoctorContext<'_>,
    name: &str,
    session: &SsoSession,
    requested: StorePreference,
) -> Finding {
    let open = |kind| context.app.store(kind);
    let look_only = |_: &dyn SecretStore| Ok(());
    let chosen = store_selection::for_login(
        &token_store::item_key(session),
        requested,
        None,
        Prompting::Unattended,
        &open,
        &look_only,
    );
    match chosen {
        Err(error) => failed(name, &error.into()),
        Ok(chosen) => {
            let store = named(context, chosen.store.kind());
            let there =
                |error: &&SessionError| !matches!(error, SessionError::Keyring(KeyringError::Absent { .. }));
            match chosen.passed_over.iter().find(there) {
                None => Finding::ok(name, format!("a login would use the {store}")),
                Some(reason) => Finding::warning(
                    name,
                    format!("{reason}; a login would use the {store}"),
                    "create a default keyring, then run `kcaws login`; otherwise the tokens are lost on a restart",
                ),
            }
        }
    }
}

/// Returns the store with the program behind it, whose versions differ in what they survive.
fn named(context: &DoctorContext<'_>, kind: StoreKind) -> String {
    let process = context.app.store(kind).ok().and_then(|store| store.daemon());
    let Some(name) = process.and_then(|process| context.machine.name_of(process)) else {
        return kind.to_string();
    };
    format!("{kind} ({})", gnome_keyring(context, &name).unwrap_or(name))
}

/// Returns the full name and version of gnome-keyring, if it is that.
fn gnome_keyring(context: &DoctorContext<'_>, name: &str) -> Option<String> {
    let full = "gnome-keyring-daemon";
    let program =
        on_fixed_path(full, &context.app.env).filter(|_| name.len() >= 15 && full.starts_with(name))?;
    let output = context.commands.run(&program, &["--version".into()], &[], SLOW).ok()?;
    // It prints its name first, as it was called.
    let (_, version) = output.stdout.expose().lines().next()?.split_once(": ")?;
    version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.').then(|| format!("{full} {version}"))
}

/// Checks that the kernel stores our keys and has room for more.
pub(super) fn kernel_keyring(context: &DoctorContext<'_>) -> Vec<Finding> {
    if !cfg!(target_os = "linux") {
        return Vec::new();
    }
    if let Err(error) = kernel(context) {
        let why = chain(&error);
        return vec![Finding::warning(
            "",
            format!("{why}: nothing can be stored there"),
            "in a container allow keyctl, add_key and request_key (seccomp); the other stores do not need it",
        )];
    }
    // The kernel counts root's keys separately.
    let root = if host::is_root() { "root_" } else { "" };
    let Some(quota) = context.machine.key_quota() else { return vec![Finding::ok("", "it can store keys")] };
    let KeyQuota { keys, most_keys, bytes, most_bytes } = quota;
    let left = match left_behind(context) {
        0 => String::new(),
        count => {
            format!("; {count} belong to kcaws but to no state folder here, and expire within a week")
        }
    };
    let used = format!("{keys} of {most_keys} keys, {bytes} of {most_bytes} bytes{left}");
    let fix = format!(
        "`keyctl show @u` lists them, `keyctl unlink ID @u` removes one; raise kernel.keys.{root}maxkeys and kernel.keys.{root}maxbytes (sysctl)"
    );
    let is_nearly_full = keys * 100 >= most_keys * NEARLY_FULL || bytes * 100 >= most_bytes * NEARLY_FULL;
    vec![match is_nearly_full {
        _ if is_full(quota) => Finding::error("", format!("full: {used}: no room for another key"), fix),
        true => Finding::warning("", format!("nearly full: {used}"), fix),
        false => Finding::ok("", format!("it can store keys: {keys} of {most_keys} in use{left}")),
    }]
}

/// Counts keys of state folders that were removed by hand or belong to another home of this user.
///
/// They are only counted, since they may still be in use.
fn left_behind(context: &DoctorContext<'_>) -> usize {
    let state = context.app.state();
    let read = |name: &str| state.read(name).ok().flatten().unwrap_or_default();
    let mut known: Vec<String> = vec![String::from_utf8_lossy(&read("keyutils.id")).trim().to_owned()];
    for folder in ["keyutils", "warm"] {
        let names = state.list(folder).unwrap_or_default();
        let files = names.iter().map(|name| read(&format!("{folder}/{name}")));
        known.extend(files.filter_map(|file| Some(hex(file.first_chunk::<ID_LEN>()?))));
    }
    context.machine.kcaws_keys().iter().filter(|id| !known.contains(id)).count()
}

fn is_full(quota: KeyQuota) -> bool {
    quota.keys >= quota.most_keys || quota.bytes + ONE_KEY > quota.most_bytes
}

fn kernel(context: &DoctorContext<'_>) -> Result<(), KeyringError> {
    let nothing = ItemKey { session: String::new(), start_url: String::new() };
    // It never prompts: this only links the user keyring to our process.
    context.app.store(StoreKind::Keyutils)?.unlock(&nothing, Duration::ZERO)
}

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// Checks the key of the credential cache: without it, every call of every tool goes to the network.
pub(super) fn warm_cache(context: &DoctorContext<'_>) -> Vec<Finding> {
    if let Err(error) = context.app.state().list("warm") {
        return vec![failed("", &error.into())];
    }
    let is_full = context.machine.key_quota().is_some_and(is_full);
    if !cfg!(target_os = "linux") || (kernel(context).is_ok() && !is_full) {
        return vec![Finding::ok("", "credentials are cached until they expire")];
    }
    if sealing_key::has_runtime_folder(&context.app.env) {
        return vec![Finding::ok("", "credentials are cached; their key is in $XDG_RUNTIME_DIR, in memory")];
    }
    vec![Finding::warning(
        "",
        "there is no place for a new key: without one, every call goes to AWS",
        "allow the kernel keyring and make room in it, or set XDG_RUNTIME_DIR to a tmpfs that only you can enter",
    )]
}

/// Reports the limits of containers and WSL.
pub(super) fn surroundings(context: &DoctorContext<'_>) -> Vec<Finding> {
    let (what, why) = match context.machine.surroundings() {
        None => return Vec::new(),
        Some(Surroundings::Wsl) => (
            "WSL",
            "the Windows Credential Manager is not available; BROWSER=wslview opens the Windows browser; check the clock after sleep",
        ),
        Some(Surroundings::Docker) => (
            "Docker",
            "no desktop, no browser, and kernel keys only if seccomp allows them; the state folder is lost with the container unless it is mounted",
        ),
        Some(Surroundings::Podman) => (
            "Podman",
            "no desktop, no browser, and a separate kernel keyring; the state folder is lost with the container unless it is mounted",
        ),
    };
    vec![Finding::ok(what, why)]
}

#[cfg(test)]
mod tests {
    use super::super::testing::{CORP, TestDoctor, logged_in_doctor, states};
    use super::*;
    use crate::ports::state_folder::StateFolder;

    #[test]
    fn the_store_answers_is_locked_or_is_not_there() {
        let doctor = logged_in_doctor(Some("refresh"));
        let fine = doctor.look(store);
        assert_eq!(states(&fine), ["ok"]);
        assert!(fine[0].reason.contains("it has the tokens"), "{fine:?}");
        doctor.ports.keyring.lock();
        let locked = doctor.look(store);
        assert_eq!(states(&locked), ["error"]);
        assert!(locked[0].reason.contains("locked"), "{locked:?}");
        assert_eq!(doctor.ports.keyring.calls().unlock, 0, "no one is prompted");
        let mut absent = logged_in_doctor(Some("refresh"));
        absent.ports.absent = vec![StoreKind::SecretService];
        assert_eq!(states(&absent.look(store)), ["error"]);
    }

    #[test]
    fn before_the_first_login_there_is_a_store_to_use() {
        let mut doctor = TestDoctor::new().config(CORP);
        assert!(doctor.look(store)[0].reason.starts_with("a login would use"));
        doctor.ports.absent =
            vec![StoreKind::SecretService, StoreKind::Keyutils, StoreKind::Keychain, StoreKind::Wincred];
        assert_eq!(states(&doctor.look(store)), ["error"]);
        assert_eq!(doctor.ports.keyring.calls().set, 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernel_keeps_keys_or_the_way_out_is_named() {
        let line = |used: &str| format!("{}: 1 1/1 {used} 20/20000\n", rustix::process::geteuid().as_raw());
        let doctor = |used: &str| TestDoctor::new().file("root/proc/key-users", &line(used));
        assert_eq!(states(&doctor("3/200").look(kernel_keyring)), ["ok"]);
        let full = doctor("190/200").look(kernel_keyring);
        assert_eq!(states(&full), ["warning"]);
        let root = if rustix::process::geteuid().is_root() {
            "kernel.keys.root_maxkeys"
        } else {
            "kernel.keys.maxkeys"
        };
        assert!(full[0].fix.as_deref().is_some_and(|fix| fix.contains(root)), "{full:?}");
        for used in ["200/200", "3/200 19950/20000 #"] {
            assert_eq!(states(&doctor(used).look(kernel_keyring)), ["error"], "{used}");
            assert_eq!(states(&doctor(used).look(warm_cache)), ["warning"], "{used}");
        }
        let mut refused = doctor("3/200");
        refused.ports.absent = vec![StoreKind::Keyutils];
        assert_eq!(states(&refused.look(kernel_keyring)), ["warning"]);
        assert_eq!(states(&refused.look(warm_cache)), ["warning"]);
        assert_eq!(states(&doctor("3/200").look(warm_cache)), ["ok"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn keys_of_a_state_folder_that_is_gone_are_counted_and_stay() {
        let uid = rustix::process::geteuid().as_raw();
        let key = |of: u32, description: &str| {
            format!("0f1cbfbc I--Q---     1   6d 3f010000 {of:>5} {of:>5} user      {description}: 32\n")
        };
        let (here, gone) = ("a5".repeat(ID_LEN), "00".repeat(ID_LEN));
        let keys = [
            key(uid, &format!("kcaws:{here}")),
            key(uid, &format!("kcaws-warm:{gone}")),
            key(uid, "other"),
            key(uid + 1, &format!("kcaws:{gone}")),
        ];
        let doctor = TestDoctor::new()
            .file("root/proc/key-users", &format!("{uid}: 1 1/1 3/200 20/20000\n"))
            .file("root/proc/keys", &keys.concat());
        doctor.ports.state.write("warm/a.id", &[0xA5; ID_LEN]).expect("writes");
        let found = doctor.look(kernel_keyring);
        assert_eq!(states(&found), ["ok"]);
        assert!(found[0].reason.contains("; 1 belong to kcaws but to no state folder here"), "{found:?}");
    }

    #[test]
    fn containers_and_wsl_are_told_what_they_lack() {
        assert!(TestDoctor::new().look(surroundings).is_empty());
        let docker = TestDoctor::new().file("root/.dockerenv", "").look(surroundings);
        assert_eq!((states(&docker), docker[0].subject.as_str()), (vec!["ok"], "Docker"));
    }

    #[test]
    fn looking_writes_nothing() {
        let doctor = TestDoctor::new().config(CORP);
        for check in [store, super::super::login::login, kernel_keyring, warm_cache] {
            doctor.look(check);
        }
        assert!(doctor.ports.state.list("sessions").expect("lists").is_empty());
    }
}
