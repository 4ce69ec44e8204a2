//! Says to the hub how the gateway and its nodes are, again and again, and
//! hears who is on the hub.

use super::Parts;
use crate::gateway::routes::Routes;
use bildbro_flow::ports::gateway::Hub;
use bildbro_wire::link::{Hello, NodeStatus};
use futures::future::join_all;
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How often the gateway says how it is.
const HELLO: Duration = Duration::from_secs(5);

/// How often nodes are asked whether they answer, and how long that may take:
/// a node that is away must not make the gateway look silent.
const ECHO: Duration = Duration::from_secs(30);
const ECHO_WAIT: Duration = Duration::from_secs(3);

impl Parts {
    /// Says how the gateway is, and hears who is on the hub.
    pub async fn greet(self, hub: Arc<dyn Hub>, routes: Routes, stop: CancellationToken) {
        let mut heard = true;
        let mut answers = Answers::default();
        loop {
            if answers.asked.is_none_or(|at| at.elapsed() >= ECHO) {
                answers = self.ask_nodes().await;
            }
            let hello = self.hello(&answers).await;
            match hub.hello(&hello).await {
                Ok(reply) => {
                    heard = true;
                    routes.set_directory(&reply.directory);
                    if let Err(error) = self.store.save_directory(&reply.directory).await {
                        tracing::error!(%error, "hello.directory_not_saved");
                    }
                    let skew = self.clock.now().duration_since(reply.time).abs();
                    if skew.as_secs() >= 60 {
                        tracing::warn!(seconds = skew.as_secs(), "hello.clocks_differ");
                    }
                }
                Err(error) => {
                    if std::mem::take(&mut heard) {
                        tracing::warn!(%error, "hello.hub_away");
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(HELLO) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Asks all nodes at once.
    async fn ask_nodes(&self) -> Answers {
        let asking = self.nodes.names().into_iter().map(|(name, _)| async move {
            let answered = timeout(ECHO_WAIT, self.nodes.echo(&name)).await;
            (name, matches!(answered, Ok(Ok(()))))
        });
        Answers {
            asked: Some(Instant::now()),
            nodes: join_all(asking).await.into_iter().collect(),
        }
    }

    pub async fn hello(&self, answers: &Answers) -> Hello {
        let (waiting_images, waiting_bytes) = self.store.waiting().await.unwrap_or_default();
        let totals = self.store.direct_totals().await.unwrap_or_default();
        let mut nodes = Vec::new();
        for (name, ae_title) in self.nodes.names() {
            let total = totals.iter().find(|t| t.node == name);
            let total = total.cloned().unwrap_or_default();
            nodes.push(NodeStatus {
                answers: answers.nodes.get(&name).copied(),
                name,
                ae_title,
                direct_waiting: total.waiting,
                direct_stored: total.stored,
                direct_failed: total.failed,
            });
        }
        Hello {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            run: Some(self.run),
            waiting_images,
            waiting_bytes,
            nodes,
        }
    }
}

/// Which nodes answered C-ECHO, and when they were asked.
#[derive(Default)]
pub struct Answers {
    asked: Option<Instant>,
    nodes: HashMap<String, bool>,
}
