//! What the citizen reads while an order is under way and when it has failed:
//! the user messages RFA1 to RFA23 that BankID recommends, in Swedish and
//! English ("BankID Relying Party API v6.0", recommended user messages). RFA7,
//! 10, 11 and 12 are not in use.

use super::{BankIdError, FailedHint, PendingHint};

/// How the citizen was asked to start the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    Qr,
    SameDevice,
}

/// What the citizen reads the message on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    Computer,
    Mobile,
}

/// What a message depends on besides the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Situation {
    pub start: Start,
    pub device: Device,
    /// Whether the order was for a certain person.
    pub personal_number: bool,
}

macro_rules! messages {
    ($($variant:ident, $key:literal: $sv:literal, $en:literal;)*) => {
        /// A recommended message. Keys are stable: pages and tests may hold them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Message { $($variant,)* }

        impl Message {
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Such as `rfa17b`.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)* }
            }

            #[must_use]
            pub const fn swedish(self) -> &'static str {
                match self { $(Self::$variant => $sv,)* }
            }

            #[must_use]
            pub const fn english(self) -> &'static str {
                match self { $(Self::$variant => $en,)* }
            }
        }
    };
}

messages! {
    Rfa1, "rfa1":
        "Starta BankID-appen.",
        "Start your BankID app.";
    Rfa2, "rfa2":
        "Du har inte BankID-appen installerad. Kontakta din bank.",
        "The BankID app is not installed. Please contact your bank.";
    Rfa3, "rfa3":
        "Åtgärden avbruten. Försök igen.",
        "Action cancelled. Please try again.";
    Rfa4, "rfa4":
        "En identifiering eller underskrift för det här personnumret är redan påbörjad. Försök igen.",
        "An identification or signing for this personal number is already started. Please try again.";
    Rfa5, "rfa5":
        "Internt tekniskt fel. Försök igen.",
        "Internal error. Please try again.";
    Rfa6, "rfa6":
        "Åtgärden avbruten.",
        "Action cancelled.";
    Rfa8, "rfa8":
        "BankID-appen svarar inte. Kontrollera att den är startad och att du har internetanslutning. Om du inte har något giltigt BankID kan du skaffa ett hos din bank. Försök sedan igen.",
        "The BankID app is not responding. Please check that it’s started and that you have internet access. If you don’t have a valid BankID you can get one from your bank. Try again.";
    Rfa9, "rfa9":
        "Skriv in din säkerhetskod i BankID-appen och välj Identifiera eller Skriv under.",
        "Enter your security code in the BankID app and select Identify or Sign.";
    Rfa13, "rfa13":
        "Försöker starta BankID-appen.",
        "Trying to start your BankID app.";
    Rfa14A, "rfa14a":
        "Söker efter BankID, det kan ta en liten stund … Om det har gått några sekunder och inget BankID har hittats har du sannolikt inget BankID som går att använda för den aktuella identifieringen/underskriften i den här datorn. Om du har ett BankID-kort, sätt in det i kortläsaren. Om du inte har något BankID kan du skaffa ett hos din bank. Om du har ett BankID på en annan enhet kan du starta din BankID-app där.",
        "Searching for BankID, it may take a little while … If a few seconds have passed and still no BankID has been found, you probably don’t have a BankID which can be used for this identification/signing on this computer. If you have a BankID card, please insert it into your card reader. If you don’t have a BankID you can get one from your bank. If you have a BankID on another device you can start the BankID app on that device.";
    Rfa14B, "rfa14b":
        "Söker efter BankID, det kan ta en liten stund … Om det har gått några sekunder och inget BankID har hittats har du sannolikt inget BankID som går att använda för den aktuella identifieringen/underskriften i den här enheten. Om du inte har något BankID kan du skaffa ett hos din bank. Om du har ett BankID på en annan enhet kan du starta din BankID-app där.",
        "Searching for BankID, it may take a little while … If a few seconds have passed and still no BankID has been found, you probably don’t have a BankID which can be used for this identification/signing on this device. If you don’t have a BankID you can get one from your bank. If you have a BankID on another device you can start the BankID app on that device.";
    Rfa15A, "rfa15a":
        "Söker efter BankID, det kan ta en liten stund … Om det har gått några sekunder och inget BankID har hittats har du sannolikt inget BankID som går att använda för den aktuella identifieringen/underskriften i den här datorn. Om du har ett BankID-kort, sätt in det i kortläsaren. Om du inte har något BankID kan du skaffa ett hos din bank.",
        "Searching for BankID, it may take a little while … If a few seconds have passed and still no BankID has been found, you probably don’t have a BankID which can be used for this identification/signing on this computer. If you have a BankID card, please insert it into your card reader. If you don’t have a BankID you can get one from your bank.";
    Rfa15B, "rfa15b":
        "Söker efter BankID, det kan ta en liten stund … Om det har gått några sekunder och inget BankID har hittats har du sannolikt inget BankID som går att använda för den aktuella identifieringen/underskriften i den här enheten. Om du inte har något BankID kan du skaffa ett hos din bank.",
        "Searching for BankID, it may take a little while … If a few seconds have passed and still no BankID has been found, you probably don’t have a BankID which can be used for this identification/signing on this device. If you don’t have a BankID you can get one from your bank.";
    Rfa16, "rfa16":
        "Det BankID du försöker använda är för gammalt eller spärrat. Använd ett annat BankID eller skaffa ett nytt hos din bank.",
        "The BankID you are trying to use is blocked or too old. Please use another BankID or get a new one from your bank.";
    Rfa17A, "rfa17a":
        "BankID-appen verkar inte finnas i din dator eller mobil. Installera den och skaffa ett BankID hos din bank. Installera appen från din appbutik eller https://install.bankid.com.",
        "The BankID app couldn’t be found on your computer or mobile device. Please install it and get a BankID from your bank. Install the app from your app store or https://install.bankid.com.";
    Rfa17B, "rfa17b":
        "Misslyckades att läsa av QR-koden. Starta BankID-appen och läs av QR-koden. Kontrollera att BankID-appen är uppdaterad. Om du inte har BankID-appen måste du installera den och skaffa ett BankID hos din bank. Installera appen från din appbutik eller https://install.bankid.com.",
        "Failed to scan the QR code. Start the BankID app and scan the QR code. Check that the BankID app is up to date. If you don’t have the BankID app, you need to install it and get a BankID from your bank. Install the app from your app store or https://install.bankid.com.";
    Rfa18, "rfa18":
        "Starta BankID-appen",
        "Start the BankID app";
    Rfa19, "rfa19":
        "Vill du identifiera dig eller skriva under med BankID på den här datorn eller med ett Mobilt BankID?",
        "Would you like to identify yourself or sign with a BankID on this computer, or with a Mobile BankID?";
    Rfa20, "rfa20":
        "Vill du identifiera dig eller skriva under med ett BankID på den här enheten eller med ett BankID på en annan enhet?",
        "Would you like to identify yourself or sign with a BankID on this device, or with a BankID on another device?";
    Rfa21, "rfa21":
        "Identifiering eller underskrift pågår.",
        "Identification or signing in progress.";
    Rfa22, "rfa22":
        "Okänt fel. Försök igen.",
        "Unknown error. Please try again.";
    Rfa23, "rfa23":
        "Fotografera och läs av din ID-handling med BankID-appen.",
        "Process your machine-readable travel document using the BankID app.";
}

impl Message {
    /// Before the order: this device, or another?
    #[must_use]
    pub const fn choose(device: Device) -> Self {
        match device {
            Device::Computer => Self::Rfa19,
            Device::Mobile => Self::Rfa20,
        }
    }

    #[must_use]
    pub const fn pending(hint: &PendingHint, situation: Situation) -> Self {
        match hint {
            PendingHint::OutstandingTransaction => match situation.start {
                Start::Qr => Self::Rfa1,
                Start::SameDevice => Self::Rfa13,
            },
            PendingHint::NoClient => Self::Rfa1,
            PendingHint::Started => match (situation.personal_number, situation.device) {
                (true, Device::Computer) => Self::Rfa14A,
                (true, Device::Mobile) => Self::Rfa14B,
                (false, Device::Computer) => Self::Rfa15A,
                (false, Device::Mobile) => Self::Rfa15B,
            },
            PendingHint::UserMrtd => Self::Rfa23,
            PendingHint::UserSign => Self::Rfa9,
            PendingHint::UserCallConfirm | PendingHint::Unknown(_) => Self::Rfa21,
        }
    }

    #[must_use]
    pub const fn failed(hint: &FailedHint, situation: Situation) -> Self {
        match hint {
            FailedHint::ExpiredTransaction => Self::Rfa8,
            FailedHint::CertificateErr => Self::Rfa16,
            FailedHint::UserCancel => Self::Rfa6,
            FailedHint::Cancelled => Self::Rfa3,
            FailedHint::StartFailed => match situation.start {
                Start::Qr => Self::Rfa17B,
                Start::SameDevice => Self::Rfa17A,
            },
            FailedHint::UserDeclinedCall | FailedHint::Unknown(_) => Self::Rfa22,
        }
    }

    /// `None` for what is wrong in this service: the citizen is to read of a
    /// fault here, not of one in BankID.
    #[must_use]
    pub const fn error(error: &BankIdError) -> Option<Self> {
        match error {
            BankIdError::AlreadyInProgress => Some(Self::Rfa4),
            BankIdError::RequestTimeout
            | BankIdError::Internal
            | BankIdError::Maintenance
            | BankIdError::Unreachable(_)
            | BankIdError::TimedOut(_) => Some(Self::Rfa5),
            BankIdError::Unknown { .. } => Some(Self::Rfa22),
            BankIdError::InvalidParameters { .. }
            | BankIdError::Unauthorized
            | BankIdError::NotFound
            | BankIdError::MethodNotAllowed
            | BankIdError::UnsupportedMediaType
            | BankIdError::Untrusted(_)
            | BankIdError::IdentityRefused(_)
            | BankIdError::Answer
            | BankIdError::Oversized
            | BankIdError::Text
            | BankIdError::ReturnUrl => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const fn situation(start: Start, device: Device, personal_number: bool) -> Situation {
        Situation {
            start,
            device,
            personal_number,
        }
    }

    #[test]
    fn the_right_one_of_several() {
        use Device::{Computer, Mobile};
        use Start::{Qr, SameDevice};
        let pending = |hint: &str, s| Message::pending(&hint.to_owned().into(), s).key();
        let failed = |hint: &str, s| Message::failed(&hint.to_owned().into(), s).key();
        let qr = situation(Qr, Computer, false);
        let here = situation(SameDevice, Mobile, false);
        assert_eq!(pending("outstandingTransaction", qr), "rfa1");
        assert_eq!(pending("outstandingTransaction", here), "rfa13");
        assert_eq!(pending("started", qr), "rfa15a");
        assert_eq!(pending("started", here), "rfa15b");
        assert_eq!(pending("started", situation(Qr, Computer, true)), "rfa14a");
        assert_eq!(
            pending("started", situation(SameDevice, Mobile, true)),
            "rfa14b"
        );
        assert_eq!(pending("userSign", qr), "rfa9");
        assert_eq!(pending("userMrtd", qr), "rfa23");
        assert_eq!(pending("userDances", qr), "rfa21");
        assert_eq!(failed("startFailed", qr), "rfa17b");
        assert_eq!(failed("startFailed", here), "rfa17a");
        assert_eq!(failed("userCancel", here), "rfa6");
        assert_eq!(failed("cancelled", here), "rfa3");
        assert_eq!(failed("expiredTransaction", here), "rfa8");
        assert_eq!(failed("certificateErr", here), "rfa16");
        assert_eq!(failed("moonPhase", here), "rfa22");
        let error = |error| Message::error(&error).map(Message::key);
        assert_eq!(error(BankIdError::AlreadyInProgress), Some("rfa4"));
        assert_eq!(error(BankIdError::Maintenance), Some("rfa5"));
        assert_eq!(error(BankIdError::Unauthorized), None);
    }

    #[test]
    fn keys_differ_and_both_languages_are_there() {
        let keys: BTreeSet<_> = Message::ALL.iter().map(|m| m.key()).collect();
        assert_eq!(keys.len(), Message::ALL.len());
        for message in Message::ALL {
            assert!(!message.swedish().is_empty() && message.swedish() != message.english());
        }
    }
}
