//! What a person should answer instead, or do where nothing can be asked.

use super::{CommandError, Exit};
use crate::configure::answers::BadAnswer;
use crate::ports::picker::PickError;

impl From<BadAnswer> for CommandError {
    fn from(error: BadAnswer) -> Self {
        let failure = Self::new(Exit::Usage, "bad_answer", error.to_string());
        match error {
            BadAnswer::NotHttps => failure
                .hint("it is the URL of your access portal, such as https://d-1234567890.awsapps.com/start"),
            BadAnswer::Credentials => {
                failure.hint("leave out what stands before the `@`; nobody logs in by it")
            }
            BadAnswer::Region(_) => {
                failure.hint("it is the region where Identity Center is, such as eu-central-1")
            }
            BadAnswer::OtherRegion { told, .. } => failure.hint(format!("say --region {told}, or nothing")),
            BadAnswer::Name(_) => {
                failure.hint("a name is made of letters, digits and `_.@%:+/-`; a `-` cannot be the first")
            }
        }
    }
}

impl From<PickError> for CommandError {
    fn from(error: PickError) -> Self {
        let message = error.to_string();
        match error {
            PickError::Interrupted => Self::interrupted(),
            PickError::Nothing => Self::new(Exit::Failed, "nothing_picked", message)
                .hint("nothing changed; pass the name to skip this list"),
            PickError::Terminal(error) => Self::new(Exit::Usage, "no_terminal", message)
                .because(error.to_string())
                .hint("name it on the command line"),
        }
    }
}
