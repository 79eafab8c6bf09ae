//! Who a profile is, asked of the SDKs: kcaws is the same caller by every command, or refuses.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use idc_sim::{IamRole, IdcSim};
use kcaws::profile::line::program_word;
use kcaws_test_kit::{Client, Output, TestCommand, clients};

use crate::fixture::{ACCOUNT, LoginFixture, ROLE, binary};
use crate::identity_shapes::{self, Outcome, Shape};

const SDKS: [Client; 4] = [Client::Boto3, Client::Go, Client::JavaScript, Client::Rust];
const DEPLOY: &str = "arn:aws:iam::222233334444:role/ci/Deploy";
const HOP: &str = "arn:aws:iam::333344445555:role/Hop";
const TEAM: &str = "arn:aws:iam::222233334444:role/Team";
const WEB: &str = "arn:aws:iam::222233334444:role/Web";
const OTHER_ROLE: &str = "ReadOnlyAccess";
/// As the caller beside it, which always names a profile.
const BOTO3_OF_THE_ENVIRONMENT: &str = "import boto3, json; caller = boto3.client('sts').get_caller_identity()\n\
     print(json.dumps({'arn': caller['Arn'], 'account': caller['Account']}))";

/// A fixture that all shapes share; each has files of its own.
struct Oracle {
    fixture: LoginFixture,
    lines: Vec<(Client, Vec<OsString>)>,
    fills: Vec<(&'static str, String)>,
}

/// Where the files of a shape are, and who is asked for.
struct Case<'a> {
    oracle: &'a Oracle,
    shape: &'a Shape,
    config: PathBuf,
    credentials: PathBuf,
}

impl Oracle {
    /// `None` where a client is missing.
    fn new() -> Option<Self> {
        let mut lines = Vec::new();
        for client in SDKS {
            lines.push((client, clients().command_line_or_skip(client)?));
        }
        let builder = IdcSim::builder()
            .iam_role(IamRole::new(DEPLOY))
            .iam_role(IamRole::new(HOP))
            .iam_role(IamRole::new(TEAM).external_id("team-7"))
            .iam_role(IamRole::new(WEB).web_identity_token("web-token"));
        let fixture = LoginFixture::with(builder);
        fixture.log_in();
        for (name, value) in [
            ("AWS_REGION", "eu-central-1"),
            ("AWS_DEFAULT_REGION", "eu-central-1"),
            ("AWS_MAX_ATTEMPTS", "1"),
        ] {
            fixture.env.set_env(name, value);
        }
        let fills = Self::fills(&fixture);
        Some(Self { fixture, lines, fills })
    }

    fn fills(fixture: &LoginFixture) -> Vec<(&'static str, String)> {
        let (region, start_url) = (fixture.sim.region(), fixture.sim.start_url());
        let program = program_word(binary().to_str().unwrap()).unwrap();
        let kcaws = format!("{program} credential-process");
        let line = |role: &str| {
            format!("credential_process = {kcaws} --session corp --account {ACCOUNT} --role {role}\n")
        };
        let pair = |role: &str| format!("sso_account_id = {ACCOUNT}\nsso_role_name = {role}\n");
        let session = "sso_session = corp\n";
        let role = |arn: &str| format!("role_arn = {arn}\n");
        let own = format!("credential-process --session corp --account {ACCOUNT} --role AdministratorAccess");
        let known = fixture.kcaws(&own).allow_secret_on_stdout().run().expect_ok().stdout_json();
        let key = |name: &str| known[name].as_str().unwrap().to_owned();
        let known_keys = format!(
            "aws_access_key_id = {}\naws_secret_access_key = {}\naws_session_token = {}\n",
            key("AccessKeyId"),
            key("SecretAccessKey"),
            key("SessionToken")
        );
        let token = fixture.env.write_home_file("token", "web-token");
        Self::seed_token_cache(fixture);
        vec![
            ("@kcaws@", kcaws.clone()),
            ("@line@", line(ROLE)),
            ("@other_line@", line(OTHER_ROLE)),
            ("@sso@", format!("{session}{}", pair(ROLE))),
            ("@other_sso@", format!("{session}{}", pair(OTHER_ROLE))),
            ("@legacy@", format!("sso_start_url = {start_url}\nsso_region = {region}\n{}", pair(ROLE))),
            ("@keys@", "aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = example\n".to_owned()),
            ("@known_keys@", known_keys),
            ("@deploy@", role(DEPLOY)),
            ("@hop@", role(HOP)),
            ("@team@", role(TEAM)),
            ("@web@", role(WEB)),
            ("@token@", token.display().to_string()),
        ]
    }

    /// A login that SDKs have for themselves: what `aws sso login` leaves in its cache.
    fn seed_token_cache(fixture: &LoginFixture) {
        let login = fixture.sim.seed_login(&fixture.sim.default_user());
        let expires_at = chrono::DateTime::<chrono::Utc>::from(login.expires_at);
        let record = serde_json::json!({
            "startUrl": login.start_url,
            "region": login.region,
            "accessToken": login.access_token,
            "expiresAt": expires_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        });
        for key in ["corp", &login.start_url] {
            let sum = fixture.env.command("sha1sum").stdin(key).run().expect_ok().stdout_text();
            let file = format!(".aws/sso/cache/{}.json", &sum[..40]);
            fixture.env.write_home_file(file, record.to_string());
        }
    }

    fn fill(&self, text: &str) -> String {
        self.fills.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// What is wrong with the shape; `None`: nothing.
    fn check(&self, number: usize, shape: &Shape) -> Option<String> {
        let session = self.fixture.config().split("\n\n").next().unwrap().to_owned();
        let text = format!("{session}\n{}", self.fill(shape.config));
        let folder = format!(".aws/shape-{number}");
        let config = self.fixture.env.write_home_file(format!("{folder}/config"), text);
        let credentials = self.fill(shape.credentials);
        let credentials = self.fixture.env.write_home_file(format!("{folder}/credentials"), credentials);
        let case = Case { oracle: self, shape, config, credentials };
        let sdks: Vec<_> = self.lines.iter().filter_map(|(client, line)| case.ask(*client, line)).collect();
        let wrong = case.judge(&sdks)?;
        Some(format!("{}: {wrong}\n  {sdks:?}\n{}{}", shape.name, shape.config, shape.credentials))
    }
}

impl Case<'_> {
    fn here(&self, command: TestCommand) -> TestCommand {
        let command = command
            .env("AWS_CONFIG_FILE", &self.config)
            .env("AWS_SHARED_CREDENTIALS_FILE", &self.credentials)
            .allow_secret_on_stdout();
        self.shape.env.iter().fold(command, |command, (name, value)| command.env(name, value))
    }

    /// Who the SDK is, if anybody; the outer `None`: it is not asked.
    fn ask(&self, client: Client, line: &[OsString]) -> Option<(Client, Option<String>)> {
        let env = &self.oracle.fixture.env;
        let is_chosen = !self.shape.env.is_empty();
        let command = match client {
            _ if self.shape.except.contains(&client) => return None,
            // Its caller takes an empty name for a name.
            Client::Rust if is_chosen => return None,
            Client::Boto3 if is_chosen => env.command(&line[0]).args(["-c", BOTO3_OF_THE_ENVIRONMENT]),
            _ => env.command_line(line).arg(if is_chosen { "" } else { "p" }),
        };
        Some((client, self.arn(&self.here(command).run())))
    }

    /// By name of the role where kcaws and the SDKs name the session each in its own way.
    fn arn(&self, output: &Output) -> Option<String> {
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
        let arn = answer["arn"].as_str().filter(|_| output.status.success())?;
        let is_named_apart =
            !arn.contains("AWSReservedSSO_") && !self.shape.config.contains("role_session_name");
        Some(arn.rsplit_once('/').filter(|_| is_named_apart).map_or(arn, |(role, _)| role).to_owned())
    }

    /// Each way to be the profile through kcaws.
    fn commands(&self) -> Vec<(&'static str, Output)> {
        let (fixture, lines) = (&self.oracle.fixture, &self.oracle.lines);
        let named = self.shape.env.is_empty();
        let run = |line: &str| self.here(fixture.kcaws(line)).run();
        // It takes the environment's keys before a profile, whatever its name.
        let rust = &lines.iter().find(|(client, _)| *client == Client::Rust).unwrap().1;
        let whoami = run(if named { "whoami --json --profile p" } else { "whoami --json" });
        let exec = fixture.kcaws(if named { "exec p --" } else { "exec --" });
        let exec = self.here(exec.args(rust).arg("nobody")).run();
        let mut all = vec![("whoami", whoami), ("exec", exec)];
        if named {
            let handed = run("credential-process --profile p");
            all.push((
                "credential-process",
                match serde_json::from_slice::<serde_json::Value>(&handed.stdout) {
                    Ok(keys) if handed.status.success() => {
                        let key = |name: &str| keys[name].as_str().unwrap().to_owned();
                        let client = fixture.env.command_line(rust).arg("nobody");
                        self.here(client)
                            .env("AWS_ACCESS_KEY_ID", key("AccessKeyId"))
                            .env("AWS_SECRET_ACCESS_KEY", key("SecretAccessKey"))
                            .env("AWS_SESSION_TOKEN", key("SessionToken"))
                            .run()
                    }
                    _ => handed,
                },
            ));
        }
        all
    }

    fn judge(&self, sdks: &[(Client, Option<String>)]) -> Option<String> {
        let first = sdks.first().and_then(|(_, arn)| arn.as_ref());
        let agreed = first.filter(|first| sdks.iter().all(|(_, arn)| arn.as_ref() == Some(first)));
        if self.shape.outcome == Outcome::Same && agreed.is_none() {
            return Some("the SDKs are not one caller".to_owned());
        }
        self.commands().into_iter().find_map(|(command, output)| {
            let arn = self.arn(&output);
            let is_right = match self.shape.outcome {
                Outcome::Same => arn.is_some() && arn.as_ref() == agreed,
                Outcome::Refused => is_refusal(&output) && names_a_line(&output),
                Outcome::NoLine => !output.status.success() && output.stdout.is_empty(),
            };
            (!is_right).then(|| {
                format!(
                    "{command}: {:?} expected: {arn:?}, exit {}, {}",
                    self.shape.outcome,
                    output.code(),
                    output.stderr_text()
                )
            })
        })
    }
}

fn is_refusal(output: &Output) -> bool {
    matches!(output.code(), 3 | 125) && output.stdout.is_empty()
}

/// `config:7` or `credentials:2`.
fn names_a_line(output: &Output) -> bool {
    let text = output.stderr_text();
    let after =
        |file: &str| text.split(file).skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    after("/config:") || after("/credentials:")
}

#[test]
fn a_profile_is_the_same_caller_through_kcaws_and_every_sdk_or_is_refused() {
    let Some(oracle) = Oracle::new() else { return };
    let shapes: Vec<&Shape> = identity_shapes::all().collect();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(shape) = shapes.get(number) else { break };
                    wrong.lock().unwrap().extend(oracle.check(number, shape));
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {} shapes:\n{}", wrong.len(), shapes.len(), wrong.join("\n"));
}
