//! Statements of several sessions in any order: nothing panics or hangs, forks and replays agree, what is rolled
//! back leaves no trace, constraints hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidewire_fuzz::laws;
use tidewire_fuzz::script::Script;

fuzz_target!(|bytes: &[u8]| {
    let script = Script::from_bytes(bytes);
    laws::replay_and_fork_agree(&script);
    laws::rollback_restores(&script);
});
