//! Sample studies, generated.
