//! Stores a value that is larger than one slot of the platform: Windows' Credential Manager keeps 2,560 bytes.
//!
//! A torn write must never be read as a token, so the order of steps matters. The journal names what is about to be
//! written and removed; the pieces are written under names that are not read yet; the head, one slot written in one
//! step, switches from the old value to the new; the old pieces are removed; the journal is removed. Whenever the
//! writer is killed, readers see the old value or the new one, and the next writer finds the leftovers by the journal.
//! Two writers at once are kept apart by the session's lock. Without it the worst case is a reported damage: the head
//! contains the SHA-256 of the whole.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::names::hex;
use super::{KeyringError, StoreKind};

/// One item's slots on a platform. Each operation is done completely, or not at all.
pub trait Slots {
    fn get(&self, part: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeyringError>;
    fn put(&self, part: &str, bytes: &[u8]) -> Result<(), KeyringError>;
    fn remove(&self, part: &str) -> Result<bool, KeyringError>;
    fn kind(&self) -> StoreKind;
}

/// The slot that selects the current value.
const HEAD: &str = "";
const JOURNAL: &str = "journal";
/// The version, and whether the value itself follows or a description of its pieces.
const INLINE: &[u8] = b"1I";
const CHUNKED: &[u8] = b"1C";

enum Head {
    Inline(Zeroizing<Vec<u8>>),
    Chunked(Pieces),
    Future,
    Damaged,
}

/// The pieces of one value: `<generation>.0`, `<generation>.1`, …
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pieces {
    generation: String,
    count: usize,
    /// Of the whole value, in hexadecimal. Empty in a journal.
    digest: String,
}

impl Pieces {
    fn part(&self, index: usize) -> String {
        format!("{}.{index}", self.generation)
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let mut words = str::from_utf8(text).ok()?.split(' ');
        let generation = words.next().filter(|word| word.len() == 16)?.to_owned();
        // A million pieces are a damage, not a reason for a million reads.
        let count = words.next()?.parse().ok().filter(|count| *count <= 1024)?;
        let digest = words.next().unwrap_or_default().to_owned();
        words.next().is_none().then_some(Self { generation, count, digest })
    }

    fn remove(&self, slots: &impl Slots) -> Result<(), KeyringError> {
        for index in 0..self.count {
            slots.remove(&self.part(index))?;
        }
        Ok(())
    }
}

pub fn read(slots: &impl Slots) -> Result<Option<Zeroizing<Vec<u8>>>, KeyringError> {
    let Some(mut head) = slots.get(HEAD)? else { return Ok(None) };
    loop {
        let pieces = match parse_head(&head) {
            Head::Inline(value) => return Ok(Some(value)),
            Head::Chunked(pieces) => pieces,
            Head::Future => return Err(damaged(slots, "written by a newer kcaws")),
            Head::Damaged => return Err(damaged(slots, "its head is not one of ours")),
        };
        if let Some(value) = assemble(slots, &pieces)? {
            return Ok(Some(value));
        }
        // A writer may have replaced the pieces between our reads; then the head has changed.
        match slots.get(HEAD)? {
            None => return Ok(None),
            Some(now) if now == head => return Err(damaged(slots, "its pieces do not fit together")),
            Some(now) => head = now,
        }
    }
}

pub fn write(slots: &impl Slots, limit: usize, value: &[u8]) -> Result<(), KeyringError> {
    let old = match slots.get(HEAD)?.as_deref().map(|head| parse_head(head)) {
        Some(Head::Chunked(pieces)) => Some(pieces),
        Some(Head::Future) => return Err(damaged(slots, "written by a newer kcaws")),
        // A new value replaces a damaged one. The pieces of a head that was damaged from outside cannot be found.
        Some(Head::Inline(_) | Head::Damaged) | None => None,
    };
    clear_leftovers(slots, old.as_ref())?;
    let mut head = Zeroizing::new(INLINE.to_vec());
    if head.len() + value.len() <= limit {
        note(slots, old.as_slice())?;
        head.extend_from_slice(value);
    } else {
        let chunks = value.chunks(limit);
        let new = Pieces {
            generation: generation(slots)?,
            count: chunks.len(),
            digest: hex(&Sha256::digest(value)),
        };
        note(slots, &old.iter().chain([&new]).cloned().collect::<Vec<_>>())?;
        for (index, chunk) in chunks.enumerate() {
            slots.put(&new.part(index), chunk)?;
        }
        *head = CHUNKED.to_vec();
        head.extend_from_slice(format!("{} {} {}", new.generation, new.count, new.digest).as_bytes());
    }
    slots.put(HEAD, &head)?;
    if let Some(old) = old {
        old.remove(slots)?;
    }
    slots.remove(JOURNAL).map(|_| ())
}

/// Removes the value and any leftovers; `false` if there was no value.
pub fn remove(slots: &impl Slots) -> Result<bool, KeyringError> {
    let head = slots.get(HEAD)?;
    let mut going = journal(slots)?;
    if let Some(Head::Chunked(pieces)) = head.as_deref().map(|head| parse_head(head)) {
        going.push(pieces);
    }
    note(slots, &going)?;
    let removed = slots.remove(HEAD)?;
    for pieces in &going {
        pieces.remove(slots)?;
    }
    slots.remove(JOURNAL)?;
    Ok(removed)
}

fn assemble(slots: &impl Slots, pieces: &Pieces) -> Result<Option<Zeroizing<Vec<u8>>>, KeyringError> {
    let mut whole = Zeroizing::new(Vec::new());
    for index in 0..pieces.count {
        let Some(piece) = slots.get(&pieces.part(index))? else { return Ok(None) };
        // Growing would leave unwiped copies behind.
        if whole.capacity() == 0 {
            whole.reserve_exact(piece.len() * pieces.count);
        }
        whole.extend_from_slice(&piece);
    }
    Ok((hex(&Sha256::digest(&*whole)) == pieces.digest).then_some(whole))
}

/// Removes what a killed writer left: everything in the journal except the pieces that the head names.
fn clear_leftovers(slots: &impl Slots, current: Option<&Pieces>) -> Result<(), KeyringError> {
    for pieces in journal(slots)? {
        if current.is_none_or(|current| current.generation != pieces.generation) {
            pieces.remove(slots)?;
        }
    }
    Ok(())
}

fn journal(slots: &impl Slots) -> Result<Vec<Pieces>, KeyringError> {
    let text = slots.get(JOURNAL)?.unwrap_or_default();
    Ok(text.split(|byte| *byte == b'\n').filter_map(Pieces::parse).collect())
}

fn note(slots: &impl Slots, pieces: &[Pieces]) -> Result<(), KeyringError> {
    if pieces.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> =
        pieces.iter().map(|each| format!("{} {}", each.generation, each.count)).collect();
    slots.put(JOURNAL, lines.join("\n").as_bytes())
}

fn parse_head(head: &[u8]) -> Head {
    if let Some(value) = head.strip_prefix(INLINE) {
        Head::Inline(Zeroizing::new(value.to_vec()))
    } else if let Some(text) = head.strip_prefix(CHUNKED) {
        Pieces::parse(text).map_or(Head::Damaged, Head::Chunked)
    } else if head.first().is_some_and(|version| (b'2'..=b'9').contains(version)) {
        Head::Future
    } else {
        Head::Damaged
    }
}

fn damaged(slots: &impl Slots, what: &str) -> KeyringError {
    KeyringError::Damaged { store: slots.kind(), what: what.to_owned() }
}

fn generation(slots: &impl Slots) -> Result<String, KeyringError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|_| KeyringError::Failed {
        store: slots.kind(),
        source: "the system provided no random numbers".into(),
    })?;
    Ok(hex(&bytes))
}

#[cfg(test)]
mod tests;
