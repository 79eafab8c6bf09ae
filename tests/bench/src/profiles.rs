//! `~/.aws/config`: one edit of a big file, and a thousand accounts of three roles.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use idc_sim::{Builder, Fault, IdcSim, PageSize, Route};
use kcaws_test_kit::TestEnv;

const ACCOUNTS: usize = 1_000;
const ROLES: [&str; 3] = ["AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess"];
const PER_SECOND: f64 = 20.0;
const BURST: u32 = 10;

struct ProfilesFixture {
    env: TestEnv,
    sim: IdcSim,
    kcaws: PathBuf,
}

impl ProfilesFixture {
    fn new(kcaws: &Path, builder: Builder) -> Self {
        let sim = builder.auto_approve(true).start();
        let env = TestEnv::new();
        env.set_envs(sim.env());
        env.set_env("KCAWS_KEYRING", "keyutils");
        let (url, region) = (sim.start_url(), sim.region());
        env.write_aws_config(&format!("[sso-session corp]\nsso_start_url = {url}\nsso_region = {region}\n"));
        let fixture = Self { env, sim, kcaws: kcaws.to_owned() };
        fixture.env.command(kcaws).args(["login", "corp", "--no-browser"]).run().expect_ok();
        fixture.sim.clear_log();
        fixture
    }

    fn run(&self, line: &str) -> Duration {
        let mut command = std::process::Command::new(&self.kcaws);
        command.env_clear().envs(self.env.env()).args(line.split(' '));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let start = Instant::now();
        assert!(command.status().unwrap().success(), "kcaws {line}");
        start.elapsed()
    }
}

impl Drop for ProfilesFixture {
    fn drop(&mut self) {
        self.env.command(&self.kcaws).args(["logout", "--all"]).run();
    }
}

pub(crate) fn measure(kcaws: &Path, rounds: usize) {
    edit(kcaws, rounds.clamp(5, 50));
    let limited = sync(kcaws, |builder| builder.throttle(PER_SECOND, BURST), |_| ());
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let own = (limited.answered as f64 - f64::from(BURST)) / PER_SECOND;
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let refused = limited.refused as f64 / limited.asked as f64 * 100.0;
    println!(
        "profile sync, {ACCOUNTS} x {}, 20 requests/s: {:.1} s = {:.3} x the limit's own {own:.1} s, {} requests, {refused:.1} % refused",
        ROLES.len(),
        limited.took.as_secs_f64(),
        limited.took.as_secs_f64() / own,
        limited.asked,
    );
    let free = sync(
        kcaws,
        |builder| builder,
        |sim| {
            for route in [Route::ListAccounts, Route::ListAccountRoles] {
                sim.fault(route, Fault::delay(Duration::from_millis(50)));
            }
        },
    );
    println!(
        "profile sync, {ACCOUNTS} x {}, no limit, 50 ms a request: {:.1} s, {} requests",
        ROLES.len(),
        free.took.as_secs_f64(),
        free.asked
    );
}

fn edit(kcaws: &Path, rounds: usize) {
    let fixture = ProfilesFixture::new(kcaws, IdcSim::builder());
    let profile =
        |number| format!("\n# {number}\n[profile p{number}]\nregion = eu-central-1\noutput = json\n");
    let many = fixture.env.read_aws_config() + &(0..10_000).map(profile).collect::<String>();
    let path = fixture.env.write_aws_config(&many);
    // No one wrote it just now.
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(std::time::SystemTime::now() - Duration::from_secs(60)).unwrap();
    std::thread::sleep(Duration::from_secs(3));
    let add = "profile add dev --session corp --account 111122223333 --role Admin";
    let mut times: Vec<Duration> =
        (0..rounds).map(|number| fixture.run(&format!("{add} --region r{number}"))).collect();
    println!(
        "\none edit of a config file with 10,000 profiles: {:.1} ms (median of {rounds})",
        crate::median(&mut times) / 1e3
    );
}

struct Measured {
    took: Duration,
    asked: usize,
    answered: usize,
    refused: usize,
}

fn sync(kcaws: &Path, limit: impl Fn(Builder) -> Builder, faults: impl Fn(&IdcSim)) -> Measured {
    let mut builder = limit(IdcSim::builder().no_assignments().page_size(PageSize::Fixed(100)));
    for number in 0..ACCOUNTS {
        let id = format!("2{number:011}");
        builder = builder.account(&id, &format!("team-{number}"), "team@example.com");
        for role in ROLES {
            builder = builder.assign("alice@example.com", &id, role);
        }
    }
    let fixture = ProfilesFixture::new(kcaws, builder);
    faults(&fixture.sim);
    let took = fixture.run("profile sync corp --yes");
    let requests = fixture.sim.requests();
    let lists =
        requests.iter().filter(|one| matches!(one.route, Route::ListAccounts | Route::ListAccountRoles));
    let statuses: Vec<u16> = lists.filter_map(|one| one.status).collect();
    let answered = statuses.iter().filter(|status| **status == 200).count();
    let refused = statuses.iter().filter(|status| **status == 429).count();
    Measured { took, asked: statuses.len(), answered, refused }
}
