//! `--list-services`.

use serde::Serialize;

use crate::cli::ui::Ui;
use crate::console::services::SERVICES;

#[derive(Serialize)]
struct Report {
    schema: u32,
    services: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    aliases: &'static [&'static str],
    title: &'static str,
    page: &'static str,
    regional: bool,
}

pub(super) fn services(json: bool, ui: &mut Ui) {
    if json {
        let services = SERVICES.iter().map(|service| Row {
            name: service.name,
            aliases: service.aliases,
            title: service.title,
            page: service.page,
            regional: service.regional,
        });
        return ui.json(&Report { schema: 1, services: services.collect() });
    }
    let rows: Vec<Vec<String>> = SERVICES
        .iter()
        .map(|service| vec![service.name.to_owned(), service.aliases.join(", "), service.title.to_owned()])
        .collect();
    ui.table(&["NAME", "ALSO", "SERVICE"], &rows);
}
