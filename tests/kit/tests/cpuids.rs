//! CPUID instructions that are executed, and those that only are in a program.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "test code")]

use std::process::Command;

use kcaws_test_kit::{executed_cpuids, require_program};

/// Executes the first of two CPUIDs, and has the bytes of a third within another instruction.
const PROGRAM: &str = "
.globl _start
_start:
    xor %eax, %eax
    cpuid
    mov $0xa20f, %edi
    jmp end
    cpuid
end:
    mov $60, %eax
    xor %edi, %edi
    syscall
";

#[test]
fn an_instruction_counts_that_is_executed() {
    let gcc = require_program!("gcc");
    require_program!("objdump");
    let folder = tempfile::tempdir().unwrap();
    let (source, program) = (folder.path().join("program.s"), folder.path().join("program"));
    std::fs::write(&source, PROGRAM).unwrap();
    let built = Command::new(gcc).args(["-nostdlib", "-static", "-o"]).arg(&program).arg(&source).status();
    assert!(built.unwrap().success());
    let works = |program: &std::path::Path| Command::new(program).status().unwrap().success();
    assert_eq!(executed_cpuids(&program, works).len(), 1);
}
