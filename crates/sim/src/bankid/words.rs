//! The page's words, in Swedish and English.

use super::orders::AppError;
use minijinja::Value;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Swedish,
    English,
}

impl Language {
    /// What was asked for, else what the browser likes first, else English.
    pub fn choose(asked: Option<&str>, accept: Option<&str>) -> Self {
        let wanted = asked.or(accept).unwrap_or_default();
        if wanted.trim().to_ascii_lowercase().starts_with("sv") {
            Self::Swedish
        } else {
            Self::English
        }
    }

    pub const fn tag(self) -> &'static str {
        match self {
            Self::Swedish => "sv",
            Self::English => "en",
        }
    }

    pub const fn other(self) -> Self {
        match self {
            Self::Swedish => Self::English,
            Self::English => Self::Swedish,
        }
    }

    const fn of(self, swedish: &'static str, english: &'static str) -> &'static str {
        match self {
            Self::Swedish => swedish,
            Self::English => english,
        }
    }
}

/// Name, Swedish, English.
const WORDS: &[(&str, &str, &str)] = &[
    ("title", "BankID på låtsas", "Pretend BankID"),
    (
        "lead",
        "Den här sidan spelar medborgarens BankID-app. Den är till för prov; här kan vem som helst vara vem som helst.",
        "This page plays the citizen’s BankID app. It is for tests; here anyone can be anyone.",
    ),
    ("other", "In English", "På svenska"),
    ("waiting", "Väntar på dig", "Waiting for you"),
    (
        "none",
        "Inget väntar. Börja logga in eller skriva under i tjänsten, och ladda om sidan.",
        "Nothing waits. Start to log in or sign in the service, and reload the page.",
    ),
    ("reload", "Ladda om", "Reload"),
    ("open", "Öppna", "Open"),
    ("scan", "Läs av en kod", "Scan a code"),
    (
        "code",
        "QR-kodens text, startlänk eller autostarttoken",
        "The QR code’s text, a start link or an autostart token",
    ),
    ("auth", "Identifiering", "Identification"),
    ("sign", "Underskrift", "Signature"),
    ("for", "för", "for"),
    ("who", "Vem är du?", "Who are you?"),
    ("go_on", "Fortsätt", "Continue"),
    ("as", "Du är", "You are"),
    ("text_auth", "Tjänsten säger", "The service says"),
    (
        "text_sign",
        "Det här skriver du under",
        "This is what you sign",
    ),
    ("identify", "Identifiera", "Identify"),
    ("do_sign", "Skriv under", "Sign"),
    ("cancel", "Avbryt", "Cancel"),
    ("done", "Klart", "Done"),
    (
        "done_lead",
        "Gå tillbaka till tjänsten.",
        "Go back to the service.",
    ),
    ("cancelled", "Avbrutet", "Cancelled"),
    ("back", "Tillbaka till tjänsten", "Back to the service"),
    ("list", "Till början", "To the start"),
];

pub fn table(language: Language) -> Value {
    let words: BTreeMap<_, _> = WORDS
        .iter()
        .map(|(name, swedish, english)| (*name, language.of(swedish, english)))
        .collect();
    Value::from_serialize(words)
}

/// What went wrong in the app, and what to do.
pub const fn error(error: AppError, language: Language) -> &'static str {
    match error {
        AppError::NoSuchOrder => language.of(
            "Ärendet finns inte, eller är avslutat. Börja om i tjänsten.",
            "There is no such order, or it has ended. Start again in the service.",
        ),
        AppError::NotACode => language.of(
            "Det här är ingen kod från BankID.",
            "This is no code from BankID.",
        ),
        AppError::WrongCode => language.of(
            "Koden hör inte till sitt ärende.",
            "The code does not fit its order.",
        ),
        AppError::OldCode => language.of(
            "Koden är för gammal. Läs av den som visas nu.",
            "The code is too old. Scan the one that is shown now.",
        ),
        AppError::WrongPerson => language.of(
            "Den personen har inget BankID här, eller ärendet gäller någon annan.",
            "This person has no BankID here, or the order is for someone else.",
        ),
        AppError::NobodyChosen => language.of("Välj en person först.", "Choose a person first."),
    }
}
