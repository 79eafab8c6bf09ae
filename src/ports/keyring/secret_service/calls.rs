//! The single calls of the Secret Service specification 0.2.
//!
//! <https://specifications.freedesktop.org/secret-service/latest/>

use std::collections::HashMap;

use serde::Serialize;
use zbus::{Connection, DynamicType, Message, ObjectPath, OwnedObjectPath, OwnedVariant, Variant, fdo};
use zeroize::Zeroizing;

use super::call_error::CallError;
use crate::ports::keyring::ItemKey;

/// The names that offer the service. KDE's ksecretd may only be startable by its own name.
const NAMES: [&str; 2] = ["org.freedesktop.secrets", "org.kde.secretservicecompat"];
const ROOT: &str = "/org/freedesktop/secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const ITEM: &str = "org.freedesktop.Secret.Item";
/// "No object" in this protocol: no prompt needed, no such alias.
const NOTHING: &str = "/";

/// A connection to a service after the greeting.
pub(super) struct Calls {
    bus: Connection,
    service: &'static str,
}

/// The result of a search in all keyrings.
pub(super) struct Found {
    pub(super) open: Vec<OwnedObjectPath>,
    pub(super) locked: Vec<OwnedObjectPath>,
}

impl Calls {
    /// Starts a conversation with whichever service is there, by a harmless request.
    pub(super) async fn greet(bus: Connection) -> Result<Self, CallError> {
        let mut absent = None;
        for service in NAMES {
            let calls = Self { bus: bus.clone(), service };
            // gnome-keyring creates its record of a client in an idle callback, which a first request may overtake. A
            // request that needs no record, and whose response is awaited, gives it the time; OpenSession would crash
            // it.
            match calls.call(ROOT, SERVICE, "ReadAlias", &"kcaws-none").await {
                Ok(_) => return Ok(calls),
                Err(error) => match CallError::from(error) {
                    CallError::Died(zbus::Error::FDO(answer))
                        if !matches!(*answer, fdo::Error::NoReply(_)) =>
                    {
                        absent = absent.or(Some(zbus::Error::FDO(answer)));
                    }
                    CallError::Failed(error) | CallError::Changing(error) => absent = absent.or(Some(error)),
                    died => return Err(died),
                },
            }
        }
        Err(match absent {
            Some(error) => CallError::absent(error),
            None => CallError::absent("no service offers it"),
        })
    }

    pub(super) fn bus(&self) -> &Connection {
        &self.bus
    }

    pub(super) fn service(&self) -> &'static str {
        self.service
    }

    /// Opens a session without encryption.
    ///
    /// Diffie-Hellman would take 6 ms of the 11 that a read then costs, and hides nothing from this user's other
    /// programs, which can ask for the secret themselves.
    pub(super) async fn open_session(&self) -> Result<OwnedObjectPath, CallError> {
        let answer = self.call(ROOT, SERVICE, "OpenSession", &("plain", Variant::from(""))).await?;
        let (_, session): (OwnedVariant, OwnedObjectPath) = answer.body().deserialize()?;
        Ok(session)
    }

    pub(super) async fn search(&self, key: &ItemKey) -> Result<Found, CallError> {
        let answer = self.call(ROOT, SERVICE, "SearchItems", &attributes(key)).await?;
        let (open, locked) = answer.body().deserialize()?;
        Ok(Found { open, locked })
    }

    pub(super) async fn default_collection(&self) -> Result<Option<OwnedObjectPath>, CallError> {
        let answer = self.call(ROOT, SERVICE, "ReadAlias", &"default").await?;
        Ok(something(answer.body().deserialize()?))
    }

    pub(super) async fn collections(&self) -> Result<Vec<OwnedObjectPath>, CallError> {
        let value = self.property(ROOT, SERVICE, "Collections").await?;
        Ok(Vec::<OwnedObjectPath>::try_from(value)?)
    }

    pub(super) async fn is_locked(&self, collection: &ObjectPath<'_>) -> Result<bool, CallError> {
        let value = self.property(collection, COLLECTION, "Locked").await?;
        Ok(bool::try_from(&*value)?)
    }

    pub(super) async fn label(&self, collection: &ObjectPath<'_>) -> Result<String, CallError> {
        let value = self.property(collection, COLLECTION, "Label").await?;
        Ok(String::try_from(value)?)
    }

    /// Unlocks a keyring or an item; returns the prompt that has to be completed first, if there is one.
    pub(super) async fn unlock(&self, what: &ObjectPath<'_>) -> Result<Option<OwnedObjectPath>, CallError> {
        let answer = self.call(ROOT, SERVICE, "Unlock", &vec![what]).await?;
        let body = answer.body();
        let (_unlocked, prompt): (Vec<OwnedObjectPath>, OwnedObjectPath) = body.deserialize()?;
        Ok(something(prompt))
    }

    /// Creates the default keyring; returns the prompt, if there is one.
    pub(super) async fn create_default(&self) -> Result<Option<OwnedObjectPath>, CallError> {
        let label: Variant<'_> = "Default keyring".into();
        let properties = HashMap::from([("org.freedesktop.Secret.Collection.Label", label)]);
        let answer = self.call(ROOT, SERVICE, "CreateCollection", &(properties, "default")).await?;
        let (_made, prompt): (OwnedObjectPath, OwnedObjectPath) = answer.body().deserialize()?;
        Ok(something(prompt))
    }

    /// Creates or replaces an item; returns the prompt, if there is one.
    pub(super) async fn create_item(
        &self,
        collection: &ObjectPath<'_>,
        session: &ObjectPath<'_>,
        key: &ItemKey,
        value: &[u8],
    ) -> Result<Option<OwnedObjectPath>, CallError> {
        // Not part of a search, but lets libsecret's tools show the kind of the item.
        let schema = ("xdg:schema", "org.freedesktop.Secret.Generic");
        let stored: HashMap<&str, &str> = attributes(key).into_iter().chain([schema]).collect();
        let properties: HashMap<&str, Variant<'_>> = HashMap::from([
            ("org.freedesktop.Secret.Item.Label", item_label(key).into()),
            ("org.freedesktop.Secret.Item.Attributes", stored.into()),
        ]);
        let secret = secret(session, value);
        let answer = self.call(collection, COLLECTION, "CreateItem", &(properties, secret, true)).await?;
        let (_made, prompt): (OwnedObjectPath, OwnedObjectPath) = answer.body().deserialize()?;
        Ok(something(prompt))
    }

    pub(super) async fn secret(
        &self,
        item: &ObjectPath<'_>,
        session: &ObjectPath<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, CallError> {
        let answer = self.call(item, ITEM, "GetSecret", session).await?;
        let body = answer.body();
        let ((_session, _parameters, value, _type),): ((ObjectPath<'_>, Vec<u8>, Vec<u8>, &str),) =
            body.deserialize()?;
        Ok(Zeroizing::new(value))
    }

    pub(super) async fn set_secret(
        &self,
        item: &ObjectPath<'_>,
        session: &ObjectPath<'_>,
        value: &[u8],
    ) -> Result<(), CallError> {
        self.call(item, ITEM, "SetSecret", &(secret(session, value),)).await?;
        Ok(())
    }

    /// Removes an item; returns the prompt, if there is one.
    pub(super) async fn delete(&self, item: &ObjectPath<'_>) -> Result<Option<OwnedObjectPath>, CallError> {
        let answer = self.call(item, ITEM, "Delete", &()).await?;
        Ok(something(answer.body().deserialize()?))
    }

    /// Returns the process of the service.
    pub(super) async fn process(&self) -> Result<u32, CallError> {
        let answer = self.driver("GetConnectionUnixProcessID", self.service).await?;
        Ok(answer.body().deserialize()?)
    }

    pub(super) async fn has_owner(&self, name: &str) -> Result<bool, CallError> {
        Ok(self.driver("NameHasOwner", name).await?.body().deserialize()?)
    }

    /// Returns whether the service has this name on the bus too.
    pub(super) async fn is_also(&self, name: &str) -> bool {
        let owner = async |name| -> Result<String, CallError> {
            Ok(self.driver("GetNameOwner", name).await?.body().deserialize()?)
        };
        match owner(name).await {
            Ok(other) => owner(self.service).await.is_ok_and(|own| own == other),
            Err(_) => false,
        }
    }

    /// Calls the bus itself: D-Bus specification, "Message Bus Messages".
    async fn driver(&self, method: &str, name: &str) -> Result<Message, CallError> {
        let bus = "org.freedesktop.DBus";
        Ok(self.bus.call_method(Some(bus), "/org/freedesktop/DBus", Some(bus), method, &name).await?)
    }

    async fn property<'p, P>(&self, path: P, interface: &str, name: &str) -> Result<OwnedVariant, CallError>
    where
        P: TryInto<ObjectPath<'p>>,
        P::Error: Into<zbus::Error>,
    {
        let answer = self.call(path, "org.freedesktop.DBus.Properties", "Get", &(interface, name)).await?;
        Ok(answer.body().deserialize()?)
    }

    pub(super) async fn call<'p, P, B>(
        &self,
        path: P,
        interface: &str,
        method: &str,
        body: &B,
    ) -> zbus::Result<Message>
    where
        P: TryInto<ObjectPath<'p>>,
        P::Error: Into<zbus::Error>,
        B: Serialize + DynamicType,
    {
        self.bus.call_method(Some(self.service), path, Some(interface), method, body).await
    }
}

pub(super) fn item_label(key: &ItemKey) -> String {
    format!("kcaws: {}", key.session)
}

/// Returns the attributes that an item is found by.
fn attributes(key: &ItemKey) -> HashMap<&str, &str> {
    HashMap::from([("service", "kcaws"), ("username", &key.session), ("start_url", &key.start_url)])
}

/// Returns the specification's `Secret`: session, parameters, value, content type.
fn secret<'a>(
    session: &'a ObjectPath<'a>,
    value: &'a [u8],
) -> (&'a ObjectPath<'a>, &'static [u8], &'a [u8], &'static str) {
    (session, &[], value, "text/plain")
}

fn something(path: OwnedObjectPath) -> Option<OwnedObjectPath> {
    (path.as_str() != NOTHING).then_some(path)
}
