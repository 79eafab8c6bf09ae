//! `--log json`: every line of stderr is an event of the documents, whatever a command does.

use std::collections::{BTreeMap, BTreeSet};

use idc_sim::{Fault, IdcSim, Route};
use kcaws_test_keycloak::require_keycloak;
use kcaws_test_kit::{Document, Output};
use serde_json::{Value, json};

use crate::staff::Staff;

/// The fields of each event, by the table of the documents; `None` if it may have others.
fn documented() -> BTreeMap<String, Option<BTreeSet<String>>> {
    let page = Document::read("docs/json-admin.md").text;
    let (_, section) = page.split_once("## --log json").unwrap();
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let event = cells.next()?.trim_end_matches('`').to_owned();
        let fields = cells.next()?;
        let names = fields.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        Some((event, (!fields.contains("and others")).then_some(names)))
    };
    section.lines().filter_map(row).collect()
}

/// Collects which events were seen.
struct Seen {
    documented: BTreeMap<String, Option<BTreeSet<String>>>,
    events: BTreeSet<String>,
}

impl Seen {
    /// Checks every line of stderr and returns the events.
    #[track_caller]
    fn look(&mut self, output: &Output, code: i32) -> Vec<Value> {
        assert_eq!(output.code(), code, "{output}");
        let text = output.stderr_text();
        assert!(text.chars().all(|letter| letter == '\n' || !letter.is_control()), "{text:?}");
        let events: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect();
        for event in &events {
            let name = event["event"].as_str().unwrap();
            let fields = self.documented.get(name).unwrap_or_else(|| panic!("`{name}` is not documented"));
            let members = event.as_object().unwrap().keys();
            let mut members = members.filter(|key| !["time", "level", "event"].contains(&key.as_str()));
            if let Some(fields) = fields {
                assert!(members.all(|key| fields.contains(key)), "not documented: {event}");
            }
            let time = event["time"].as_str().unwrap();
            assert!(time.len() == 20 && time.ends_with('Z'), "{time}");
            assert!(["info", "warning", "error"].contains(&event["level"].as_str().unwrap()), "{event}");
            self.events.insert(name.to_owned());
        }
        assert_eq!(events.first().unwrap()["event"], "started", "{output}");
        let last = events.last().unwrap();
        assert_eq!((&last["event"], &last["exit_code"]), (&json!("finished"), &json!(code)), "{output}");
        events
    }
}

fn of<'e>(events: &'e [Value], name: &str) -> Vec<&'e Value> {
    events.iter().filter(|event| event["event"] == name).collect()
}

#[test]
fn every_event_is_one_of_the_documents() {
    let server = require_keycloak!();
    let staff = Staff::new(server, IdcSim::builder());
    let mut seen = Seen { documented: documented(), events: BTreeSet::new() };
    staff.add_group("Dev");
    staff.add_group("Ops \"ß\"");
    for name in ["anna", "bob"] {
        staff.hire(name, &["Dev"]);
    }
    staff.hire("nobody", &["Dev"]);
    staff.change("nobody", &json!({ "lastName": "" }));
    let run = |line: &str| staff.company.run(&format!("{line} --log json"));

    // A plan to throttle, a bad record, and writes.
    staff
        .company
        .sim
        .fault(Route::ListUsers, Fault::status(429, r#"{"__type":"ThrottlingException"}"#))
        .times(1);
    let output = run("sync apply --yes --json");
    let events = seen.look(&output, 1);
    assert_eq!(output.stdout_json()["outcome"]["writes"], 4, "stdout is the result");
    let writes = of(&events, "write");
    let done: Vec<u64> = writes.iter().map(|write| write["done"].as_u64().unwrap()).collect();
    assert_eq!(done, [1, 2, 3, 4]);
    assert!(writes.iter().all(|write| write["total"] == 4 && write["request_id"].is_string()), "{writes:?}");
    assert!(of(&events, "wait")[0]["seconds"].as_f64().unwrap() > 0.0);
    assert!(of(&events, "blocked")[0]["why"].as_str().unwrap().contains("last name is missing"));
    let error = of(&events, "error")[0];
    assert_eq!(
        (&error["code"], &error["exit_code"], &error["level"]),
        (&json!("some_failed"), &json!(1), &json!("error"))
    );
    assert!(error["hint"].is_string());

    // A write that fails.
    staff.hire("carol", &["Dev"]);
    staff.company.sim.fault(Route::ScimCreateUser, Fault::status(400, r#"{"detail":"no"}"#)).times(1);
    let events = seen.look(&run("sync apply --yes"), 1);
    assert_eq!(of(&events, "write").iter().filter(|write| write["level"] == "warning").count(), 1);
    assert!(of(&events, "failed")[0]["name"] == "carol@example.com");
    seen.look(&run("sync apply --yes"), 1);

    // Plans; one is refused, one has changes.
    seen.look(&run("sync plan"), 0);
    for name in ["anna", "bob", "carol", "nobody"] {
        staff.disable(name);
    }
    let events = seen.look(&run("sync plan --exit-code"), 8);
    assert!(of(&events, "refused")[0]["why"].as_str().unwrap().contains("nobody is in scope"));
    for (line, refusals) in [("sync apply", "/plan/refusals"), ("apply", "/plan/sync/refusals")] {
        let output = run(&format!("{line} --yes --json"));
        assert_eq!(of(&seen.look(&output, 8), "error")[0]["code"], "unsafe");
        let report = output.stdout_json();
        assert_eq!(report["outcome"], Value::Null);
        assert_eq!(report.pointer(refusals).unwrap()[0]["reason"], "empty_scope", "{report}");
    }
    for name in ["anna", "bob", "carol"] {
        staff.change(name, &json!({ "enabled": true }));
    }

    // The other commands that take long.
    seen.look(&run("access plan"), 0);
    seen.look(&run("access apply --yes"), 0);
    let events = seen.look(&run("offboard anna --apply --yes -v"), 0);
    assert!(!of(&events, "write").is_empty());
    let events = seen.look(&run("check"), 1);
    assert_eq!(of(&events, "progress").last().unwrap()["total"], 13);
    assert!(!of(&events, "finding").is_empty());

    // A question cannot be asked, nor a wrong line be understood.
    staff.hire("dora", &["Dev"]);
    let events = seen.look(&run("sync apply"), 2);
    assert_eq!(of(&events, "error")[0]["code"], "input_needed");
    let events = seen.look(&staff.company.run("--log json sync plan --frobnicate"), 2);
    assert_eq!(events[0]["command"], Value::Null);
    assert_eq!(of(&events, "error")[0]["code"], "usage");
    let quiet = run("sync plan -q").stderr_text();
    assert!(
        quiet
            .lines()
            .all(|line| line.contains("\"level\":\"warning\"") || line.contains("\"level\":\"error\"")),
        "{quiet}"
    );

    let unseen: Vec<&String> = seen.documented.keys().filter(|event| !seen.events.contains(*event)).collect();
    assert!(unseen.is_empty(), "nothing of this test prints {unseen:?}");
}
