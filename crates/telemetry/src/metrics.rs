//! The hub's numbers, as OpenMetrics text.

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use std::{sync::Arc, time::Duration};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    /// `2xx`, `4xx` and so on.
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    route: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AnswerLabel {
    answer: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabel {
    state: &'static str,
}

/// Counted where it happens; cloned freely.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<RequestLabels, Counter>,
    seconds: Family<RouteLabel, Histogram>,
    answers: Family<AnswerLabel, Counter>,
    admitted_images: Counter,
    admitted_bytes: Counter,
    deliveries: Family<StateLabel, Gauge>,
    studies: Gauge,
    images: Gauge,
    image_bytes: Gauge,
    quarantined: Gauge,
    pending: Gauge,
    audit_entries: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("bildbro");
        let seconds = Family::new_with_constructor(
            (|| Histogram::new(exponential_buckets(0.001, 4.0, 9))) as fn() -> Histogram,
        );
        let metrics = Self {
            registry: Arc::default(),
            requests: Family::default(),
            seconds,
            answers: Family::default(),
            admitted_images: Counter::default(),
            admitted_bytes: Counter::default(),
            deliveries: Family::default(),
            studies: Gauge::default(),
            images: Gauge::default(),
            image_bytes: Gauge::default(),
            quarantined: Gauge::default(),
            pending: Gauge::default(),
            audit_entries: Gauge::default(),
        };
        let m = &metrics;
        registry.register("http_requests", "Requests answered", m.requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time to answer",
            Unit::Seconds,
            m.seconds.clone(),
        );
        registry.register(
            "link_answers",
            "Images offered or sent, by answer",
            m.answers.clone(),
        );
        registry.register(
            "admitted_images",
            "Images taken in",
            m.admitted_images.clone(),
        );
        registry.register_with_unit(
            "admitted",
            "Bytes of images taken in",
            Unit::Bytes,
            m.admitted_bytes.clone(),
        );
        registry.register("deliveries", "Deliveries, by state", m.deliveries.clone());
        registry.register("studies", "Studies held", m.studies.clone());
        registry.register("images", "Images held", m.images.clone());
        registry.register_with_unit("images", "Bytes held", Unit::Bytes, m.image_bytes.clone());
        registry.register(
            "quarantined_images",
            "Images set aside",
            m.quarantined.clone(),
        );
        registry.register(
            "pending_images",
            "Images waiting for delivery",
            m.pending.clone(),
        );
        registry.register(
            "audit_entries",
            "Entries in the audit log",
            m.audit_entries.clone(),
        );
        Self {
            registry: Arc::new(registry),
            ..metrics
        }
    }
}

fn set(gauge: &Gauge, n: u64) {
    gauge.set(i64::try_from(n).unwrap_or(i64::MAX));
}

impl Metrics {
    /// A request has been answered. `route` is a pattern, never a path.
    pub fn http_request(&self, route: &'static str, status: u16, took: Duration) {
        let status = match status {
            200..=299 => "2xx",
            300..=399 => "3xx",
            400..=499 => "4xx",
            _ => "5xx",
        };
        self.requests
            .get_or_create(&RequestLabels { route, status })
            .inc();
        self.seconds
            .get_or_create(&RouteLabel { route })
            .observe(took.as_secs_f64());
    }

    /// An image was answered for.
    pub fn answered(&self, answer: &'static str) {
        self.answers.get_or_create(&AnswerLabel { answer }).inc();
    }

    /// An image of this many bytes was taken in.
    pub fn admitted(&self, bytes: u64) {
        self.admitted_images.inc();
        self.admitted_bytes.inc_by(bytes);
    }

    pub fn set_deliveries(&self, state: &'static str, n: u64) {
        set(&self.deliveries.get_or_create(&StateLabel { state }), n);
    }

    pub fn set_holdings(&self, studies: u64, images: u64, bytes: u64) {
        set(&self.studies, studies);
        set(&self.images, images);
        set(&self.image_bytes, bytes);
    }

    pub fn set_quarantined(&self, n: u64) {
        set(&self.quarantined, n);
    }

    pub fn set_pending(&self, n: u64) {
        set(&self.pending, n);
    }

    pub fn set_audit_entries(&self, n: u64) {
        set(&self.audit_entries, n);
    }

    /// All of it, as OpenMetrics text.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _infallible = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_told() {
        let metrics = Metrics::default();
        metrics.http_request("/healthz", 204, Duration::from_millis(3));
        metrics.admitted(512);
        metrics.set_deliveries("retrying", 2);
        let text = metrics.encode();
        for line in [
            r#"bildbro_http_requests_total{route="/healthz",status="2xx"} 1"#,
            "bildbro_admitted_bytes_total 512",
            r#"bildbro_deliveries{state="retrying"} 2"#,
            "# EOF",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
