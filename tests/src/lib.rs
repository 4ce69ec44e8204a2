//! Tests of the whole path with real peers. All of it is in `tests/`: files
//! named `scenarios_*` follow images from PACS to PACS, `interop_*` hold one
//! service against other makers' programs, `peers` proves the kit itself.
