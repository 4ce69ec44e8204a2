//! Command sets (PS3.7 6.3, 9.3, E): group 0000, implicit little endian.

use bytes::Bytes;

/// Longest command set taken: real ones take two hundred bytes.
pub const MAX_COMMAND: usize = 64 * 1024;

const NO_DATA_SET: u16 = 0x0101;

/// Command field values (PS3.7 E.1). A response is its request with the top
/// bit set.
pub mod field {
    pub const STORE_RQ: u16 = 0x0001;
    pub const GET_RQ: u16 = 0x0010;
    pub const FIND_RQ: u16 = 0x0020;
    pub const MOVE_RQ: u16 = 0x0021;
    pub const ECHO_RQ: u16 = 0x0030;
    pub const CANCEL_RQ: u16 = 0x0FFF;
    pub const RESPONSE: u16 = 0x8000;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    #[error("the command set is longer than {MAX_COMMAND} bytes")]
    TooLong,
    #[error("a length in the command set leads beyond its end")]
    Overrun,
    #[error("the command set has an element outside group 0000")]
    Group,
    #[error("the command set has no command field")]
    NoField,
}

/// The elements that the C-services use; absent ones are `None` or empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Command {
    /// (0000,0100)
    pub field: u16,
    /// (0000,0002)
    pub class: String,
    /// (0000,0110), of a request
    pub message_id: u16,
    /// (0000,0120), of a response
    pub responding_to: u16,
    /// (0000,0800): whether a data set follows
    pub has_data: bool,
    /// (0000,0900)
    pub status: Option<u16>,
    /// (0000,0902)
    pub comment: String,
    /// (0000,0700), of a request
    pub priority: Option<u16>,
    /// (0000,1000)
    pub sop_uid: String,
    /// (0000,0600)
    pub move_destination: String,
    /// (0000,1030), (0000,1031)
    pub move_originator: Option<(String, u16)>,
    /// (0000,1020) to (0000,1023): remaining, completed, failed, warning
    pub suboperations: Option<[u16; 4]>,
}

impl Command {
    /// The response to `request`.
    #[must_use]
    pub fn response(request: &Self, status: u16) -> Self {
        Self {
            field: request.field | field::RESPONSE,
            class: request.class.clone(),
            responding_to: request.message_id,
            status: Some(status),
            sop_uid: request.sop_uid.clone(),
            ..Self::default()
        }
    }

    #[must_use]
    pub const fn is_response(&self) -> bool {
        self.field & field::RESPONSE != 0
    }

    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut group = Vec::with_capacity(160);
        let number = |out: &mut Vec<u8>, element: u16, n: u16| put(out, element, &n.to_le_bytes());
        text(&mut group, 0x0002, &self.class, 0);
        number(&mut group, 0x0100, self.field);
        if self.is_response() || self.field == field::CANCEL_RQ {
            number(&mut group, 0x0120, self.responding_to);
        } else {
            number(&mut group, 0x0110, self.message_id);
        }
        text(&mut group, 0x0600, &self.move_destination, b' ');
        if let Some(priority) = self.priority {
            number(&mut group, 0x0700, priority);
        }
        let data = if self.has_data { 0x0001 } else { NO_DATA_SET };
        number(&mut group, 0x0800, data);
        if let Some(status) = self.status {
            number(&mut group, 0x0900, status);
        }
        text(&mut group, 0x0902, &self.comment, b' ');
        text(&mut group, 0x1000, &self.sop_uid, 0);
        if let Some(counts) = self.suboperations {
            // What remains is said only while something may (PS3.7 9.1.4.1).
            let goes_on = |code| crate::status::is_pending(code) || code == crate::status::CANCEL;
            let first = if self.status.is_some_and(goes_on) {
                0
            } else {
                1
            };
            for (element, n) in (0x1020..).zip(counts).skip(first) {
                number(&mut group, element, n);
            }
        }
        if let Some((title, id)) = &self.move_originator {
            text(&mut group, 0x1030, title, b' ');
            number(&mut group, 0x1031, *id);
        }
        let mut out = Vec::with_capacity(group.len() + 12);
        let length = u32::try_from(group.len()).expect("a few hundred bytes");
        put(&mut out, 0x0000, &length.to_le_bytes());
        out.extend_from_slice(&group);
        Bytes::from(out)
    }

    /// Decodes a whole command set.
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn decode(mut bytes: &[u8]) -> Result<Self, CommandError> {
        let mut out = Self::default();
        let mut seen = false;
        while !bytes.is_empty() {
            let head = bytes.first_chunk::<8>().ok_or(CommandError::Overrun)?;
            let group = u16::from_le_bytes([head[0], head[1]]);
            let element = u16::from_le_bytes([head[2], head[3]]);
            let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
            if group != 0 {
                return Err(CommandError::Group);
            }
            let end = length.checked_add(8).ok_or(CommandError::Overrun)?;
            let value = bytes.get(8..end).ok_or(CommandError::Overrun)?;
            bytes = &bytes[end..];
            seen |= element == 0x0100;
            out.take(element, value);
        }
        if seen {
            Ok(out)
        } else {
            Err(CommandError::NoField)
        }
    }

    fn take(&mut self, element: u16, value: &[u8]) {
        let string = || {
            // The default repertoire (PS3.7 6.3.1): what lies outside of it is
            // no UID or AE title, and is echoed no longer than it came.
            let text: String = value
                .iter()
                .map(|&b| if b.is_ascii() { char::from(b) } else { '?' })
                .collect();
            text.trim_matches([' ', '\0']).to_owned()
        };
        let number = || {
            value
                .first_chunk::<2>()
                .map_or(0, |b| u16::from_le_bytes(*b))
        };
        match element {
            0x0002 => self.class = string(),
            0x0100 => self.field = number(),
            0x0110 => self.message_id = number(),
            0x0120 => self.responding_to = number(),
            0x0600 => self.move_destination = string(),
            0x0700 => self.priority = Some(number()),
            0x0800 => self.has_data = number() != NO_DATA_SET,
            0x0900 => self.status = Some(number()),
            0x0902 => self.comment = string(),
            0x1000 => self.sop_uid = string(),
            0x1020..=0x1023 => {
                let counts = self.suboperations.get_or_insert([0; 4]);
                counts[usize::from(element - 0x1020)] = number();
            }
            0x1030 => self.move_originator.get_or_insert_default().0 = string(),
            0x1031 => self.move_originator.get_or_insert_default().1 = number(),
            _ => {}
        }
    }
}

fn put(out: &mut Vec<u8>, element: u16, value: &[u8]) {
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&element.to_le_bytes());
    let length = u32::try_from(value.len()).expect("command values are short");
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(value);
}

fn text(out: &mut Vec<u8>, element: u16, text: &str, padding: u8) {
    if text.is_empty() {
        return;
    }
    let mut value = text.as_bytes().to_vec();
    if value.len() % 2 == 1 {
        value.push(padding);
    }
    put(out, element, &value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_encoded_decodes() {
        let request = Command {
            field: field::STORE_RQ,
            class: "1.2.840.10008.5.1.4.1.1.2".into(),
            message_id: 7,
            has_data: true,
            priority: Some(0),
            sop_uid: "1.2.3".into(),
            move_originator: Some(("PACS".into(), 3)),
            ..Command::default()
        };
        assert_eq!(Command::decode(&request.encode()), Ok(request.clone()));
        let response = Command {
            suboperations: Some([1, 2, 3, 4]),
            comment: "ok".into(),
            ..Command::response(&request, crate::status::PENDING)
        };
        assert_eq!(Command::decode(&response.encode()), Ok(response));
    }

    #[test]
    fn text_outside_the_default_repertoire_is_echoed_no_longer_than_it_came() {
        let mut request = Command {
            field: field::STORE_RQ,
            class: "1.2.3.4".into(),
            ..Command::default()
        };
        let mut bytes = request.encode().to_vec();
        let at = bytes.windows(7).position(|w| w == b"1.2.3.4").unwrap();
        bytes[at] = 0xE5;
        request.class = "?.2.3.4".into();
        let decoded = Command::decode(&bytes).unwrap();
        assert_eq!(decoded, request);
        assert_eq!(decoded.encode().len(), bytes.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = Command::decode(&bytes);
        }
    }
}
