//! A program with a login, and between it and the simulator a server that answers one operation in its own way.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use idc_sim::{AccountAccessTrust, Builder, IamRole, IdcSim};
use kcaws::platform::env::Env;
use kcaws::ports::keyring::keyutils::KeyutilsStore;
use kcaws::ports::sealing_key;
use kcaws::ports::state_folder::DiskStateFolder;
use kcaws_test_kit::{Output, TestEnv};

use crate::operations::Operation;
use crate::server::{Request, Server, Step, say};

/// What is answered in another way, how, and how often.
type Armed = Arc<Mutex<Option<(Operation, Vec<Step>, usize)>>>;

pub(crate) struct Between {
    pub(crate) sim: IdcSim,
    env: TestEnv,
    armed: Armed,
}

/// Far more than any command needs, and far less than an answer without bounds takes.
const MOST_ADDRESS_SPACE_KB: u64 = 1_000_000;

impl Between {
    pub(crate) fn new() -> Self {
        Self::with(IdcSim::builder())
    }

    /// With an IAM role of account access manager.
    pub(crate) fn with_account_access(arn: &str) -> Self {
        let tenant = "aa-gyxmap389";
        let role = IamRole::new(arn).account_access(AccountAccessTrust::Granted);
        let builder = IdcSim::builder().tenant(tenant).iam_role(role).entitle("alice@example.com", arn);
        let between = Self::with(builder);
        let text = format!("[sessions.corp]\naccount_access = \"{tenant}\"\n");
        between.env.write_home_file(".config/kcaws/config.toml", text);
        between
    }

    fn with(builder: Builder) -> Self {
        let sim = builder.auto_approve(true).start();
        let env = TestEnv::new().with_secret_mark(idc_sim::SECRET_MARK);
        let armed = Armed::default();
        let (of_handler, to) = (armed.clone(), sim.url().trim_start_matches("http://").to_owned());
        let server = Server::start(Arc::new(move |request, stream| {
            let steps = match &mut *of_handler.lock().unwrap() {
                Some((operation, steps, times @ 1..))
                    if operation.is_asked_by(&request.path, request.body()) =>
                {
                    *times -= 1;
                    Some(steps.clone())
                }
                _ => None,
            };
            match steps {
                Some(steps) => say(&steps, stream),
                None => forward(request, stream, &to),
            }
        }));
        for (name, value) in sim.env() {
            env.set_env(name, value.replace(sim.url(), &server.url()));
        }
        env.set_env("KCAWS_KEYRING", "keyutils");
        let (start_url, region) = (sim.start_url(), sim.region());
        env.write_aws_config(&format!(
            "[sso-session corp]\nsso_start_url = {start_url}\nsso_region = {region}\n\n[profile dev]\n\
             credential_process = kcaws credential-process --session corp --account 111122223333 --role PowerUserAccess\n"
        ));
        Self { sim, env, armed }
    }

    pub(crate) fn arm(&self, operation: Operation, steps: &[Step]) {
        // Who waits for an approval goes on asking while the service is in trouble.
        let times = if operation == Operation::Token { 1 } else { usize::MAX };
        *self.armed.lock().unwrap() = Some((operation, steps.to_vec(), times));
    }

    pub(crate) fn disarm(&self) {
        *self.armed.lock().unwrap() = None;
    }

    pub(crate) fn run(&self, line: &str) -> Output {
        let limit = format!("ulimit -v {MOST_ADDRESS_SPACE_KB}; exec \"$0\" \"$@\"");
        let command = self.env.command("/bin/sh").args(["-c", &limit, env!("CARGO_BIN_EXE_kcaws")]);
        command.args(line.split_whitespace()).allow_secret_on_stdout().run()
    }

    /// Nothing is warm any more.
    pub(crate) fn cool(&self) {
        let _ = std::fs::remove_dir_all(self.state().join("warm"));
    }

    /// The sealed tokens, to be put back.
    pub(crate) fn tokens(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let files = std::fs::read_dir(self.state().join("keyutils")).unwrap().flatten();
        files.map(|file| (file.path(), std::fs::read(file.path()).unwrap())).collect()
    }

    fn state(&self) -> PathBuf {
        self.env.state_dir().join("kcaws")
    }
}

impl Drop for Between {
    /// Keys outlive processes, and a user may have no more than 200.
    fn drop(&mut self) {
        let state = Arc::new(DiskStateFolder::new(Some(self.state())));
        let _ = kcaws::session::sealed_store::destroy_all_keys(
            &*state,
            &*sealing_key::open(&Env::from_pairs(&[])),
        );
        let _ = KeyutilsStore::new(state).revoke_key();
    }
}

/// One request on a connection of its own.
fn forward(request: &Request, stream: &mut TcpStream, to: &str) {
    let Ok(mut sim) = TcpStream::connect(to) else { return };
    let line = request.bytes.windows(2).position(|window| window == b"\r\n").unwrap() + 2;
    let (first, rest) = request.bytes.split_at(line);
    if sim.write_all(&[first, b"connection: close\r\n", rest].concat()).is_ok() {
        let mut answer = Vec::new();
        let _ = sim.read_to_end(&mut answer);
        let _ = stream.write_all(&answer);
    }
}
