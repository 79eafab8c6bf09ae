//! Files of the user's with SAML metadata.

use std::path::Path;

use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::platform::foreign_file;

use crate::platform::output_file;

/// Reads a file of the user's as text.
pub(super) fn read(path: &Path) -> Result<String, CommandError> {
    let failed = |code, cause: String| {
        let message = format!("cannot read `{}`", path.display());
        CommandError::new(Exit::Configuration, code, message)
            .because(cause)
            .hint("check the path and its permissions")
    };
    let bytes = foreign_file::read(path).map_err(|error| failed(ErrorCode::NoSuchFile, error.to_string()))?;
    String::from_utf8(bytes).map_err(|_| failed(ErrorCode::NotUnderstood, "it is not UTF-8".to_owned()))
}

/// Names the file that an error is about.
pub(super) fn about(path: &Path, mut error: CommandError) -> CommandError {
    error.message = format!("`{}`: {}", path.display(), error.message);
    error
}

/// Writes a file of the user's as a whole, or leaves it as it was.
pub(super) fn write(path: &Path, text: &str) -> Result<(), CommandError> {
    output_file::write(path, text.as_bytes()).map_err(|error| {
        CommandError::new(Exit::Failed, ErrorCode::OutputFile, format!("cannot write `{}`", path.display()))
            .because(error.to_string())
            .hint("check that the folder exists and that you may write to it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_its_file() {
        let error = CommandError::new(Exit::Configuration, ErrorCode::NotUnderstood, "it is not XML");
        assert_eq!(about(Path::new("aws.xml"), error).message, "`aws.xml`: it is not XML");
    }

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("idp.xml");
        write(&path, "one").expect("writes");
        write(&path, "two").expect("writes");
        assert_eq!(read(&path).expect("reads"), "two");
        assert_eq!(std::fs::read_dir(folder.path()).expect("lists").count(), 1, "no temporary file is left");
        assert_eq!(read(&folder.path().join("none")).expect_err("missing").code(), ErrorCode::NoSuchFile);
        assert_eq!(
            write(&folder.path().join("a/b"), "x").expect_err("no folder").code(),
            ErrorCode::OutputFile
        );
    }
}
