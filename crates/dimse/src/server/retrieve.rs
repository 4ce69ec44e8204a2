//! C-MOVE and C-GET: the sub-operations, and the account of them (PS3.7 9.1.3,
//! 9.1.4; PS3.4 C.4.2, C.4.3).
//!
//! An object that cannot be sent is counted as failed, and named in the last
//! response.

use super::{Query, StoredObject, serve::Session};
use crate::{
    channel::ChannelError,
    client::{self, ClientError, StoreHeader},
    command::{Command, field},
    status,
};
use bildbro_dicom::{Tag, identifier::Identifier};
use bildbro_domain::{AeTitle, InstanceUid};
use bytes::Bytes;
use std::sync::Arc;

/// Failed SOP Instance UID List.
const FAILED_LIST: Tag = Tag(0x0008, 0x0058);

/// Longest such list, in bytes: what an explicit VR's length can say (PS3.5
/// 7.1.2). That is a thousand UIDs at least; the count is right beyond it.
const MAX_FAILED_LIST: usize = 0xFFFE;

impl Session {
    pub(super) async fn move_(
        &mut self,
        context: u8,
        command: &Command,
        query: Query,
    ) -> Result<(), ChannelError> {
        let services = Arc::clone(&self.services);
        let destination = AeTitle::new(&command.move_destination)
            .ok()
            .and_then(|title| services.destination(&title));
        let Some(node) = destination else {
            return self
                .answer(context, command, status::MOVE_DESTINATION_UNKNOWN)
                .await;
        };
        let objects = match services.retrieve(&self.association.peer, query).await {
            Ok(objects) => objects,
            Err(status) => return self.answer(context, command, status).await,
        };
        let mut counts = Counts::new(objects.len());
        if objects.is_empty() {
            return self
                .progress(context, command, counts.status(), &counts)
                .await;
        }
        let proposals = client::storage_proposals(objects.iter().map(|o| (&o.class, &o.syntax)));
        let mut outgoing = match client::Association::open(&node, &self.client, &proposals).await {
            Ok(outgoing) => outgoing,
            Err(error) => {
                tracing::warn!(destination = %node.ae_title, %error, "move.no_association");
                counts.fail_all(&objects);
                return self
                    .progress(context, command, counts.status(), &counts)
                    .await;
            }
        };
        let originator = (
            self.association.peer.calling.to_string(),
            command.message_id,
        );
        let mut objects = objects.into_iter();
        while let Some(object) = objects.next() {
            if self.cancelled(command).await? {
                outgoing.release().await;
                return self
                    .progress(context, command, status::CANCEL, &counts)
                    .await;
            }
            let header = StoreHeader {
                originator: Some(originator.clone()),
                ..StoreHeader::of(&object.class, &object.sop_uid, &object.syntax)
            };
            match outgoing.store(&header, object.bytes).await {
                Ok(status) => counts.note(&object.sop_uid, status),
                Err(ClientError::NotAccepted) => {
                    counts.note(&object.sop_uid, status::SOP_CLASS_NOT_SUPPORTED);
                }
                // That association is of no more use.
                Err(error) => {
                    tracing::warn!(destination = %node.ae_title, %error, "move.broke_off");
                    counts.fail(&object.sop_uid);
                    counts.fail_all(objects.as_slice());
                    return self
                        .progress(context, command, counts.status(), &counts)
                        .await;
                }
            }
            if counts.remaining > 0 {
                self.progress(context, command, status::PENDING, &counts)
                    .await?;
            }
        }
        outgoing.release().await;
        self.progress(context, command, counts.status(), &counts)
            .await
    }

    pub(super) async fn get(
        &mut self,
        context: u8,
        command: &Command,
        query: Query,
    ) -> Result<(), ChannelError> {
        let services = Arc::clone(&self.services);
        let objects = match services.retrieve(&self.association.peer, query).await {
            Ok(objects) => objects,
            Err(status) => return self.answer(context, command, status).await,
        };
        let mut counts = Counts::new(objects.len());
        for object in objects {
            let sop_uid = object.sop_uid.clone();
            let (status, cancelled) = self.suboperation(command, object).await?;
            counts.note(&sop_uid, status);
            if cancelled {
                return self
                    .progress(context, command, status::CANCEL, &counts)
                    .await;
            }
            if counts.remaining > 0 {
                self.progress(context, command, status::PENDING, &counts)
                    .await?;
            }
        }
        self.progress(context, command, counts.status(), &counts)
            .await
    }

    /// A C-STORE to the requester on its own association (PS3.7 9.1.3). Answers
    /// its status, and whether the requester has cancelled the whole.
    async fn suboperation(
        &mut self,
        request: &Command,
        object: StoredObject,
    ) -> Result<(u16, bool), ChannelError> {
        let class = object.class.as_str();
        let wanted = (class.to_owned(), object.syntax.to_string());
        let agreed = self
            .association
            .contexts
            .iter()
            .find(|(_, c)| **c == wanted);
        let takes = self.association.scp_roles.iter().any(|c| c == class);
        let (Some((&context, _)), true) = (agreed, takes) else {
            return Ok((status::SOP_CLASS_NOT_SUPPORTED, false));
        };
        self.message_id = self.message_id.wrapping_add(1);
        let store = StoreHeader::of(&object.class, &object.sop_uid, &object.syntax)
            .command(self.message_id);
        self.channel.send_message(context, &store, None).await?;
        self.channel.send_stream(context, object.bytes).await?;
        let mut cancelled = false;
        loop {
            match self.channel.command().await? {
                Some((_, c)) if c.field == field::CANCEL_RQ => {
                    cancelled |= c.responding_to == request.message_id;
                }
                Some((_, c)) if c.is_response() && c.responding_to == store.message_id => {
                    return Ok((c.status.unwrap_or(status::CANNOT_UNDERSTAND), cancelled));
                }
                _ => return Err(ChannelError::Protocol("no response to a sub-operation")),
            }
        }
    }

    async fn progress(
        &mut self,
        context: u8,
        request: &Command,
        status: u16,
        counts: &Counts,
    ) -> Result<(), ChannelError> {
        let mut response = Command::response(request, status);
        response.suboperations = Some([
            counts.remaining,
            counts.completed,
            counts.failed,
            counts.warning,
        ]);
        let failed = counts.failed_list(status).and_then(|list| {
            // A context that is not agreed on has got no request this far.
            let (_, syntax) = self.association.contexts.get(&context)?;
            let mut identifier = Identifier::new();
            identifier.set(FAILED_LIST, list);
            Some(Bytes::from(identifier.encode(syntax)))
        });
        response.has_data = failed.is_some();
        self.channel
            .send_message(context, &response, failed.as_ref())
            .await
    }
}

/// Sub-operation counts (PS3.4 C.4.2.1.6), and the UIDs of those that failed,
/// joined by backslashes (C.4.2.1.4.2).
struct Counts {
    remaining: u16,
    completed: u16,
    failed: u16,
    warning: u16,
    failed_list: String,
}

impl Counts {
    fn new(objects: usize) -> Self {
        Self {
            remaining: u16::try_from(objects).unwrap_or(u16::MAX),
            completed: 0,
            failed: 0,
            warning: 0,
            failed_list: String::new(),
        }
    }

    fn note(&mut self, sop_uid: &InstanceUid, status: u16) {
        let count = match status {
            status::SUCCESS => &mut self.completed,
            0xB000..=0xBFFF => &mut self.warning,
            _ => return self.fail(sop_uid),
        };
        *count = count.saturating_add(1);
        self.remaining = self.remaining.saturating_sub(1);
    }

    fn fail(&mut self, sop_uid: &InstanceUid) {
        self.failed = self.failed.saturating_add(1);
        self.remaining = self.remaining.saturating_sub(1);
        let uid = sop_uid.as_str();
        if self.failed_list.len() + 1 + uid.len() > MAX_FAILED_LIST {
            return;
        }
        if !self.failed_list.is_empty() {
            self.failed_list.push('\\');
        }
        self.failed_list.push_str(uid);
    }

    fn fail_all(&mut self, objects: &[StoredObject]) {
        for object in objects {
            self.fail(&object.sop_uid);
        }
    }

    /// Which failed, for the last response; `None` when none did.
    fn failed_list(&self, status: u16) -> Option<&str> {
        let is_last = !status::is_pending(status);
        (is_last && !self.failed_list.is_empty()).then_some(&self.failed_list)
    }

    const fn status(&self) -> u16 {
        match (self.failed, self.completed, self.warning) {
            (0, _, 0) => status::SUCCESS,
            (1.., 0, 0) => status::UNABLE_TO_SUBOPERATE,
            _ => status::WARNING_SUBOPERATIONS,
        }
    }
}
