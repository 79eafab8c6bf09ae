//! From `kcaws login` to credentials, by part, for either flow. Approval takes no time here: the simulator
//! approves at once, so what is left is kcaws's, and the wait between two polls of the device flow.

use std::process::Stdio;
use std::time::{Duration, SystemTime};

use idc_sim::{IdcSim, LoggedRequest, Route};
use kcaws_test_kit::PageClient;

use crate::fixture::Fixture;
use crate::median;

const ROUNDS: usize = 7;

pub(crate) fn print(fixture: &Fixture) {
    println!("\n{:<44} {:>10}", "login, by part", "median ms");
    for (flow, middle) in [("device", Route::StartDeviceAuthorization), ("pkce", Route::Authorize)] {
        let mut parts: Vec<Vec<Duration>> = vec![Vec::new(); PARTS.len()];
        for _ in 0..ROUNDS {
            for (part, took) in parts.iter_mut().zip(one(fixture, flow, middle)) {
                part.push(took);
            }
        }
        for (name, part) in PARTS.iter().zip(&mut parts) {
            println!("{:<44} {:>10.1}", format!("{flow}: {name}"), median(part) / 1e3);
        }
    }
}

const PARTS: [&str; 5] = [
    "start, up to the registration",
    "registered and kept, up to the browser's page",
    "approved, up to the code for tokens",
    "tokens stored, reported, ended",
    "the first credentials",
];

/// Without a registration from before.
fn one(fixture: &Fixture, flow: &str, middle: Route) -> [Duration; 5] {
    let kcaws = fixture.row("").program;
    let purged = fixture.command(&kcaws).args(["logout", "--purge", "--yes"]).stderr(Stdio::null()).status();
    assert!(purged.unwrap().success());
    fixture.sim.clear_log();
    let begun = SystemTime::now();
    let mut login = fixture.command(&kcaws);
    login.args(["login", "corp", "--no-browser", "--flow", flow]).stderr(Stdio::piped());
    let mut login = login.spawn().unwrap();
    let mut said = std::io::BufReader::new(login.stderr.take().unwrap());
    if flow == "pkce" {
        PageClient::new().open(&page(&mut said));
    }
    // A program whose output is not read may stop.
    std::io::copy(&mut said, &mut std::io::sink()).unwrap();
    assert!(login.wait().unwrap().success());
    let ended = SystemTime::now();
    let credentials = fixture.command(&kcaws).args(&fixture.row("").args).status().unwrap();
    assert!(credentials.success());
    let served = SystemTime::now();
    let at = |route| last(&fixture.sim, route).at;
    let times = [begun, at(Route::RegisterClient), at(middle), at(Route::CreateToken), ended, served];
    std::array::from_fn(|part| times[part + 1].duration_since(times[part]).unwrap_or_default())
}

fn page(said: impl std::io::BufRead) -> String {
    let mut lines = said.lines().map(Result::unwrap);
    lines.find_map(|line| Some(line.trim().strip_prefix("page:")?.trim().to_owned())).expect("a page")
}

fn last(sim: &IdcSim, route: Route) -> LoggedRequest {
    sim.requests_to(route).pop().expect("it was asked")
}
