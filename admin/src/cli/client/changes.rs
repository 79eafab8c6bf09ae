//! How a plan for the client is shown.

use kcaws::cli::ui::Ui;
use serde::Serialize;
use serde_json::Value;

use crate::realm::client::{ClientChange, ClientNote, ClientPlan};

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Planned,
    Applied,
}

#[derive(Serialize)]
pub(super) struct Report<'a> {
    schema: u32,
    client_id: &'a str,
    outcome: Outcome,
    changes: Vec<ChangeReport>,
    notes: &'a [ClientNote],
}

#[derive(Serialize)]
struct ChangeReport {
    path: String,
    before: Option<Value>,
    after: Option<Value>,
}

pub(super) fn report(plan: &ClientPlan, outcome: Outcome) -> Report<'_> {
    let change = |change: &ClientChange| ChangeReport {
        path: change.path(),
        before: change.before(),
        after: change.after(),
    };
    Report {
        schema: 1,
        client_id: &plan.client_id,
        outcome,
        changes: plan.changes.iter().map(change).collect(),
        notes: &plan.notes,
    }
}

/// Prints what is changed, and what is not but may matter.
pub(super) fn show(plan: &ClientPlan, ui: &mut Ui) {
    if plan.is_empty() {
        ui.data(&format!("no changes: the client {} is as it has to be", plan.client_id));
    } else if plan.id.is_none() {
        ui.data(&format!("the client {} is created:", plan.client_id));
        ui.table(&["SETTING", "VALUE"], &created(plan));
    } else {
        ui.data(&format!("the client {} is changed:", plan.client_id));
        let rows: Vec<Vec<String>> = plan
            .changes
            .iter()
            .map(|change| vec![change.path(), cell(change.before().as_ref()), cell(change.after().as_ref())])
            .collect();
        ui.table(&["SETTING", "NOW", "THEN"], &rows);
    }
    for note in &plan.notes {
        ui.warn(&words(note));
    }
}

fn created(plan: &ClientPlan) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for change in &plan.changes {
        let Some(Value::Object(members)) = change.after() else { continue };
        for (name, value) in &members {
            match value {
                Value::Object(attributes) => rows.extend(
                    attributes.iter().map(|(key, value)| vec![format!("{name}.{key}"), cell(Some(value))]),
                ),
                _ => rows.push(vec![name.clone(), cell(Some(value))]),
            }
        }
    }
    rows
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None => "(none)".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(values)) if values.is_empty() => "(none)".to_owned(),
        Some(Value::Array(values)) => {
            values.iter().map(|value| cell(Some(value))).collect::<Vec<_>>().join(" ")
        }
        Some(Value::Object(members)) => {
            let pair = |(name, value): (&String, &Value)| format!("{name}={}", cell(Some(value)));
            members.iter().map(pair).collect::<Vec<_>>().join(" ")
        }
        Some(other) => other.to_string(),
    }
}

fn words(note: &ClientNote) -> String {
    match note {
        ClientNote::ForeignMapper { name, kind } => {
            format!("the mapper `{name}` ({kind}) stays: AWS refuses attributes with several values")
        }
        ClientNote::AnotherFlow { flow } => {
            format!("the client has a login flow of its own ({flow}), which stays")
        }
    }
}

/// Returns a number of changes in words.
pub(super) fn count(changes: usize) -> String {
    match changes {
        1 => "1 change".to_owned(),
        more => format!("{more} changes"),
    }
}

#[cfg(test)]
mod tests {
    use kcaws::cli::Global;
    use kcaws::platform::terminal::Terminal;
    use serde_json::json;

    use super::*;
    use crate::ports::keycloak::ScopeKind;

    fn plan(changes: Vec<ClientChange>) -> ClientPlan {
        let foreign = ClientNote::ForeignMapper { name: "team".to_owned(), kind: "x".to_owned() };
        ClientPlan {
            client_id: "https://sp".to_owned(),
            id: Some("c".to_owned()),
            changes,
            notes: vec![foreign],
        }
    }

    #[test]
    fn changes_are_shown_with_the_values_before_and_after() {
        let (terminal, stdout, stderr) = Terminal::captured();
        let mut ui = Ui::new(terminal, &Global::default());
        let (name, before, after) = ("saml.encrypt".to_owned(), Some("true".to_owned()), "false".to_owned());
        let uris = json!(["https://a", "https://b"]);
        show(
            &plan(vec![
                ClientChange::SetMember { name: "redirectUris".to_owned(), before: json!([]), after: uris },
                ClientChange::SetAttribute { name, before, after },
                ClientChange::RemoveScope {
                    kind: ScopeKind::Default,
                    id: "s".into(),
                    name: "role_list".into(),
                },
            ]),
            &mut ui,
        );
        let lines: Vec<String> = stdout
            .text()
            .lines()
            .map(|line| {
                line.split("  ").filter(|cell| !cell.is_empty()).map(str::trim).collect::<Vec<_>>().join("|")
            })
            .collect();
        assert_eq!(
            lines,
            [
                "the client https://sp is changed:",
                "SETTING|NOW|THEN",
                "redirectUris|(none)|https://a https://b",
                "attributes.saml.encrypt|true|false",
                "default scopes.role_list|role_list|(none)",
            ]
        );
        assert!(stderr.text().contains("the mapper `team` (x) stays"), "{}", stderr.text());
        let json = serde_json::to_value(report(&plan(vec![]), Outcome::Planned)).expect("serializes");
        assert_eq!(
            (&json["outcome"], &json["notes"][0]["note"]),
            (&json!("planned"), &json!("foreign_mapper"))
        );
    }
}
