//! `kcaws explain`: what a code or a message means and who can fix it, and the reason for a 403.

mod matching;
mod refusal;
mod topics;

use clap::Args;
use serde::Serialize;

use self::refusal::Refusal;
use self::topics::{Topic, topics};
use super::error::{CommandError, ErrorCode, Exit};
use super::role_args::{account, role_name};
use super::ui::{Ui, shown};
use crate::app::App;
use crate::profile::RoleName;

/// Explain a code or message: what it means, who can fix it, and how; list the topics if none is given
///
/// Covers exit codes, messages of tools that get no credentials, errors from AWS, the pages that AWS and Keycloak show
/// during a login, and the corresponding CloudTrail events. Part of a log line is enough. With a profile, or a session,
/// account and permission set, `explain 403` asks AWS what is assigned to you there.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws explain exit 5\n  kcaws explain 'Invalid requester'\n  kcaws explain 403 --profile dev\n  kcaws explain 403 --session corp --account 111122223333 --role PowerUser"
)]
pub(super) struct ExplainArgs {
    /// Code, or part of a message
    text: Vec<String>,
    /// For 403: the profile in question [default: $AWS_PROFILE, then $AWS_DEFAULT_PROFILE]
    #[arg(long, conflicts_with_all = ["session", "account", "role"])]
    profile: Option<String>,
    /// For 403: the session, with --account and --role
    #[arg(long, requires_all = ["account", "role"])]
    session: Option<String>,
    /// For 403: the account's ID or name
    #[arg(long, requires = "role", value_parser = account)]
    account: Option<String>,
    /// For 403: the permission set, or the ARN of the IAM role
    #[arg(long, requires = "account", value_parser = role_name)]
    role: Option<RoleName>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    topics: Vec<Row>,
    /// What AWS reports about the permission set; null if it was not asked.
    refusal: Option<&'a Refusal>,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    means: &'static str,
    owner: &'static str,
    fix: &'static str,
    source: &'static str,
}

pub(super) fn run(args: &ExplainArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    // Naming a profile or a permission set implies 403.
    let names_a_role = args.profile.is_some() || args.role.is_some();
    let text = if args.text.is_empty() && names_a_role { "403".to_owned() } else { args.text.join(" ") };
    let topics = if text.is_empty() { topics().collect() } else { matching::about(&text) };
    if topics.is_empty() {
        // The text itself is not repeated: it may be pasted from anywhere.
        let meant = matching::meant(&text);
        return Err(CommandError::new(Exit::Usage, ErrorCode::UnknownTopic, "no topic matches that text")
            .hint(format!("{meant}`kcaws explain` lists the topics; part of the message is enough")));
    }
    let is_refusal =
        !text.is_empty() && topics.iter().any(|topic| matches!(topic.name, "no_access" | "exit_6"));
    let refusal = if is_refusal { refusal::find(args, app, ui)? } else { None };
    if args.json {
        let topics = topics.into_iter().map(row).collect();
        ui.json(&Report { schema: 1, topics, refusal: refusal.as_ref() });
    } else if text.is_empty() {
        let cells: Vec<Vec<String>> = topics.iter().map(|topic| cells(topic)).collect();
        ui.table(&["TOPIC", "SEEN AS"], &cells);
    } else if let Some(refusal) = refusal {
        refusal.print(ui);
    } else {
        for (index, topic) in topics.iter().enumerate() {
            if index > 0 {
                ui.data("");
            }
            print(topic, ui);
        }
    }
    Ok(())
}

fn row(topic: &Topic) -> Row {
    let Topic { name, means, owner, fix, source, .. } = topic;
    Row { name, means, owner, fix, source }
}

fn cells(topic: &Topic) -> Vec<String> {
    vec![topic.name.to_owned(), shown_as(topic)]
}

/// Returns the first of its phrases, in readable form.
fn shown_as(topic: &Topic) -> String {
    let first = topic.seen.first().copied().unwrap_or_default();
    let words = first.trim_start_matches('=').split(" - ").next().unwrap_or_default();
    words.replace(" + ", " … ").replace('*', "…")
}

fn print(topic: &Topic, ui: &mut Ui) {
    ui.data(topic.name);
    for (label, text) in [
        ("means", topic.means),
        ("who can fix it", topic.owner),
        ("what to do", topic.fix),
        ("source", topic.source),
    ] {
        ui.data(&format!("  {label}: {}", shown(text)));
    }
}
