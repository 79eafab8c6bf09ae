//! A user with a login, a warm cache and the simulator behind it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use idc_sim::{AccountAccessTrust, Builder, IamRole, IdcSim, Route};
use kcaws_test_kit::TestEnv;

use crate::Row;

const ACCOUNT: &str = "111122223333";
const ROLE: &str = "PowerUserAccess";
/// A role of account access manager.
const IAM_ROLE: &str = "arn:aws:iam::111122223333:role/team/Deploy";
const TENANT: &str = "aa-gyxmap389";
/// A config of ten thousand profiles, in the home folder.
const MANY: &str = "many";

pub(crate) struct Fixture {
    pub(crate) env: TestEnv,
    pub(crate) sim: IdcSim,
    kcaws: PathBuf,
}

impl Fixture {
    pub(crate) fn new(kcaws: PathBuf) -> Self {
        Self::with(IdcSim::builder(), kcaws)
    }

    fn with(builder: Builder, kcaws: PathBuf) -> Self {
        // Long enough to stay warm for the whole run.
        let life = Duration::from_secs(12 * 3600);
        let roles = [ROLE, "ReadOnlyAccess", "AdministratorAccess"];
        let iam_role = IamRole::new(IAM_ROLE).max_session(life).account_access(AccountAccessTrust::Granted);
        let builder = builder.auto_approve(true).tenant(TENANT).iam_role(iam_role);
        let builder = builder.entitle("alice@example.com", IAM_ROLE);
        let sim = roles.iter().fold(builder, |builder, role| builder.permission_set(role, life)).start();
        let env = TestEnv::new();
        env.set_envs(sim.env());
        env.set_env("KCAWS_KEYRING", "keyutils");
        let settings = format!("[sessions.corp]\naccount_access = \"{TENANT}\"\n");
        env.write_home_file(".config/kcaws/config.toml", settings);
        let (url, region) = (sim.start_url(), sim.region());
        env.write_aws_config(&format!(
            "[sso-session corp]\nsso_start_url = {}\nsso_region = {}\n\n[profile dev]\ncredential_process = \"{}\" \
             credential-process --session corp --account {ACCOUNT} --role {ROLE}\n\n\
             [profile sso]\nsso_session = corp\nsso_account_id = {ACCOUNT}\nsso_role_name = {ROLE}\nregion = {region}\n\n\
             [profile legacy]\nsso_start_url = {url}\nsso_region = {region}\nsso_account_id = {ACCOUNT}\n\
             sso_role_name = {ROLE}\nregion = {region}\n",
            url,
            region,
            kcaws.display(),
        ));
        let fixture = Self { env, sim, kcaws };
        fixture.env.command(&fixture.kcaws).args(["login", "corp", "--no-browser"]).run().expect_ok();
        fixture
    }

    pub(crate) fn row(&self, name: &str) -> Row {
        self.row_of(name, ROLE)
    }

    /// A warm call for an IAM role, which should cost what one for a permission set does.
    pub(crate) fn iam_role_row(&self) -> Row {
        let row = self.row_of("credential-process, warm, an IAM role", IAM_ROLE);
        self.run(&row);
        row
    }

    fn run(&self, row: &Row) {
        self.env.command(&row.program).args(&row.args).run().expect_ok();
    }

    fn row_of(&self, name: &str, role: &str) -> Row {
        let args = ["credential-process", "--session", "corp", "--account", ACCOUNT, "--role", role];
        Row {
            name: name.into(),
            program: self.kcaws.clone(),
            args: args.map(str::to_owned).to_vec(),
            env: vec![],
            before: None,
            one_in: 1,
        }
    }

    /// `prompt`, with its config and with one of ten thousand profiles more. The first call of each makes
    /// the profile's map, and no other reads the config.
    pub(crate) fn prompts(&self) -> [Row; 2] {
        let profile = |n| {
            format!(
                "\n[profile p{n}]\nsso_session = corp\nsso_account_id = {n:012}\nsso_role_name = {ROLE}\n"
            )
        };
        let many = (0..10_000).map(profile).collect::<Vec<_>>().concat();
        let many = self.env.write_home_file(MANY, self.env.read_aws_config() + &many);
        // A file that has just changed is not built upon: it settles first.
        std::thread::sleep(Duration::from_secs(3));
        self.warm_up(&self.env.aws_config_path());
        self.warm_up(&many);
        let row = |name: &str, config: PathBuf| Row {
            name: name.into(),
            program: self.kcaws.clone(),
            args: vec!["prompt".into()],
            env: vec![("AWS_PROFILE", "dev".into()), ("AWS_CONFIG_FILE", config)],
            before: None,
            one_in: 1,
        };
        [row("prompt", self.env.aws_config_path()), row("prompt, 10,000 profiles", many)]
    }

    /// A call with nothing warm. What the other rows have warm is put back before it, not after: none of them is
    /// measured in the wake of another process that they do not stand for.
    pub(crate) fn cold_row(&self) -> Row {
        let config = self.env.write_home_file("cold", self.env.read_aws_config());
        let before: fn(&Self) = |fixture| {
            fixture.forget_warm();
            fixture.warm_up(&fixture.env.aws_config_path());
            fixture.warm_up(&fixture.env.home().join(MANY));
            fixture.run(&fixture.row_of("", IAM_ROLE));
        };
        let env = vec![("AWS_CONFIG_FILE", config)];
        Row { env, before: Some(before), ..self.row("credential-process, cold") }
    }

    /// With credentials and their note, as this config has them.
    fn warm_up(&self, config: &Path) {
        let warm = self.row("");
        self.env.command(&warm.program).args(&warm.args).env("AWS_CONFIG_FILE", config).run().expect_ok();
    }

    /// In its environment and no other, with nothing printed.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.env.env()).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(Stdio::inherit()).current_dir(self.env.home());
        command
    }

    pub(crate) fn forget_warm(&self) {
        let _ = std::fs::remove_dir_all(self.env.state_dir().join("kcaws/warm"));
    }

    /// Nothing warm, and a token that is old by its own word (less than five minutes are left), which no process
    /// tries; then one that only the service knows to be dead, which the first process of each role tries.
    pub(crate) fn crowds(&self) {
        println!();
        let old =
            Self::with(IdcSim::builder().access_token_life(Duration::from_secs(240)), self.kcaws.clone());
        old.crowd("token old");
        self.forget_warm();
        self.sim.expire_access_tokens();
        self.crowd("token refused by the service");
    }

    /// 75 processes at once, 5 roles.
    fn crowd(&self, what: &str) {
        let roles = [
            (ACCOUNT, ROLE),
            (ACCOUNT, "ReadOnlyAccess"),
            (ACCOUNT, "AdministratorAccess"),
            ("222233334444", "ReadOnlyAccess"),
            ("222233334444", "AdministratorAccess"),
        ];
        self.sim.clear_log();
        let start = Instant::now();
        let children: Vec<_> = (0..75)
            .map(|number| {
                let (account, role) = roles[number % roles.len()];
                let mut command = self.command(&self.kcaws);
                command.args([
                    "credential-process",
                    "--session",
                    "corp",
                    "--account",
                    account,
                    "--role",
                    role,
                ]);
                command.spawn().unwrap()
            })
            .collect();
        let good = children
            .into_iter()
            .map(|mut child| child.wait().unwrap())
            .filter(std::process::ExitStatus::success)
            .count();
        let took = start.elapsed();
        let fetches = self.sim.requests_to(Route::GetRoleCredentials);
        let refused = fetches.iter().filter(|fetch| fetch.status == Some(401)).count();
        println!(
            "75 at once, 5 roles, {what}: {good} answers, {} refresh, {} fetches, {refused} refused before, {} ms",
            self.sim.count(Route::CreateToken),
            fetches.len() - refused,
            took.as_millis()
        );
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.env.command(&self.kcaws).args(["logout", "--all"]).run();
    }
}
