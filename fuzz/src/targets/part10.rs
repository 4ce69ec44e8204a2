//! File meta information (PS3.10 7.1): an answer, once given, is that of every
//! longer prefix; what is read and written again reads the same.

use crate::seeds;
use bildbro_dicom::part10::{self, MetaError};
use bildbro_domain::{ClassUid, InstanceUid, SyntaxUid};

pub fn run(data: &[u8]) {
    let whole = part10::read_meta(data);
    if let Ok((meta, start)) = &whole {
        assert!(*start <= data.len(), "the data set begins in the file");
        let written = part10::meta_header(meta);
        let next = [&written[..], &[8, 0, 5, 0]].concat();
        assert_eq!(part10::read_meta(&next), Ok((meta.clone(), written.len())));
    }
    // Every prefix of a short one, some of a long one.
    let step = 1 + data.len() / 256;
    for end in (0..data.len()).step_by(step) {
        match part10::read_meta(&data[..end]) {
            Err(MetaError::NeedMore) => {
                assert!(end <= part10::MAX_META + 12, "a bound on what is asked for");
            }
            answer => assert_eq!(answer, whole, "an answer is final"),
        }
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let meta = part10::Meta {
        class: ClassUid::new("1.2.840.10008.5.1.4.1.1.7").expect("a UID"),
        sop_uid: InstanceUid::new("1.2.3").expect("a UID"),
        syntax: SyntaxUid::new("1.2.840.10008.1.2.1").expect("a UID"),
    };
    let mut file = part10::meta_header(&meta);
    file.extend(seeds::image("1.2.840.10008.1.2.1"));
    let mut out = vec![file];
    out.extend(seeds::files());
    out
}
