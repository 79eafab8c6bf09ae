//! The format of a passphrase-sealed file, and how its key is derived from the passphrase.
//!
//! ```text
//! 8   the word `kcawspp` and the version of this form
//! 16  salt
//! 12  argon2id: memory in KiB, passes, lanes, each 4 bytes, the least first
//! 41  a sealed box with nothing in it: opens under the right passphrase
//! …   the sealed box with the value
//! ```
//! The empty box distinguishes a wrong passphrase from a damaged value. It makes guessing no cheaper, since each guess
//! must go through argon2id first.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::Zeroizing;

use crate::platform::aead::{self, Key, SealError};
use crate::ports::keyring::ItemKey;
use crate::secret::Secret;

const MAGIC: &[u8; 7] = b"kcawspp";
const VERSION: u8 = 1;
const HEADER_LEN: usize = 36;
const CHECK_LEN: usize = 41;
/// OWASP's password storage cheat sheet: 19 MiB, two passes, one lane.
const COSTS: Costs = Costs { memory: 19 * 1024, passes: 2, lanes: 1 };
/// What a file may request. Less would be a weakened file, more one that is made to stall kcaws.
const MOST: Costs = Costs { memory: 128 * 1024, passes: 8, lanes: 4 };

#[derive(Clone, Copy)]
struct Costs {
    memory: u32,
    passes: u32,
    lanes: u32,
}

/// Version, salt and costs, as stored in the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Header([u8; HEADER_LEN]);

pub(super) struct Sealed {
    pub(super) header: Header,
    check: Vec<u8>,
    value: Vec<u8>,
}

impl Header {
    pub(super) fn new() -> Result<Self, SealError> {
        let mut bytes = [0; HEADER_LEN];
        bytes[..7].copy_from_slice(MAGIC);
        bytes[7] = VERSION;
        getrandom::fill(&mut bytes[8..24]).map_err(|_| SealError::NoRandom)?;
        bytes[24..28].copy_from_slice(&COSTS.memory.to_le_bytes());
        bytes[28..32].copy_from_slice(&COSTS.passes.to_le_bytes());
        bytes[32..].copy_from_slice(&COSTS.lanes.to_le_bytes());
        Ok(Self(bytes))
    }

    fn costs(&self) -> Costs {
        let number = |at: usize| u32::from_le_bytes(std::array::from_fn(|byte| self.0[at + byte]));
        Costs { memory: number(24), passes: number(28), lanes: number(32) }
    }

    /// Derives the key with 19 MiB of memory and some hundredths of a second. `Err` names what is missing.
    pub(super) fn key(&self, passphrase: &Secret<String>) -> Result<Key, argon2::Error> {
        let costs = self.costs();
        let params = Params::new(costs.memory, costs.passes, costs.lanes, Some(aead::KEY_LEN))?;
        // Our buffer rather than the crate's, so that it is zeroed: the key could be derived from it.
        let mut memory = Zeroizing::new(Vec::new());
        memory.try_reserve_exact(params.block_count()).map_err(|_| argon2::Error::OutOfMemory)?;
        memory.resize(params.block_count(), Block::default());
        let mut key = Key::default();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into_with_memory(
            passphrase.expose().as_bytes(),
            &self.0[8..24],
            key.as_mut_slice(),
            memory.as_mut_slice(),
        )?;
        Ok(key)
    }

    /// Returns the whole file.
    pub(super) fn seal(&self, key: &Key, item: &ItemKey, value: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut file = self.0.to_vec();
        file.extend_from_slice(&aead::seal(key, &self.bound_check(), &[])?);
        file.extend_from_slice(&aead::seal(key, &self.bound(item), value)?);
        Ok(file)
    }

    fn bound_check(&self) -> [&[u8]; 2] {
        [b"kcaws passphrase 1", &self.0]
    }

    fn bound<'a>(&'a self, item: &'a ItemKey) -> [&'a [u8]; 4] {
        [b"kcaws token record 1", &self.0, item.session.as_bytes(), item.start_url.as_bytes()]
    }
}

impl Sealed {
    /// Parses a file; `Err` names what is wrong with it.
    pub(super) fn read(file: &[u8]) -> Result<Self, String> {
        let cut = || "it is cut short".to_owned();
        let (header, rest) = file.split_first_chunk::<HEADER_LEN>().ok_or_else(cut)?;
        if &header[..7] != MAGIC {
            return Err("it is not a passphrase-sealed file".to_owned());
        }
        if header[7] != VERSION {
            return Err(SealError::FutureVersion(header[7]).to_string());
        }
        let header = Header(*header);
        let (costs, least, most) = (header.costs(), COSTS, MOST);
        let within = (least.memory..=most.memory).contains(&costs.memory)
            && (least.passes..=most.passes).contains(&costs.passes)
            && (least.lanes..=most.lanes).contains(&costs.lanes);
        if !within {
            return Err(
                "its key would need another amount of memory or work than kcaws ever asks for".to_owned()
            );
        }
        let (check, value) = rest.split_at_checked(CHECK_LEN).ok_or_else(cut)?;
        Ok(Self { header, check: check.to_vec(), value: value.to_vec() })
    }

    pub(super) fn is_opened_by(&self, key: &Key) -> bool {
        aead::open(key, &self.header.bound_check(), &self.check).is_ok()
    }

    pub(super) fn open(&self, key: &Key, item: &ItemKey) -> Result<Zeroizing<Vec<u8>>, SealError> {
        aead::open(key, &self.header.bound(item), &self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item() -> ItemKey {
        ItemKey { session: "corp".to_owned(), start_url: "https://sso.example.com/aws".to_owned() }
    }

    fn file() -> Vec<u8> {
        let header = Header::new().expect("random");
        header.seal(&Key::default(), &item(), b"value").expect("seals")
    }

    #[test]
    fn the_key_is_argon2id_of_passphrase_salt_and_costs() {
        let mut header = Header::new().expect("random");
        header.0[8..24].copy_from_slice(b"sixteen of salt!");
        let key = header.key(&Secret::from("correct horse")).expect("derives");
        // From the reference implementation: argon2 'sixteen of salt!' -id -t 2 -k 19456 -p 1 -l 32
        let reference = "3151a2858145bd170367795598cf538d38115006a1cf2f27f1bf6c5af579ac68";
        assert_eq!(aead::hex(key.as_slice()), reference);
    }

    #[test]
    fn a_hostile_file_cannot_ask_for_gigabytes_nor_for_nothing() {
        for (at, costs) in [(24, [0, 1024, u32::MAX]), (28, [0, 1, 1000]), (32, [0, 5, u32::MAX])] {
            for cost in costs {
                let mut hostile = file();
                hostile[at..at + 4].copy_from_slice(&cost.to_le_bytes());
                let what = Sealed::read(&hostile).err().expect("refused");
                assert!(what.contains("memory or work"), "{what}");
            }
        }
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_noticed() {
        let whole = file();
        let opens = |bytes: &[u8]| {
            let Ok(sealed) = Sealed::read(bytes) else { return false };
            sealed.is_opened_by(&Key::default()) && sealed.open(&Key::default(), &item()).is_ok()
        };
        assert!(opens(&whole));
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(!opens(&changed), "byte {at}");
            assert!(!opens(&whole[..at]), "cut at {at}");
        }
    }

    #[test]
    fn it_is_bound_to_session_and_start_url() {
        let sealed = Sealed::read(&file()).expect("reads");
        for other in [
            ItemKey { session: "corp2".to_owned(), ..item() },
            ItemKey { start_url: "https://other.example.com".to_owned(), ..item() },
        ] {
            assert!(sealed.is_opened_by(&Key::default()));
            assert!(sealed.open(&Key::default(), &other).is_err());
        }
    }
}
