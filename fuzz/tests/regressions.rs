//! Every input that once broke something, and every seed, through its target:
//! what has been mended stays so.

use bildbro_fuzz::{
    drive::{self, Counting},
    mutate,
    random::Random,
    target, targets,
};
use std::{fs, path::Path};

#[global_allocator]
static COUNTING: Counting = peak_alloc::PeakAlloc;

// One test: the allocator counts for the whole process.
#[test]
fn inputs_that_broke_something_and_seeds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    let mut replayed = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let folder = entry.unwrap();
        let name = folder.file_name().into_string().unwrap();
        let target = target(&name).unwrap_or_else(|| panic!("there is no target {name}"));
        for file in fs::read_dir(folder.path()).unwrap() {
            let path = file.unwrap().path();
            let input = fs::read(&path).unwrap();
            let outcome = drive::once(target, COUNTING, &input);
            assert!(outcome.is_ok(), "{}: {outcome:?}", path.display());
            replayed += 1;
        }
    }
    assert!(replayed > 0, "the folder is found");
    for target in &targets::ALL {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "{} has seeds", target.name);
        for (place, seed) in seeds.iter().enumerate() {
            assert!(seed.len() <= target.longest, "{} {place}", target.name);
            let outcome = drive::once(target, COUNTING, seed);
            assert!(outcome.is_ok(), "{} seed {place}: {outcome:?}", target.name);
        }
        // What is made of them follows from the seed alone.
        let make = |n| mutate::make(&mut Random::new(n), &seeds, target.words, target.longest);
        assert_eq!(make(7), make(7));
    }
}
