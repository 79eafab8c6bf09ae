//! The same file through other eyes.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_types::os_shim_internal::{Env, Fs};
use kcaws::profile::{Document, Heading};
use kcaws_test_kit::{Client, clients};

/// What the suites compare: these keys of every profile whose name all tools take.
pub(crate) type Profiles = BTreeMap<String, BTreeMap<String, String>>;

const KEYS: [&str; 3] = ["credential_process", "region", "output"];

fn is_plain(name: &str) -> bool {
    kcaws::profile::draft::is_plain_name(name)
}

pub(crate) fn ours(text: &str) -> Profiles {
    let document = Document::parse(Path::new("config"), text).unwrap();
    let values = |name: &String| {
        let section = document.section(&Heading::Profile(name.clone())).unwrap();
        KEYS.iter().filter_map(|key| Some(((*key).to_owned(), section.get(key)?.to_owned()))).collect()
    };
    document
        .profile_names()
        .into_iter()
        .filter(|name| is_plain(name))
        .map(|name| (name.clone(), values(&name)))
        .collect()
}

/// `Err` where the SDK reads nothing of it.
pub(crate) fn rust_sdk(text: &str) -> Result<Profiles, String> {
    let files = EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Config, text).build();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (fs, env) = (Fs::real(), Env::from_slice(&[]));
    let load = aws_config::profile::load(&fs, &env, &files, None);
    let set = runtime.block_on(load).map_err(|error| format!("{error:?}"))?;
    let values = |name: &str| {
        let profile = set.get_profile(name).unwrap();
        // Not `lines`, which would take a carriage return of the value for half of a line end.
        let first_line = |key: &str| {
            Some(profile.get(key)?.split('\n').next()?.to_owned()).filter(|line| !line.is_empty())
        };
        KEYS.iter().filter_map(|key| Some(((*key).to_owned(), first_line(key)?))).collect()
    };
    let names: Vec<&str> = set.profiles().filter(|name| is_plain(name)).collect();
    Ok(names.into_iter().map(|name| (name.to_owned(), values(name))).collect())
}

const BOTOCORE: &str = r"
import json, sys
from botocore.configloader import load_config
for path in sys.stdin:
    try:
        profiles = load_config(path.rstrip('\n'))['profiles']
        answer = {k: {a: b for a, b in v.items() if isinstance(b, str)} for k, v in profiles.items()}
    except Exception as e:
        answer = {'error': {'text': str(e)}}
    print(json.dumps(answer), flush=True)
";

/// A Python that reads the paths of files, and answers each with a line.
struct Python {
    child: Child,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Python {
    fn start(program: &OsStr, script: &str) -> Self {
        let mut command = Command::new(program);
        command.args(["-c", script]).env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8");
        command
            .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, answers }
    }

    fn ask(&mut self, path: &Path) -> String {
        let question = format!("{}\n", path.to_str().unwrap());
        self.child.stdin.as_mut().unwrap().write_all(question.as_bytes()).unwrap();
        self.answers.next().expect("an answer to each path").unwrap()
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// botocore's own parser, in one process for as many files as are asked for.
pub(crate) struct Botocore(Python);

impl Botocore {
    /// `None` where boto3 is not installed, which is said.
    pub(crate) fn start() -> Option<Self> {
        let line = clients().command_line_or_skip(Client::Boto3)?;
        Some(Self(Python::start(&line[0], BOTOCORE)))
    }

    /// All profiles with all of their keys; `Err` where botocore refuses the file.
    pub(crate) fn read(&mut self, path: &Path) -> Result<Profiles, String> {
        let mut profiles: Profiles = serde_json::from_str(&self.0.ask(path)).unwrap();
        match profiles.get_mut("error").and_then(|error| error.remove("text")) {
            Some(error) => Err(error),
            None => Ok(profiles),
        }
    }
}

/// `None` where boto3 is not installed, which is said.
pub(crate) fn boto3(files: &[PathBuf]) -> Option<Vec<Profiles>> {
    let mut botocore = Botocore::start()?;
    let mut read = |path: &PathBuf| botocore.read(path).unwrap_or_else(|error| panic!("{error}"));
    let mut all: Vec<Profiles> = files.iter().map(&mut read).collect();
    for profiles in &mut all {
        profiles.retain(|name, _| is_plain(name));
        for values in profiles.values_mut() {
            values.retain(|key, value| {
                // Here an inline comment belongs to the value, and an empty one is one.
                let cut = [" #", " ;", "\n"].iter().filter_map(|mark| value.find(mark)).min();
                value.truncate(cut.unwrap_or(value.len()));
                KEYS.contains(&key.as_str()) && !value.is_empty()
            });
        }
    }
    Some(all)
}

const AWS_CLI: &str = r"
import contextlib, io, json, os, sys
import awscli.clidriver
for path in sys.stdin:
    os.environ['AWS_CONFIG_FILE'] = path.rstrip('\n')
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = awscli.clidriver.create_clidriver().main(['configure', 'list-profiles'])
    print(json.dumps(sorted(out.getvalue().split()) if code == 0 else [f'exit {code}']), flush=True)
";

/// What `aws configure list-profiles` prints, by the program's own code.
pub(crate) fn aws_cli(files: &[PathBuf]) -> Option<Vec<Vec<String>>> {
    clients().command_line_or_skip(Client::AwsCli)?;
    let mut python = Python::start("/usr/bin/python3".as_ref(), AWS_CLI);
    Some(files.iter().map(|path| serde_json::from_str(&python.ask(path)).unwrap()).collect())
}
