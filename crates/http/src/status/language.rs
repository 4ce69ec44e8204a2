//! Which language a page speaks, and how it writes numbers, sizes and times.

use super::words;
use jiff::{Timestamp, Zoned, tz::TimeZone};
use std::sync::LazyLock;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Swedish,
    English,
}

/// The clinics' clock. Where the machine has no time zones, UTC says so.
static STOCKHOLM: LazyLock<Option<TimeZone>> =
    LazyLock::new(|| TimeZone::get("Europe/Stockholm").ok());

impl Language {
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Swedish => "sv",
            Self::English => "en",
        }
    }

    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Swedish => Self::English,
            Self::English => Self::Swedish,
        }
    }

    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        match tag.split('-').next()?.trim().to_ascii_lowercase().as_str() {
            "sv" => Some(Self::Swedish),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// What the person asked for, else what the browser prefers (RFC 9110
    /// 12.5.4), else English.
    #[must_use]
    pub fn choose(asked: Option<&str>, accept: Option<&str>) -> Self {
        asked
            .and_then(Self::parse)
            .unwrap_or_else(|| preferred(accept.unwrap_or_default()))
    }

    /// With thin groups: `12 345` or `12,345`.
    #[must_use]
    pub fn number(self, n: u64) -> String {
        let separator = match self {
            Self::Swedish => '\u{a0}',
            Self::English => ',',
        };
        let digits = n.to_string();
        let mut out = String::with_capacity(digits.len() + digits.len() / 3);
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                out.push(separator);
            }
            out.push(digit);
        }
        out
    }

    /// In steps of a thousand: `34 kB`, `1.2 GB`.
    #[must_use]
    pub fn bytes(self, n: u64) -> String {
        const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
        if n < 1000 {
            return format!("{n}\u{a0}B");
        }
        let mut tenths = n / 100;
        let mut unit = 0;
        while tenths >= 10_000 && unit + 1 < UNITS.len() {
            tenths /= 1000;
            unit += 1;
        }
        let (whole, tenth) = (tenths / 10, tenths % 10);
        if whole >= 10 || tenth == 0 {
            return format!("{}\u{a0}{}", self.number(whole), UNITS[unit]);
        }
        let point = match self {
            Self::Swedish => ',',
            Self::English => '.',
        };
        format!("{whole}{point}{tenth}\u{a0}{}", UNITS[unit])
    }

    #[must_use]
    pub fn images(self, n: u64) -> String {
        if n == 1 {
            return words::IMAGE_ONE.text(self).to_owned();
        }
        words::IMAGE_MANY.fill(self, &[("n", &self.number(n))])
    }

    #[must_use]
    pub fn studies(self, n: u64) -> String {
        if n == 1 {
            return words::STUDY_ONE.text(self).to_owned();
        }
        words::STUDY_MANY.fill(self, &[("n", &self.number(n))])
    }

    /// `Region Skånes`, `Region Skåne's`.
    #[must_use]
    pub fn whose(self, name: &str) -> String {
        match self {
            Self::English => format!("{name}’s"),
            Self::Swedish if name.ends_with(['s', 'S', 'x', 'X', 'z', 'Z']) => name.to_owned(),
            Self::Swedish => format!("{name}s"),
        }
    }

    /// A moment as said on the day `now`: `09:15`, or `3 mar. 09:15`.
    #[must_use]
    pub fn moment(self, at: Timestamp, now: Timestamp) -> String {
        let (at, zone) = local(at);
        let (now, _) = local(now);
        let clock = format!("{:02}:{:02}{zone}", at.hour(), at.minute());
        if at.date() == now.date() {
            return clock;
        }
        let month = self.month(at.month());
        if at.year() == now.year() {
            format!("{} {month} {clock}", at.day())
        } else {
            format!("{} {month} {} {clock}", at.day(), at.year())
        }
    }

    /// When something is to happen, as part of a sentence.
    #[must_use]
    pub fn coming(self, at: Timestamp, now: Timestamp) -> String {
        if at.as_second() - now.as_second() <= 60 {
            return words::WITHIN_A_MINUTE.text(self).to_owned();
        }
        let phrase = if local(at).0.date() == local(now).0.date() {
            words::AT_TIME
        } else {
            words::ON_DAY
        };
        phrase.fill(self, &[("time", &self.moment(at, now))])
    }

    /// A DICOM date; `None` when it is not one.
    #[must_use]
    pub fn dicom_date(self, text: &str) -> Option<String> {
        if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let year: i16 = text[..4].parse().ok()?;
        let month: i8 = text[4..6].parse().ok()?;
        let day: i8 = text[6..].parse().ok()?;
        jiff::civil::Date::new(year, month, day).ok()?;
        Some(format!("{day} {} {year}", self.month(month)))
    }

    const fn month(self, month: i8) -> &'static str {
        const SWEDISH: [&str; 12] = [
            "jan.", "feb.", "mars", "apr.", "maj", "juni", "juli", "aug.", "sep.", "okt.", "nov.",
            "dec.",
        ];
        const ENGLISH: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let months = match self {
            Self::Swedish => SWEDISH,
            Self::English => ENGLISH,
        };
        months[(month.unsigned_abs().wrapping_sub(1) % 12) as usize]
    }
}

fn local(at: Timestamp) -> (Zoned, &'static str) {
    match &*STOCKHOLM {
        Some(zone) => (at.to_zoned(zone.clone()), ""),
        None => (at.to_zoned(TimeZone::UTC), " UTC"),
    }
}

fn preferred(accept: &str) -> Language {
    let mut best: Option<(Language, u32)> = None;
    for part in accept.split(',').take(20) {
        let mut pieces = part.split(';');
        let Some(language) = pieces.next().and_then(|tag| Language::parse(tag.trim())) else {
            continue;
        };
        let weight = pieces
            .find_map(|p| p.trim().strip_prefix("q=")?.parse::<f32>().ok())
            .map_or(1000, |q| (q.clamp(0.0, 1.0) * 1000.0) as u32);
        if weight > 0 && best.is_none_or(|(_, most)| weight > most) {
            best = Some((language, weight));
        }
    }
    best.map_or(Language::English, |(language, _)| language)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{English, Swedish};

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_person_comes_before_the_browser() {
        assert_eq!(Language::choose(Some("sv"), Some("en")), Swedish);
        assert_eq!(
            Language::choose(None, Some("de, en;q=0.5, sv-SE;q=0.9")),
            Swedish
        );
        assert_eq!(Language::choose(Some("de"), Some("fr")), English);
        assert_eq!(Language::choose(None, Some("sv;q=0,;;q=,en")), English);
    }

    #[test]
    fn numbers_and_sizes_read_as_written_by_hand() {
        assert_eq!(Swedish.number(1_234_567), "1\u{a0}234\u{a0}567");
        assert_eq!(English.number(999), "999");
        assert_eq!(English.bytes(1_250_000_000), "1.2\u{a0}GB");
        assert_eq!(Swedish.bytes(999), "999\u{a0}B");
        assert_eq!(Swedish.bytes(34_000), "34\u{a0}kB");
        assert_eq!(English.bytes(u64::MAX), "18,446\u{a0}PB");
    }

    #[test]
    fn times_are_the_clinics() {
        let now = time("2026-07-01T12:00:00Z");
        assert_eq!(English.moment(time("2026-07-01T07:15:00Z"), now), "09:15");
        assert_eq!(
            Swedish.moment(time("2026-03-02T07:15:00Z"), now),
            "2 mars 08:15"
        );
        assert_eq!(
            English.moment(time("2025-12-31T23:15:00Z"), now),
            "1 Jan 00:15"
        );
        assert_eq!(
            English.coming(time("2026-07-01T12:00:30Z"), now),
            "within a minute"
        );
        assert_eq!(
            Swedish.coming(time("2026-07-01T12:05:00Z"), now),
            "klockan 14:05"
        );
    }

    #[test]
    fn a_date_that_is_none_is_left_out() {
        assert_eq!(
            English.dicom_date("20260301").as_deref(),
            Some("1 Mar 2026")
        );
        for wrong in ["", "20261301", "2026030", "2026å01", "20260230"] {
            assert_eq!(English.dicom_date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn swedish_names_that_end_in_s_take_no_s() {
        assert_eq!(Swedish.whose("Region Skåne"), "Region Skånes");
        assert_eq!(Swedish.whose("Aleris"), "Aleris");
    }
}
