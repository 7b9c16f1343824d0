//! The table.

use crate::rounds::{Turn, Turns};

/// What was measured.
#[derive(Default)]
pub struct Report {
    rows: Vec<[String; 8]>,
}

/// What a figure should be.
#[derive(Clone, Copy)]
pub enum Goal {
    /// At least this.
    AtLeast(f64),
    /// At most this.
    AtMost(f64),
    /// It is told, and no more.
    None,
}

impl Goal {
    fn text(self) -> String {
        match self {
            Self::AtLeast(goal) => format!("≥ {}", figure(goal)),
            Self::AtMost(goal) => format!("≤ {}", figure(goal)),
            Self::None => String::new(),
        }
    }

    fn verdict(self, value: f64) -> &'static str {
        match self {
            Self::AtLeast(goal) if value < goal => "SHORT",
            Self::AtMost(goal) if value > goal => "SHORT",
            Self::None => "",
            Self::AtLeast(_) | Self::AtMost(_) => "ok",
        }
    }
}

impl Report {
    /// A lane beside its floor: the median of the turns' ratios, their spread, and the ratio by processor time.
    pub fn lane(&mut self, lane: &str, floor: &str, turns: &Turns, goal: Goal) {
        let ratios = |of: fn(&Turn) -> f64| -> Vec<f64> {
            turns.lane.iter().zip(&turns.floor).map(|(lane, floor)| of(lane) / of(floor)).collect()
        };
        let rate = |turns: &[Turn]| figure(median(&turns.iter().map(|turn| turn.rate).collect::<Vec<_>>()));
        let by_time = ratios(|turn| turn.rate);
        let by_work = median(&ratios(|turn| turn.work_rate));
        let ratio = median(&by_time);
        self.add([
            lane.to_owned(),
            floor.to_owned(),
            format!("{}/s of {}/s", rate(&turns.lane), rate(&turns.floor)),
            figure(ratio),
            spread(&by_time),
            if by_work.is_nan() { String::new() } else { figure(by_work) },
            goal.text(),
            goal.verdict(ratio).to_owned(),
        ]);
    }

    /// A figure without a floor: the median of `values`, and their spread.
    pub fn figure(&mut self, what: &str, unit: &str, values: &[f64], goal: Goal) {
        let value = median(values);
        self.add([
            what.to_owned(),
            String::new(),
            unit.to_owned(),
            figure(value),
            spread(values),
            String::new(),
            goal.text(),
            goal.verdict(value).to_owned(),
        ]);
    }

    fn add(&mut self, row: [String; 8]) {
        // Told as soon as it is known: the whole run takes minutes.
        eprintln!("  {}", row.join(" · "));
        self.rows.push(row);
    }

    /// Prints the table.
    pub fn print(&self) {
        let header = ["lane", "floor", "median", "ratio", "spread", "by CPU", "goal", ""].map(str::to_owned);
        let rows: Vec<&[String; 8]> = std::iter::once(&header).chain(&self.rows).collect();
        let width = |column: usize| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..header.len()).map(width).collect();
        println!();
        for row in rows {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            println!("{}", cells.collect::<Vec<_>>().join("  ").trim_end());
        }
    }
}

/// The middle one of `values`, or the mean of the two in the middle.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => at(odd / 2),
        even => f64::midpoint(at(even / 2 - 1), at(even / 2)),
    }
}

fn spread(values: &[f64]) -> String {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match values.len() {
        0 | 1 => String::new(),
        _ => format!("{}–{}", figure(least), figure(most)),
    }
}

fn figure(value: f64) -> String {
    match value {
        value if value >= 1_000.0 => thousands(value.round() as u64),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

fn thousands(value: u64) -> String {
    match value {
        0..1_000 => value.to_string(),
        _ => format!("{},{:03}", thousands(value / 1_000), value % 1_000),
    }
}
