//! The test image: a small picture without any text in it, of nobody, which
//! shows that the way to a PACS works. Secondary Capture (PS3.3 A.8), since an
//! archive that takes no other kind takes that.

use super::{
    Instance,
    dataset::{DataSet, SYNTAX, tags},
};
use crate::uid::new_uid;
use bildbro_domain::{ClassUid, InstanceUid, SeriesUid, StudyUid, SyntaxUid};

/// Rows and columns.
const SIZE: u16 = 64;

const SECONDARY_CAPTURE: &str = "1.2.840.10008.5.1.4.1.1.7";

/// Whom the test image is of.
pub const TEST_PATIENT_ID: &str = "BILDBRO-TEST";
const TEST_PATIENT_NAME: &str = "Test^Bildbro";

/// Makes the test image, with study, series and image of their own. `random` is
/// 128 bits for each; `date` and `time` are as DICOM writes them.
#[must_use]
pub fn test_image(random: [u128; 3], date: &str, time: &str) -> Instance {
    let [study_uid, series_uid, sop_uid] = random.map(new_uid);
    let mut data = DataSet::new("ISO_IR 100");
    data.text(tags::SPECIFIC_CHARACTER_SET, "ISO_IR 100")
        .text(tags::IMAGE_TYPE, "DERIVED\\SECONDARY")
        .text(tags::SOP_CLASS_UID, SECONDARY_CAPTURE)
        .text(tags::SOP_INSTANCE_UID, &sop_uid)
        .text(tags::ACCESSION_NUMBER, "")
        .text(tags::MODALITY, "OT")
        .text(tags::CONVERSION_TYPE, "SYN")
        .text(tags::REFERRING_PHYSICIAN_NAME, "")
        .text(tags::STUDY_DESCRIPTION, "Bildbro test")
        .text(tags::SERIES_DESCRIPTION, "Bildbro test")
        .text(tags::MANUFACTURER, "Bildbro")
        .text(tags::PATIENT_NAME, TEST_PATIENT_NAME)
        .text(tags::PATIENT_ID, TEST_PATIENT_ID)
        .text(tags::PATIENT_BIRTH_DATE, "")
        .text(tags::PATIENT_SEX, "")
        .text(tags::STUDY_INSTANCE_UID, &study_uid)
        .text(tags::SERIES_INSTANCE_UID, &series_uid)
        .text(tags::STUDY_ID, "")
        .integer(tags::SERIES_NUMBER, 1)
        .integer(tags::INSTANCE_NUMBER, 1)
        .text(tags::PATIENT_ORIENTATION, "")
        .text(tags::LATERALITY, "")
        .short(tags::SAMPLES_PER_PIXEL, 1)
        .text(tags::PHOTOMETRIC_INTERPRETATION, "MONOCHROME2")
        .short(tags::ROWS, SIZE)
        .short(tags::COLUMNS, SIZE)
        .short(tags::BITS_ALLOCATED, 8)
        .short(tags::BITS_STORED, 8)
        .short(tags::HIGH_BIT, 7)
        .short(tags::PIXEL_REPRESENTATION, 0)
        .text(tags::BURNED_IN_ANNOTATION, "NO");
    for tag in [tags::STUDY_DATE, tags::SERIES_DATE, tags::CONTENT_DATE] {
        data.text(tag, date);
    }
    for tag in [tags::STUDY_TIME, tags::SERIES_TIME, tags::CONTENT_TIME] {
        data.text(tag, time);
    }
    let pixels = usize::from(SIZE) * usize::from(SIZE);
    let mut data_set = data.with_pixel_header(*b"OB", pixels);
    data_set.extend((0..SIZE).flat_map(|y| (0..SIZE).map(move |x| grey(x, y))));
    Instance {
        study_uid: StudyUid::new(&study_uid).expect("2.25 and a decimal number is a UID"),
        series_uid: SeriesUid::new(&series_uid).expect("2.25 and a decimal number is a UID"),
        sop_uid: InstanceUid::new(&sop_uid).expect("2.25 and a decimal number is a UID"),
        class_uid: ClassUid::new(SECONDARY_CAPTURE).expect("a SOP class is a UID"),
        syntax: SyntaxUid::new(SYNTAX).expect("the standard's syntax is a UID"),
        data_set,
    }
}

/// A ramp, a board of squares in the middle, and a white frame: whoever looks
/// sees whether it is whole, and which way up.
fn grey(x: u16, y: u16) -> u8 {
    let edge = SIZE - 1;
    let is_middle = |n: u16| (SIZE / 4..SIZE * 3 / 4).contains(&n);
    let shade = if x == 0 || y == 0 || x == edge || y == edge {
        255
    } else if is_middle(x) && is_middle(y) {
        if (x / 8 + y / 8).is_multiple_of(2) {
            224
        } else {
            32
        }
    } else {
        x * 4
    };
    u8::try_from(shade).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Limits, Scanner};

    #[test]
    fn it_is_read_as_what_it_says_it_is() {
        let made = test_image([1, 2, 3], "20260302", "080000");
        let mut scanner = Scanner::new(made.syntax.as_str(), Limits::default());
        scanner.push(&made.data_set).unwrap();
        let header = scanner.finish().unwrap();
        assert_eq!(header.study_uid, made.study_uid);
        assert_eq!(header.series_uid, made.series_uid);
        assert_eq!(header.sop_uid, made.sop_uid);
        assert_eq!(header.patient_id.reveal(), TEST_PATIENT_ID);
        assert_eq!(header.patient_name.reveal(), TEST_PATIENT_NAME);
        assert_eq!(header.study_date, "20260302");
        assert!(made.data_set.len() < 8192);
        let other = test_image([4, 5, 6], "20260302", "080000");
        assert_ne!(other.study_uid, made.study_uid);
    }
}
