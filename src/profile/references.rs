//! Finds the profiles that refer to another one by name.

use super::document::{Document, Heading};
use super::target::{kcaws_arguments, option_value};
use super::{ConfigError, Place, draft::Draft};

/// A line that names another profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The profile that contains the line.
    pub profile: String,
    pub place: Place,
    pub key: &'static str,
    /// The profile that it names.
    pub to: String,
}

impl Document {
    pub(super) fn has_profile(&self, name: &str) -> bool {
        self.section(&Heading::Profile(name.to_owned())).is_some()
    }

    /// Returns every line that names a profile: `source_profile`, and a `credential_process` that asks kcaws for one.
    pub fn references(&self) -> Vec<Reference> {
        let mut found = Vec::new();
        for profile in self.profile_names() {
            let Some(section) = self.section(&Heading::Profile(profile.clone())) else { continue };
            let mut add = |key, to: &str| {
                let place = section.place_of(key);
                found.push(Reference { profile: profile.clone(), place, key, to: to.to_owned() });
            };
            if let Some(source) = section.get("source_profile") {
                add("source_profile", source);
            }
            let words = section.get("credential_process").and_then(kcaws_arguments).unwrap_or_default();
            if let Some(other) = option_value(&words, "--profile") {
                add("credential_process", other);
            }
        }
        found
    }
}

impl Reference {
    /// Makes the line name `to`. A `credential_process` is not changed, since its other words belong to the user.
    pub(super) fn rewrite(&self, to: &str, draft: &mut Draft<'_>) -> Result<bool, ConfigError> {
        if self.key != "source_profile" {
            return Ok(false);
        }
        draft.set(&Heading::Profile(self.profile.clone()), &[(self.key, to)])?;
        Ok(true)
    }
}
