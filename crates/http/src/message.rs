//! Bodies that come in whole: bounded, timed, of the right media type.

use crate::{HubState, problem::ProblemResponse};
use axum::{
    body::{Body, BodyDataStream},
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use bytes::Bytes;
use futures::StreamExt;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Longest JSON message: a full batch of offers is about a tenth of it.
pub const LONGEST_MESSAGE: usize = 2 << 20;

/// Longest of those that the portal's pages send, and how deep they may nest.
const LONGEST_OF_PORTAL: usize = 256 << 10;
const DEEPEST: usize = 32;

/// A sender that gives no byte for this long is let go.
pub const STALLED: Duration = Duration::from_secs(60);

const JSON: &str = "application/json";

/// One of the link's messages.
pub struct Message<T>(pub T);

impl<T: DeserializeOwned> FromRequest<HubState> for Message<T> {
    type Rejection = ProblemResponse;

    async fn from_request(request: Request, _: &HubState) -> Result<Self, ProblemResponse> {
        require_media_type(request.headers(), JSON)?;
        let of_portal = request.uri().path().starts_with("/api/");
        let most = if of_portal {
            LONGEST_OF_PORTAL
        } else {
            LONGEST_MESSAGE
        };
        let bytes = whole(request.into_body(), most).await?;
        if of_portal && depth(&bytes) > DEEPEST {
            return Err(ProblemResponse::unreadable(format!(
                "It nests deeper than {DEEPEST} levels."
            )));
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            // serde's own text quotes values, which may be personal.
            let (line, column) = (error.line(), error.column());
            ProblemResponse::unreadable(format!(
                "It is not the JSON message that this address takes: line {line}, column {column}."
            ))
        })
    }
}

/// How deep a JSON text nests at most, before anything is made of it.
fn depth(text: &[u8]) -> usize {
    let (mut now, mut deepest) = (0_usize, 0_usize);
    let (mut quoted, mut escaped) = (false, false);
    for byte in text {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'[' | b'{' => {
                now += 1;
                deepest = deepest.max(now);
            }
            b']' | b'}' => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// # Errors
/// 415 when the body's media type, parameters aside, is another.
pub fn require_media_type(headers: &HeaderMap, wanted: &str) -> Result<(), ProblemResponse> {
    let given = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = given
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim();
    if essence.eq_ignore_ascii_case(wanted) {
        Ok(())
    } else {
        Err(ProblemResponse::wrong_media_type(wanted))
    }
}

/// The whole body, at most `most` bytes.
///
/// # Errors
/// When it is longer, stalls or breaks off.
pub async fn whole(body: Body, most: usize) -> Result<Bytes, ProblemResponse> {
    let mut chunks = body.into_data_stream();
    let mut all = Vec::new();
    while let Some(chunk) = next_chunk(&mut chunks).await? {
        if all.len() + chunk.len() > most {
            return Err(ProblemResponse::too_large(most));
        }
        all.extend_from_slice(&chunk);
    }
    Ok(all.into())
}

/// The next piece of a body, or `None` at its end.
///
/// # Errors
/// When none comes in time, or the connection breaks.
pub async fn next_chunk(chunks: &mut BodyDataStream) -> Result<Option<Bytes>, ProblemResponse> {
    match tokio::time::timeout(STALLED, chunks.next()).await {
        Err(_) => Err(ProblemResponse::stalled()),
        Ok(None) => Ok(None),
        Ok(Some(Ok(chunk))) => Ok(Some(chunk)),
        Ok(Some(Err(_))) => Err(ProblemResponse::broken_off()),
    }
}

#[cfg(test)]
mod tests {
    use super::depth;

    #[test]
    fn depth_is_counted_outside_of_texts() {
        assert_eq!(depth(br#"{"a":[1,{"b":2}],"c":"[[[[\"[["}"#), 3);
        assert_eq!(depth(&b"[".repeat(100)), 100);
        assert_eq!(depth(b"]]]][]"), 1);
    }
}
