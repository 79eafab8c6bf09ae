//! A record of every write to the client: what was changed, and what came of it.

use std::io::Result;

use serde::Serialize;

/// Keeps the records. After an error nothing more is written.
pub(crate) trait ClientAudit {
    fn record(&self, write: &ClientWrite<'_>) -> Result<()>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClientAction {
    CreateClient,
    UpdateClient,
    RemoveScope,
    CreateMapper,
    UpdateMapper,
    RemoveMapper,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ClientWrite<'a> {
    pub(crate) action: ClientAction,
    pub(crate) client_id: &'a str,
    /// The parts that change, as `client plan` names them.
    pub(crate) paths: Vec<String>,
    /// Set if the write failed.
    pub(crate) error: Option<String>,
}

/// Keeps what was changed in memory, up to `room` writes.
#[cfg(test)]
pub(crate) struct Kept {
    pub(crate) writes: std::cell::RefCell<Vec<(ClientAction, Vec<String>, bool)>>,
    pub(crate) room: usize,
}

#[cfg(test)]
impl Default for Kept {
    fn default() -> Self {
        Self { writes: Vec::new().into(), room: usize::MAX }
    }
}

#[cfg(test)]
impl ClientAudit for Kept {
    fn record(&self, write: &ClientWrite<'_>) -> Result<()> {
        let mut writes = self.writes.borrow_mut();
        if writes.len() == self.room {
            return Err(std::io::Error::other("no space left"));
        }
        writes.push((write.action, write.paths.clone(), write.error.is_none()));
        Ok(())
    }
}
