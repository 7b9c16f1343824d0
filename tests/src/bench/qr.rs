//! QR pictures, beside the qrcode crate's matrix alone.

use crate::Outcome;
use crate::options::Options;
use crate::report::{Goal, Report};
use crate::rounds::{alternate, rate};
use crate::tokens;
use certificates::QrImage;
use qrcode::{EcLevel, QrCode};

/// What `GET …/qr.png` draws.
const PIXELS_PER_MODULE: u32 = 8;

/// Measures both pictures: drawing may take a tenth of what the matrix takes.
pub fn measure(options: &Options, report: &mut Report) -> Outcome<()> {
    let texts: Vec<String> = tokens::texts()?.into_iter().take(20).collect();
    let inputs = || texts.iter().collect::<Vec<_>>();
    let matrix =
        |text: &String| Ok(QrCode::with_error_correction_level(text.as_bytes(), EcLevel::M)?.into_colors());

    let svg = |text: &String| Ok(QrImage::of(text)?.svg());
    let turns = alternate(
        options.rounds,
        || rate(options.seconds, inputs, svg),
        || rate(options.seconds, inputs, matrix),
    )?;
    report.lane("text → SVG", "qrcode's matrix", &turns, Goal::AtLeast(1.0 / 1.1));

    let png = |text: &String| Ok(QrImage::of(text)?.png(PIXELS_PER_MODULE)?);
    let turns = alternate(
        options.rounds,
        || rate(options.seconds, inputs, png),
        || rate(options.seconds, inputs, matrix),
    )?;
    report.lane("text → PNG", "qrcode's matrix", &turns, Goal::None);

    let sizes = |draw: &dyn Fn(&String) -> Outcome<usize>| -> Outcome<Vec<f64>> {
        texts.iter().map(|text| Ok(draw(text)? as f64 / 1_000.0)).collect()
    };
    report.figure("SVG", "kB", &sizes(&|text| Ok(svg(text)?.len()))?, Goal::AtMost(15.0));
    report.figure("PNG", "kB", &sizes(&|text| Ok(png(text)?.len()))?, Goal::None);
    Ok(())
}
