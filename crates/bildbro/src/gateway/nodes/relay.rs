//! C-GET: the node stores on the association that asked it, and each object is
//! handed on to the running gateway as if the node had sent it there, while it
//! comes.

use async_trait::async_trait;
use bildbro_dimse::{
    client::{Association, ClientConfig, Node, Offer, StoreHeader},
    server::{StoreRequest, StoreSink},
    sop, status,
};
use bytes::Bytes;
use futures::{
    StreamExt,
    channel::{mpsc, oneshot},
    stream,
};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use tokio::task::JoinHandle;

/// What C-GET offers to take: the storage classes in daily use, each in the
/// syntaxes in daily use; an association has room for 128 contexts.
pub fn get_offers() -> Vec<Offer> {
    const SYNTAXES: [&str; 9] = [
        sop::EXPLICIT_LE,
        sop::IMPLICIT_LE,
        "1.2.840.10008.1.2.4.50",
        "1.2.840.10008.1.2.4.51",
        "1.2.840.10008.1.2.4.57",
        "1.2.840.10008.1.2.4.70",
        "1.2.840.10008.1.2.4.80",
        "1.2.840.10008.1.2.4.90",
        "1.2.840.10008.1.2.5",
    ];
    // CR, DX, MG, IO; CT; US; MR; NM and PET; XA, RF; SC; segmentation; visible
    // light and OCT; RT images and doses.
    const IMAGES: [&str; 34] = [
        "1", "1.1", "1.1.1", "1.2", "1.2.1", "1.3", "2", "2.1", "2.2", "3.1", "4", "4.1", "4.3",
        "6.1", "6.2", "7", "7.1", "7.2", "7.3", "7.4", "12.1", "12.2", "13.1.3", "20", "66.4",
        "77.1.1", "77.1.4", "77.1.5.1", "77.1.5.4", "128", "128.1", "130", "481.1", "481.2",
    ];
    // ECG, GSPS, raw data, registration, SR, key objects, dose reports, documents,
    // RT structures, plans and records: no pixels to compress.
    const OTHERS: [&str; 24] = [
        "9.1.1", "11.1", "66", "66.1", "66.3", "67", "88.11", "88.22", "88.33", "88.34", "88.40",
        "88.50", "88.59", "88.65", "88.67", "88.68", "88.76", "104.1", "481.3", "481.4", "481.5",
        "481.7", "481.8", "481.9",
    ];
    let class = |last| format!("1.2.840.10008.5.1.4.1.1.{last}");
    let take = |last, syntaxes| Offer {
        as_provider: true,
        ..Offer::user(&class(last), syntaxes)
    };
    let (native, compressed) = SYNTAXES.split_at(2);
    let mut offers = vec![Offer::user(sop::STUDY_ROOT_GET, native)];
    for last in IMAGES {
        // A context settles on one syntax; two, so that what is stored
        // compressed need not be unpacked.
        offers.push(take(last, native));
        offers.push(take(last, compressed));
    }
    offers.extend(OTHERS.map(|last| take(last, native)));
    offers
}

/// Hands an object from a C-GET on to the running gateway, while it comes.
pub struct Relay {
    chunks: mpsc::Sender<std::io::Result<Bytes>>,
    /// Told at commit. When it is dropped instead, the object broke off, and
    /// must not look whole to the gateway.
    whole: oneshot::Sender<()>,
    stored: JoinHandle<Option<u16>>,
    taken: Arc<AtomicU32>,
}

impl Relay {
    /// `taken` counts the objects that the gateway has taken: not every node
    /// says how many it has sent.
    pub fn open(
        request: StoreRequest,
        gateway: Node,
        client: ClientConfig,
        taken: Arc<AtomicU32>,
    ) -> Box<dyn StoreSink> {
        let (chunks, source) = mpsc::channel(4);
        let (whole, is_whole) = oneshot::channel();
        let end = stream::once(is_whole).filter_map(|told| async move {
            let broken = || Err(std::io::Error::other("the object broke off"));
            told.is_err().then(broken)
        });
        let stored = tokio::spawn(async move {
            let offers = [Offer::user(
                request.class.as_str(),
                &[request.syntax.as_str()],
            )];
            let mut association = Association::open(&gateway, &client, &offers).await.ok()?;
            let header = StoreHeader::of(&request.class, &request.sop_uid, &request.syntax);
            let status = association
                .store(&header, Box::pin(source.chain(end)))
                .await
                .ok()?;
            association.release().await;
            Some(status)
        });
        Box::new(Self {
            chunks,
            whole,
            stored,
            taken,
        })
    }
}

#[async_trait]
impl StoreSink for Relay {
    async fn push(&mut self, bytes: Bytes) -> Result<(), u16> {
        use futures::SinkExt;
        self.chunks
            .send(Ok(bytes))
            .await
            .map_err(|_| status::OUT_OF_RESOURCES)
    }

    async fn commit(self: Box<Self>) -> u16 {
        let _relay_gone = self.whole.send(());
        drop(self.chunks);
        match self.stored.await {
            Ok(Some(status)) => {
                if status == status::SUCCESS {
                    self.taken.fetch_add(1, Ordering::Relaxed);
                }
                status
            }
            _ => status::OUT_OF_RESOURCES,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bildbro_dimse::client::MAX_CONTEXTS;

    #[test]
    fn get_offers_fit_one_association() {
        let offers = get_offers();
        assert!(offers.len() <= MAX_CONTEXTS, "{}", offers.len());
        for (n, offer) in offers.iter().enumerate().skip(1) {
            assert!(sop::is_storage(&offer.abstract_syntax), "{offer:?}");
            assert!(!offers[..n].contains(offer), "twice: {offer:?}");
        }
    }
}
