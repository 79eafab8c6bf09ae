//! Errors of `kcaws console`.

use super::{CommandError, ErrorCode, Exit};
use crate::console::destination::DestinationError;
use crate::platform::one_time_redirect::OneTimeRedirectError;
use crate::ports::browser::{BrowserError, BrowserOptions, StartedBrowser};
use crate::ports::clipboard::ClipboardError;

impl From<DestinationError> for CommandError {
    fn from(error: DestinationError) -> Self {
        let failure = Self::new(Exit::Usage, ErrorCode::Destination, error.to_string());
        match error {
            DestinationError::NotAConsole { console, .. } => failure
                .hint(format!("a console URL begins with https://{console}/ or https://REGION.{console}/")),
            DestinationError::OtherPartition { .. } => failure.hint("log in to a session in that partition"),
            DestinationError::NotAnArn { why, .. } => failure
                .because(why)
                .hint("an ARN looks like arn:aws:lambda:eu-central-1:111122223333:function:name"),
            DestinationError::NoBucket { .. } => {
                failure.because("the ARN of a bucket or object contains no Region or account").hint(
                    "a bucket's ARN looks like arn:aws:s3:::bucket, an object's like arn:aws:s3:::bucket/key",
                )
            }
            DestinationError::UnknownArn { of_service: true, known, .. } => {
                failure.hint(format!("supported for this service: {}", known.join(", ")))
            }
            DestinationError::UnknownArn { of_service: false, known, .. } => {
                failure.hint(format!("supported services: {}", known.join(", ")))
            }
            DestinationError::UnknownService { near, .. } if near.is_empty() => {
                Self { code: ErrorCode::NoSuchService, ..failure }
                    .hint("`kcaws console --list-services` lists them")
            }
            DestinationError::UnknownService { near, .. } => {
                Self { code: ErrorCode::NoSuchService, ..failure }
                    .hint(format!("similar: {}; `kcaws console --list-services` lists all", near.join(", ")))
            }
            DestinationError::NotARegion(error) => Self { code: ErrorCode::BadRegion, ..failure }
                .hint(format!("{} Check --region and the profile's `region`", error.hint())),
        }
    }
}

impl From<BrowserError> for CommandError {
    fn from(error: BrowserError) -> Self {
        let failure = Self::new(Exit::Failed, ErrorCode::Browser, error.to_string());
        match error {
            BrowserError::NotStarted(_) => failure.hint("`kcaws console --print` prints the URL instead"),
            BrowserError::NoOpener => failure
                .because("neither a default browser, nor `xdg-open` or another such program, is installed")
                .hint("name a browser with --browser or BROWSER, or use `kcaws console --print`"),
            BrowserError::NotFound { known, .. } => {
                failure.hint(format!("known by name: {}; give the path of any other", known.join(", ")))
            }
            BrowserError::NoProfiles { .. } => {
                Self { exit: Exit::Usage, ..failure }.hint("leave out --browser-profile")
            }
            BrowserError::NoContainers { .. } => Self { exit: Exit::Usage, ..failure }
                .hint("only Firefox has containers; use --browser-profile for other browsers"),
            BrowserError::WhichBrowser => Self { exit: Exit::Usage, ..failure }
                .hint("name it with --browser, or as `browser` in config.toml"),
        }
    }
}

/// URL of the Firefox extension that opens a page in a container.
const EXTENSION: &str = "https://addons.mozilla.org/firefox/addon/open-url-in-container/";

/// Returns the error of a browser that was started but did not request its page, with the most likely reason.
pub(in crate::cli) fn not_opened(
    error: OneTimeRedirectError,
    manner: &BrowserOptions,
    opened: &StartedBrowser,
) -> CommandError {
    let OneTimeRedirectError::NotFetched(_) = error else { return error.into() };
    let failure = CommandError::new(Exit::Failed, ErrorCode::Handoff, error.to_string());
    let print = "`kcaws console --print` prints the URL instead";
    let other = format!("name another browser with --browser; {print}");
    match (manner, opened) {
        (BrowserOptions { container: Some(_), .. }, _) => failure
            .because("the Firefox extension \"Open external links in a container\" may be missing")
            .hint(format!("install it from {EXTENSION}, or leave out --container; {print}")),
        (BrowserOptions { profile: Some(profile), .. }, _) => failure
            .because(format!("the browser may not have a profile `{profile}`"))
            .hint(format!(
                "see about:profiles in Firefox, or the end of Profile Path at chrome://version in others; {print}"
            )),
        (_, StartedBrowser::With(program)) => {
            failure.because(format!("`{program}` was started but may not have opened anything")).hint(other)
        }
        (_, StartedBrowser::ByDefault) => {
            failure.because("the default browser was started but may not have opened anything").hint(other)
        }
    }
}

impl From<ClipboardError> for CommandError {
    fn from(error: ClipboardError) -> Self {
        let failure = Self::new(Exit::Failed, ErrorCode::Clipboard, error.to_string());
        let hint = "`kcaws console --print` prints the URL instead";
        match error {
            ClipboardError::NoProgram { tried } if tried.is_empty() => {
                failure.because("no display is available").hint(hint)
            }
            ClipboardError::NoProgram { tried } => {
                failure.hint(format!("install one of {}, or use --print", tried.join(", ")))
            }
            ClipboardError::Failed { why, .. } => failure.because(why).hint(hint),
        }
    }
}
