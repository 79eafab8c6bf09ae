//! A Secret Service that does what a test tells it: prompts that nobody answers cannot be had from a real one.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use futures_core::Stream;
use kcaws::ports::runtime::Runtime;
use tokio::sync::oneshot;
use zbus::message::Type;
use zbus::{Connection, Message, MessageStream, ObjectPath, OwnedVariant, Variant};

const PROMPT: &str = "/prompt";
const PROMPT_INTERFACE: &str = "org.freedesktop.Secret.Prompt";

/// What becomes of the prompt.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Person {
    Agrees,
    Refuses,
    IsNotThere,
}

/// Ends with its thread when dropped.
pub(crate) struct Scripted {
    said: Arc<Mutex<Vec<String>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Scripted {
    pub(crate) fn start(address: &str, person: Person) -> Self {
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
                bus.request_name("org.freedesktop.secrets").await.expect("the name");
                up.send(()).expect("awaited");
                tokio::select! {
                    () = serve(&bus, requests, person, &log) => {}
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
}

impl Drop for Scripted {
    fn drop(&mut self) {
        if let (Some(stop), Some(thread)) = (self.stop.take(), self.thread.take()) {
            let _ = stop.send(()); // it may have ended already
            let _ = thread.join();
        }
    }
}

async fn serve(bus: &Connection, mut requests: MessageStream, person: Person, said: &Mutex<Vec<String>>) {
    let mut locked = true;
    loop {
        let next = poll_fn(|context| Pin::new(&mut requests).poll_next(context)).await;
        let Some(Ok(request)) = next else { return };
        if request.message_type() != Type::MethodCall {
            continue;
        }
        let member = request.header().member().expect("a method").to_string();
        let alias = if member == "ReadAlias" { text(&request) } else { String::new() };
        said.lock().expect("whole").push(format!("{member} {alias}").trim().to_owned());
        answer(bus, &request, &member, &alias, locked).await;
        if member == "Prompt" && person != Person::IsNotThere {
            locked = person == Person::Refuses;
            let completed = (locked, Variant::from(""));
            let nobody = None::<zbus::names::BusName<'_>>;
            bus.emit_signal(nobody, PROMPT, PROMPT_INTERFACE, "Completed", &completed).await.expect("sent");
        }
    }
}

async fn answer(bus: &Connection, request: &Message, member: &str, alias: &str, locked: bool) {
    let header = request.header();
    let path = |path: &'static str| ObjectPath::try_from(path).expect("a path");
    let nothing: Vec<ObjectPath<'_>> = Vec::new();
    match member {
        "ReadAlias" => {
            let collection = if alias == "default" { "/collection" } else { "/" };
            bus.reply(&header, &path(collection)).await
        }
        "OpenSession" => bus.reply(&header, &(Variant::from(""), path("/session"))).await,
        "SearchItems" => bus.reply(&header, &(&nothing, &nothing)).await,
        "Get" => bus.reply(&header, &OwnedVariant::from(locked)).await,
        "Unlock" => bus.reply(&header, &(&nothing, path(PROMPT))).await,
        _ => bus.reply(&header, &()).await,
    }
    .expect("answered");
}

fn text(request: &Message) -> String {
    request.body().deserialize().expect("a name")
}
