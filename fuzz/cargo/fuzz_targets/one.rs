//! One binary for every target: `BILDBRO_FUZZ_TARGET` names it.
#![no_main]

use bildbro_fuzz::{Target, target};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("BILDBRO_FUZZ_TARGET").unwrap_or_default();
    target(&name).unwrap_or_else(|| panic!("BILDBRO_FUZZ_TARGET names no target: `{name}`"))
});

fuzz_target!(|data: &[u8]| (TARGET.run)(data));
