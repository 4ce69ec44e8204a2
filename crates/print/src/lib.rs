//! Documents for people: extracts as PDF.
