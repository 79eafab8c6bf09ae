//! The administrator's program itself, at AWS's limit of 20 requests a second, on this machine's clock.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use idc_sim::{IdcSim, NewGroup, PageSize, Route};
use kcaws_test_kit::TestEnv;

const SETS: usize = 50;
const ACCOUNTS: usize = 200;
const GROUPS: usize = 500;
const MOST_READS: usize = 950;
const MOST_TIME: Duration = Duration::from_secs(50);

fn account(number: usize) -> String {
    format!("3{number:011}")
}

fn organization() -> IdcSim {
    let builder = IdcSim::builder().no_assignments().page_size(PageSize::Fixed(100));
    let builder = (0..ACCOUNTS).fold(builder, |builder, number| {
        builder.account(&account(number), &format!("account-{number}"), "team@example.com")
    });
    let builder = (0..SETS).fold(builder, |builder, number| {
        builder.permission_set(&format!("Set{number}"), Duration::from_hours(1))
    });
    let sim = builder.start();
    sim.add_groups((0..GROUPS).map(|number| NewGroup::named(&format!("Group{number}"))));
    for number in 0..SETS * ACCOUNTS {
        let (set, group) = (number / ACCOUNTS, number % GROUPS);
        sim.assign_group(&format!("Group{group}"), &account(number % ACCOUNTS), &format!("Set{set}"));
    }
    sim.clear_log();
    sim
}

fn access_file(sim: &IdcSim) -> String {
    let head = format!(
        "version = 1\n[realm]\nurl = \"https://sso.example.com\"\nname = \"corp\"\nclient_id = \"kcaws-admin\"\n\
         [identity_center]\nregion = \"{}\"\ninstance = \"{}\"\n",
        sim.region(),
        sim.instance_id()
    );
    (0..SETS).fold(head, |text, number| text + &format!("[permission_sets.Set{number}]\n"))
}

/// A plan that takes every permission set over, which reads everything.
#[expect(clippy::cast_precision_loss, reason = "a few thousand")]
pub(crate) fn measure(program: &Path) {
    let sim = organization();
    let env = TestEnv::new();
    env.set_envs(sim.env());
    env.set_envs(sim.admin_env());
    env.set_env("KCAWS_KEYRING", "keyutils");
    let key = sim.administrator_key();
    env.set_env("AWS_ACCESS_KEY_ID", &key.id);
    env.set_env("AWS_SECRET_ACCESS_KEY", &key.secret);
    let file = env.write_home_file("access.toml", access_file(&sim));
    let mut command = Command::new(program);
    command.env_clear().envs(env.env()).current_dir(env.home());
    command.args(["access", "plan", "--adopt", "--file"]).arg(file);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn().unwrap();
    let mut peak = 0;
    let status = loop {
        peak = peak.max(memory(child.id()));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let took = start.elapsed();
    assert!(status.success(), "access plan failed");
    let requests = sim.requests();
    // A permission set without a boundary is "not found".
    let may_be_refused =
        requests.iter().filter(|one| one.route != Route::GetPermissionsBoundaryForPermissionSet);
    let refused = may_be_refused.filter(|one| one.status == Some(400)).count();
    println!(
        "access plan, {SETS} x {ACCOUNTS}, {GROUPS} groups, {} assignments: {} reads = {:.2} x {MOST_READS}, {:.1} s = {:.2} x {} s on this machine's clock, {refused} refused, {:.1} MB at most",
        SETS * ACCOUNTS,
        requests.len(),
        requests.len() as f64 / MOST_READS as f64,
        took.as_secs_f64(),
        took.as_secs_f64() / MOST_TIME.as_secs_f64(),
        MOST_TIME.as_secs(),
        peak as f64 / 1024.0,
    );
}

/// Returns the most memory that a process has held so far, in KiB; 0 where it cannot be seen.
fn memory(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
