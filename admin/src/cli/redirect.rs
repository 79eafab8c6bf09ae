//! `kcaws admin redirect`: checks the company's own start URL by the AWS CLI's rules.

use clap::Args;
use kcaws::app::error::AppError;
use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::Ui;
use kcaws::session::start_url;
use serde::Serialize;
use url::Url;

use crate::app::AdminApp;
use crate::identity_center::web_server::WebServer;

const EXAMPLES: &str = "\
Examples:
  kcaws admin redirect https://sso.example.com/aws
  kcaws admin redirect https://sso.example.com/aws --to https://d-1234567890.awsapps.com/start";

/// Check a start URL of your own, and print how a web server redirects it
///
/// The rules are those of `aws sso login`: one redirect, asked for with HEAD, over https, to a host of AWS. With --to,
/// the lines for nginx, Caddy, Traefik and Apache are printed, and the URL need not lead anywhere yet.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct RedirectArgs {
    /// The start URL that people use, such as https://sso.example.com/aws
    url: String,
    /// The access portal that it should lead to; prints the lines for web servers
    #[arg(long, value_name = "PORTAL")]
    to: Option<String>,
    /// Region of the portal, if its host has none (…awsapps.com)
    #[arg(long, default_value = "")]
    region: String,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Serialize)]
struct LinesReport<'a> {
    schema: u32,
    start_url: &'a str,
    to: &'a str,
    servers: Vec<ServerLines>,
}

#[derive(Serialize)]
struct ServerLines {
    server: WebServer,
    lines: String,
}

#[derive(Serialize)]
struct Report {
    schema: u32,
    start_url: String,
    leads_to: String,
    region: Option<String>,
    instance: String,
}

pub(super) fn run(args: &RedirectArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    if let Some(portal) = &args.to {
        return print_lines(args, portal, ui);
    }
    let redirects = app.redirects().map_err(AppError::from)?;
    // The Region only decides where a login goes: one that is unknown does not make the redirect wrong.
    let region = if args.region.is_empty() { "us-east-1" } else { &args.region };
    let portal = start_url::resolve(&args.url, region, &*redirects).map_err(AppError::from)?;
    let known =
        start_url::region_of(&portal.start_url).or((!args.region.is_empty()).then(|| args.region.clone()));
    if args.json {
        ui.json(&Report {
            schema: 1,
            start_url: args.url.clone(),
            leads_to: portal.start_url,
            region: known,
            instance: portal.instance.to_string(),
        });
        return Ok(());
    }
    ui.data(&format!("{} leads to {}", args.url, portal.start_url));
    ui.data(&format!("instance  {}", portal.instance));
    match known {
        Some(region) => ui.data(&format!("Region    {region}")),
        None => ui.data("Region    not in the host: people need `sso_region` in their config"),
    }
    Ok(())
}

fn print_lines(args: &RedirectArgs, portal: &str, ui: &mut Ui) -> Result<(), CommandError> {
    let url = &args.url;
    let bad = |message: String| CommandError::new(Exit::Usage, ErrorCode::BadStartUrl, message);
    let own = Url::parse(url).ok().filter(|url| url.scheme() == "https" && url.query().is_none());
    let own = own.ok_or_else(|| {
        bad(format!("`{url}` is not an https URL")).hint("use one such as https://sso.example.com/aws")
    })?;
    let is_portal = start_url::is_portal(portal) && start_url::is_well_spelled(portal);
    let is_plain =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/:#%".contains(&byte));
    if !is_portal || !is_plain(portal) || !is_plain(own.path()) {
        return Err(bad(format!("`{portal}` is not an access portal"))
            .hint("use the AWS access portal URL of the console's Settings page"));
    }
    let lines = |server: WebServer| server.lines(own.host_str().unwrap_or_default(), own.path(), portal);
    if args.json {
        let servers = WebServer::ALL.map(|server| ServerLines { server, lines: lines(server) }).into();
        ui.json(&LinesReport { schema: 1, start_url: url, to: portal, servers });
        return Ok(());
    }
    for server in WebServer::ALL {
        ui.data(&format!("# {}", server.title()));
        ui.text(&lines(server));
        ui.data("");
    }
    ui.say(&format!("Then check it: kcaws admin redirect {url}"));
    Ok(())
}
