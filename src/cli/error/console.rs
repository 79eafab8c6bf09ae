//! What goes wrong on the way to the console.

use super::{CommandError, Exit};
use crate::console::destination::DestinationError;
use crate::ports::browser::BrowserError;
use crate::ports::clipboard::ClipboardError;

impl From<DestinationError> for CommandError {
    fn from(error: DestinationError) -> Self {
        let failure = Self::new(Exit::Usage, "destination", error.to_string());
        match error {
            DestinationError::NotAConsole { console, .. } => failure.hint(format!(
                "a page of the console begins with https://{console}/ or https://REGION.{console}/"
            )),
            DestinationError::OtherPartition { .. } => {
                failure.hint("partitions have nothing in common: log in to a session of that one")
            }
            DestinationError::NotAnArn { why, .. } => failure
                .because(why)
                .hint("an ARN looks like arn:aws:lambda:eu-central-1:111122223333:function:name"),
            DestinationError::NoBucket { .. } => failure
                .because("the ARN of a bucket or of an object has neither region nor account")
                .hint("the ARN of a bucket looks like arn:aws:s3:::bucket, that of an object like arn:aws:s3:::bucket/key"),
            DestinationError::UnknownArn { of_service: true, known, .. } => {
                failure.hint(format!("known of this service: {}", known.join(", ")))
            }
            DestinationError::UnknownArn { of_service: false, known, .. } => {
                failure.hint(format!("known are resources of {}", known.join(", ")))
            }
            DestinationError::UnknownService { near, .. } if near.is_empty() => {
                Self { code: "no_such_service", ..failure }.hint("`kcaws console --list-services` lists them")
            }
            DestinationError::UnknownService { near, .. } => Self { code: "no_such_service", ..failure }
                .hint(format!("near it: {}; `kcaws console --list-services` lists all", near.join(", "))),
            DestinationError::NotARegion { .. } => failure.hint("check --region and the profile's `region`"),
        }
    }
}

impl From<BrowserError> for CommandError {
    fn from(error: BrowserError) -> Self {
        let failure = Self::new(Exit::Failed, "browser", error.to_string());
        match error {
            BrowserError::NotStarted(_) => failure.hint("`kcaws console --print` prints the URL instead"),
            BrowserError::NotFound { known, .. } => {
                failure.hint(format!("known by name: {}; any other by its path", known.join(", ")))
            }
            BrowserError::NoProfiles { .. } => {
                Self { exit: Exit::Usage, ..failure }.hint("leave --browser-profile out")
            }
            BrowserError::NoContainers { .. } => Self { exit: Exit::Usage, ..failure }
                .hint("containers are Firefox's; others have --browser-profile"),
            BrowserError::WhichBrowser => Self { exit: Exit::Usage, ..failure }
                .hint("name it with --browser, or as `browser` in config.toml"),
        }
    }
}

impl From<ClipboardError> for CommandError {
    fn from(error: ClipboardError) -> Self {
        let failure = Self::new(Exit::Failed, "clipboard", error.to_string());
        let hint = "`kcaws console --print` prints the URL instead";
        match error {
            ClipboardError::NoProgram { tried } if tried.is_empty() => {
                failure.because("there is no display here").hint(hint)
            }
            ClipboardError::NoProgram { tried } => {
                failure.hint(format!("install one of {}, or use --print", tried.join(", ")))
            }
            ClipboardError::Failed { why, .. } => failure.because(why).hint(hint),
        }
    }
}
