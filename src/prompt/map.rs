//! What a profile refers to, stored so that a prompt need not read a config with ten thousand profiles.
//!
//! One file for each profile, valid as long as the config file has the same stamp.

use std::ffi::OsString;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::platform::env::Env;
use crate::platform::file_stamp::FileStamp;
use crate::ports::state_folder::{StateFolder, hashed_name};
use crate::profile::RoleName;
use crate::profile::services::{ACCOUNT_ACCESS_VARIABLE, DECIDING_VARIABLES};

const FORMAT: &[u8] = b"kcaws profile map 1";

/// `None` if the profile does not belong to kcaws.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Map(pub Option<Ours>);

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Ours {
    pub session: String,
    pub account_id: String,
    pub role_name: RoleName,
    pub region: String,
    /// Names of files in the state folder.
    pub note: String,
    pub status: String,
    /// Its name in the file is as old as the file.
    #[serde(rename = "minted_by")]
    pub issuer: String,
}

impl Map {
    /// Returns the entry; `None` if there is none with this stamp.
    pub fn read(
        profile: &str,
        config: &Path,
        env: &Env,
        state: &dyn StateFolder,
        stamp: FileStamp,
    ) -> Option<Self> {
        let bytes = state.read(&file_name(profile, config, env)).ok()??;
        let (noted, map) = bytes.split_first_chunk::<{ FileStamp::LEN }>()?;
        if FileStamp::from_bytes(noted) != stamp {
            return None;
        }
        serde_json::from_slice(map).ok()
    }

    /// Stores the entry, as a best effort: without it the next prompt reads the config again.
    pub fn write(&self, profile: &str, config: &Path, env: &Env, state: &dyn StateFolder, stamp: FileStamp) {
        let mut bytes = stamp.to_bytes().to_vec();
        bytes.extend(serde_json::to_vec(self).expect("names serialize"));
        let _ = state.write_cached(&file_name(profile, config, env), &bytes);
    }
}

/// Returns the file's name; the variables are those that decide the issuer, as for cache entries.
fn file_name(profile: &str, config: &Path, env: &Env) -> String {
    let variables =
        DECIDING_VARIABLES.map(|name| env.by_hand_raw(name).unwrap_or_default().into_encoded_bytes());
    let mut fields = vec![FORMAT, profile.as_bytes(), config.as_os_str().as_encoded_bytes()];
    fields.extend(variables.iter().map(Vec::as_slice));
    let runtime = env.by_hand_raw(ACCOUNT_ACCESS_VARIABLE).map(OsString::into_encoded_bytes);
    fields.extend(runtime.as_deref());
    format!("prompt/{}", hashed_name(&fields))
}
