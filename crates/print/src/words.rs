//! The extract's own words, in each language.

use crate::Language;

pub struct Words {
    /// RFC 3066, for screen readers.
    pub code: &'static str,
    pub title: &'static str,
    pub care_provider: &'static str,
    pub patient: &'static str,
    pub period: &'static str,
    pub to: &'static str,
    pub drawn_up: &'static str,
    pub by_whom: &'static str,
    pub number: &'static str,
    pub about: &'static str,
    pub nothing: &'static str,
    pub page: &'static str,
    pub of: &'static str,
    pub at: &'static str,
    pub care_unit: &'static str,
    pub activity: &'static str,
    pub reason: &'static str,
    pub by: &'static str,
}

const SWEDISH: Words = Words {
    code: "sv-SE",
    title: "Utdrag ur åtkomstloggen",
    care_provider: "Vårdgivare",
    patient: "Patient",
    period: "Period",
    to: "till",
    drawn_up: "Upprättat",
    by_whom: "av",
    number: "Antal rader",
    about: "Utdraget visar vilken åtkomst det har varit till uppgifter om dig, enligt \
            8 kap. 5 § patientdatalagen (2008:355). Om du tror att någon har tagit del av dina \
            uppgifter utan att ha rätt till det kan du vända dig till vårdgivaren.",
    nothing: "Ingen har haft åtkomst till uppgifterna under perioden.",
    page: "Sida",
    of: "av",
    at: "När",
    care_unit: "Vårdenhet",
    activity: "Vad som gjordes",
    reason: "Varför",
    by: "Av vem",
};

const ENGLISH: Words = Words {
    code: "en-GB",
    title: "Extract of the access log",
    care_provider: "Care provider",
    patient: "Patient",
    period: "Period",
    to: "to",
    drawn_up: "Drawn up",
    by_whom: "by",
    number: "Number of rows",
    about: "The extract shows what access there has been to data about you, as chapter 8 \
            section 5 of the Swedish Patient Data Act (2008:355) lays down. If you believe that \
            someone has read your data without a right to, turn to the care provider.",
    nothing: "Nobody has had access to the data in this period.",
    page: "Page",
    of: "of",
    at: "When",
    care_unit: "Care unit",
    activity: "What was done",
    reason: "Why",
    by: "By whom",
};

pub const fn of(language: Language) -> &'static Words {
    match language {
        Language::Swedish => &SWEDISH,
        Language::English => &ENGLISH,
    }
}
