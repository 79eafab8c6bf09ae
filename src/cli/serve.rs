use clap::Args;

use super::env::text;
use super::error::{CommandError, Exit, argument};
use super::provider::Provider;
use super::role_args::{Chosen, RoleArgs};
use super::selection;
use super::ui::{Ui, shown};
use crate::app::App;
use crate::credentials::wire;
use crate::ports::credentials_endpoint::CredentialsEndpoint;
use crate::ports::interrupt;
use crate::profile::sources::{Family, taken};
use crate::secret::Secret;
use crate::shell::Format;

const EXAMPLES: &str = "\
Examples:
  kcaws serve dev                              what it prints goes into the other shells
  kcaws serve dev --format dotenv > .env &     for tools that read such a file

Who has the two variables gets credentials of the role as long as this runs, fresh ones each time: AWS SDKs, the AWS
CLI and Terraform take them where no keys, no AWS_PROFILE and no [default] with credentials come before them. For one
command there is `kcaws exec --serve`.";

/// Serve role credentials on 127.0.0.1, as in a container, until Ctrl-C
///
/// This prints a token that gets credentials, because that is its purpose. It is good as long as this runs.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    of: RoleArgs,
    /// Whose syntax; without it that of $SHELL
    #[arg(long, value_enum)]
    format: Option<Format>,
}

pub(super) fn run(args: &ServeArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let format = args.format.unwrap_or_else(|| Format::of_shell(app.env.get("SHELL").as_deref()));
    let chosen = args.of.choose_or_ask(app, ui)?;
    if let Some(hidden) = hidden_by_default(&chosen, app) {
        let cause = hidden.cause.unwrap_or_default();
        ui.warn(&format!("{}: {cause}; give it a name of its own", hidden.message));
    }
    let Chosen { selected, role, .. } = chosen;
    // What was picked now is not asked for again.
    let of = selected.profile.as_deref().map_or_else(|| args.of.clone(), RoleArgs::of_profile);
    let what = format!("{} in account {}", shown(&role.role_name), role.account_id);
    // Whoever cannot have them learns it here, and not each client by itself.
    Provider::for_a_person(app, selected, role, ui)?.credentials()?;
    let line = text(format, &endpoint(&of, app)?)?;
    ui.secret_line(&line);
    ui.finish()?;
    ui.say(&format!("Serving {what} until Ctrl-C."));
    interrupt::wait_for_the_end()
}

/// Where no profile is named, AWS's tools look into `[default]` before they ask an endpoint: what serves another role
/// would be passed over in silence. `None` where that cannot happen.
pub(super) fn hidden_by_default(chosen: &Chosen, app: &App) -> Option<CommandError> {
    let same = |(selected, role, _): &(selection::Selected, _, _)| {
        selected.session.name == chosen.selected.session.name && *role == chosen.role
    };
    if selection::role_of_profile(app, "default").is_ok_and(|default| same(&default)) {
        return None;
    }
    let (document, credentials) = (app.document().ok()?, app.credentials_document());
    let first = |family: Family| taken(family, document, credentials.as_ref(), "default");
    let found = Family::ALL.into_iter().find_map(first)?;
    let error =
        CommandError::new(Exit::Configuration, "default_first", "[default] comes before served credentials")
            .because(format!(
                "AWS's tools take its `{}` at {} where no profile is named",
                found.key, found.place
            ));
    Some(match &chosen.selected.profile {
        Some(profile) if document.own(profile).is_some() => error.hint(format!(
            "run the command with AWS_PROFILE={} instead of kcaws: that keeps its credentials fresh too",
            argument(profile)
        )),
        _ => error.hint("give that profile a name of its own, or leave --serve out"),
    })
}

/// Where programs ask for credentials, each time by the way of `credential-process`: with a config read anew, and
/// with all the time that one call has.
pub(super) fn endpoint(
    of: &RoleArgs,
    app: &App,
) -> Result<[(&'static str, Secret<String>); 2], CommandError> {
    let (of, passphrase) = (of.clone(), app.passphrase().clone());
    let endpoint = CredentialsEndpoint::start(0, move || {
        let app = App::again(&passphrase);
        let credentials = of.choose(&app).and_then(|Chosen { selected, role, .. }| {
            Provider::for_a_tool(&app, selected, role)?.credentials()
        });
        let words = |error: CommandError| match error.hint {
            Some(hint) => format!("kcaws: {}; {hint}", error.message),
            None => format!("kcaws: {}", error.message),
        };
        credentials.map(|credentials| wire::container_json(&credentials)).map_err(words)
    })?;
    Ok([
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", Secret::new(endpoint.url)),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", endpoint.token),
    ])
}
