//! Every word of the status page, in Swedish and English.
//!
//! One table, so that a text cannot exist in one language only: a phrase has
//! both or does not compile. `{name}` stands for what is put in.

use super::language::Language;
use bildbro_domain::share::{DeliveryState, Failure, Purpose, Quarantine};
use std::collections::BTreeMap;

/// A text in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phrase {
    pub sv: &'static str,
    pub en: &'static str,
}

impl Phrase {
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        match language {
            Language::Swedish => self.sv,
            Language::English => self.en,
        }
    }

    /// The text with `{name}` replaced. What is put in is not looked into
    /// again: a name that reads `{x}` stays as it is.
    #[must_use]
    pub fn fill(self, language: Language, values: &[(&str, &str)]) -> String {
        let mut out = String::new();
        let mut rest = self.text(language);
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((name, tail)) = after.split_once('}') else {
                out.push('{');
                rest = after;
                continue;
            };
            let value = values.iter().find(|(n, _)| *n == name);
            out.push_str(value.map_or("", |(_, value)| value));
            rest = tail;
        }
        out.push_str(rest);
        out
    }
}

macro_rules! phrases {
    ($($name:ident: $sv:literal, $en:literal;)*) => {
        $(pub const $name: Phrase = Phrase { sv: $sv, en: $en };)*

        /// By lower-case name, for the templates.
        const ALL: &[(&str, Phrase)] = &[$((stringify!($name), $name)),*];
    };
}

phrases! {
    PAGE_TITLE: "Läget", "Status";
    SKIP: "Till innehållet", "Skip to content";
    OTHER_LANGUAGE: "In English", "På svenska";
    LIVE: "Uppdateras direkt", "Live";
    LOST: "Ingen kontakt med hubben. Sidan visar läget som det var; den försöker ansluta igen.", "Not connected to the hub. The page shows how things were; it keeps trying to reconnect.";
    AS_OF: "Läget {time}", "As of {time}";

    CALM_EMPTY: "Redo att ta emot bilder", "Ready for images";
    CALM_DONE: "Allt är framme", "Everything has arrived";
    CALM_MOVING: "Allt går av sig självt", "Everything goes on by itself";
    ACT_ONE: "En leverans behöver dig", "One delivery needs you";
    ACT_MANY: "{n} leveranser behöver dig", "{n} deliveries need you";
    SET_ASIDE_ONE: "En bild är lagd åt sidan", "One image is set aside";
    SET_ASIDE_MANY: "{n} bilder är lagda åt sidan", "{n} images are set aside";
    SHOW: "Visa", "Show";

    FIGURES: "Antal", "In numbers";
    TOTAL_DELIVERED: "Framme", "Delivered";
    TOTAL_UNDER_WAY: "På väg", "Under way";
    TOTAL_WAITING: "Väntar", "Waiting";
    TOTAL_STOPPED: "Behöver dig", "Needs you";
    TOTAL_WITHDRAWN: "Återtagna", "Withdrawn";
    TOTAL_PENDING: "Bilder kvar att leverera", "Images left to deliver";
    TOTAL_HELD: "I hubben", "At the hub";
    HELD_LINE: "{studies}, {images}, {bytes}", "{studies}, {images}, {bytes}";
    STUDY_ONE: "1 undersökning", "1 study";
    STUDY_MANY: "{n} undersökningar", "{n} studies";
    IMAGE_ONE: "1 bild", "1 image";
    IMAGE_MANY: "{n} bilder", "{n} images";

    DELIVERIES: "Leveranser", "Deliveries";
    DELIVERIES_SHOWN: "De senaste {shown} av {all}", "The latest {shown} of {all}";
    TO: "till", "to";
    SENT_AT: "skickad {time}", "sent {time}";
    STAGES: "Leveransens väg", "The delivery’s way";
    DETAILS: "Detaljer", "Details";
    DELIVERY_ID: "Leverans", "Delivery";
    SHARE_ID: "Delning", "Share";
    SIZE: "Storlek", "Size";
    LAST_CHANGE: "Senast ändrad", "Last change";
    PURPOSE: "Ändamål", "Purpose";
    ALREADY_THERE: "Fanns redan", "There already";
    NOT_DELIVERED: "Inte levererade", "Not delivered";

    DELIVERIES_EMPTY: "Inget har skickats än.", "Nothing has been sent yet.";
    DELIVERIES_EMPTY_HOW: "Skicka en undersökning från PACS till mottagarens namn (AE-titel). Här syns sedan varje steg fram till mottagarens PACS.", "Send a study from the PACS to the recipient’s name (AE title). Each step to the recipient’s PACS then shows here.";
    DELIVERIES_EMPTY_NOBODY: "Ingen organisation är ansluten än. Lägg till den första med: bildbro admin organisation add", "No organisation has joined yet. Add the first with: bildbro admin organisation add";
    SEND_TO: "Skicka till", "Send to";
    REACHES: "når", "reaches";

    STAGE_RECEIVED: "Mottagen", "Received";
    STAGE_AT_HUB: "I hubben", "At the hub";
    STAGE_ALLOWED: "Tillåten", "Allowed";
    STAGE_UNDER_WAY: "På väg", "Under way";
    STAGE_IN_PACS: "I PACS", "In the PACS";
    MARK_DONE: "klart", "done";
    MARK_PARTLY: "pågår", "in progress";
    MARK_AHEAD: "återstår", "to come";
    MARK_STOPPED: "stoppat", "stopped";
    N_OF: "{n} av {of}", "{n} of {of}";

    COUNT: "{n} av {of} bilder i {whose} PACS", "{n} of {of} images in {whose} PACS";
    COUNT_ONE: "{n} av 1 bild i {whose} PACS", "{n} of 1 image in {whose} PACS";
    COUNT_SO_FAR: "{n} av {of} bilder hittills i {whose} PACS", "{n} of {of} images so far in {whose} PACS";

    STATE_WAITING: "Väntar", "Waiting";
    STATE_UNDER_WAY: "På väg", "Under way";
    STATE_RETRYING: "Försöker igen", "Retrying";
    STATE_DELIVERED: "Framme", "Delivered";
    STATE_STOPPED: "Behöver dig", "Needs you";
    STATE_WITHDRAWN: "Återtagen", "Withdrawn";

    SILENT: "{whose} gateway har varit tyst sedan {time}; Bildbro fortsätter av sig självt när den svarar.", "{whose} gateway has been silent since {time}; Bildbro goes on by itself when it answers.";
    WAITS_FOR_GATEWAY: "{whose} gateway hämtar bilderna nästa gång den frågar.", "{whose} gateway fetches the images the next time it asks.";
    WAITS_UNTIL: "Bildbro fortsätter av sig självt {when}.", "Bildbro goes on by itself {when}.";
    MOVES: "{whose} gateway hämtar bilderna och lagrar dem i PACS.", "{whose} gateway fetches the images and stores them in the PACS.";
    RETRIES: "Bildbro försöker igen av sig självt {when}.", "Bildbro tries again by itself {when}.";
    WITHIN_A_MINUTE: "inom en minut", "within a minute";
    AT_TIME: "klockan {time}", "at {time}";
    ON_DAY: "den {time}", "on {time}";
    ALL_IN_PLACE: "Allt på plats {time}.", "All in place {time}.";
    SOME_WERE_THERE: "{images} fanns där redan.", "{images} already there.";
    MORE_MAY_COME: "Fler bilder kan komma: {sender} har inte sagt att allt är skickat.", "More may come: {sender} has not said that everything is sent.";
    FEWER_CAME: "{whose} PACS räknar {expected}; {came} har kommit.", "{whose} PACS counts {expected}; {came} came.";
    STOPPED_KEEPS: "Bildbro har slutat försöka och behåller bilderna i hubben.", "Bildbro has stopped trying and keeps the images at the hub.";
    STOPPED_SOME: "{images} kunde inte levereras.", "{images} could not be delivered.";
    TRY_AGAIN: "När felet är avhjälpt: bildbro admin delivery retry {id}", "When it is mended: bildbro admin delivery retry {id}";
    WITHDRAWN_NOTHING: "Återtagen av {sender} eller utgången {time}. Inga bilder lämnades ut.", "Taken back by {sender}, or run out, {time}. No images were handed over.";
    WITHDRAWN_SOME: "Återtagen av {sender} eller utgången {time}. Inget mer lämnas ut; {images} hann fram och finns kvar hos mottagaren.", "Taken back by {sender}, or run out, {time}. Nothing more leaves; {images} had arrived and stay with the recipient.";
    YOU_CAN: "Det här kan du göra", "What you can do";

    HELD: "Att dela", "To share";
    HELD_WHY: "Undersökningar som skickats till den egna gatewayen och väntar på en mottagare.", "Studies sent to an organisation’s own gateway that wait for a recipient.";
    HELD_EMPTY: "Inget väntar på en mottagare.", "Nothing waits for a recipient.";
    HELD_EMPTY_HOW: "En undersökning som skickas till den egna gatewayens namn hamnar här, tills någon väljer mottagare.", "A study sent to the gateway’s own name is kept here until someone chooses a recipient.";
    ORGANISATION: "Organisation", "Organisation";
    STUDY: "Undersökning", "Study";
    IMAGES: "Bilder", "Images";
    LATEST: "Senaste bilden", "Latest image";
    ALL_CAME: "allt har kommit", "all has come";
    STILL_COMING: "fler kan komma", "more may come";

    QUARANTINED: "Lagt åt sidan", "Set aside";
    QUARANTINED_WHY: "Bilder som inte kan tas in utan att skriva över andra. Inget är förlorat: de ligger kvar i hubben tills en människa avgör.", "Images that cannot be taken in without overwriting others. Nothing is lost: they stay at the hub until a person decides.";
    REASON: "Varför", "Why";
    UID_CONFLICT: "Samma bild-id finns redan med annat innehåll. Jämför i avsändarens PACS vilken som är rätt, och skicka den med nytt id.", "The same image id is already held with other content. Compare in the sender’s PACS which is right, and send it under a new id.";
    OTHER_STUDY: "Bilden finns redan i en annan undersökning. Kontrollera i avsändarens PACS vilken undersökning den hör till.", "The image is already held in another study. Check in the sender’s PACS which study it belongs to.";

    GATEWAYS: "Gateways", "Gateways";
    GATEWAYS_EMPTY: "Ingen gateway är ansluten än.", "No gateway has joined yet.";
    GATEWAYS_EMPTY_HOW: "Gör en anslutningskod med: bildbro admin enrol-code, och ange den vid gatewayen med: bildbro gateway enrol", "Make an enrolment code with: bildbro admin enrol-code, and give it at the gateway with: bildbro gateway enrol";
    GATEWAY_ALIVE: "Ansluten", "Connected";
    GATEWAY_SILENT: "Tyst sedan {time}", "Silent since {time}";
    GATEWAY_NEVER: "Har inte hörts av än", "Not heard from yet";
    GATEWAY_QUEUE: "{images} ({bytes}) väntar på att skickas till hubben", "{images} ({bytes}) waiting to go to the hub";
    GATEWAY_QUEUE_EMPTY: "Inget väntar i kön", "Nothing waits in its queue";
    NODES: "PACS och andra noder", "PACS and other nodes";
    NODE_ANSWERS: "svarar", "answers";
    NODE_SILENT: "svarar inte", "does not answer";
    NODE_UNASKED: "inte frågad än", "not asked yet";
    DIRECT: "Direkt från PACS till PACS: {stored} lagrade, {waiting} väntar, {failed} misslyckade", "Straight from PACS to PACS: {stored} stored, {waiting} waiting, {failed} failed";
    VERSION: "version {version}", "version {version}";
    FOOTER: "Sidan visar inga personuppgifter. Den nås bara från hubbens egen dator.", "This page shows no personal data. It is reached from the hub’s own machine only.";

    PURPOSE_CARE: "vård", "care";
    PURPOSE_SECOND_OPINION: "ny medicinsk bedömning", "second opinion";
    PURPOSE_BEFORE_SURGERY: "inför operation", "before surgery";
    PURPOSE_CONFERENCE: "rond", "conference";
    PURPOSE_PATIENT_REQUEST: "patientens begäran", "the patient’s request";
    PURPOSE_INSURANCE: "försäkring", "insurance";
    PURPOSE_OTHER: "annat", "other";

    NODE_UNREACHABLE: "{whose} gateway når inte sitt PACS.", "{whose} gateway cannot reach its PACS.";
    NODE_UNREACHABLE_DO: "Be mottagaren kontrollera att PACS är i gång, och att adress, port och brandvägg stämmer.", "Ask the recipient to check that the PACS is running, and that address, port and firewall are right.";
    NODE_REFUSED: "{whose} PACS släpper inte in gatewayen.", "{whose} PACS does not let the gateway in.";
    NODE_REFUSED_DO: "Be mottagaren lägga in gatewayens AE-titel i PACS, jämföra den med gatewayens inställningar, och se om ett certifikat har gått ut.", "Ask the recipient to register the gateway’s AE title in the PACS, compare it with the gateway’s settings, and see whether a certificate has run out.";
    NODE_DROPPED: "{whose} PACS slutade svara mitt i.", "{whose} PACS stopped answering half-way.";
    NODE_DROPPED_DO: "Händer det om och om igen: be mottagaren se i PACS logg varför förbindelsen bryts.", "If it happens again and again, ask the recipient to look in the PACS’s log why the connection breaks.";
    NODE_FULL: "{whose} PACS har slut på utrymme.", "{whose} PACS has no room left.";
    NODE_FULL_DO: "Be mottagaren frigöra utrymme i PACS.", "Ask the recipient to free space in the PACS.";
    NOT_ACCEPTED: "{whose} PACS tar inte emot den här sortens bilder.", "{whose} PACS does not take this kind of image.";
    NOT_ACCEPTED_DO: "Be mottagaren tillåta bildtypen och dess komprimering i PACS.", "Ask the recipient to allow the image type and its compression in the PACS.";
    OBJECT_REFUSED: "{whose} PACS sade nej till enskilda bilder.", "{whose} PACS said no to single images.";
    OBJECT_REFUSED_DO: "Be mottagaren se i PACS logg varför bilderna avvisades.", "Ask the recipient to look in the PACS’s log why the images were refused.";
    COERCION_FAILED: "Gatewayens regel för hur bilder märks om gick inte att tillämpa.", "The gateway’s rule for relabelling images could not be applied.";
    COERCION_FAILED_DO: "Be mottagaren rätta regeln i gatewayens inställningar.", "Ask the recipient to mend the rule in the gateway’s settings.";
    HUB_UNREACHABLE: "{whose} gateway tappade kontakten med hubben.", "{whose} gateway lost contact with the hub.";
    HUB_UNREACHABLE_DO: "Dröjer det: be mottagaren kontrollera nätet mellan gatewayen och hubben.", "If it lasts, ask the recipient to check the network between the gateway and the hub.";
    DIGEST_MISMATCH: "Bilder skadades på vägen och stoppades före PACS.", "Images were damaged on the way and were stopped before the PACS.";
    DIGEST_MISMATCH_DO: "Kommer det tillbaka: be driften kontrollera hubbens disk.", "If it comes back, have the hub’s disk checked.";
    IMAGE_LOST: "Hubben har förlorat eller skadat bilder.", "The hub has lost or spoilt images.";
    IMAGE_LOST_DO: "Be avsändaren skicka undersökningen igen från sitt PACS, så fortsätter leveransen av sig själv. Säg till driften: hubbens lagring behöver ses över.", "Ask the sender to send the examination again from its PACS, and the delivery goes on by itself. Tell operations: the hub’s storage needs looking at.";
    NO_NODE: "{whose} gateway har inget PACS att leverera till.", "{whose} gateway has no PACS to deliver to.";
    NO_NODE_DO: "Be mottagaren ange ett PACS för leveranser i gatewayens inställningar.", "Ask the recipient to name a PACS for deliveries in the gateway’s settings.";
    NOT_SENT: "PACS lämnade inte ut alla bilder när gatewayen bad om dem.", "The PACS did not send every image when the gateway asked for them.";
    NOT_SENT_DO: "Se PACS egen logg; kontrollera att gatewayen står där som mottagare (C-MOVE).", "See the PACS’s own log; check that the gateway stands there as a destination (C-MOVE).";
    OTHER_PATIENT: "Bilder kom som är av en annan patient än den valda; de delas inte.", "Images came that are another patient’s than the one chosen; they are not shared.";
    OTHER_PATIENT_DO: "Se efter i PACS vems undersökningen är, rätta där och dela igen.", "See in the PACS whose examination it is, put it right there and share again.";
    INTERNAL: "Något gick fel i Bildbro.", "Something went wrong in Bildbro.";
    INTERNAL_DO: "Felet står i gatewayens och hubbens logg vid tiden ovan. Hör av dig till driften.", "The error is in the gateway’s and the hub’s logs at the time above. Contact operations.";
}

/// All texts in one language, by lower-case name.
#[must_use]
pub fn table(language: Language) -> BTreeMap<String, &'static str> {
    ALL.iter()
        .map(|(name, phrase)| (name.to_ascii_lowercase(), phrase.text(language)))
        .collect()
}

#[must_use]
pub const fn state(state: DeliveryState) -> Phrase {
    match state {
        DeliveryState::Waiting => STATE_WAITING,
        DeliveryState::UnderWay => STATE_UNDER_WAY,
        DeliveryState::Retrying => STATE_RETRYING,
        DeliveryState::Delivered => STATE_DELIVERED,
        DeliveryState::Stopped => STATE_STOPPED,
        DeliveryState::Withdrawn => STATE_WITHDRAWN,
    }
}

#[must_use]
pub const fn purpose(purpose: Purpose) -> Phrase {
    match purpose {
        Purpose::Care => PURPOSE_CARE,
        Purpose::SecondOpinion => PURPOSE_SECOND_OPINION,
        Purpose::BeforeSurgery => PURPOSE_BEFORE_SURGERY,
        Purpose::Conference => PURPOSE_CONFERENCE,
        Purpose::PatientRequest => PURPOSE_PATIENT_REQUEST,
        Purpose::Insurance => PURPOSE_INSURANCE,
        Purpose::Other => PURPOSE_OTHER,
    }
}

#[must_use]
pub const fn quarantine(reason: Quarantine) -> Phrase {
    match reason {
        Quarantine::UidConflict => UID_CONFLICT,
        Quarantine::OtherStudy => OTHER_STUDY,
    }
}

/// What happened, and what a person can do about it.
#[must_use]
pub const fn failure(failure: Failure) -> (Phrase, Phrase) {
    match failure {
        Failure::NodeUnreachable => (NODE_UNREACHABLE, NODE_UNREACHABLE_DO),
        Failure::NodeRefused => (NODE_REFUSED, NODE_REFUSED_DO),
        Failure::NodeDropped => (NODE_DROPPED, NODE_DROPPED_DO),
        Failure::NodeFull => (NODE_FULL, NODE_FULL_DO),
        Failure::NotAccepted => (NOT_ACCEPTED, NOT_ACCEPTED_DO),
        Failure::ObjectRefused => (OBJECT_REFUSED, OBJECT_REFUSED_DO),
        Failure::CoercionFailed => (COERCION_FAILED, COERCION_FAILED_DO),
        Failure::HubUnreachable => (HUB_UNREACHABLE, HUB_UNREACHABLE_DO),
        Failure::DigestMismatch => (DIGEST_MISMATCH, DIGEST_MISMATCH_DO),
        Failure::ImageLost => (IMAGE_LOST, IMAGE_LOST_DO),
        Failure::NoNode => (NO_NODE, NO_NODE_DO),
        Failure::NotSent => (NOT_SENT, NOT_SENT_DO),
        Failure::OtherPatient => (OTHER_PATIENT, OTHER_PATIENT_DO),
        Failure::Internal => (INTERNAL, INTERNAL_DO),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_put_the_same_things_in() {
        let names = |text: &str| {
            let mut names: Vec<String> = text
                .split('{')
                .skip(1)
                .filter_map(|rest| rest.split_once('}').map(|(name, _)| name.to_owned()))
                .collect();
            names.sort();
            names
        };
        for (name, phrase) in ALL {
            assert_eq!(names(phrase.sv), names(phrase.en), "{name}");
        }
    }

    #[test]
    fn what_is_put_in_is_not_read_as_a_place() {
        let text = MORE_MAY_COME.fill(Language::English, &[("sender", "{n}")]);
        assert!(text.starts_with("More may come: {n} has not"));
    }
}
