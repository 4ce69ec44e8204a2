use super::*;
use crate::ports::{ByteStream, gateway::Sending};
use async_trait::async_trait;
use bildbro_domain::{ClaimId, DeliveryId, InstanceId};
use bildbro_wire::errand::{Errand, Found, FoundReply};
use bildbro_wire::link::{
    Answer, Complete, DeliveryTask, Encoding, Hello, HelloReply, Offer, Report, ReportReply,
};
use std::{io, sync::Mutex};
use uuid::Uuid;

const IMAGE: &[u8] = b"0123456789";

fn broken() -> HubError {
    HubError::Unreachable("broke off".into())
}

/// A hub of images of ten bytes, whose line breaks after so many bytes, each
/// time that it is asked; then for good.
struct Line {
    breaks: Mutex<Vec<usize>>,
    asked: Mutex<Vec<(usize, u64)>>,
}

/// One answer.
struct Broken {
    instances: Vec<InstanceId>,
    at: usize,
    until_break: usize,
}

fn meta(instance: InstanceId) -> InstanceMeta {
    let text = serde_json::json!({
        "instance": instance, "syntax": "1.2.840.10008.1.2.1",
        "digest": bildbro_domain::Digest::of(IMAGE), "length": IMAGE.len(),
        "header": {"study_uid": "1.2", "series_uid": "1.2.1", "sop_uid": "1.2.3",
            "class_uid": "1.2.840.10008.5.1.4.1.1.2"},
    });
    serde_json::from_value(text).unwrap()
}

#[async_trait]
impl Content for Broken {
    async fn next(&mut self) -> Result<Option<InstanceMeta>, HubError> {
        if self.instances.is_empty() {
            return Ok(None);
        }
        Ok(Some(meta(self.instances[0])))
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, HubError> {
        if self.at == IMAGE.len() {
            self.at = 0;
            self.instances.remove(0);
            return Ok(None);
        }
        if self.until_break == 0 {
            return Err(broken());
        }
        self.until_break -= 1;
        self.at += 1;
        Ok(Some(Bytes::from_static(&IMAGE[self.at - 1..self.at])))
    }
}

#[async_trait]
impl Hub for Line {
    async fn content(&self, fetch: &Fetch) -> Result<Box<dyn Content>, HubError> {
        let asked = (fetch.instances.len(), fetch.from);
        self.asked.lock().unwrap().push(asked);
        Ok(Box::new(Broken {
            instances: fetch.instances.clone(),
            at: usize::try_from(fetch.from).unwrap(),
            until_break: self.breaks.lock().unwrap().pop().unwrap_or_default(),
        }))
    }
    async fn hello(&self, _: &Hello) -> Result<HelloReply, HubError> {
        Err(broken())
    }
    async fn offer(&self, _: &[Offer]) -> Result<Vec<Answer>, HubError> {
        Err(broken())
    }
    async fn send(
        &self,
        _: Vec<Sending>,
        _: Box<dyn Fn(usize) -> io::Result<ByteStream> + Send + Sync>,
    ) -> Result<Vec<Answer>, HubError> {
        Err(broken())
    }
    async fn complete(&self, _: &Complete) -> Result<(), HubError> {
        Err(broken())
    }
    async fn work(&self, _: Duration) -> Result<Option<DeliveryTask>, HubError> {
        Err(broken())
    }
    async fn report(&self, _: &Report) -> Result<ReportReply, HubError> {
        Err(broken())
    }
    async fn errand(&self, _: Duration, _: bool) -> Result<Option<Errand>, HubError> {
        Err(broken())
    }
    async fn found(&self, _: &Found) -> Result<FoundReply, HubError> {
        Err(broken())
    }
}

async fn open(breaks: &[usize]) -> (Arc<Line>, Resumed) {
    let line = Arc::new(Line {
        breaks: Mutex::new(breaks.iter().rev().copied().collect()),
        asked: Mutex::default(),
    });
    let fetch = Fetch {
        delivery: DeliveryId(Uuid::nil()),
        claim: ClaimId(Uuid::nil()),
        instances: vec![InstanceId(Uuid::nil()), InstanceId(Uuid::max())],
        from: 0,
        encoding: Encoding::Identity,
    };
    let resumed = Resumed::open(Arc::clone(&line) as _, fetch).await.unwrap();
    (line, resumed)
}

#[tokio::test(start_paused = true)]
async fn images_come_whole_over_a_line_that_breaks() {
    // In the first image, twice; at once; between the images; in the second.
    let (line, mut resumed) = open(&[4, 3, 0, 3, 6, 9]).await;
    for _ in 0..2 {
        resumed.next().await.unwrap().unwrap();
        let mut came = Vec::new();
        while let Some(bytes) = resumed.chunk().await.unwrap() {
            came.extend_from_slice(&bytes);
        }
        assert_eq!(came, IMAGE);
    }
    assert!(resumed.next().await.unwrap().is_none());
    let asked = line.asked.lock().unwrap().clone();
    assert_eq!(asked, [(2, 0), (2, 4), (2, 7), (2, 7), (1, 0), (1, 6)]);
}

#[tokio::test(start_paused = true)]
async fn a_line_that_brings_nothing_more_is_given_up_and_not_asked_without_end() {
    let (line, mut resumed) = open(&[4]).await;
    resumed.next().await.unwrap().unwrap();
    let begun = Instant::now();
    let error = loop {
        match resumed.chunk().await {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(error.class(), ErrorClass::Transient);
    assert!(begun.elapsed() <= PATIENCE);
    let asked = line.asked.lock().unwrap().len();
    assert!((3..40).contains(&asked), "{asked} times");
}
