//! What every image says of its patient, study, series and equipment (PS3.3
//! C.7), and the fields that several kinds of image share.

use super::{
    Instance, Study,
    dataset::{DataSet, SYNTAX, tags},
};
use bildbro_domain::{ClassUid, InstanceUid, SeriesUid, SyntaxUid};

/// A series of a study.
pub(super) struct Series {
    /// From 1.
    pub(super) number: u16,
    pub(super) description: &'static str,
    pub(super) body_part: &'static str,
    pub(super) class: &'static str,
}

/// An instance whose data set is being written.
pub(super) struct Draft {
    instance: Instance,
    pub(super) data: DataSet,
}

impl Draft {
    /// The instance, given its finished bytes. The data set is taken out by
    /// then, so it comes as an argument.
    pub(super) fn finish(self, write: impl FnOnce(DataSet) -> Vec<u8>) -> Instance {
        let mut instance = self.instance;
        instance.data_set = write(self.data);
        instance
    }
}

/// Numbers told apart in derived UIDs.
const SERIES: u64 = 2;
const INSTANCE: u64 = 3;
const FRAME_OF_REFERENCE: u64 = 4;

/// Begins image `number` (from 1) of a series: patient, study, series,
/// equipment and SOP common modules.
pub(super) fn begin(study: &Study, series: &Series, number: usize) -> Draft {
    let plan = study.plan();
    let series_uid = study.derive_uid(&[SERIES, series.number.into()]);
    let sop_uid = study.derive_uid(&[INSTANCE, series.number.into(), number as u64]);
    let study_uid = study.uid();
    let mut data = DataSet::new(plan.character_set);
    data.text(tags::SPECIFIC_CHARACTER_SET, plan.character_set)
        .text(tags::SOP_CLASS_UID, series.class)
        .text(tags::SOP_INSTANCE_UID, &sop_uid)
        .text(tags::INSTANCE_CREATION_DATE, plan.date)
        .text(tags::INSTANCE_CREATION_TIME, plan.time);
    patient(&mut data, study);
    for tag in [
        tags::STUDY_DATE,
        tags::SERIES_DATE,
        tags::ACQUISITION_DATE,
        tags::CONTENT_DATE,
    ] {
        data.text(tag, plan.date);
    }
    for tag in [
        tags::STUDY_TIME,
        tags::SERIES_TIME,
        tags::ACQUISITION_TIME,
        tags::CONTENT_TIME,
    ] {
        data.text(tag, plan.time);
    }
    data.text(tags::STUDY_INSTANCE_UID, study_uid.as_str())
        .text(tags::STUDY_ID, &study.accession())
        .text(tags::ACCESSION_NUMBER, &study.accession())
        .text(tags::REFERRING_PHYSICIAN_NAME, "")
        .text(tags::STUDY_DESCRIPTION, plan.description)
        .text(tags::SERIES_INSTANCE_UID, &series_uid)
        .integer(tags::SERIES_NUMBER, series.number.into())
        .text(tags::SERIES_DESCRIPTION, series.description)
        .text(tags::PROTOCOL_NAME, series.description)
        .text(tags::MODALITY, plan.modality())
        .text(tags::BODY_PART_EXAMINED, series.body_part)
        .integer(tags::INSTANCE_NUMBER, number)
        .integer(tags::ACQUISITION_NUMBER, 1)
        .text(tags::MANUFACTURER, "Bildbro")
        .text(tags::MANUFACTURER_MODEL_NAME, "Phantom")
        .text(tags::DEVICE_SERIAL_NUMBER, "1")
        .text(tags::SOFTWARE_VERSIONS, env!("CARGO_PKG_VERSION"))
        .text(tags::INSTITUTION_NAME, "Provsjukhuset")
        .text(tags::STATION_NAME, plan.modality());
    Draft {
        instance: Instance {
            study_uid,
            series_uid: SeriesUid::new(&series_uid).expect("a derived UID is a UID"),
            sop_uid: InstanceUid::new(&sop_uid).expect("a derived UID is a UID"),
            class_uid: ClassUid::new(series.class).expect("SOP classes of the standard are UIDs"),
            syntax: SyntaxUid::new(SYNTAX).expect("the standard's syntax is a UID"),
            data_set: Vec::new(),
        },
        data,
    }
}

fn patient(data: &mut DataSet, study: &Study) {
    let plan = study.plan();
    let patient = &plan.patient;
    let mut issuer = DataSet::new(plan.character_set);
    // The OID of Swedish personal identity numbers.
    issuer
        .text(tags::UNIVERSAL_ENTITY_ID, "1.2.752.129.2.1.3.1")
        .text(tags::UNIVERSAL_ENTITY_ID_TYPE, "ISO");
    data.text(tags::PATIENT_NAME, patient.name)
        .text(tags::PATIENT_ID, patient.id)
        .sequence(tags::ISSUER_OF_PATIENT_ID_QUALIFIERS_SEQUENCE, vec![issuer])
        .text(tags::PATIENT_BIRTH_DATE, patient.birth_date)
        .text(tags::PATIENT_SEX, patient.sex)
        .text(tags::PATIENT_AGE, &age(patient.birth_date, plan.date));
}

/// Whole years between two dates `YYYYMMDD`, as an AS value.
fn age(born: &str, on: &str) -> String {
    let number = |date: &str| date.parse::<u32>().unwrap_or(0);
    // The years of the difference of two such numbers are full years.
    format!("{:03}Y", number(on).saturating_sub(number(born)) / 10_000)
}

/// Grey pixels of 16 bits allocated.
pub(super) struct Grey {
    pub(super) rows: u16,
    pub(super) columns: u16,
    pub(super) bits: u16,
    pub(super) signed: bool,
    pub(super) photometric: &'static str,
}

/// Image pixel module (PS3.3 C.7.6.3) but the pixels.
pub(super) fn grey(data: &mut DataSet, grey: &Grey) {
    data.short(tags::SAMPLES_PER_PIXEL, 1)
        .text(tags::PHOTOMETRIC_INTERPRETATION, grey.photometric)
        .short(tags::ROWS, grey.rows)
        .short(tags::COLUMNS, grey.columns)
        .short(tags::BITS_ALLOCATED, 16)
        .short(tags::BITS_STORED, grey.bits)
        .short(tags::HIGH_BIT, grey.bits - 1)
        .short(tags::PIXEL_REPRESENTATION, grey.signed.into())
        .text(tags::BURNED_IN_ANNOTATION, "NO")
        .text(tags::LOSSY_IMAGE_COMPRESSION, "00");
}

/// Image plane and frame of reference (PS3.3 C.7.6.2, C.7.4.1) of an axial
/// slice centred on the table's axis.
///
/// `spacing` between pixels, `thickness` of the slice and its `location` along
/// the body, towards the head, in millimetres.
pub(super) fn axial(
    data: &mut DataSet,
    study: &Study,
    size: u16,
    (spacing, thickness, location): (f32, f32, f32),
) {
    let corner = -(f32::from(size) - 1.0) / 2.0 * spacing;
    data.text(
        tags::FRAME_OF_REFERENCE_UID,
        &study.derive_uid(&[FRAME_OF_REFERENCE]),
    )
    .text(tags::POSITION_REFERENCE_INDICATOR, "")
    .text(tags::PATIENT_POSITION, "HFS")
    .decimals(tags::PIXEL_SPACING, &[spacing, spacing])
    .decimals(tags::SLICE_THICKNESS, &[thickness])
    .decimals(tags::SLICE_LOCATION, &[location])
    .decimals(tags::IMAGE_POSITION_PATIENT, &[corner, corner, location])
    .decimals(
        tags::IMAGE_ORIENTATION_PATIENT,
        &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
    );
}

/// What digital X-ray images share (PS3.3 C.8.11.1, C.8.11.3, C.8.11.4):
/// ready for presentation, logarithmic, 12 bits.
pub(super) fn x_ray(data: &mut DataSet, spacing: f32, inverse: bool) {
    data.text(tags::IMAGE_TYPE, "ORIGINAL\\PRIMARY\\")
        .text(tags::PRESENTATION_INTENT_TYPE, "FOR PRESENTATION")
        .text(tags::PIXEL_INTENSITY_RELATIONSHIP, "LOG")
        // More X-rays are a lower value when bone is high, and the other way
        // about when it is low.
        .signed_short(
            tags::PIXEL_INTENSITY_RELATIONSHIP_SIGN,
            if inverse { 1 } else { -1 },
        )
        .decimals(tags::RESCALE_INTERCEPT, &[0.0])
        .decimals(tags::RESCALE_SLOPE, &[1.0])
        .text(tags::RESCALE_TYPE, "US")
        .text(
            tags::PRESENTATION_LUT_SHAPE,
            if inverse { "INVERSE" } else { "IDENTITY" },
        )
        .decimals(tags::IMAGER_PIXEL_SPACING, &[spacing, spacing])
        .text(tags::DETECTOR_TYPE, "DIRECT")
        .text(tags::DETECTOR_CONFIGURATION, "AREA")
        .sequence(tags::ACQUISITION_CONTEXT_SEQUENCE, Vec::new());
}
