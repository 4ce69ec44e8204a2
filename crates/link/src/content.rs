//! Images from the hub, one after another, as the answer streams in.

use crate::client::unreachable;
use async_trait::async_trait;
use bildbro_flow::ports::gateway::{Content, HubError};
use bildbro_wire::{
    frame::{Decoder, Event, FrameError},
    link::InstanceMeta,
};
use bytes::Bytes;
use reqwest::Response;

pub struct Frames {
    response: Response,
    decoder: Decoder,
    inside: bool,
    ended: bool,
}

impl Frames {
    pub fn new(response: Response) -> Self {
        Self {
            response,
            decoder: Decoder::default(),
            inside: false,
            ended: false,
        }
    }

    async fn event(&mut self) -> Result<Event, HubError> {
        loop {
            if let Some(event) = self.decoder.next_event().map_err(broken)? {
                return Ok(event);
            }
            match self.response.chunk().await.map_err(unreachable)? {
                Some(chunk) => self.decoder.push(&chunk),
                None => {
                    let error = self.decoder.finish().err().unwrap_or(FrameError::CutOff);
                    return Err(HubError::Unreachable(Box::new(error)));
                }
            }
        }
    }
}

fn broken(error: FrameError) -> HubError {
    HubError::Answer(Box::new(error))
}

#[async_trait]
impl Content for Frames {
    async fn next(&mut self) -> Result<Option<InstanceMeta>, HubError> {
        while self.inside {
            self.chunk().await?;
        }
        if self.ended {
            return Ok(None);
        }
        match self.event().await? {
            Event::Head { meta, data_length } => {
                let meta: InstanceMeta =
                    serde_json::from_slice(&meta).map_err(|e| HubError::Answer(Box::new(e)))?;
                if meta.length != data_length {
                    return Err(HubError::Answer(
                        "an image's length is said in two ways".into(),
                    ));
                }
                self.inside = true;
                Ok(Some(meta))
            }
            Event::End => {
                self.ended = true;
                Ok(None)
            }
            Event::Data(_) | Event::FrameEnd => Err(HubError::Answer("frames out of order".into())),
        }
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, HubError> {
        if !self.inside {
            return Ok(None);
        }
        match self.event().await? {
            Event::Data(bytes) => Ok(Some(bytes)),
            Event::FrameEnd => {
                self.inside = false;
                Ok(None)
            }
            Event::Head { .. } | Event::End => Err(HubError::Answer("frames out of order".into())),
        }
    }
}
