//! What is said on the bus, in the words of the Secret Service specification 0.2
//! (<https://specifications.freedesktop.org/secret-service/latest/>).

use std::cell::Cell;
use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;
use zbus::{Connection, DynamicType, Message, ObjectPath, OwnedObjectPath, OwnedVariant, Variant, fdo};

use super::super::core_store::Trouble;
use super::call_error::{CallError, NAME};
use super::turn::Turn;

pub(super) type Attributes = HashMap<String, String>;

const ROOT: &str = "/org/freedesktop/secrets";
/// "No object" in this protocol: no prompt needed, no such alias.
const NOTHING: &str = "/";

/// One connection, greeted.
pub(super) struct Conversation {
    bus: Connection,
    turn: Cell<Option<Turn>>,
}

impl Conversation {
    pub(super) async fn begin(address: &str, turn: Option<Turn>) -> Result<Self, CallError> {
        let absent = |error: zbus::Error| CallError::Trouble(Trouble::Absent(Box::new(error)));
        let bus = zbus::connection::Builder::address(address).build().await.map_err(absent)?;
        let conversation = Self { bus, turn: Cell::new(turn) };
        // gnome-keyring makes its record of a client in an idle callback that a first request may overtake.
        // One that needs no record, and whose answer is awaited, gives it the time; OpenSession kills it.
        match conversation.call(ROOT, "Service", "ReadAlias", &"kcaws-none").await {
            Ok(_) => Ok(conversation),
            Err(error) => Err(match CallError::from(error) {
                CallError::Died(zbus::Error::FDO(answer)) if !matches!(*answer, fdo::Error::NoReply(_)) => {
                    absent(zbus::Error::FDO(answer))
                }
                CallError::Failed(error) => absent(error),
                died => died,
            }),
        }
    }

    pub(super) fn into_turn(self) -> Option<Turn> {
        self.turn.take()
    }

    pub(super) async fn get(&self, attributes: &Attributes) -> Result<Option<Vec<u8>>, CallError> {
        let session = self.open_session().await?;
        let found = self.search(attributes).await?;
        let Some(item) = found.open.first() else {
            return self.nothing_found(&found).await.map(|()| None);
        };
        let answer = self.call(item, "Item", "GetSecret", &session).await?;
        let body = answer.body();
        let ((_session, _parameters, value, _type),): ((ObjectPath<'_>, Vec<u8>, Vec<u8>, &str),) =
            body.deserialize()?;
        Ok(Some(value))
    }

    pub(super) async fn set(&self, attributes: &Attributes, value: &[u8]) -> Result<(), CallError> {
        let session = self.open_session().await?;
        let collection = self.default_collection().await?.ok_or_else(no_default)?;
        if self.is_locked(&collection).await? {
            return Err(Trouble::Locked.into());
        }
        // Not part of a search, but lets libsecret's tools name the kind of the item.
        let schema = ("xdg:schema", "org.freedesktop.Secret.Generic");
        let stored: HashMap<&str, &str> =
            attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([schema]).collect();
        let label = format!("kcaws: {}", attributes.get("username").map_or("", String::as_str));
        let properties: HashMap<&str, Variant<'_>> = HashMap::from([
            ("org.freedesktop.Secret.Item.Label", label.into()),
            ("org.freedesktop.Secret.Item.Attributes", stored.into()),
        ]);
        let no_parameters: &[u8] = &[];
        let secret = (&session, no_parameters, value, "text/plain");
        let answer = self.call(&collection, "Collection", "CreateItem", &(properties, secret, true)).await?;
        let body = answer.body();
        let (item, prompt): (OwnedObjectPath, OwnedObjectPath) = body.deserialize()?;
        no_prompt(&prompt)?;
        // Another collection may hold an older one, from when it was the default: a search would find both.
        for other in self.search(attributes).await?.open {
            if other != item {
                self.delete_item(&other).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn delete(&self, attributes: &Attributes) -> Result<bool, CallError> {
        let found = self.search(attributes).await?;
        for item in &found.open {
            self.delete_item(item).await?;
        }
        if found.open.is_empty() || !found.locked.is_empty() {
            return self.nothing_found(&found).await.map(|()| false);
        }
        Ok(true)
    }

    pub(super) async fn unlock(&self, patience: Duration) -> Result<(), CallError> {
        let collection = self.default_collection().await?.ok_or_else(no_default)?;
        if !self.is_locked(&collection).await? {
            return Ok(());
        }
        let answer = self.call(ROOT, "Service", "Unlock", &vec![&collection]).await?;
        let body = answer.body();
        let (_unlocked, prompt): (Vec<OwnedObjectPath>, OwnedObjectPath) = body.deserialize()?;
        if prompt.as_str() != NOTHING {
            // A person thinks for longer than other processes may wait.
            drop(self.turn.take());
            super::prompt::run(&self.bus, &prompt, patience).await?;
        }
        if self.is_locked(&collection).await? { Err(Trouble::Refused.into()) } else { Ok(()) }
    }

    /// Diffie-Hellman would take 6 ms of the 11 that a read then costs, and hides nothing from this user's
    /// other programs: they can ask for the secret themselves.
    async fn open_session(&self) -> Result<OwnedObjectPath, CallError> {
        let answer = self.call(ROOT, "Service", "OpenSession", &("plain", Variant::from(""))).await?;
        let body = answer.body();
        let (_, session): (OwnedVariant, OwnedObjectPath) = body.deserialize()?;
        Ok(session)
    }

    async fn search(&self, attributes: &Attributes) -> Result<Found, CallError> {
        let answer = self.call(ROOT, "Service", "SearchItems", attributes).await?;
        let (open, locked) = answer.body().deserialize()?;
        Ok(Found { open, locked })
    }

    /// Some services show the items of a locked collection, some do not: while it is locked, nobody can say that
    /// there is nothing.
    async fn nothing_found(&self, found: &Found) -> Result<(), CallError> {
        let locked = !found.locked.is_empty()
            || match self.default_collection().await? {
                Some(collection) => self.is_locked(&collection).await?,
                None => false,
            };
        if locked { Err(Trouble::Locked.into()) } else { Ok(()) }
    }

    async fn default_collection(&self) -> Result<Option<OwnedObjectPath>, CallError> {
        let answer = self.call(ROOT, "Service", "ReadAlias", &"default").await?;
        let path: OwnedObjectPath = answer.body().deserialize()?;
        Ok((path.as_str() != NOTHING).then_some(path))
    }

    async fn is_locked(&self, collection: &OwnedObjectPath) -> Result<bool, CallError> {
        let property = ("org.freedesktop.Secret.Collection", "Locked");
        let interface = Some("org.freedesktop.DBus.Properties");
        let answer = self.bus.call_method(Some(NAME), collection, interface, "Get", &property).await?;
        let value: OwnedVariant = answer.body().deserialize()?;
        Ok(bool::try_from(&*value)?)
    }

    async fn delete_item(&self, item: &OwnedObjectPath) -> Result<(), CallError> {
        let answer = self.call(item, "Item", "Delete", &()).await?;
        let prompt: OwnedObjectPath = answer.body().deserialize()?;
        no_prompt(&prompt)
    }

    /// Whose it is: D-Bus specification, "Message Bus Messages".
    pub(super) async fn process(&self) -> Result<u32, CallError> {
        let bus = "org.freedesktop.DBus";
        let path = "/org/freedesktop/DBus";
        let answer =
            self.bus.call_method(Some(bus), path, Some(bus), "GetConnectionUnixProcessID", &NAME).await?;
        Ok(answer.body().deserialize()?)
    }

    async fn call<'p, P, B>(&self, path: P, interface: &str, method: &str, body: &B) -> zbus::Result<Message>
    where
        P: TryInto<ObjectPath<'p>>,
        P::Error: Into<zbus::Error>,
        B: Serialize + DynamicType,
    {
        let interface = format!("org.freedesktop.Secret.{interface}");
        self.bus.call_method(Some(NAME), path, Some(interface.as_str()), method, body).await
    }
}

struct Found {
    open: Vec<OwnedObjectPath>,
    locked: Vec<OwnedObjectPath>,
}

fn no_default() -> CallError {
    Trouble::Absent("the Secret Service has no default keyring to keep the login in".into()).into()
}

/// A service that wants to ask somebody is a locked one to us. The prompt is never shown, and goes when we leave.
fn no_prompt(prompt: &OwnedObjectPath) -> Result<(), CallError> {
    if prompt.as_str() == NOTHING { Ok(()) } else { Err(Trouble::Locked.into()) }
}
