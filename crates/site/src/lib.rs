//! The portal's pages as built from `web/`, within the program.
//!
//! Ring 0: bytes, no I/O. What this crate deliberately does not do: it serves
//! nothing (crate `http`).

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// One file of the portal.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Below the root, without a slash before it.
    pub path: &'static str,
    pub bytes: &'static [u8],
    /// The same, by gzip.
    pub gzip: &'static [u8],
}

/// The page that every address of the portal begins with.
pub const INDEX: &str = "index.html";

impl File {
    /// By the name's end.
    #[must_use]
    pub fn media_type(&self) -> &'static str {
        match self.path.rsplit('.').next().unwrap_or_default() {
            "html" => "text/html; charset=utf-8",
            "js" => "text/javascript",
            "css" => "text/css",
            "svg" => "image/svg+xml",
            "woff2" => "font/woff2",
            "png" => "image/png",
            "json" | "webmanifest" => "application/json",
            "txt" => "text/plain; charset=utf-8",
            _ => "application/octet-stream",
        }
    }

    /// Whether the name changes with the content, so that it can be kept for good.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        self.path.starts_with("assets/")
    }
}

/// Whether the portal is within this program.
#[must_use]
pub const fn is_built() -> bool {
    !FILES.is_empty()
}

/// `None`: there is no such file, or the portal was not built.
#[must_use]
pub fn file(path: &str) -> Option<&'static File> {
    FILES
        .binary_search_by(|file| file.path.cmp(path))
        .ok()
        .map(|at| &FILES[at])
}
