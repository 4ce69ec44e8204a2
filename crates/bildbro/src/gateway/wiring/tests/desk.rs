//! A hub that gives errands and takes images.

use async_trait::async_trait;
use bildbro_domain::{ClaimId, ErrandId, InstanceUid};
use bildbro_flow::ports::{
    ByteStream,
    gateway::{Content, Hub, HubError, Sending},
};
use bildbro_testkit::eventually;
use bildbro_wire::{
    errand::{Errand, ErrandEnd, Found, FoundReply, FoundStudy, Task},
    link::{
        Answer, Complete, DeliveryTask, Fetch, Hello, HelloReply, Intent, Offer, Report,
        ReportReply,
    },
};
use jiff::Timestamp;
use std::{collections::HashMap, io, sync::Mutex, time::Duration};
use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

#[derive(Default)]
pub struct Desk {
    waiting: Mutex<Vec<Errand>>,
    there: Notify,
    told: Mutex<HashMap<ErrandId, mpsc::UnboundedSender<Found>>>,
    offered: Mutex<HashMap<InstanceUid, Intent>>,
}

impl Desk {
    /// Gives an errand; answers all that was found, and how it ended.
    pub async fn give(&self, task: Task) -> (Vec<FoundStudy>, ErrandEnd) {
        let id = ErrandId(Uuid::new_v4());
        let (tell, mut hear) = mpsc::unbounded_channel();
        self.told.lock().unwrap().insert(id, tell);
        self.waiting.lock().unwrap().push(Errand {
            id,
            claim: ClaimId(Uuid::new_v4()),
            lease_until: Timestamp::MAX,
            attempts: 0,
            task,
        });
        self.there.notify_one();
        let mut studies = Vec::new();
        loop {
            let heard = tokio::time::timeout(bildbro_testkit::LIMIT, hear.recv());
            let found: Found = heard.await.expect("the errand ends").unwrap();
            studies.extend(found.studies);
            if let Some(end) = found.end {
                return (studies, end);
            }
        }
    }

    /// The image has come, and was meant for nobody yet.
    pub async fn held(&self, image: &InstanceUid) {
        let offered = eventually("an image from the node", async || {
            self.offered.lock().unwrap().get(image).copied()
        });
        assert_eq!(offered.await, Intent::Hold);
    }
}

fn away() -> HubError {
    HubError::Unreachable("there is no more of this hub".into())
}

#[async_trait]
impl Hub for Desk {
    async fn errand(&self, _: Duration, _: bool) -> Result<Option<Errand>, HubError> {
        loop {
            if let Some(errand) = self.waiting.lock().unwrap().pop() {
                return Ok(Some(errand));
            }
            self.there.notified().await;
        }
    }
    async fn found(&self, found: &Found) -> Result<FoundReply, HubError> {
        let told = self.told.lock().unwrap();
        Ok(FoundReply {
            go_on: told[&found.errand].send(found.clone()).is_ok(),
            lease_until: Timestamp::MAX,
        })
    }
    async fn offer(&self, offers: &[Offer]) -> Result<Vec<Answer>, HubError> {
        let mut offered = self.offered.lock().unwrap();
        let each = offers.iter().map(|offer| {
            offered.insert(offer.header.sop_uid.clone(), offer.intent);
            Answer::Held
        });
        Ok(each.collect())
    }
    async fn work(&self, _: Duration) -> Result<Option<DeliveryTask>, HubError> {
        std::future::pending().await
    }
    async fn hello(&self, _: &Hello) -> Result<HelloReply, HubError> {
        Err(away())
    }
    async fn send(
        &self,
        _: Vec<Sending>,
        _: Box<dyn Fn(usize) -> io::Result<ByteStream> + Send + Sync>,
    ) -> Result<Vec<Answer>, HubError> {
        Err(away())
    }
    async fn complete(&self, _: &Complete) -> Result<(), HubError> {
        Ok(())
    }
    async fn content(&self, _: &Fetch) -> Result<Box<dyn Content>, HubError> {
        Err(away())
    }
    async fn report(&self, _: &Report) -> Result<ReportReply, HubError> {
        Err(away())
    }
}
