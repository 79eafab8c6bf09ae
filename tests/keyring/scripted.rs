//! A Secret Service that does what a test tells it: prompts that no one answers cannot be had from a real one.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use futures_core::Stream;
use kcaws::platform::runtime::Runtime;
use tokio::sync::oneshot;
use zbus::message::Type;
use zbus::names::BusName;
use zbus::{Connection, Message, MessageStream, ObjectPath, OwnedObjectPath, OwnedVariant, Variant};

const PROMPT_INTERFACE: &str = "org.freedesktop.Secret.Prompt";
const COLLECTION: &str = "/org/freedesktop/secrets/collection/vault";
const ITEM: &str = "/org/freedesktop/secrets/collection/vault/1";

/// What becomes of a prompt when it is triggered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Person {
    /// It completes, by itself or because a person agrees.
    Agrees,
    Refuses,
    IsNotThere,
    /// The service ends.
    Dies,
}

/// What a service is like.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Script {
    pub(crate) names: &'static [&'static str],
    pub(crate) has_default: bool,
    pub(crate) is_locked: bool,
    /// Each client has to be allowed each item.
    pub(crate) confirms_access: bool,
    pub(crate) has_item: bool,
    /// Methods that answer with a prompt; the others do at once what they are asked for.
    pub(crate) prompts: &'static [&'static str],
    pub(crate) person: Person,
    /// What KWallet's own interface says of the wallet.
    pub(crate) is_wallet_open: bool,
}

impl Default for Script {
    /// One like gnome-keyring: open, and without prompts.
    fn default() -> Self {
        Self {
            names: &["org.freedesktop.secrets"],
            has_default: true,
            is_locked: false,
            confirms_access: false,
            has_item: false,
            prompts: &[],
            person: Person::Agrees,
            is_wallet_open: false,
        }
    }
}

/// Ends with its thread when dropped.
pub(crate) struct Scripted {
    said: Arc<Mutex<Vec<String>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Scripted {
    /// One whose keyring is locked and opens by a prompt.
    pub(crate) fn locked(address: &str, person: Person) -> Self {
        Self::start(address, Script { is_locked: true, prompts: &["Unlock"], person, ..Script::default() })
    }

    pub(crate) fn start(address: &str, script: Script) -> Self {
        let said: Arc<Mutex<Vec<String>>> = Arc::default();
        let (stop, stopped) = oneshot::channel();
        let (up, is_up) = std::sync::mpsc::channel();
        let (log, address) = (Arc::clone(&said), address.to_owned());
        let thread = std::thread::spawn(move || {
            let runtime = Runtime::new().expect("a runtime");
            runtime.block_on(async {
                let bus =
                    zbus::connection::Builder::address(address.as_str()).build().await.expect("connects");
                let requests = MessageStream::from(&bus);
                for name in script.names {
                    bus.request_name(*name).await.expect("the name");
                }
                up.send(()).expect("awaited");
                let mut service = Service { bus: &bus, script, item: None, said: &log };
                if script.has_item {
                    service.item = Some(b"kept".to_vec());
                }
                tokio::select! {
                    () = service.serve(requests) => {}
                    _ = stopped => {}
                }
            });
        });
        is_up.recv().expect("it starts");
        Self { said, stop: Some(stop), thread: Some(thread) }
    }

    /// The requests so far, with the alias that was asked for.
    pub(crate) fn said(&self) -> Vec<String> {
        self.said.lock().expect("whole").clone()
    }

    pub(crate) fn has_said(&self, request: &str) -> bool {
        self.said().iter().any(|said| said == request)
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        if let (Some(stop), Some(thread)) = (self.stop.take(), self.thread.take()) {
            let _ = stop.send(()); // it may have ended already
            let _ = thread.join();
        }
    }
}

struct Service<'a> {
    bus: &'a Connection,
    script: Script,
    item: Option<Vec<u8>>,
    said: &'a Mutex<Vec<String>>,
}

impl Service<'_> {
    async fn serve(&mut self, mut requests: MessageStream) {
        // What a prompt will do when it is completed.
        let mut pending: HashMap<String, Vec<u8>> = HashMap::new();
        loop {
            let next = poll_fn(|context| Pin::new(&mut requests).poll_next(context)).await;
            let Some(Ok(request)) = next else { return };
            if request.message_type() != Type::MethodCall {
                continue;
            }
            let member = request.header().member().expect("a method").to_string();
            let alias = if member == "ReadAlias" { text(&request) } else { String::new() };
            self.said.lock().expect("whole").push(format!("{member} {alias}").trim().to_owned());
            if member == "Prompt" {
                let path = request.header().path().expect("a path").to_string();
                if self.script.person == Person::Dies {
                    return;
                }
                self.reply(&request, &()).await;
                let action = path.rsplit('/').next().expect("a name").to_owned();
                self.triggered(&path, &action, pending.remove(&path).unwrap_or_default()).await;
                continue;
            }
            self.answer(&request, &member, &alias, &mut pending).await;
        }
    }

    async fn triggered(&mut self, path: &str, action: &str, value: Vec<u8>) {
        let dismissed = match self.script.person {
            Person::IsNotThere | Person::Dies => return,
            Person::Refuses => true,
            Person::Agrees => {
                self.act(action, value);
                false
            }
        };
        let result = Variant::from(object(if action == "CreateItem" { ITEM } else { "/" }));
        let nobody = None::<BusName<'_>>;
        let body = (dismissed, result);
        self.bus.emit_signal(nobody, path, PROMPT_INTERFACE, "Completed", &body).await.expect("sent");
    }

    fn act(&mut self, action: &str, value: Vec<u8>) {
        match action {
            "Unlock" => (self.script.is_locked, self.script.confirms_access) = (false, false),
            "CreateCollection" => self.script.has_default = true,
            "CreateItem" => self.item = Some(value),
            "Delete" => self.item = None,
            other => panic!("{other} has no prompt"),
        }
    }

    /// Does it, or says by which prompt it will be done.
    fn do_or_prompt(
        &mut self,
        action: &str,
        value: Vec<u8>,
        pending: &mut HashMap<String, Vec<u8>>,
    ) -> OwnedObjectPath {
        if self.script.prompts.contains(&action) {
            let path = format!("/prompt/{action}");
            pending.insert(path.clone(), value);
            return object(&path).into();
        }
        self.act(action, value);
        object("/").into()
    }

    async fn answer(
        &mut self,
        request: &Message,
        member: &str,
        alias: &str,
        pending: &mut HashMap<String, Vec<u8>>,
    ) {
        let nothing: Vec<ObjectPath<'_>> = Vec::new();
        match member {
            "ReadAlias" => {
                let is_there = alias == "default" && self.script.has_default;
                self.reply(request, &object(if is_there { COLLECTION } else { "/" })).await;
            }
            "OpenSession" => self.reply(request, &(Variant::from(""), object("/session"))).await,
            "SearchItems" => {
                let found = self.item.iter().map(|_| object(ITEM)).collect::<Vec<_>>();
                let is_locked = self.script.is_locked || self.script.confirms_access;
                let answer = if is_locked { (&nothing, &found) } else { (&found, &nothing) };
                self.reply(request, &answer).await;
            }
            "Get" => match property(request).as_str() {
                "Locked" => self.reply(request, &OwnedVariant::from(self.script.is_locked)).await,
                "Label" => self.reply(request, &Variant::from("vault")).await,
                "Collections" => {
                    let all = if self.script.has_default { vec![object(COLLECTION)] } else { Vec::new() };
                    self.reply(request, &Variant::from(all)).await;
                }
                other => panic!("{other} is no property"),
            },
            "isOpen" => self.reply(request, &self.script.is_wallet_open).await,
            "GetSecret" => {
                let value = self.item.clone().expect("it was found");
                let secret = (object("/session"), Vec::<u8>::new(), value, "text/plain");
                self.reply(request, &(secret,)).await;
            }
            "SetSecret" => {
                self.item = Some(new_value_of(request));
                self.reply(request, &()).await;
            }
            "Unlock" => {
                let prompt = self.do_or_prompt("Unlock", Vec::new(), pending);
                self.reply(request, &(&nothing, prompt)).await;
            }
            "CreateCollection" => {
                let prompt = self.do_or_prompt("CreateCollection", Vec::new(), pending);
                self.reply(request, &(object("/"), prompt)).await;
            }
            "CreateItem" => {
                let prompt = self.do_or_prompt("CreateItem", value_of(request), pending);
                let item = if prompt.as_str() == "/" { ITEM } else { "/" };
                self.reply(request, &(object(item), prompt)).await;
            }
            "Delete" => {
                let prompt = self.do_or_prompt("Delete", Vec::new(), pending);
                self.reply(request, &prompt).await;
            }
            _ => self.reply(request, &()).await,
        }
    }

    async fn reply(&self, request: &Message, body: &(impl serde::Serialize + zbus::DynamicType)) {
        self.bus.reply(&request.header(), body).await.expect("answered");
    }
}

fn object(path: &str) -> ObjectPath<'static> {
    ObjectPath::try_from(path.to_owned()).expect("a path")
}

fn text(request: &Message) -> String {
    request.body().deserialize().expect("a name")
}

fn property(request: &Message) -> String {
    let (_interface, name): (String, String) = request.body().deserialize().expect("two names");
    name
}

type Secret<'a> = (ObjectPath<'a>, Vec<u8>, Vec<u8>, &'a str);

fn new_value_of(request: &Message) -> Vec<u8> {
    let body = request.body();
    let (secret,): (Secret<'_>,) = body.deserialize().expect("a secret");
    secret.2
}

fn value_of(request: &Message) -> Vec<u8> {
    let body = request.body();
    let (_properties, secret, replace): (HashMap<&str, Variant<'_>>, Secret<'_>, bool) =
        body.deserialize().expect("an item");
    assert!(replace, "one item for one key");
    secret.2
}
