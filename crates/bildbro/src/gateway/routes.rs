//! Which AE titles this gateway answers to, and what each means.

use super::config::Config;
use bildbro_domain::AeTitle;
use bildbro_flow::ports::gateway::Route;
use bildbro_wire::link::{DirectoryEntry, Intent};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, RwLock},
};

/// Called AE title → route, and the calling AE titles that are let in. The
/// hub's directory changes while the gateway runs.
#[derive(Clone)]
pub struct Routes {
    own: Arc<HashMap<AeTitle, Route>>,
    callers: Option<Arc<HashSet<AeTitle>>>,
    organisations: Arc<RwLock<HashMap<AeTitle, Route>>>,
}

impl Routes {
    pub fn new(config: &Config) -> Self {
        let mut own = HashMap::from([(
            config.ae_title.clone(),
            Route::Hub {
                intent: Intent::Hold,
            },
        )]);
        for node in &config.nodes {
            if let Some(title) = &node.direct_as {
                let name = node.name.clone();
                own.insert(title.clone(), Route::Node { name });
            }
        }
        let callers = (!config.accept_any_calling)
            .then(|| Arc::new(config.nodes.iter().map(|n| n.ae_title.clone()).collect()));
        Self {
            own: Arc::new(own),
            callers,
            organisations: Arc::default(),
        }
    }

    pub fn set_directory(&self, entries: &[DirectoryEntry]) {
        let routes = entries
            .iter()
            .map(|entry| {
                let intent = Intent::Share {
                    recipient: entry.organisation,
                };
                (entry.ae_title.clone(), Route::Hub { intent })
            })
            .collect();
        *self.organisations.write().expect("nobody panics with it") = routes;
    }

    /// What an image sent to this AE title is meant for. The gateway's own
    /// titles come before the directory's.
    pub fn called(&self, title: &AeTitle) -> Option<Route> {
        let organisations = self.organisations.read().expect("nobody panics with it");
        let found = self.own.get(title).or_else(|| organisations.get(title));
        found.cloned()
    }

    pub fn lets_in(&self, calling: &AeTitle) -> bool {
        self.callers
            .as_ref()
            .is_none_or(|callers| callers.contains(calling))
    }
}
