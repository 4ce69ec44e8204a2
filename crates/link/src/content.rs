//! Images from the hub, one after another, as the answer streams in.

use async_trait::async_trait;
use bildbro_flow::{
    line::{Arriving, LineError, Memory},
    ports::{
        ByteStream,
        gateway::{Content, HubError},
    },
};
use bildbro_wire::{
    frame::{Decoder, Event, FrameError},
    link::{Carried, InstanceMeta},
};
use bytes::Bytes;
use futures::StreamExt;

pub struct Frames {
    body: ByteStream,
    decoder: Decoder,
    /// The image that is coming.
    arriving: Option<Arriving>,
    memory: Memory,
    ended: bool,
}

impl Frames {
    pub fn new(body: ByteStream) -> Self {
        Self {
            body,
            decoder: Decoder::default(),
            arriving: None,
            memory: Memory::default(),
            ended: false,
        }
    }

    async fn event(&mut self) -> Result<Event, HubError> {
        loop {
            if let Some(event) = self.decoder.next_event().map_err(broken)? {
                return Ok(event);
            }
            match self.body.next().await {
                Some(Ok(chunk)) => self.decoder.push(&chunk),
                Some(Err(error)) => return Err(HubError::Unreachable(Box::new(error))),
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

fn wrong(error: LineError) -> HubError {
    HubError::Answer(Box::new(error))
}

#[async_trait]
impl Content for Frames {
    async fn next(&mut self) -> Result<Option<InstanceMeta>, HubError> {
        while self.arriving.is_some() {
            match self.chunk().await {
                Ok(_) | Err(HubError::Spoilt) => {}
                Err(error) => return Err(error),
            }
        }
        if self.ended {
            return Ok(None);
        }
        match self.event().await? {
            Event::Head(meta) => {
                let carried: Carried<InstanceMeta> =
                    serde_json::from_slice(&meta).map_err(|e| HubError::Answer(Box::new(e)))?;
                self.arriving = Some(Arriving::new(&self.memory, &carried, carried.image.length));
                Ok(Some(carried.image))
            }
            Event::End => {
                self.ended = true;
                Ok(None)
            }
            Event::Data(_) | Event::Whole | Event::GivenUp => {
                Err(HubError::Answer("frames out of order".into()))
            }
        }
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, HubError> {
        loop {
            let Some(arriving) = &mut self.arriving else {
                return Ok(None);
            };
            if let Some(bytes) = arriving.restored().map_err(wrong)? {
                return Ok(Some(bytes));
            }
            match self.event().await? {
                Event::Data(bytes) => {
                    if let Some(arriving) = &mut self.arriving {
                        arriving.push(bytes);
                    }
                }
                Event::Whole => {
                    let arriving = self.arriving.take();
                    arriving.map_or(Ok(()), Arriving::finish).map_err(wrong)?;
                }
                Event::GivenUp => {
                    self.arriving = None;
                    return Err(HubError::Spoilt);
                }
                Event::Head(_) | Event::End => {
                    return Err(HubError::Answer("frames out of order".into()));
                }
            }
        }
    }
}
