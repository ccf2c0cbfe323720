//! Plain tables and numbers as people read them.

/// Prints rows in aligned columns.
pub fn table(head: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).chain([head[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        println!("{}", padded.join("  ").trim_end());
    };
    line(&head.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
    rows.iter().for_each(|row| line(row));
}

/// A value of an enumeration as the API writes it, with blanks: `in progress`.
pub fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(|text| text.replace('_', " ")))
        .unwrap_or_default()
}

/// A moment in UTC, as in `2025-01-31 06:30 UTC`.
pub fn moment(at: adit_domain::Timestamp) -> String {
    let known = jiff::Timestamp::from_millisecond(at.0);
    known.map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default()
}
