use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::env::{self, is_seen, text};
use super::error::{CommandError, ErrorCode, Exit, Situation};
use super::role_args::RoleArgs;
use super::ui::{Ui, shown};
use super::variables::{self, RegionArg, Variable};
use super::visitors::tell_of_another_user;
use crate::app::App;
use crate::app::provider::Provider;
use crate::app::resolve;
use crate::app::resolve::ResolvedRole;
use crate::credentials::wire;
use crate::platform::credentials_endpoint::CredentialsEndpoint;
use crate::platform::interrupt;
use crate::platform::loopback::Visitors;
use crate::platform::private_file::PrivateFile;
use crate::ports::token_file::TokenFile;
use crate::profile::sources::{Family, taken};
use crate::secret::Secret;
use crate::shell::Format;
use crate::shell::quote::argument;

const EXAMPLES: &str = "\
Examples:
  kcaws serve dev                                   print variables for a shell
  kcaws serve dev --format dotenv --output .env &   for tools that read a file
  kcaws serve dev --region us-east-1
  docker run --network host --user \"$(id -u)\" --env-file .env …

Any process of yours that has these variables can get fresh credentials of the role while this is running: AWS SDKs, \
the AWS CLI and Terraform use them unless keys, AWS_PROFILE or a [default] with credentials take precedence. The token \
is also in a private file, for programs that only read it from a file (polars, delta-rs); `--format dotenv` leaves that \
file out, since a container does not see it. Other users of this machine are refused even if they have the token, so a \
container needs the host's network and your user ID. For a single command, use `kcaws exec --serve`. The variables \
include the profile's Region and endpoints, as in `kcaws env`.";

const URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
/// Variables that make programs use an endpoint.
pub(super) const VARIABLES: [&str; 3] = [URI, TOKEN, TOKEN_FILE];

/// Serve role credentials on 127.0.0.1, as in a container, until Ctrl-C
///
/// This prints a token that gets credentials, because that is its purpose. It is valid while this is running.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    of: RoleArgs,
    #[command(flatten)]
    region: RegionArg,
    /// Output syntax [default: from $SHELL]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Listen on this port [default: any free one]
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Write the variables to FILE, readable only by you (mode 0600), instead of printing them; removed at the end
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &ServeArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let format = env::format(args.format, app)?;
    let chosen = args.of.choose_or_ask(app, ui)?;
    if let Some(hidden) = hidden_by_default(&chosen, app) {
        let cause = hidden.cause.unwrap_or_default();
        ui.warn(&format!("{}: {cause}; give it another name", hidden.message));
    }
    let settings = variables::of_settings(app, &chosen, &args.region, |name| is_seen(name, format))?;
    let ResolvedRole { selected, role, .. } = chosen;
    // The user is not asked again for the same choice.
    let of = selected.profile.as_deref().map_or_else(|| args.of.settled(&role), RoleArgs::of_profile);
    let what = format!("{} in account {}", shown(role.role_name.name()), role.account_id);
    // A missing assignment is reported here rather than by each client.
    Provider::for_a_person(app, selected, role, ui.asking())?.credentials()?;
    let served = endpoint(&of, args.port.unwrap_or_default(), app)?;
    let mut set = served.variables(format != Format::Dotenv);
    set.extend(settings);
    let line = text(format, &[], &set)?;
    let Served { visitors, token_file, .. } = served;
    // Written files are removed at the end, even after a signal.
    let writing = interrupt::CriticalSection::enter();
    let file = args.output.as_ref().map(|file| PrivateFile::write(file, line.clone())).transpose()?;
    let _at_the_end = interrupt::undone_at_exit(move || drop((token_file, file)));
    drop(writing);
    if let Some(file) = &args.output {
        ui.say(&format!("The variables are in `{}`.", shown(&file.to_string_lossy())));
    } else {
        ui.warn_of_readers_of_stdout("use --output FILE, which creates a file that only you can read");
        ui.secret_line(&line);
        ui.finish()?;
    }
    ui.say(&format!("Serving {what} until Ctrl-C."));
    tell_of_another_user(visitors.wait_for_refused(), ui);
    interrupt::wait_for_the_end()
}

/// Returns an error if `[default]` would take precedence over the endpoint.
///
/// If no profile is named, AWS tools look at `[default]` before an endpoint, and would silently use another role.
pub(super) fn hidden_by_default(chosen: &ResolvedRole, app: &App) -> Option<CommandError> {
    let same = |default: &ResolvedRole| {
        default.selected.session.name == chosen.selected.session.name
            && default.role == chosen.role
            && default.selected.chain == chosen.selected.chain
    };
    if resolve::role_of_profile(app, "default").is_ok_and(|default| same(&default)) {
        return None;
    }
    let (document, credentials) = (app.document().ok()?, app.credentials_document());
    let first = |family: Family| taken(family, document, credentials, "default");
    let found = Family::ALL.into_iter().find_map(first)?;
    let error = CommandError::new(
        Exit::Configuration,
        ErrorCode::DefaultFirst,
        "[default] takes precedence over served credentials",
    )
    .because(format!("AWS tools use its `{}` at {} if no profile is named", found.key, found.place));
    Some(match &chosen.selected.profile {
        Some(profile) if document.own(profile).is_some() => error.hint(format!(
            "run the command with AWS_PROFILE={} instead of kcaws; its credentials stay fresh too",
            argument(profile)
        )),
        _ => error.hint("give that profile another name, or leave out --serve"),
    })
}

/// Starts the endpoint, which serves each request like `credential-process`: it reads the config again, with the full
/// time limit of one call.
pub(super) fn endpoint(of: &RoleArgs, port: u16, app: &App) -> Result<Served, CommandError> {
    let (of, passphrase) = (of.clone(), app.passphrase().clone());
    let endpoint = CredentialsEndpoint::start(port, move || {
        let app = App::for_next_call(&passphrase);
        let given = of.choose(&app).and_then(|ResolvedRole { selected, role, .. }| {
            let credentials = Provider::for_a_tool(&app, selected, role.clone())?.credentials()?;
            Ok(wire::container_json(&credentials, &role))
        });
        let words = |error: CommandError| match error.hint_in(Situation::default()) {
            Some(hint) => format!("kcaws: {}; {hint}", error.message),
            None => format!("kcaws: {}", error.message),
        };
        given.map_err(words)
    })?;
    // Most programs do not need this file, so failing to write it is not an error.
    let token_file = app.folders.state.as_ref().and_then(|root| {
        let written = TokenFile::write(app.shared_state(), root, &endpoint.token);
        written.inspect_err(|error| tracing::info!("no token file: {error}")).ok()
    });
    Ok(Served { visitors: endpoint.visitors(), endpoint, token_file })
}

/// A running endpoint and its token.
pub(super) struct Served {
    endpoint: CredentialsEndpoint,
    visitors: Arc<Visitors>,
    /// Removed on drop; the endpoint runs as long as the process.
    pub(super) token_file: Option<TokenFile>,
}

impl Served {
    /// Returns the variables for using the endpoint. SDKs prefer the file if both it and the token are named.
    pub(super) fn variables(&self, with_file: bool) -> Vec<Variable> {
        let Self { endpoint, token_file, .. } = self;
        let mut variables = vec![
            (URI.to_owned(), Secret::from(endpoint.url.as_str())),
            (TOKEN.to_owned(), endpoint.token.clone()),
        ];
        let path = token_file.as_ref().filter(|_| with_file).and_then(|file| file.path().to_str());
        variables.extend(path.map(|path| (TOKEN_FILE.to_owned(), Secret::from(path))));
        variables
    }
}
