//! The body of a response, read piece by piece.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::{self, BufReader, Read};
use std::marker::PhantomData;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt;
use kcaws::platform::running_time::within;
use serde::Deserializer as _;
use serde::de::{DeserializeOwned, SeqAccess, Visitor};

use super::{RestClient, RestError};

/// Blocks for each piece of a body until the time or the size allowed is used up.
///
/// Interior mutability, because the parser owns the reader while each element resets its limit.
pub(super) struct BodyReader<'c> {
    client: &'c RestClient,
    body: RefCell<SdkBody>,
    piece: RefCell<Piece>,
    left: Cell<Duration>,
    largest: usize,
    largest_element: usize,
    read: Cell<usize>,
    /// Bytes since the last complete element.
    in_element: Cell<usize>,
    /// Why reading failed: the parser only reports that it did.
    failure: RefCell<Option<RestError>>,
}

/// Bytes that have arrived, and how many of them were passed on.
#[derive(Default)]
struct Piece {
    bytes: Vec<u8>,
    at: usize,
}

impl<'c> BodyReader<'c> {
    pub(super) fn new(
        client: &'c RestClient,
        response: HttpResponse,
        left: Duration,
        largest: usize,
        largest_element: usize,
    ) -> Self {
        Self {
            client,
            body: RefCell::new(response.into_body()),
            piece: RefCell::default(),
            left: Cell::new(left),
            largest,
            largest_element,
            read: Cell::new(0),
            in_element: Cell::new(0),
            failure: RefCell::default(),
        }
    }

    /// Returns the whole body.
    pub(super) fn read_all(self) -> Result<Vec<u8>, RestError> {
        let mut all = Vec::new();
        while let Some(bytes) = self.next_piece()? {
            all.extend_from_slice(&bytes);
        }
        Ok(all)
    }

    /// Returns what can be read of the body.
    pub(super) fn read_beginning(self) -> Vec<u8> {
        let mut beginning = Vec::new();
        while let Ok(Some(bytes)) = self.next_piece() {
            beginning.extend_from_slice(&bytes);
        }
        beginning
    }

    /// Passes on the elements of a list; returns how many there were.
    pub(super) fn read_elements<T: DeserializeOwned>(
        self,
        each: &mut dyn FnMut(T),
    ) -> Result<usize, RestError> {
        let mut parser = serde_json::Deserializer::from_reader(BufReader::new(&self));
        let visitor = Elements { each, element_done: &|| self.in_element.set(0), element: PhantomData };
        let count = parser.deserialize_seq(visitor).and_then(|count| parser.end().map(|()| count));
        count.map_err(|error| {
            self.failure.take().unwrap_or_else(|| RestError::NotJson { why: error.to_string() })
        })
    }

    fn next_piece(&self) -> Result<Option<Vec<u8>>, RestError> {
        let mut body = self.body.borrow_mut();
        loop {
            let waited = self.client.runtime.block_on(within(self.left.get(), body.frame()));
            self.left.set(self.left.get().saturating_sub(waited.ran));
            let frame = match waited.value {
                Some(Some(Ok(frame))) => frame,
                Some(Some(Err(error))) => return Err(self.client.unreached(&*error).into()),
                Some(None) => return Ok(None),
                None => return Err(self.client.broken_off().into()),
            };
            if let Ok(bytes) = frame.into_data() {
                self.count(bytes.len())?;
                return Ok(Some(bytes.into()));
            }
        }
    }

    fn count(&self, bytes: usize) -> Result<(), RestError> {
        self.read.set(self.read.get().saturating_add(bytes));
        if self.read.get() > self.largest {
            return Err(RestError::TooLarge { limit: self.largest });
        }
        Ok(())
    }

    fn count_in_element(&self, bytes: usize) -> Result<(), RestError> {
        self.in_element.set(self.in_element.get().saturating_add(bytes));
        if self.in_element.get() > self.largest_element {
            return Err(RestError::TooLarge { limit: self.largest_element });
        }
        Ok(())
    }

    fn fill(&self, buffer: &mut [u8]) -> Result<usize, RestError> {
        let mut piece = self.piece.borrow_mut();
        while piece.at == piece.bytes.len() {
            match self.next_piece()? {
                Some(bytes) => *piece = Piece { bytes, at: 0 },
                None => return Ok(0),
            }
        }
        let count = buffer.len().min(piece.bytes.len() - piece.at);
        buffer[..count].copy_from_slice(&piece.bytes[piece.at..piece.at + count]);
        piece.at += count;
        self.count_in_element(count)?;
        Ok(count)
    }
}

impl Read for &BodyReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.fill(buffer).map_err(|error| {
            let message = error.to_string();
            self.failure.replace(Some(error));
            io::Error::other(message)
        })
    }
}

struct Elements<'a, T> {
    each: &'a mut dyn FnMut(T),
    element_done: &'a dyn Fn(),
    element: PhantomData<T>,
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Elements<'_, T> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<usize, A::Error> {
        let mut count = 0;
        while let Some(element) = elements.next_element()? {
            (self.each)(element);
            (self.element_done)();
            count += 1;
        }
        Ok(count)
    }
}
