//! The files of `package/deploy`: the documents show them, their own tools accept them, and the image's root works.

use std::fmt::Write as _;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use idc_sim::IdcSim;
use kcaws_test_keycloak::require_keycloak;
use kcaws_test_kit::{require_program, skip};
use serde_json::Value;

use crate::fixture::{audited, binary};
use crate::staff::Staff;

/// The user of the image.
const ID: u32 = 65532;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn deployed(name: &str) -> String {
    std::fs::read_to_string(repository().join("package/deploy").join(name)).unwrap()
}

/// Runs a tool, which must find nothing.
#[track_caller]
fn accepted(tool: &mut Command) {
    let output = tool.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{tool:?}: {text}");
}

#[test]
fn the_documents_show_every_file() {
    let page = std::fs::read_to_string(repository().join("docs/admin.md")).unwrap();
    let files = std::fs::read_dir(repository().join("package/deploy")).unwrap();
    for file in files.map(Result::unwrap) {
        let text = std::fs::read_to_string(file.path()).unwrap();
        assert!(
            page.contains(&format!("\n{text}```\n")),
            "{} differs from docs/admin.md",
            file.path().display()
        );
    }
}

#[test]
fn systemd_accepts_the_units() {
    let analyze = require_program!("systemd-analyze");
    let root = tempfile::tempdir().unwrap();
    let units = root.path().join("etc/systemd/system");
    for folder in ["etc/systemd/system", "usr/lib/systemd", "usr/bin"] {
        std::fs::create_dir_all(root.path().join(folder)).unwrap();
    }
    // The units that ours refer to, and a program in the place of kcaws.
    let copy = |from: &Path, to: &Path| {
        accepted(Command::new("cp").args(["--recursive", "--dereference"]).arg(from).arg(to));
    };
    copy(Path::new("/usr/lib/systemd/system"), &root.path().join("usr/lib/systemd/system"));
    copy(Path::new("/bin/true"), &root.path().join("usr/bin/kcaws"));
    let found = |service: &str| {
        std::fs::write(units.join("kcaws-sync.service"), service).unwrap();
        std::fs::write(units.join("kcaws-sync.timer"), deployed("kcaws-sync.timer")).unwrap();
        let mut command = Command::new(&analyze);
        let command = command.args(["verify", "--man=no", "kcaws-sync.service", "kcaws-sync.timer"]);
        let output = command.arg("--root").arg(root.path()).output().unwrap();
        String::from_utf8_lossy(&output.stderr)
            .lines()
            .filter(|line| line.contains("kcaws"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let service = deployed("kcaws-sync.service");
    assert_eq!(found(&service), "");
    assert!(
        found(&service.replace("ProtectHome", "ProtectHomes")).contains("Unknown key"),
        "it sees mistakes"
    );
}

/// Returns a linter that `tests/deploy/install` installed.
fn linter(name: &str) -> Option<PathBuf> {
    Some(repository().join("target/deploy/bin").join(name)).filter(|path| path.is_file())
}

#[test]
fn hadolint_accepts_the_containerfile() {
    let Some(hadolint) = linter("hadolint") else { skip!("tests/deploy/install has not run") };
    accepted(Command::new(hadolint).arg(repository().join("package/deploy/Containerfile")));
}

#[test]
fn the_cron_job_is_one_by_the_schema_of_kubernetes() {
    let Some(validate) = linter("kubernetes-validate") else { skip!("tests/deploy/install has not run") };
    accepted(Command::new(&validate).arg("--strict").arg(repository().join("package/deploy/cronjob.yaml")));
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("wrong.yaml");
    std::fs::write(&wrong, deployed("cronjob.yaml").replace("concurrencyPolicy", "concurencyPolicy"))
        .unwrap();
    let output = Command::new(&validate).arg("--strict").arg(&wrong).output().unwrap();
    assert!(!output.status.success(), "it sees mistakes: {output:?}");
}

/// The image: what the Containerfile copies into an empty root, and how it says that it is run.
struct Image {
    root: tempfile::TempDir,
    home: String,
    entry: String,
}

impl Image {
    /// Takes the steps of the Containerfile. Another step than these fails here.
    fn build(context: &Path) -> Self {
        let mut image =
            Self { root: tempfile::tempdir().unwrap(), home: String::new(), entry: String::new() };
        let text = deployed("Containerfile");
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (step, rest) = line.split_once(' ').unwrap();
            match (step, rest.split(' ').collect::<Vec<_>>().as_slice()) {
                ("FROM", ["scratch"]) => {}
                ("COPY", [from, to]) => image.copy(&context.join(from), to),
                ("ENV", [variable]) => variable.strip_prefix("HOME=").unwrap().clone_into(&mut image.home),
                ("VOLUME", [folder]) => image.folder(folder),
                ("USER", [user]) => assert_eq!(*user, format!("{ID}:{ID}")),
                ("ENTRYPOINT", _) => {
                    let words: Vec<String> = serde_json::from_str(rest).unwrap();
                    let [entry] = &words[..] else { panic!("{rest}") };
                    entry.clone_into(&mut image.entry);
                }
                _ => panic!("what does this do? {line}"),
            }
        }
        image
    }

    fn inside(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.path().join(path.as_ref().strip_prefix("/").unwrap())
    }

    fn folder(&self, path: impl AsRef<Path>) {
        std::fs::create_dir_all(self.inside(path)).unwrap();
    }

    fn copy(&self, from: &Path, to: impl AsRef<Path>) {
        let to = to.as_ref();
        self.folder(to.parent().unwrap());
        std::fs::copy(from, self.inside(to)).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    }

    /// The image has the static program. This one was built for tests: it loads libraries, and reads names as glibc does.
    fn add_libraries(&self, program: &Path) {
        let output = Command::new("ldd").arg(program).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        for path in text.split_whitespace().filter(|word| word.starts_with('/')) {
            self.copy(Path::new(path), path);
        }
        // Container runtimes write the hosts.
        for (name, text) in
            [("/etc/hosts", "127.0.0.1 localhost\n"), ("/etc/nsswitch.conf", "hosts: files\n")]
        {
            std::fs::write(self.inside(name), text).unwrap();
        }
    }
}

/// A list or a value of the CronJob.
fn of_cron_job(key: &str) -> Vec<String> {
    let text = deployed("cronjob.yaml");
    let line = text.lines().find_map(|line| line.trim().strip_prefix(key)).unwrap();
    serde_json::from_str(line.trim()).unwrap()
}

/// The variables of the CronJob's container.
fn variables_of_cron_job() -> Vec<(String, String)> {
    let text = deployed("cronjob.yaml");
    let pair = |line: &str| {
        let inner = line.trim().strip_prefix("- { name: ")?.strip_suffix(" }")?;
        let (name, value) = inner.split_once(", value: ")?;
        Some((name.to_owned(), value.to_owned()))
    };
    text.lines().filter_map(pair).collect()
}

#[test]
fn a_nameless_user_syncs_in_the_read_only_root_of_the_image() {
    let unshare = require_program!("unshare");
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        skip!("only root can change the root folder");
    }
    let server = require_keycloak!();
    let staff = Staff::new(server, IdcSim::builder());
    staff.add_group("Dev");
    staff.hire("anna", &["Dev"]);
    let (context, volumes) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::create_dir_all(context.path().join("libexec/kcaws")).unwrap();
    std::fs::copy(binary(), context.path().join("libexec/kcaws/kcaws-admin")).unwrap();
    std::fs::copy("/etc/ssl/certs/ca-certificates.crt", context.path().join("ca-certificates.crt")).unwrap();
    let image = Image::build(context.path());
    image.add_libraries(&binary());

    // What the CronJob mounts: the access file, both secrets, and a folder that the user may write to.
    let file = |name: &str, text: &str, mode| {
        let path = volumes.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        chown(&path, None, Some(ID)).unwrap();
    };
    let home = staff.company.env.home();
    let read = |name: &str| std::fs::read_to_string(home.join(name)).unwrap();
    file("access/access.toml", &read("access.toml"), 0o644);
    file("secrets/client-secret", &read("client-secret"), 0o440);
    file("secrets/scim-token", &read("scim-token"), 0o440);
    let state = volumes.path().join("state");
    std::fs::create_dir(&state).unwrap();
    chown(&state, None, Some(ID)).unwrap();
    std::fs::set_permissions(&state, PermissionsExt::from_mode(0o2775)).unwrap();
    let mounts = [("access", "/etc/kcaws"), ("secrets", "/run/secrets/kcaws"), ("state", &image.home)];
    let mut script = "set -e\nroot=$1; shift\nmount --bind \"$root\" \"$root\"\n".to_owned();
    for (name, to) in mounts {
        image.folder(to);
        let from = volumes.path().join(name);
        writeln!(script, "mount --bind '{}' \"$root{to}\"", from.display()).expect("a string takes it");
    }
    script += "mount -o remount,bind,ro \"$root\"\nexec chroot --userspec=+65532:+65532 \"$root\" \"$@\"\n";

    let run = |words: &[String]| {
        let mut command = staff.company.env.command(&unshare).env("HOME", &image.home);
        for name in ["CONFIG_HOME", "STATE_HOME", "CACHE_HOME", "DATA_HOME", "RUNTIME_DIR"] {
            command = command.env_remove(format!("XDG_{name}"));
        }
        for (name, value) in variables_of_cron_job() {
            command = command.env(name, value);
        }
        let command = command.args(["--mount", "--propagation", "private", "sh", "-c", &script, "sh"]);
        command.arg(image.root.path()).arg(&image.entry).args(words).run()
    };
    let words = of_cron_job("args:");
    let planned: Vec<String> = "--log json sync plan --json".split(' ').map(str::to_owned).collect();
    let output = run(&planned).expect_code(0);
    assert_eq!(output.stdout_json()["has_changes"], true, "{output}");
    let events: Vec<Value> =
        output.stderr_text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.last().unwrap()["event"], "finished", "{output}");
    run(&words).expect_code(0).expect_stdout("2 writes done");
    assert_eq!(staff.company.sim.members_of("Dev"), ["anna@example.com"]);
    let audit = std::fs::read_to_string(state.join("audit.jsonl")).unwrap();
    assert_eq!(audited(&audit).len(), 2);
    run(&words).expect_code(0).expect_stdout("no changes");
}
