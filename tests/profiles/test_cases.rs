use std::path::{Path, PathBuf};

use kcaws_test_kit::{Output, TestEnv};

use crate::fixture::binary;
use crate::readers;

struct Case {
    name: String,
    before: Option<Vec<u8>>,
    commands: Vec<String>,
    after: Option<Vec<u8>>,
    code: i32,
    messages: Vec<String>,
}

/// `{KCAWS}` is the program as kcaws writes it, `{PATH}` its path alone.
fn filled(bytes: Vec<u8>) -> Vec<u8> {
    let binary = binary();
    let path = binary.to_str().unwrap();
    let program = kcaws::profile::line::program_word(path).unwrap();
    match String::from_utf8(bytes) {
        Ok(text) => text.replace("{KCAWS}", &program).replace("{PATH}", path).into_bytes(),
        Err(error) => error.into_bytes(),
    }
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/profiles/cases");
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let case = |folder: PathBuf| {
        let bytes = |name: &str| std::fs::read(folder.join(name)).ok().map(filled);
        let lines = |name: &str| -> Vec<String> {
            String::from_utf8(bytes(name).unwrap()).unwrap().lines().map(str::to_owned).collect()
        };
        let mut messages = lines("message");
        let code = messages.remove(0).strip_prefix("exit ").unwrap().parse().unwrap();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        Case {
            before: bytes("before"),
            commands: lines("command"),
            after: bytes("after"),
            name,
            code,
            messages,
        }
    };
    folders.into_iter().map(case).collect()
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).escape_debug().to_string().replace("\\n", "\\n\n")
}

/// What is wrong with it, and the file it leaves.
fn play(case: &Case, env: &TestEnv) -> Result<Option<Vec<u8>>, String> {
    if let Some(before) = &case.before {
        env.write_home_file(".aws/config", before);
    }
    let (last, first) = case.commands.split_last().unwrap();
    let run = |line: &str| env.command(binary()).args(line.split(' ')).run();
    for line in first {
        run(line).expect_ok();
    }
    let output = run(last);
    let after = std::fs::read(env.aws_config_path()).ok();
    let wanted = case.after.as_ref().or(case.before.as_ref());
    let fail = |what: String, output: &Output| Err(format!("{}: {what}\n{output}", case.name));
    if output.code() != case.code {
        return fail(format!("not exit {}", case.code), &output);
    }
    if after.as_ref() != wanted {
        let texts = [wanted, after.as_ref()].map(|text| text.map_or("no file".into(), |bytes| shown(bytes)));
        return fail(format!("another file\n--- wanted\n{}\n--- is\n{}", texts[0], texts[1]), &output);
    }
    let printed = output.stdout_text() + &output.stderr_text();
    for message in &case.messages {
        let (part, is_wanted) = match message.strip_prefix('!') {
            Some(part) => (part, false),
            None => (message.as_str(), true),
        };
        if printed.contains(part) != is_wanted {
            return fail(format!("{message:?}"), &output);
        }
    }
    if case.code != 0 && output.stderr_text().lines().count() > 3 {
        return fail("an error has at most three lines".into(), &output);
    }
    let leftovers: Vec<_> = std::fs::read_dir(env.home().join(".aws")).unwrap().flatten().collect();
    if leftovers.len() != 1 {
        return fail(format!("{leftovers:?}"), &output);
    }
    Ok(after.filter(|_| case.after.is_some()))
}

#[test]
fn every_case_ends_as_written_and_all_tools_read_the_same() {
    let (cases, kept) = (cases(), tempfile::tempdir().unwrap());
    assert!(cases.len() >= 60, "{}", cases.len());
    let (mut wrong, mut written) = (Vec::new(), Vec::new());
    for case in &cases {
        match play(case, &TestEnv::new()) {
            Ok(Some(after)) => {
                let path = kept.path().join(&case.name);
                std::fs::write(&path, &after).unwrap();
                written.push((path, String::from_utf8(after).unwrap()));
            }
            Ok(None) => {}
            Err(what) => wrong.push(what),
        }
    }
    for (path, text) in &written {
        let (mut ours, sdk) = (readers::ours(text), readers::rust_sdk(text));
        // A quoted name is none to the Rust SDK.
        ours.retain(|name, _| !text.contains(&format!("'{name}'")));
        if sdk.as_ref() != Ok(&ours) {
            wrong.push(format!("{}: the Rust SDK sees\n{sdk:?}\nwe see\n{ours:?}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
    assert!(written.len() >= 40, "{}", written.len());
    let files: Vec<PathBuf> = written.iter().map(|(path, _)| path.clone()).collect();
    let Some(by_boto3) = readers::boto3(&files) else { return };
    for ((path, text), seen) in written.iter().zip(by_boto3) {
        // botocore takes the later of the two, the others the prefixed one.
        let mut ours = readers::ours(text);
        if text.contains("[default]") && text.contains("[profile default]") {
            ours.remove("default");
        }
        let seen: readers::Profiles = seen.into_iter().filter(|(name, _)| ours.contains_key(name)).collect();
        assert_eq!(seen, ours, "boto3, {}", path.display());
    }
    let Some(by_cli) = readers::aws_cli(&files) else { return };
    for ((path, text), seen) in written.iter().zip(by_cli) {
        let ours: Vec<String> = readers::ours(text).into_keys().collect();
        assert_eq!(seen, ours, "AWS CLI, {}", path.display());
    }
}

#[test]
fn without_a_file_there_is_nothing_to_add_to_and_nothing_is_made() {
    let env = TestEnv::new();
    let line = "profile add dev --session corp --account 111122223333 --role Admin";
    env.command(binary()).args(line.split(' ')).run().expect_code(3).expect_stderr("no [sso-session corp]");
    assert!(!env.aws_config_path().exists());
}
