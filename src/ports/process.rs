//! This process: who runs it, where, and what the system may do with its memory.

/// First act of `main` (rule 2): no core dump, and no debugger of the same user reads our memory.
/// A failure is no reason to stop: the container forbids the call, and then it forbids dumps its own way.
pub fn hide_memory() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// `alice@laptop`, for the client name that the consent page shows. Best effort: it is a label, not an identity.
pub fn user_at_host(env: &super::env::Env) -> String {
    let user = env.get("USER").or_else(|| env.get("LOGNAME")).or_else(|| env.get("USERNAME"));
    format!("{}@{}", user.as_deref().unwrap_or("someone"), host_name(env))
}

#[cfg(unix)]
fn host_name(_env: &super::env::Env) -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn host_name(env: &super::env::Env) -> String {
    env.get("COMPUTERNAME").unwrap_or_else(|| "this-computer".to_owned())
}
