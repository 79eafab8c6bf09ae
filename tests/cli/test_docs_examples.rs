//! Examples in the documents are lines that kcaws, a shell, or the reader of a file takes.

use std::collections::BTreeMap;

use kcaws_test_kit::{Block, Document, TestEnv};

use crate::fixture::{LoginFixture, binary};
use crate::test_docs::{document, documents};

/// The lines of a block that someone types: after the last prompt in a recorded session, else all.
fn typed<'b>(block: &'b Block<'_>) -> Vec<&'b str> {
    match block.language {
        "sh" | "bash" | "zsh" | "fish" | "nu" | "powershell" => block.text.lines().collect(),
        "console" => block.text.lines().filter_map(recorded).collect(),
        _ => Vec::new(),
    }
}

/// `$ kcaws …`, or `dev:PowerUserAccess 59m ~ $ kcaws …`.
fn recorded(line: &str) -> Option<&str> {
    line.strip_prefix("$ ").or_else(|| line.split_once(" $ ").map(|(_, line)| line))
}

/// What is in backticks and begins with `kcaws `; not where a part is left to the reader.
fn in_prose(document: &Document) -> Vec<String> {
    let codes = |line: &str| line.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let complete = |code: &String| code.starts_with("kcaws ") && !code.contains(['…', '[', '<']);
    document.prose().flat_map(codes).filter(complete).collect()
}

/// The words of each kcaws in a line of a shell, up to what ends a command.
fn invocations(line: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let (mut words, mut word, mut quote) = (Vec::<String>::new(), None::<String>, None);
    let mut end = |words: &mut Vec<String>| {
        let words = std::mem::take(words);
        let before = |word: &&String| word.contains('=') || *word == "command" || *word == "exec";
        let mut words = words.iter().skip_while(before);
        if words.next().is_some_and(|word| word == "kcaws") {
            found.push(words.cloned().collect());
        }
    };
    for c in line.chars().chain(['\n']) {
        match (quote, c) {
            (Some('"'), '(') => {
                // A command of its own within a quoted word: `"$(kcaws …)"`.
                (quote, word) = (None, None);
                end(&mut words);
            }
            (Some(open), _) if open == c => quote = None,
            (None, '\'' | '"') => {
                word.get_or_insert_default();
                quote = Some(c);
            }
            (None, '#') if word.is_none() => break,
            (None, ' ' | '\n') => words.extend(word.take()),
            (None, '|' | ';' | '&' | '(' | ')' | '<' | '>') => {
                words.extend(word.take());
                end(&mut words);
            }
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word.take());
    end(&mut words);
    found
}

#[test]
fn invocations_are_found_where_a_shell_would_run_them() {
    for (line, found) in [
        ("kcaws login --qr  # kcaws nonsense", vec![vec!["login", "--qr"]]),
        ("eval -- \"$(kcaws init bash)\"", vec![vec!["init", "bash"]]),
        (
            "docker run --env-file <(kcaws env dev --format dotenv) x",
            vec![vec!["env", "dev", "--format", "dotenv"]],
        ),
        (
            "kcaws exec --each 'prod-*' -- a | b; kcaws status",
            vec![vec!["exec", "--each", "prod-*", "--", "a"], vec!["status"]],
        ),
        ("KCAWS_KEYRING=file kcaws login", vec![vec!["login"]]),
        ("test -n \"$text\"; and _tide_print_item kcaws $text", vec![]),
    ] {
        assert_eq!(invocations(line), found, "{line}");
    }
}

/// Asking for help ends a run before it does anything, and after everything before it was understood.
fn parse(env: &TestEnv, mut words: Vec<String>, place: &str) {
    let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
    words.truncate(end);
    let output = env.command(binary()).args(&words).arg("--help").run();
    assert!(output.status.success(), "{place}: kcaws {words:?}: {output}");
}

#[test]
fn every_line_of_kcaws_in_the_documents_is_understood() {
    let env = TestEnv::new();
    let mut lines = BTreeMap::new();
    for document in documents() {
        let place = document.path.display().to_string();
        let blocks = document.blocks();
        let typed = blocks.iter().flat_map(typed).map(str::to_owned);
        for line in typed.chain(in_prose(&document)) {
            for words in invocations(&line) {
                lines.insert(words, place.clone());
            }
        }
    }
    assert!(lines.len() > 50, "{}", lines.len());
    for (words, place) in lines {
        parse(&env, words, &place);
    }
}

#[test]
fn every_block_of_shell_is_one_that_bash_reads() {
    let env = TestEnv::new();
    for document in documents() {
        for block in document.blocks().iter().filter(|block| matches!(block.language, "sh" | "bash")) {
            let output = env.command("bash").arg("-n").stdin(block.text.as_str()).run();
            assert!(output.status.success(), "{}: {}: {output}", document.path.display(), block.text);
        }
    }
}

#[test]
fn configurations_in_the_documents_are_read() {
    let guide = document("docs/guide.md");
    let mut config = String::new();
    for block in guide.blocks().iter().filter(|block| block.language == "ini") {
        config += &block.text;
        config.push('\n');
    }
    let env = TestEnv::new();
    env.write_aws_config(&config);
    let list = env.command(binary()).args(["profile", "list", "--json"]).run().expect_ok();
    assert!(list.stderr.is_empty(), "{list}");
    let profiles = list.stdout_json();
    let profile = |name: &str| {
        let all = profiles["profiles"].as_array().unwrap();
        all.iter().find(|profile| profile["name"] == name).unwrap_or_else(|| panic!("{name}: {list}")).clone()
    };
    assert_eq!(profile("dev")["source"], "kcaws");
    assert_eq!(profile("deploy")["source_profile"], "dev");
}

#[test]
fn the_settings_in_the_documents_are_understood() {
    let page = document("docs/configuration.md");
    let blocks = page.blocks();
    let settings = blocks.iter().find(|block| block.heading == "config.toml").expect("a block of settings");
    let fixture = LoginFixture::new();
    let folder = fixture.env.config_dir().join("kcaws");
    std::fs::create_dir_all(&folder).unwrap();
    for (text, state) in
        [(settings.text.clone(), "ok"), (format!("nonsense = 1\n{}", settings.text), "error")]
    {
        std::fs::write(folder.join("config.toml"), text).unwrap();
        let checks = fixture.run("doctor --offline --json").stdout_json();
        let mut checks = checks["checks"].as_array().unwrap().iter();
        let check = checks.find(|check| check["name"] == "settings").unwrap();
        assert_eq!(check["state"], state, "{check}");
    }
}

/// The file that a company distributes, and those of its repositories.
#[test]
fn the_files_of_a_rollout_are_taken() {
    let page = document("docs/rollout.md");
    let fixture = LoginFixture::new();
    let blocks = page.blocks();
    let files: Vec<_> = blocks.iter().filter(|block| block.language == "toml").collect();
    assert!(files.len() > 1, "{}", files.len());
    for Block { heading, text, .. } in files {
        if *heading == "The file" {
            let path = fixture.env.write_home_file("company.toml", text);
            let shown =
                fixture.kcaws("settings show --json").env("KCAWS_SYSTEM_CONFIG", path).run().expect_ok();
            let settings = shown.stdout_json()["settings"].as_array().unwrap().clone();
            assert!(settings.iter().filter(|one| one["source"] == "system").count() > 8, "{shown}");
        } else {
            fixture.env.write_home_file(".kcaws.toml", text);
            fixture.run("allow").expect_ok();
        }
    }
}

/// The line of flags in README, but for the portal, which is the simulator's.
#[test]
fn the_first_line_of_readme_leads_to_profiles() {
    let readme = document("README.md");
    let blocks = readme.blocks();
    let lines = blocks.iter().flat_map(typed).filter(|line| line.contains("--start-url"));
    let words = lines.flat_map(invocations).next().expect("a line with --start-url");
    let fixture = LoginFixture::with(idc_sim::IdcSim::builder().auto_approve(true));
    std::fs::remove_file(fixture.env.aws_config_path()).unwrap();
    let url = words.iter().position(|word| word.starts_with("https://")).unwrap();
    let words =
        words.iter().enumerate().map(|(i, word)| if i == url { fixture.sim.start_url() } else { word });
    fixture.env.command(binary()).args(words).run().expect_ok();
    let lines = blocks.iter().filter(|block| block.language == "sh").flat_map(typed);
    let mut profiles = lines.filter_map(|line| line.split_once("get-caller-identity --profile "));
    let (_, profile) = profiles.next().expect("a first `aws` call");
    assert!(fixture.env.read_aws_config().contains(&format!("[profile {profile}]")), "{profile}");
}

/// What `configure` prints is what the recorded session in the guide shows, up to the first name, path or number.
#[test]
fn the_recorded_session_is_what_configure_prints() {
    let guide = document("docs/guide.md");
    let blocks = guide.blocks();
    let recorded = blocks.iter().find(|block| block.text.starts_with("$ kcaws configure\n")).unwrap();
    let fixture = LoginFixture::with(idc_sim::IdcSim::builder().auto_approve(true));
    std::fs::remove_file(fixture.env.aws_config_path()).unwrap();
    let (url, region) = (fixture.sim.start_url(), fixture.sim.region());
    let line = format!("configure --start-url {url} --region {region} --profiles all --yes --shell-line");
    let output = fixture.kcaws(&line).env("SHELL", "/bin/bash").env("BROWSER", "true").run().expect_ok();
    let mut compared = 0;
    for line in output.stderr_text().lines() {
        let label = line.find(": ").filter(|_| line.starts_with("  ")).unwrap_or(line.len());
        let varies = |c: char| matches!(c, '/' | '`' | '\'') || c.is_ascii_digit();
        let fixed = line[..label].split(varies).next().unwrap();
        assert!(recorded.text.contains(fixed), "{line}");
        compared += usize::from(fixed.len() > 8);
    }
    assert!(compared > 6, "{output}");
}

/// Templates in the documents are templates.
#[test]
fn templates_in_the_documents_make_names() {
    let page = document("docs/configuration.md");
    let fixture = LoginFixture::new();
    fixture.log_in();
    let mut tried = 0;
    for line in page.prose() {
        for template in
            line.split('`').skip(1).step_by(2).filter(|code| code.contains('}') && code.contains('|'))
        {
            let sync = fixture.kcaws("profile sync corp --dry-run --json --template");
            sync.arg(format!("{template}-{{role}}")).run().expect_ok();
            tried += 1;
        }
    }
    assert!(tried > 0);
}

/// A message that troubleshooting has is one that `explain` knows.
#[test]
fn messages_in_the_documents_are_explained() {
    let page = document("docs/troubleshooting.md");
    let (_, tables) = page.text.split_once("## Messages in other tools").unwrap();
    let (tables, _) = tables.split_once("## Errors of kcaws").unwrap();
    let cells = tables.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let messages = cells.flat_map(|cell| {
        let mark = if cell.contains('`') { '`' } else { '"' };
        cell.split(mark).skip(1).step_by(2)
    });
    let env = TestEnv::new();
    let mut known = 0;
    for message in messages {
        let output = env.command(binary()).args(["explain", message]).run();
        assert!(output.status.success(), "{output}");
        known += 1;
    }
    assert!(known > 25, "{known}");
}
