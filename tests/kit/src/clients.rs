//! The real AWS clients.

use std::ffi::OsString;
use std::path::PathBuf;

/// The clients that the suites know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// The AWS CLI of the distribution (2.9.19 in Debian 12).
    AwsCli,
    /// A recent AWS CLI (2.36 or newer): the program that `$KCAWS_TEST_AWS_CLI` names, else that of a newer Debian.
    RecentAwsCli,
    AwsSsoUtil,
    /// This and the other SDKs: a program that takes a profile's name and prints `{"arn": …, "account": …}`.
    Boto3,
    JavaScript,
    Go,
    Rust,
    JavaScript2,
    Java1,
    Java2,
    /// The old line, by PyPI.
    AwsCli1,
    /// This and the next two: a program that takes the names of a profile and of a bucket, and lists that.
    S3fs,
    Pyarrow,
    DuckDb,
    S5cmd,
    /// Of the distribution.
    Rclone,
    EcrLogin,
    /// It takes minutes to build: the long form of the suite has it.
    Terraform,
    /// The AWS CDK: a program that takes what `cdk` takes. [`Clients::cdk_app`] is a stack for it.
    Cdk,
    /// It sets variables for a folder. Its npm packages are for x86_64.
    Mise,
    /// No client but a service to find.
    Moto,
    /// A program that takes the URL of a SCIM endpoint and prints what scim2-tester finds.
    Scim2Tester,
    /// No client of AWS's, but installed like one: Debian has none.
    Nushell,
    /// A prompt.
    Starship,
}

/// Where they are.
pub struct Clients {
    dir: PathBuf,
}

/// The clients below `$KCAWS_TEST_CLIENTS`, else `target/clients` of this workspace.
///
/// # Panics
/// When this crate is not two folders below the workspace.
pub fn clients() -> Clients {
    let in_workspace = || crate::repository().join("target/clients");
    Clients { dir: std::env::var_os("KCAWS_TEST_CLIENTS").map_or_else(in_workspace, PathBuf::from) }
}

impl Clients {
    /// The start of the client's command line, `None` where it is not installed.
    pub fn command_line(&self, client: Client) -> Option<Vec<OsString>> {
        let tools = |name: &str| self.dir.join("python-tools").join(name);
        let parts = match client {
            Client::AwsCli => vec![crate::find_program("aws")?],
            Client::RecentAwsCli => vec![self.recent_aws_cli()],
            Client::Boto3 => vec![self.dir.join("py/bin/python"), self.dir.join("py/caller.py")],
            Client::AwsSsoUtil => vec![self.dir.join("py/bin/aws-sso-util")],
            Client::JavaScript => vec![crate::find_program("node")?, self.dir.join("node/caller.mjs")],
            Client::Go => vec![self.dir.join("go/caller")],
            Client::Rust => vec![self.dir.join("rust/caller")],
            Client::JavaScript2 => vec![crate::find_program("node")?, self.dir.join("node-v2/caller.js")],
            Client::Java1 => vec![self.dir.join("java/caller-v1")],
            Client::Java2 => vec![self.dir.join("java/caller-v2")],
            Client::AwsCli1 => vec![tools("bin/aws")],
            Client::S3fs => vec![tools("bin/python"), tools("list_by_s3fs.py")],
            Client::Pyarrow => vec![tools("bin/python"), tools("list_by_pyarrow.py")],
            Client::DuckDb => vec![tools("bin/python"), tools("list_by_duckdb.py")],
            Client::Scim2Tester => vec![self.dir.join("scim/bin/python"), self.dir.join("scim/check.py")],
            Client::Moto => vec![tools("bin/moto_server")],
            Client::S5cmd => vec![self.dir.join("s5cmd/s5cmd")],
            Client::Rclone => vec![crate::find_program("rclone")?],
            Client::EcrLogin => vec![self.dir.join("ecr-login/ecr-login")],
            Client::Terraform => vec![self.dir.join("terraform/terraform")],
            Client::Cdk => {
                vec![crate::find_program("node")?, self.dir.join("cdk/node_modules/aws-cdk/bin/cdk")]
            }
            Client::Mise => vec![self.dir.join("mise/node_modules/@jdxcode/mise-linux-x64/bin/mise")],
            Client::Nushell => vec![self.nushell()?],
            Client::Starship => vec![self.dir.join("starship/bin/starship")],
        };
        parts.iter().all(|p| p.is_file()).then(|| parts.into_iter().map(PathBuf::into_os_string).collect())
    }

    /// A stack whose template has the account and the region that the CDK found.
    pub fn cdk_app(&self) -> PathBuf {
        self.dir.join("cdk/app.js")
    }

    /// The binary itself, whatever this machine is; what npm calls `nu` is a script for node.
    fn nushell(&self) -> Option<PathBuf> {
        let platforms = self.dir.join("nushell/node_modules/@nushell").read_dir().ok()?;
        platforms.flatten().map(|platform| platform.path().join("bin/nu")).find(|nu| nu.is_file())
    }

    fn recent_aws_cli(&self) -> PathBuf {
        std::env::var_os("KCAWS_TEST_AWS_CLI").map_or_else(|| self.dir.join("aws/aws"), PathBuf::from)
    }

    /// What [`require_client!`](crate::require_client) calls: says why the test is skipped.
    ///
    /// # Panics
    /// Under `KCAWS_TEST_STRICT=1`, unless no one can be expected to have the client.
    pub fn command_line_or_skip(&self, client: Client) -> Option<Vec<OsString>> {
        if std::env::var_os("KCAWS_TEST_QUICK").is_some_and(|v| v == "1") {
            crate::skipped_allowed("real clients are left out of a quick run");
            return None;
        }
        let found = self.command_line(client);
        match client {
            _ if found.is_some() => {}
            Client::AwsCli => crate::skipped("the AWS CLI (Debian: awscli) is not installed"),
            Client::RecentAwsCli => {
                crate::skipped_allowed(
                    "no recent AWS CLI: run tests/clients/install aws, or name one in KCAWS_TEST_AWS_CLI",
                );
            }
            Client::Rclone => crate::skipped("rclone (Debian: rclone) is not installed"),
            Client::Terraform if !crate::is_long() => {
                crate::skipped_allowed(&format!("{client:?} is of the long form: KCAWS_TEST_LONG=1"));
            }
            Client::Mise if !cfg!(target_arch = "x86_64") => {
                crate::skipped_allowed("npm has mise for x86_64 only");
            }
            _ => crate::skipped(&format!("{client:?} is not installed: run tests/clients/install")),
        }
        found
    }
}
