//! Many different roles at once, each asked for by a process of its own, against a service that refuses beyond AWS's
//! limit: what Terraform over many accounts does after lunch.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use idc_sim::{IdcSim, Route};
use kcaws_test_kit::TestEnv;

const CROWDS: [usize; 4] = [60, 150, 300, 500];
const PER_SECOND: f64 = 20.0;
const BURST: u32 = 20;

#[expect(clippy::cast_precision_loss, reason = "a few hundred")]
pub(crate) fn measure(kcaws: &Path) {
    println!();
    for roles in CROWDS {
        let Storm { answered, refused, asked, took } = storm(kcaws, roles);
        // What the service could have answered meanwhile: all, or what fits into the time of a call.
        let own = (answered as f64 - f64::from(BURST)).max(1.0) / PER_SECOND;
        println!(
            "{roles} roles at once, {PER_SECOND} requests/s: {answered} answers, {:.1} s = {:.2} x the limit's own {own:.1} s for them, {:.0} % of {asked} requests refused",
            took.as_secs_f64(),
            took.as_secs_f64() / own,
            refused as f64 / asked as f64 * 100.0,
        );
    }
}

struct Storm {
    answered: usize,
    refused: usize,
    asked: usize,
    took: Duration,
}

fn storm(kcaws: &Path, roles: usize) -> Storm {
    let id = |number: usize| format!("2{number:011}");
    let mut builder = IdcSim::builder().throttle(PER_SECOND, BURST).auto_approve(true);
    for number in 0..roles {
        builder = builder.account(&id(number), &format!("team-{number}"), "team@example.com").assign(
            "alice@example.com",
            &id(number),
            "ReadOnlyAccess",
        );
    }
    let sim = builder.start();
    let env = TestEnv::new();
    env.set_envs(sim.env());
    env.set_env("KCAWS_KEYRING", "keyutils");
    let (url, region) = (sim.start_url(), sim.region());
    env.write_aws_config(&format!("[sso-session corp]\nsso_start_url = {url}\nsso_region = {region}\n"));
    env.command(kcaws).args(["login", "corp", "--no-browser"]).run().expect_ok();
    sim.clear_log();
    let start = Instant::now();
    let children: Vec<_> = (0..roles)
        .map(|number| {
            let mut command = Command::new(kcaws);
            command.env_clear().envs(env.env()).current_dir(env.home());
            command.args([
                "credential-process",
                "--session",
                "corp",
                "--role",
                "ReadOnlyAccess",
                "--account",
            ]);
            command.arg(id(number)).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command.spawn().unwrap()
        })
        .collect();
    let answered =
        children.into_iter().filter_map(|mut child| child.wait().ok()?.success().then_some(())).count();
    let took = start.elapsed();
    let requests = sim.requests_to(Route::GetRoleCredentials);
    let refused = requests.iter().filter(|one| one.status == Some(429)).count();
    env.command(kcaws).args(["logout", "--all"]).run();
    Storm { answered, refused, asked: requests.len(), took }
}
