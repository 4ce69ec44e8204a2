//! Protocol data units of the upper layer (PS3.8 9.3), but for P-DATA's
//! content: pure encoding and decoding, every length checked.

use bytes::Bytes;

pub const ASSOCIATE_RQ: u8 = 1;
pub const ASSOCIATE_AC: u8 = 2;
pub const ASSOCIATE_RJ: u8 = 3;
pub const P_DATA: u8 = 4;
pub const RELEASE_RQ: u8 = 5;
pub const RELEASE_RP: u8 = 6;
pub const ABORT: u8 = 7;

/// Type, reserved byte, length.
pub const HEADER: usize = 6;

/// Longest PDU taken that is not P-DATA: 128 presentation contexts with every
/// transfer syntax take a tenth of this.
pub const MAX_CONTROL: u32 = 512 * 1024;

/// The DICOM application context (PS3.7 A.2.1).
const APPLICATION_CONTEXT: &str = "1.2.840.10008.3.1.1.1";

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PduError {
    #[error("{0} is no PDU type: this is not DICOM")]
    UnknownType(u8),
    #[error("a PDU of type {kind} claims {length} bytes; {most} are taken")]
    TooLong { kind: u8, length: u32, most: u32 },
    #[error("a length inside the PDU leads beyond its end")]
    Overrun,
    #[error("a title or UID in the PDU is not plain text")]
    Text,
}

/// What a requester proposes for one presentation context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub id: u8,
    pub abstract_syntax: String,
    pub transfer_syntaxes: Vec<String>,
}

/// What the acceptor answers for one (PS3.8 9.3.3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextAnswer {
    pub id: u8,
    pub result: ContextResult,
    /// Not significant unless accepted.
    pub transfer_syntax: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContextResult {
    Accepted,
    UserRejected,
    NoReason,
    AbstractSyntax,
    TransferSyntaxes,
}

impl ContextResult {
    const fn code(self) -> u8 {
        match self {
            Self::Accepted => 0,
            Self::UserRejected => 1,
            Self::NoReason => 2,
            Self::AbstractSyntax => 3,
            Self::TransferSyntaxes => 4,
        }
    }

    const fn from_code(code: u8) -> Self {
        match code {
            0 => Self::Accepted,
            1 => Self::UserRejected,
            3 => Self::AbstractSyntax,
            4 => Self::TransferSyntaxes,
            _ => Self::NoReason,
        }
    }
}

/// SCP/SCU role selection (PS3.7 D.3.3.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    pub class: String,
    pub scu: bool,
    pub scp: bool,
}

/// User information (PS3.7 D.3.3). Items not known here are passed by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserInformation {
    /// Longest P-DATA that the sender of this takes; 0: any.
    pub max_length: u32,
    pub implementation_class: String,
    pub implementation_version: String,
    pub roles: Vec<Role>,
    /// Asked for or answered (PS3.7 D.3.3.3).
    pub asynchronous: Option<(u16, u16)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssociateRq {
    /// As sent, padding removed; may be no legal AE title.
    pub called: String,
    pub calling: String,
    pub contexts: Vec<Proposal>,
    pub user: UserInformation,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssociateAc {
    pub called: String,
    pub calling: String,
    pub contexts: Vec<ContextAnswer>,
    pub user: UserInformation,
}

/// Result, source and reason, as in PS3.8 9.3.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejection {
    pub result: u8,
    pub source: u8,
    pub reason: u8,
}

impl Rejection {
    pub const CALLING_UNKNOWN: Self = Self::user(3);
    pub const CALLED_UNKNOWN: Self = Self::user(7);
    pub const NO_REASON: Self = Self::user(1);
    /// Transient, by the presentation layer: local limit exceeded.
    pub const BUSY: Self = Self {
        result: 2,
        source: 3,
        reason: 2,
    };

    const fn user(reason: u8) -> Self {
        Self {
            result: 1,
            source: 1,
            reason,
        }
    }

    #[must_use]
    pub const fn is_transient(self) -> bool {
        self.result == 2
    }
}

/// Everything but P-DATA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pdu {
    AssociateRq(AssociateRq),
    AssociateAc(AssociateAc),
    AssociateRj(Rejection),
    ReleaseRq,
    ReleaseRp,
    Abort { source: u8, reason: u8 },
}

/// Checks the first six bytes. `max_data` is the longest P-DATA announced.
/// Answers type and length of what follows.
///
/// # Errors
/// [`PduError`] before anything of the PDU is buffered.
pub fn header(bytes: [u8; HEADER], max_data: u32) -> Result<(u8, u32), PduError> {
    let kind = bytes[0];
    let length = u32::from_be_bytes([bytes[2], bytes[3], bytes[4], bytes[5]]);
    let most = match kind {
        P_DATA => max_data,
        ASSOCIATE_RQ | ASSOCIATE_AC => MAX_CONTROL,
        ASSOCIATE_RJ | RELEASE_RQ | RELEASE_RP | ABORT => 64,
        _ => return Err(PduError::UnknownType(kind)),
    };
    if length > most {
        return Err(PduError::TooLong { kind, length, most });
    }
    Ok((kind, length))
}

/// One presentation data value (PS3.8 9.3.5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment {
    pub context: u8,
    pub command: bool,
    pub last: bool,
    pub data: Bytes,
}

/// Splits a P-DATA body into its values, without copying.
///
/// # Errors
/// [`PduError::Overrun`].
pub fn fragments(mut body: Bytes) -> Result<Vec<Fragment>, PduError> {
    let mut out = Vec::with_capacity(1);
    while !body.is_empty() {
        let prefix = body.first_chunk::<6>().ok_or(PduError::Overrun)?;
        let length = u32::from_be_bytes([prefix[0], prefix[1], prefix[2], prefix[3]]) as usize;
        let (context, control) = (prefix[4], prefix[5]);
        if length < 2 || body.len() - 4 < length {
            return Err(PduError::Overrun);
        }
        let data = body.slice(6..4 + length);
        body = body.slice(4 + length..);
        out.push(Fragment {
            context,
            command: control & 1 != 0,
            last: control & 2 != 0,
            data,
        });
    }
    Ok(out)
}

/// PDU and value header of a P-DATA with one value of `length` bytes.
#[must_use]
pub fn data_head(context: u8, command: bool, last: bool, length: u32) -> [u8; 12] {
    let mut head = [0; 12];
    head[0] = P_DATA;
    head[2..6].copy_from_slice(&(length + 6).to_be_bytes());
    head[6..10].copy_from_slice(&(length + 2).to_be_bytes());
    head[10] = context;
    head[11] = u8::from(command) | u8::from(last) << 1;
    head
}

/// Decodes the body of a PDU other than P-DATA.
///
/// # Errors
/// [`PduError`] when a length or text in it is wrong.
pub fn decode(kind: u8, body: &[u8]) -> Result<Pdu, PduError> {
    let byte = |at: usize| body.get(at).copied().ok_or(PduError::Overrun);
    match kind {
        ASSOCIATE_RQ | ASSOCIATE_AC => associate(kind, body),
        ASSOCIATE_RJ => Ok(Pdu::AssociateRj(Rejection {
            result: byte(1)?,
            source: byte(2)?,
            reason: byte(3)?,
        })),
        RELEASE_RQ => Ok(Pdu::ReleaseRq),
        RELEASE_RP => Ok(Pdu::ReleaseRp),
        ABORT => Ok(Pdu::Abort {
            source: byte(2)?,
            reason: byte(3)?,
        }),
        other => Err(PduError::UnknownType(other)),
    }
}

fn associate(kind: u8, body: &[u8]) -> Result<Pdu, PduError> {
    let fixed = body.get(..68).ok_or(PduError::Overrun)?;
    let called = text(&fixed[4..20])?;
    let calling = text(&fixed[20..36])?;
    let (mut proposals, mut answers) = (Vec::new(), Vec::new());
    let mut user = UserInformation::default();
    for item in Items(&body[68..]) {
        let (item_type, value) = item?;
        match item_type {
            0x20 => proposals.push(proposal(value)?),
            0x21 => answers.push(context_answer(value)?),
            0x50 => user = user_information(value)?,
            _ => {}
        }
    }
    Ok(if kind == ASSOCIATE_RQ {
        Pdu::AssociateRq(AssociateRq {
            called,
            calling,
            contexts: proposals,
            user,
        })
    } else {
        Pdu::AssociateAc(AssociateAc {
            called,
            calling,
            contexts: answers,
            user,
        })
    })
}

/// Items: type, reserved byte, 16-bit length, value.
struct Items<'a>(&'a [u8]);

impl<'a> Iterator for Items<'a> {
    type Item = Result<(u8, &'a [u8]), PduError>;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = std::mem::take(&mut self.0);
        if bytes.is_empty() {
            return None;
        }
        if bytes.len() < 4 {
            return Some(Err(PduError::Overrun));
        }
        let length = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
        let Some(value) = bytes.get(4..4 + length) else {
            return Some(Err(PduError::Overrun));
        };
        self.0 = &bytes[4 + length..];
        Some(Ok((bytes[0], value)))
    }
}

fn text(bytes: &[u8]) -> Result<String, PduError> {
    if !bytes.is_ascii() {
        return Err(PduError::Text);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| PduError::Text)?;
    Ok(text.trim_matches([' ', '\0']).to_owned())
}

fn proposal(value: &[u8]) -> Result<Proposal, PduError> {
    let head = value.get(..4).ok_or(PduError::Overrun)?;
    let mut out = Proposal {
        id: head[0],
        abstract_syntax: String::new(),
        transfer_syntaxes: Vec::new(),
    };
    for item in Items(&value[4..]) {
        match item? {
            (0x30, uid) => out.abstract_syntax = text(uid)?,
            (0x40, uid) => out.transfer_syntaxes.push(text(uid)?),
            _ => {}
        }
    }
    Ok(out)
}

fn context_answer(value: &[u8]) -> Result<ContextAnswer, PduError> {
    let head = value.get(..4).ok_or(PduError::Overrun)?;
    let mut out = ContextAnswer {
        id: head[0],
        result: ContextResult::from_code(head[2]),
        transfer_syntax: String::new(),
    };
    for item in Items(&value[4..]) {
        if let (0x40, uid) = item? {
            out.transfer_syntax = text(uid)?;
        }
    }
    Ok(out)
}

fn user_information(value: &[u8]) -> Result<UserInformation, PduError> {
    let mut out = UserInformation::default();
    for item in Items(value) {
        let (kind, value) = item?;
        match kind {
            0x51 => {
                let four = value.first_chunk::<4>().ok_or(PduError::Overrun)?;
                out.max_length = u32::from_be_bytes(*four);
            }
            // Of use to people only, and no ground to turn a peer away.
            0x52 => out.implementation_class = text(value).unwrap_or_default(),
            0x53 => {
                let four = value.first_chunk::<4>().ok_or(PduError::Overrun)?;
                let pair = |a, b| u16::from_be_bytes([four[a], four[b]]);
                out.asynchronous = Some((pair(0, 1), pair(2, 3)));
            }
            0x54 => {
                let length = value.first_chunk::<2>().ok_or(PduError::Overrun)?;
                let length = usize::from(u16::from_be_bytes(*length));
                let class = value.get(2..2 + length).ok_or(PduError::Overrun)?;
                let roles = value.get(2 + length..4 + length).ok_or(PduError::Overrun)?;
                out.roles.push(Role {
                    class: text(class)?,
                    scu: roles[0] == 1,
                    scp: roles[1] == 1,
                });
            }
            0x55 => out.implementation_version = text(value).unwrap_or_default(),
            _ => {}
        }
    }
    Ok(out)
}

/// Encodes a PDU, header and all.
#[must_use]
pub fn encode(pdu: &Pdu) -> Vec<u8> {
    let (kind, body) = match pdu {
        Pdu::AssociateRq(rq) => {
            let mut body = associate_head(&rq.called, &rq.calling);
            for context in &rq.contexts {
                let mut value = vec![context.id, 0, 0, 0];
                item(&mut value, 0x30, context.abstract_syntax.as_bytes());
                for syntax in &context.transfer_syntaxes {
                    item(&mut value, 0x40, syntax.as_bytes());
                }
                item(&mut body, 0x20, &value);
            }
            item(&mut body, 0x50, &encode_user(&rq.user));
            (ASSOCIATE_RQ, body)
        }
        Pdu::AssociateAc(ac) => {
            let mut body = associate_head(&ac.called, &ac.calling);
            for context in &ac.contexts {
                let mut value = vec![context.id, 0, context.result.code(), 0];
                item(&mut value, 0x40, context.transfer_syntax.as_bytes());
                item(&mut body, 0x21, &value);
            }
            item(&mut body, 0x50, &encode_user(&ac.user));
            (ASSOCIATE_AC, body)
        }
        Pdu::AssociateRj(rj) => (ASSOCIATE_RJ, vec![0, rj.result, rj.source, rj.reason]),
        Pdu::ReleaseRq => (RELEASE_RQ, vec![0; 4]),
        Pdu::ReleaseRp => (RELEASE_RP, vec![0; 4]),
        Pdu::Abort { source, reason } => (ABORT, vec![0, 0, *source, *reason]),
    };
    let mut out = vec![kind, 0];
    let length = u32::try_from(body.len()).expect("far below 4 GB");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&body);
    out
}

fn associate_head(called: &str, calling: &str) -> Vec<u8> {
    let mut body = vec![0, 1, 0, 0];
    for title in [called, calling] {
        let mut padded = [b' '; 16];
        let n = title.len().min(16);
        padded[..n].copy_from_slice(&title.as_bytes()[..n]);
        body.extend_from_slice(&padded);
    }
    body.extend_from_slice(&[0; 32]);
    item(&mut body, 0x10, APPLICATION_CONTEXT.as_bytes());
    body
}

fn encode_user(user: &UserInformation) -> Vec<u8> {
    let mut out = Vec::new();
    item(&mut out, 0x51, &user.max_length.to_be_bytes());
    item(&mut out, 0x52, user.implementation_class.as_bytes());
    if let Some((invoked, performed)) = user.asynchronous {
        let value = [invoked.to_be_bytes(), performed.to_be_bytes()].concat();
        item(&mut out, 0x53, &value);
    }
    for role in &user.roles {
        let length = u16::try_from(role.class.len()).expect("a UID has at most 64 characters");
        let mut value = length.to_be_bytes().to_vec();
        value.extend_from_slice(role.class.as_bytes());
        value.extend_from_slice(&[u8::from(role.scu), u8::from(role.scp)]);
        item(&mut out, 0x54, &value);
    }
    item(&mut out, 0x55, user.implementation_version.as_bytes());
    out
}

fn item(out: &mut Vec<u8>, kind: u8, value: &[u8]) {
    let length = u16::try_from(value.len()).expect("items of ours are short");
    out.extend_from_slice(&[kind, 0]);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(value);
}

#[cfg(test)]
mod tests;
