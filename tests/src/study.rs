//! Small studies as files, and files without what is around the data set.

use bildbro_dicom::{
    part10,
    phantom::{Instance, catalogue},
};
use bildbro_testkit::Folder;
use std::path::PathBuf;

/// `count` slices of a small CT study of its own: each seed gives another.
///
/// # Panics
/// Never: the catalogue has a CT.
pub fn slices(seed: u64, count: u16) -> Vec<Instance> {
    let plans = catalogue();
    let plan = plans
        .into_iter()
        .find(|plan| plan.key == "ct-thorax")
        .expect("the catalogue has a CT");
    let study = plan.with_slices(count).reduced(16).study(seed);
    study.instances().collect()
}

/// Writes the instances as files; gives their paths, in order.
///
/// # Panics
/// When the disk refuses.
pub fn files(folder: &Folder, instances: &[Instance]) -> Vec<PathBuf> {
    let write = |i: &Instance| folder.write(&format!("{}.dcm", i.sop_uid), i.file());
    instances.iter().map(write).collect()
}

/// Transfer syntax and data set of a Part 10 file: all that is not the file's
/// own (preamble and file meta information).
///
/// # Panics
/// When it is no such file.
pub fn data_set(file: &[u8]) -> (String, &[u8]) {
    let (meta, start) = part10::read_meta(file).expect("a Part 10 file");
    (meta.syntax.to_string(), &file[start..])
}
