//! A sealed box: XChaCha20-Poly1305 under a key that is stored somewhere safer than the file.
//!
//! Layout: one version byte, 24 bytes of nonce, ciphertext with tag. The nonce is random: 192 bits need no counter that
//! two processes would have to share.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

pub const KEY_LEN: usize = 32;
const VERSION: u8 = 1;
const NONCE_LEN: usize = 24;

pub type Key = Zeroizing<[u8; KEY_LEN]>;

/// No variant reveals anything about the contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("written by a newer kcaws (format {0})")]
    FutureVersion(u8),
    #[error("it cannot be decrypted with its key")]
    DoesNotOpen,
    #[error("the system provided no random numbers")]
    NoRandom,
}

/// Returns 32 random bytes from the system.
pub fn new_key() -> Result<Key, SealError> {
    let mut key = Key::default();
    getrandom::fill(key.as_mut_slice()).map_err(|_| SealError::NoRandom)?;
    Ok(key)
}

/// Seals `plain`.
///
/// `bound` is not stored: opening the box requires the same fields, so a file that was copied over another one's name
/// does not open there.
pub fn seal(key: &[u8; KEY_LEN], bound: &[&[u8]], plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut nonce = [0; NONCE_LEN];
    getrandom::fill(&mut nonce).map_err(|_| SealError::NoRandom)?;
    let payload = Payload { msg: plaintext, aad: &associated(bound) };
    let ciphertext = XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| SealError::DoesNotOpen)?;
    let mut sealed = Vec::with_capacity(1 + NONCE_LEN + ciphertext.len());
    sealed.push(VERSION);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&ciphertext);
    Ok(sealed)
}

pub fn open(key: &[u8; KEY_LEN], bound: &[&[u8]], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (&version, rest) = sealed.split_first().ok_or(SealError::DoesNotOpen)?;
    if version != VERSION {
        return Err(SealError::FutureVersion(version));
    }
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LEN>().ok_or(SealError::DoesNotOpen)?;
    XChaCha20Poly1305::new(key.into())
        .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: &associated(bound) })
        .map(Zeroizing::new)
        .map_err(|_| SealError::DoesNotOpen)
}

/// Joins the fields, each after its length: `("ab", "c")` and `("a", "bc")` are different boxes.
pub fn length_prefixed(fields: &[&[u8]]) -> Vec<u8> {
    behind(&[], fields)
}

/// Returns the prefix of a field in [`length_prefixed`].
pub fn length_of(field: &[u8]) -> [u8; 8] {
    (field.len() as u64).to_le_bytes()
}

fn behind(start: &[u8], fields: &[&[u8]]) -> Vec<u8> {
    let len = start.len() + fields.iter().map(|field| 8 + field.len()).sum::<usize>();
    let mut bytes = Vec::with_capacity(len);
    bytes.extend_from_slice(start);
    for field in fields {
        bytes.extend_from_slice(&length_of(field));
        bytes.extend_from_slice(field);
    }
    bytes
}

/// Formats bytes without the formatting machinery: this runs on every warm call.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = vec![0; bytes.len() * 2];
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    String::from_utf8(text).expect("digits are ASCII")
}

/// Returns the bound data with the version, so that an old box cannot be relabeled as one of another format.
fn associated(bound: &[&[u8]]) -> Vec<u8> {
    behind(&[VERSION], bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; KEY_LEN] = [7; KEY_LEN];

    #[test]
    fn opens_with_the_same_fields_only() {
        let sealed = seal(&KEY, &[b"ab", b"c"], b"value").expect("seals");
        assert_eq!(open(&KEY, &[b"ab", b"c"], &sealed).expect("opens").as_slice(), b"value");
        assert_eq!(open(&KEY, &[b"a", b"bc"], &sealed), Err(SealError::DoesNotOpen));
        assert_eq!(open(&[8; KEY_LEN], &[b"ab", b"c"], &sealed), Err(SealError::DoesNotOpen));
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_noticed() {
        let sealed = seal(&KEY, &[b"x"], b"value").expect("seals");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(open(&KEY, &[b"x"], &changed).is_err(), "byte {at}");
            assert!(open(&KEY, &[b"x"], &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_future_format_is_named_not_guessed() {
        let mut sealed = seal(&KEY, &[], b"value").expect("seals");
        sealed[0] = 2;
        assert_eq!(open(&KEY, &[], &sealed), Err(SealError::FutureVersion(2)));
    }

    #[test]
    fn no_two_boxes_are_alike() {
        assert_ne!(seal(&KEY, &[], b"value"), seal(&KEY, &[], b"value"));
    }
}
