//! The templates, compiled into the program, and the page's parts as HTML.

use super::{
    language::Language,
    view::{self, Board},
    words,
};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use std::{collections::BTreeMap, sync::LazyLock};

const TEMPLATES: [(&str, &str); 6] = [
    ("page.html", include_str!("../../templates/page.html")),
    ("summary.html", include_str!("../../templates/summary.html")),
    (
        "deliveries.html",
        include_str!("../../templates/deliveries.html"),
    ),
    ("held.html", include_str!("../../templates/held.html")),
    (
        "quarantine.html",
        include_str!("../../templates/quarantine.html"),
    ),
    (
        "gateways.html",
        include_str!("../../templates/gateways.html"),
    ),
];

/// The parts that change by themselves, by the id of the element they fill.
pub const PARTS: [&str; 5] = ["summary", "deliveries", "held", "quarantine", "gateways"];

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // Names and modalities come from others: everything is escaped.
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    for (name, source) in TEMPLATES {
        environment
            .add_template(name, source)
            .expect("the built-in templates compile: tests render them all");
    }
    environment
});

/// The whole page.
///
/// # Errors
/// When a template asks for what is not there: a fault of ours.
pub fn page(board: &Board, language: Language) -> Result<String, minijinja::Error> {
    ENVIRONMENT.get_template("page.html")?.render(context! {
        lang => language.tag(),
        other => language.other().tag(),
        as_of => words::AS_OF.fill(language, &[("time", &language.moment(board.at, board.at))]),
        t => words::table(language),
        p => view::page(board, language),
    })
}

/// Each of [`PARTS`] by itself.
///
/// # Errors
/// As [`page`].
pub fn parts(
    board: &Board,
    language: Language,
) -> Result<BTreeMap<&'static str, String>, minijinja::Error> {
    let data = context! {
        lang => language.tag(),
        t => words::table(language),
        p => view::page(board, language),
    };
    PARTS
        .into_iter()
        .map(|part| {
            let template = ENVIRONMENT.get_template(&format!("{part}.html"))?;
            Ok((part, template.render(&data)?))
        })
        .collect()
}
