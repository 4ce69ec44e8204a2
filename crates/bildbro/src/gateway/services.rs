//! What the gateway does on its DICOM port: C-ECHO and C-STORE, from those it
//! knows, to the titles it answers to.

use super::routes::Routes;
use async_trait::async_trait;
use bildbro_dimse::{
    server::{Acceptance, Peer, Refusal, Services, StoreRequest, StoreSink},
    sop, status,
};
use bildbro_flow::receive::{Announced, Receiver, Receiving, Refused};
use bytes::Bytes;

pub struct GatewayServices {
    pub routes: Routes,
    pub receiver: Receiver,
}

#[async_trait]
impl Services for GatewayServices {
    fn welcome(&self, peer: &Peer) -> Result<(), Refusal> {
        if !self.routes.lets_in(&peer.calling) {
            return Err(Refusal::CallingUnknown);
        }
        match self.routes.called(&peer.called) {
            Some(_) => Ok(()),
            None => Err(Refusal::CalledUnknown),
        }
    }

    fn accept(&self, _peer: &Peer, abstract_syntax: &str, proposed: &[String]) -> Acceptance {
        if abstract_syntax != sop::VERIFICATION && !sop::is_storage(abstract_syntax) {
            return Acceptance::RefuseAbstractSyntax;
        }
        match sop::first_standard(proposed) {
            Some(syntax) => Acceptance::Accept(syntax.clone()),
            None => Acceptance::RefuseTransferSyntaxes,
        }
    }

    async fn store(&self, peer: &Peer, request: StoreRequest) -> Result<Box<dyn StoreSink>, u16> {
        // The directory may have changed since the association began.
        let route = self
            .routes
            .called(&peer.called)
            .ok_or(status::CANNOT_UNDERSTAND)?;
        let announced = Announced {
            calling: peer.calling.clone(),
            called: peer.called.clone(),
            route,
            class: request.class,
            sop_uid: request.sop_uid,
            syntax: request.syntax,
        };
        Ok(Box::new(Sink(self.receiver.begin(announced))))
    }
}

pub struct Sink(pub Receiving);

#[async_trait]
impl StoreSink for Sink {
    async fn push(&mut self, bytes: Bytes) -> Result<(), u16> {
        self.0.push(bytes).await.map_err(|refused| say(&refused))
    }

    async fn commit(self: Box<Self>) -> u16 {
        match self.0.commit().await {
            Ok(_) => status::SUCCESS,
            Err(refused) => say(&refused),
        }
    }
}

fn say(refused: &Refused) -> u16 {
    tracing::warn!(reason = %refused, "receive.refused");
    refused.status()
}
