//! `kcaws admin source`: the steps that no API has, and a look at the first login.

mod watch;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use kcaws::cli::error::CommandError;
use kcaws::cli::ui::Ui;
use serde::Serialize;

use super::{FileArg, metadata_file};
use crate::access_file::AccessFile;
use crate::app::AdminApp;
use crate::realm::service_provider::ServiceProvider;

const EXAMPLES: &str = "\
Examples:
  kcaws admin source
  kcaws admin source --watch --record --metadata aws-saml-metadata.xml";

/// List the steps in the AWS console that make the realm the identity source, or watch the first login
///
/// --watch reads Keycloak's login events while you try to log in, and prints what failed in plain words. It ends with
/// the first successful login. Keycloak records no login events by default: --record switches that on meanwhile.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct SourceArgs {
    #[command(flatten)]
    file: FileArg,
    /// Read Keycloak's login events until a login succeeds
    #[arg(long)]
    watch: bool,
    /// Record login events meanwhile, if the realm does not
    #[arg(long, requires = "watch")]
    record: bool,
    /// SAML metadata of IAM Identity Center: watch logins of this instance only
    #[arg(long, value_name = "FILE", requires = "watch")]
    metadata: Option<PathBuf>,
    /// Minutes after which --watch gives up
    #[arg(long, value_name = "MINUTES", default_value_t = 15, requires = "watch")]
    minutes: u64,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Serialize)]
struct Report {
    schema: u32,
    console_url: String,
    steps: Vec<String>,
}

pub(super) fn run(args: &SourceArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let file = app.access_file(args.file.file.as_deref())?;
    if !args.watch {
        show(&file, args.json, ui);
        return Ok(());
    }
    let provider = args.metadata.as_deref().map(metadata_file::read).transpose()?;
    let provider = provider.map(|text| ServiceProvider::parse(&text)).transpose()?;
    let watch = watch::Watch {
        client_id: provider.map(|provider| provider.entity_id),
        records: args.record,
        patience: Duration::from_secs(60 * args.minutes),
        json: args.json,
    };
    watch.run(app, &file.realm, ui)
}

fn show(file: &AccessFile, json: bool, ui: &mut Ui) {
    let center = &file.identity_center;
    let console_url = format!(
        "https://{0}.console.aws.amazon.com/singlesignon/home?region={0}#/instances/settings",
        center.region
    );
    let steps = steps(file);
    if json {
        ui.json(&Report { schema: 1, console_url, steps });
        return;
    }
    ui.data(&format!("Open {console_url} as an administrator of {}, then:", center.instance));
    for (number, step) in steps.iter().enumerate() {
        ui.data(&format!("{:>2}. {step}", number + 1));
    }
}

fn steps(file: &AccessFile) -> Vec<String> {
    [
        "Save all assignments first: kcaws admin access export --json > assignments-before.json".to_owned(),
        "Settings, Identity source, Actions, Change identity source: choose External identity provider.".to_owned(),
        "Download the SAML metadata of IAM Identity Center: aws-saml-metadata.xml".to_owned(),
        "Create the client in Keycloak: kcaws admin client apply --metadata aws-saml-metadata.xml".to_owned(),
        format!("Save the metadata of {}: kcaws admin metadata --out keycloak.xml", file.realm.url()),
        "Upload keycloak.xml as the IdP SAML metadata, and confirm the change of the identity source.".to_owned(),
        "Settings, Automatic provisioning, Enable: copy the SCIM endpoint into the access file, and the token into \
         `kcaws admin token set`."
            .to_owned(),
        "Bring users and groups to AWS: kcaws admin sync plan, then kcaws admin sync apply".to_owned(),
        "Try to log in: kcaws admin source --watch --record --metadata aws-saml-metadata.xml".to_owned(),
    ]
    .into()
}
