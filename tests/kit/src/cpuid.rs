//! Which CPUID instructions a program executes. A virtual machine leaves to its host at each, which takes longer than
//! most system calls.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::install_program;

/// Returns the addresses of the CPUID instructions that `program`, a program for x86-64, executes when `works` runs it.
///
/// For each that is in the program, `works` is given a copy with an invalid instruction in its place, which kills the
/// process that reaches it. Needs `objdump`; no debugger, and no right to be one.
///
/// # Panics
/// When the program cannot be read or copied, or when it does not work as it is.
pub fn executed_cpuids(program: &Path, works: impl Fn(&Path) -> bool) -> Vec<u64> {
    let folder = tempfile::tempdir().unwrap();
    let (draft, copy) = (folder.path().join("draft"), folder.path().join("program"));
    let bytes = std::fs::read(program).unwrap();
    let works_with = |bytes: &[u8]| {
        std::fs::write(&draft, bytes).unwrap();
        install_program(&draft, &copy);
        works(&copy)
    };
    assert!(works_with(&bytes), "{} does not work alone", program.display());
    let dies_with = |address: &u64| {
        let at = offset_in_file(&bytes, *address);
        let mut changed = bytes.clone();
        assert_eq!(changed[at..at + 2], CPUID, "{address:x} in {}", program.display());
        changed[at..at + 2].copy_from_slice(&UD2);
        !works_with(&changed)
    };
    cpuids(program).into_iter().filter(dies_with).collect()
}

const CPUID: [u8; 2] = [0x0f, 0xa2];
const UD2: [u8; 2] = [0x0f, 0x0b];

/// By a disassembler: the two bytes are found within other instructions too.
#[expect(clippy::disallowed_methods, reason = "a tool of the machine, not of a test")]
fn cpuids(program: &Path) -> Vec<u64> {
    let objdump = crate::find_program("objdump").unwrap_or_else(|| PathBuf::from("objdump"));
    let output = Command::new(objdump).args(["--disassemble", "--no-show-raw-insn"]).arg(program).output();
    let output = output.unwrap_or_else(|error| panic!("objdump (Debian: binutils): {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    // `    7398:	cpuid`
    let address = |line: &str| {
        let (address, instruction) = line.split_once(":\t")?;
        (instruction.trim() == "cpuid").then(|| u64::from_str_radix(address.trim(), 16).unwrap())
    };
    text.lines().filter_map(address).collect()
}

/// By the program headers of a 64-bit ELF file, little-endian.
fn offset_in_file(elf: &[u8], address: u64) -> usize {
    const LOAD: u64 = 1;
    let number = |at: usize, len: usize| {
        elf[at..at + len].iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte))
    };
    let place = |number: u64| usize::try_from(number).unwrap();
    let (table, size, count) = (place(number(32, 8)), place(number(54, 2)), place(number(56, 2)));
    let headers = (0..count).map(|header| table + header * size);
    let mut parts = headers.filter(|at| number(*at, 4) == LOAD).map(|at| {
        let (offset, start, len) = (number(at + 8, 8), number(at + 16, 8), number(at + 32, 8));
        (offset, start..start + len)
    });
    let (offset, addresses) =
        parts.find(|(_, addresses)| addresses.contains(&address)).expect("a loaded part");
    place(offset + address - addresses.start)
}
