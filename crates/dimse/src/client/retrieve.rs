//! C-MOVE and C-GET as user: what a node is asked to send, elsewhere or here
//! (PS3.7 9.1.3, 9.1.4; PS3.4 C.4.2, C.4.3).

use super::{Association, ClientError};
use crate::{
    channel::ChannelError,
    command::{Command, field},
    server::{StoreRequest, StoreSink},
    status,
};
use bildbro_domain::{AeTitle, ClassUid, InstanceUid, SyntaxUid};
use bytes::Bytes;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Progress of a C-MOVE or C-GET.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    pub remaining: u16,
    pub completed: u16,
    pub failed: u16,
    pub warning: u16,
}

impl Association {
    /// C-MOVE to `destination`. A node that neither answers nor moves anything
    /// for `patience` is given up on: some never fulfil the first
    /// sub-operation, and say nothing.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn move_to(
        &mut self,
        model: &str,
        destination: &AeTitle,
        identifier: impl Fn(&str) -> Bytes,
        patience: Duration,
        mut each: impl FnMut(Progress),
    ) -> Result<Progress, ClientError> {
        let (context, syntax) = self.any_context(model)?;
        let request = Command {
            field: field::MOVE_RQ,
            class: model.to_owned(),
            message_id: self.next_message(),
            has_data: true,
            priority: Some(0),
            move_destination: destination.to_string(),
            ..Command::default()
        };
        self.channel
            .send_message(context, &request, Some(&identifier(&syntax)))
            .await?;
        self.channel.set_idle(patience);
        let mut progress = Progress::default();
        let mut moved_at = Instant::now();
        loop {
            // Responses that repeat the same counts are no progress.
            let deadline = moved_at + patience;
            let response = timeout_at(deadline, self.response(&request)).await;
            let response = match response {
                Err(_) | Ok(Err(ClientError::Channel(ChannelError::Silent(_)))) => {
                    return Err(ClientError::NoProgress(patience));
                }
                Ok(response) => response?,
            };
            if response.has_data {
                self.channel.short_data(context, 1 << 20).await?;
            }
            let now = counts(&response, progress);
            if now != progress {
                progress = now;
                moved_at = Instant::now();
                each(progress);
            }
            if let Some(end) = ended(&response, progress) {
                self.channel.set_idle(self.response);
                return end;
            }
        }
    }

    /// C-GET: the node stores on this same association, into what `open`
    /// gives. The offers must have named storage classes `as_provider`. `each`
    /// hears how far it is, if the node says so.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get(
        &mut self,
        model: &str,
        identifier: impl Fn(&str) -> Bytes,
        mut open: impl FnMut(StoreRequest) -> Result<Box<dyn StoreSink>, u16>,
        mut each: impl FnMut(Progress),
    ) -> Result<Progress, ClientError> {
        let (context, syntax) = self.any_context(model)?;
        let request = Command {
            field: field::GET_RQ,
            class: model.to_owned(),
            message_id: self.next_message(),
            has_data: true,
            priority: Some(0),
            ..Command::default()
        };
        self.channel
            .send_message(context, &request, Some(&identifier(&syntax)))
            .await?;
        let mut progress = Progress::default();
        loop {
            let Some((on, command)) = self.channel.command().await? else {
                return Err(ChannelError::Protocol("release instead of a response").into());
            };
            if command.field == field::STORE_RQ {
                self.sub_store(on, &command, &mut open).await?;
                continue;
            }
            if !command.is_response() || command.responding_to != request.message_id {
                return Err(ChannelError::Protocol("an answer to another question").into());
            }
            if command.has_data {
                self.channel.short_data(on, 1 << 20).await?;
            }
            let now = counts(&command, progress);
            if now != progress {
                progress = now;
                each(progress);
            }
            if let Some(end) = ended(&command, progress) {
                return end;
            }
        }
    }

    async fn sub_store(
        &mut self,
        context: u8,
        command: &Command,
        open: &mut impl FnMut(StoreRequest) -> Result<Box<dyn StoreSink>, u16>,
    ) -> Result<(), ClientError> {
        let agreed = self.contexts.iter().find(|(_, id)| **id == context);
        let ((class, syntax), _) = agreed.ok_or(ChannelError::Protocol(
            "a presentation context never accepted",
        ))?;
        if !command.has_data {
            return Err(ChannelError::Protocol("a C-STORE without a data set").into());
        }
        let sink = store_request(command, class, syntax).and_then(open);
        let code = crate::server::take(&mut self.channel, context, sink).await?;
        let response = Command::response(command, code);
        Ok(self.channel.send_message(context, &response, None).await?)
    }
}

fn store_request(command: &Command, class: &str, syntax: &str) -> Result<StoreRequest, u16> {
    if command.class != class {
        return Err(status::SOP_CLASS_NOT_SUPPORTED);
    }
    Ok(StoreRequest {
        class: ClassUid::new(class).map_err(|_| status::CANNOT_UNDERSTAND)?,
        sop_uid: InstanceUid::new(&command.sop_uid).map_err(|_| status::CANNOT_UNDERSTAND)?,
        syntax: SyntaxUid::new(syntax).map_err(|_| status::CANNOT_UNDERSTAND)?,
    })
}

fn counts(response: &Command, before: Progress) -> Progress {
    response
        .suboperations
        .map_or(before, |[remaining, completed, failed, warning]| Progress {
            remaining,
            completed,
            failed,
            warning,
        })
}

fn ended(response: &Command, progress: Progress) -> Option<Result<Progress, ClientError>> {
    match response.status.unwrap_or(status::CANNOT_UNDERSTAND) {
        code if status::is_pending(code) => None,
        status::SUCCESS | status::WARNING_SUBOPERATIONS => Some(Ok(progress)),
        code => Some(Err(ClientError::Status(code))),
    }
}
