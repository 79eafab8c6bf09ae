//! A real browser, driven over WebDriver.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use kcaws_test_kit::{Running, TestEnv, find_program, wait_for};
use serde_json::{Value, json};
use ureq::Agent;

use crate::{failures, http};

/// The key of an element's id on the wire (WebDriver, section 12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A Chromium without a window, with a home and a profile of its own. Dropping it ends it; after a failed test a picture
/// of the page and its source are kept.
///
/// Elements are named by CSS selectors. Every method waits for what it needs, 30 s at most, and panics then.
pub struct Chromium {
    agent: Agent,
    session: String,
    // Dropped in this order: the driver, then what it started, with their files.
    _driver: Running,
    _env: TestEnv,
}

impl Chromium {
    /// What [`require_chromium!`](crate::require_chromium) calls.
    ///
    /// # Panics
    /// When it is installed and does not start; under `KCAWS_TEST_STRICT=1` also when it is not installed.
    pub fn start_or_skip() -> Option<Self> {
        if crate::left_out("Chromium") {
            return None;
        }
        if find_program("chromium").is_none() || find_program("chromedriver").is_none() {
            kcaws_test_kit::skipped("no chromium and chromedriver (Debian: chromium, chromium-driver)");
            return None;
        }
        Some(Self::start())
    }

    fn start() -> Self {
        let env = TestEnv::new();
        // Its end is that of this thread, and with the pipe between them that of Chromium.
        let line = ["setpriv", "--pdeathsig", "KILL", "chromedriver", "--port=0"];
        let mut driver = env.command_line(line).timeout(std::time::Duration::from_hours(1)).spawn();
        let line = driver.wait_for_stdout("started successfully on port");
        let port = line.rsplit(' ').next().unwrap().trim_end_matches('.');
        let profile = format!("--user-data-dir={}", env.root().join("profile").display());
        let mut arguments = vec![
            "--headless",
            "--remote-debugging-pipe",
            "--disable-gpu",
            "--disable-dev-shm-usage", // /dev/shm of a container holds less than a page
            "--no-first-run",
            // Nothing goes out but what a page asks for.
            "--disable-quic",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-proxy-server",
            &profile,
        ];
        if rustix::process::geteuid().is_root() {
            arguments.push("--no-sandbox"); // Chromium has none for root
        }
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": find_program("chromium"), "args": arguments},
        }}});
        let (agent, base) = (http::agent(), format!("http://127.0.0.1:{port}/session"));
        let answer = call(&agent, "POST", &base, Some(&wanted)).expect("Chromium starts");
        let session = format!("{base}/{}", answer["sessionId"].as_str().expect("a session"));
        Self { agent, session, _driver: driver, _env: env }
    }

    /// Opens an address and waits until it is loaded.
    pub fn open(&self, url: &str) {
        self.send("POST", "/url", Some(&json!({"url": url}))).unwrap_or_else(|e| panic!("{url}: {e}"));
    }

    /// Where it is.
    pub fn url(&self) -> String {
        self.get("/url")
    }

    /// Waits until the address has `part` in it, and returns it.
    pub fn wait_for_url(&self, part: &str) -> String {
        self.until(&format!("an address with {part:?}"), || {
            let url = self.url();
            url.contains(part).then_some(url).ok_or_else(|| "another address".into())
        })
    }

    /// Waits for an element.
    pub fn wait_for(&self, css: &str) {
        self.until(css, || self.find(css));
    }

    /// Waits until the element's text has `part` in it, and returns all of it.
    pub fn wait_for_text(&self, css: &str, part: &str) -> String {
        self.until(&format!("{part:?} in {css}"), || {
            let text = self.try_text(css)?;
            text.contains(part).then_some(text).ok_or_else(|| "another text".into())
        })
    }

    /// Whether there is such an element now.
    pub fn has(&self, css: &str) -> bool {
        self.find(css).is_ok()
    }

    /// What a person reads in the element.
    pub fn text(&self, css: &str) -> String {
        self.until(css, || self.try_text(css))
    }

    /// Types into an empty field.
    pub fn type_into(&self, css: &str, text: &str) {
        self.until(css, || {
            let element = self.find(css)?;
            self.send("POST", &format!("/element/{element}/value"), Some(&json!({"text": text})))
        });
    }

    /// Clicks; where that opens another page, the next call may still see the old one.
    pub fn click(&self, css: &str) {
        self.until(css, || {
            let element = self.find(css)?;
            self.send("POST", &format!("/element/{element}/click"), Some(&json!({})))
        });
    }

    /// Fills in Keycloak's login form and sends it.
    pub fn log_in_at_keycloak(&self, user: &str, password: &str) {
        self.type_into("#username", user);
        self.type_into("#password", password);
        self.click("#kc-login");
    }

    /// The page as HTML.
    pub fn source(&self) -> String {
        self.get("/source")
    }

    fn get(&self, path: &str) -> String {
        let value = self.send("GET", path, None).unwrap_or_else(|e| panic!("{path}: {e}"));
        value.as_str().unwrap_or_default().to_owned()
    }

    fn find(&self, css: &str) -> Result<String, String> {
        let found = self.send("POST", "/element", Some(&json!({"using": "css selector", "value": css})))?;
        Ok(found[ELEMENT].as_str().expect("an element").to_owned())
    }

    fn try_text(&self, css: &str) -> Result<String, String> {
        let element = self.find(css)?;
        let text = self.send("GET", &format!("/element/{element}/text"), None)?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Pages come and go under our hands: an element that is missing, stale or covered is asked for again.
    fn until<T>(&self, what: &str, mut attempt: impl FnMut() -> Result<T, String>) -> T {
        let here = self.send("GET", "/url", None).ok();
        let what =
            format!("{what} in Chromium (at {})", here.as_ref().and_then(Value::as_str).unwrap_or("?"));
        wait_for(&what, || attempt().ok())
    }

    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        call(&self.agent, method, &format!("{}{path}", self.session), body)
    }
}

/// One WebDriver command: the `value` of its answer, or the name of the error.
fn call(agent: &Agent, method: &str, url: &str, body: Option<&Value>) -> Result<Value, String> {
    let kind = ("content-type", "application/json");
    let body = body.map(ToString::to_string).unwrap_or_default();
    let reply = http::send(agent, method, url, &[kind], body).map_err(|e| e.to_string())?;
    let value = reply.json()["value"].take();
    if reply.status == 200 { Ok(value) } else { Err(format!("{} ({})", value["error"], value["message"])) }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        if std::thread::panicking() {
            if let Some(picture) =
                self.send("GET", "/screenshot", None).ok().and_then(|v| BASE64.decode(v.as_str()?).ok())
            {
                failures::keep("png", &picture);
            }
            if let Ok(Value::String(source)) = self.send("GET", "/source", None) {
                failures::keep("html", source.as_bytes());
            }
        }
        // So it may close its files; the test environment ends what does not listen.
        let _ = self.send("DELETE", "", None);
    }
}
