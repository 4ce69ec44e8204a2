//! Writes the status page of an invented hub, to look at without one.
//!
//! `cargo run -p bildbro-http --example status_page -- empty|busy|retrying sv|en`

#[path = "../tests/sample/mod.rs"]
mod sample;

use bildbro_http::status::{Language, render_page};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let language = words.iter().find_map(|word| Language::parse(word));
    let board = match words.first().map(String::as_str) {
        Some("empty") => sample::empty(),
        Some("retrying") => sample::only(sample::retrying()),
        _ => sample::busy(),
    };
    let html = render_page(&board, language.unwrap_or(Language::English));
    println!("{}", html.expect("the page renders"));
}
