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

/// Starts kcaws itself with `args`, on its own: no terminal, none of our streams, and it outlives us.
/// The child leaves our session by [`leave_session`].
#[expect(clippy::disallowed_methods, reason = "this is the port")]
pub fn start_detached(args: &[&str], env: &[(&str, &str)]) -> std::io::Result<()> {
    use std::process::{Command, Stdio};
    let mut command = Command::new(std::env::current_exe()?);
    command.args(args).envs(env.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(windows)]
    {
        // DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP
        std::os::windows::process::CommandExt::creation_flags(&mut command, 0x0000_0208);
    }
    command.spawn()?;
    Ok(())
}

/// The path by which kcaws will be found tomorrow too: that on PATH where it leads here, because what it leads to
/// may carry a version in its name.
pub fn own_path(env: &super::env::Env) -> std::io::Result<std::path::PathBuf> {
    let own = std::env::current_exe()?;
    let same =
        |path: &std::path::PathBuf| path.is_absolute() && path.canonicalize().is_ok_and(|real| real == own);
    let name = if cfg!(windows) { "kcaws.exe" } else { "kcaws" };
    let path = env.raw("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join(name)).find(same);
    Ok(on_path.unwrap_or(own))
}

/// A session of its own: closing the terminal, or Ctrl-C in it, does not reach us any more. Fails for a process
/// that leads its group already, and then there is nothing to leave.
pub fn leave_session() {
    #[cfg(unix)]
    let _ = rustix::process::setsid();
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
