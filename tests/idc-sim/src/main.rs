//! The simulator as a program: on fixed ports, for hands, browsers and shell scripts.

#![expect(clippy::print_stdout, reason = "what it prints is its interface")]

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use idc_sim::{Builder, IdcSim};

/// IAM Identity Center on loopback
///
/// Prints the variables that lead a client to it, one `export` a line, and serves until SIGINT or SIGTERM.
/// Sign in as alice@example.com with the password wonderland. Control endpoints for scripts: README.md.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Plain HTTP, every service at one base URL; 0 takes a free one
    #[arg(long, default_value_t = 8180)]
    port: u16,
    /// CONNECT proxy for clients that know only AWS's own hosts
    #[arg(long, default_value_t = 8181)]
    proxy_port: u16,
    /// Where to write the certificate of the proxy's own authority
    #[arg(long, value_name = "FILE")]
    ca_out: Option<PathBuf>,
    #[arg(long)]
    region: Option<String>,
    #[arg(long)]
    start_url: Option<String>,
    /// Every device code is allowed as soon as it is asked for
    #[arg(long)]
    auto_approve: bool,
    /// Seconds
    #[arg(long, value_name = "SECONDS")]
    access_token_life: Option<u64>,
    /// Seconds
    #[arg(long, value_name = "SECONDS")]
    session_life: Option<u64>,
    /// Ends when standard input does, so that no test leaves one behind
    #[arg(long)]
    until_stdin_closes: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let sim = match builder(&args).try_start() {
        Ok(sim) => sim,
        Err(error) => return fail(&format!("cannot listen: {error}")),
    };
    if let Some(path) = &args.ca_out {
        #[expect(clippy::disallowed_methods, reason = "a certificate for other programs, nothing of value")]
        let written = std::fs::write(path, sim.ca_pem());
        if let Err(error) = written {
            return fail(&format!("cannot write {}: {error}", path.display()));
        }
    }
    tell(&sim, &args);
    match wait_for_end(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

fn builder(args: &Args) -> Builder {
    let mut builder =
        IdcSim::builder().port(args.port).proxy_port(args.proxy_port).auto_approve(args.auto_approve);
    if let Some(region) = &args.region {
        builder = builder.region(region);
    }
    if let Some(url) = &args.start_url {
        builder = builder.start_url(url);
    }
    if let Some(seconds) = args.access_token_life {
        builder = builder.access_token_life(Duration::from_secs(seconds));
    }
    if let Some(seconds) = args.session_life {
        builder = builder.session_life(Duration::from_secs(seconds));
    }
    builder
}

fn tell(sim: &IdcSim, args: &Args) {
    println!("# start URL {}, region {}", sim.start_url(), sim.region());
    for (name, value) in sim.env() {
        println!("export {name}={value}");
    }
    println!("# or, for clients that take no endpoints:");
    println!("#   export HTTPS_PROXY={}", sim.proxy_url());
    if let Some(path) = &args.ca_out {
        println!("#   export AWS_CA_BUNDLE={}", path.display());
    }
}

fn wait_for_end(args: &Args) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (sender, closed) = tokio::sync::oneshot::channel::<()>();
    if args.until_stdin_closes {
        std::thread::spawn(move || {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            drop(sender);
        });
    } else {
        // Never dropped, so never closed.
        std::mem::forget(sender);
    }
    runtime.block_on(async {
        let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result,
            _ = term.recv() => Ok(()),
            _ = closed => Ok(()),
        }
    })
}

#[expect(clippy::print_stderr, reason = "the only place for it")]
fn fail(why: &str) -> ExitCode {
    eprintln!("idc-sim: {why}");
    ExitCode::FAILURE
}
