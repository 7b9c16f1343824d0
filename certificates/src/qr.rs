//! The QR code (ISO/IEC 18004): level M, alphanumeric mode throughout, drawn as SVG, PNG or text.

use std::fmt::Write;

use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};
use thiserror::Error;

/// The light border that every drawing has, in modules (ISO/IEC 18004 §6.3.8).
pub const QUIET_ZONE: usize = 4;

const LARGEST_VERSION: i16 = 40;
const MOST_PIXELS: u32 = 64;

/// Why a QR code cannot be made or drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum QrError {
    /// A character is outside the alphanumeric set: digits, capital letters, space and `$%*+-./:`.
    #[error("the text is not alphanumeric")]
    NotAlphanumeric,
    /// The text does not fit the largest QR code at level M, 3,391 characters.
    #[error("the text is too long for a QR code")]
    TooLong,
    /// The pixels of a module are not between 1 and 64.
    #[error("a module takes between 1 and 64 pixels")]
    ModuleSize,
    /// The PNG encoder failed, which it has no reason to.
    #[error("the PNG could not be written")]
    Png,
}

/// A QR code as a square of dark and light modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QrImage {
    version: u8,
    width: usize,
    dark: Vec<bool>,
}

impl QrImage {
    /// Makes the smallest QR code of level M that holds the text.
    ///
    /// A certificate's text has about 431 characters and gives version 13, 69 × 69 modules: 38.5 mm wide with its
    /// quiet zone when a module is printed at 0.5 mm.
    ///
    /// # Errors
    /// [`QrError::NotAlphanumeric`] and [`QrError::TooLong`].
    pub fn of(text: &str) -> Result<QrImage, QrError> {
        if !text.bytes().all(is_alphanumeric) {
            return Err(QrError::NotAlphanumeric);
        }
        let bits = (1..=LARGEST_VERSION)
            .find_map(|version| bits_of(text, Version::Normal(version)))
            .ok_or(QrError::TooLong)?;
        let code = QrCode::with_bits(bits, EcLevel::M).map_err(|_| QrError::TooLong)?;
        let Version::Normal(version) = code.version() else { return Err(QrError::TooLong) };
        let version = u8::try_from(version).map_err(|_| QrError::TooLong)?;
        let width = code.width();
        let dark = code.into_colors().into_iter().map(|color| color == Color::Dark).collect();
        Ok(QrImage { version, width, dark })
    }

    /// The version, 1 to 40: the smallest that holds the text.
    pub fn version(&self) -> u8 {
        self.version
    }

    /// Modules on a side, without the quiet zone.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The rows of modules from the top, without the quiet zone; `true` is dark.
    pub fn modules(&self) -> impl ExactSizeIterator<Item = &[bool]> {
        self.dark.chunks_exact(self.width)
    }

    /// An SVG document of one path, one unit a module, with quiet zone and `<title>`; at most 15 kB for a
    /// certificate.
    pub fn svg(&self) -> String {
        let side = self.width + 2 * QUIET_ZONE;
        let mut svg = String::with_capacity(16 * 1024);
        svg.push_str(r#"<svg xmlns="http://www.w3.org/2000/svg" role="img" shape-rendering="crispEdges" "#);
        // Writing to a String cannot fail.
        let _ = write!(svg, r#"viewBox="0 0 {side} {side}"><title>"#);
        svg.push_str("QR code of an electronic donation certificate (电子献血证)</title>");
        let _ = write!(svg, r##"<rect width="{side}" height="{side}" fill="#fff"/><path stroke="#000" d=""##);
        for (y, row) in self.modules().enumerate() {
            let _ = write!(svg, "M{QUIET_ZONE} {}.5", y + QUIET_ZONE);
            for run in row.chunk_by(|a, b| a == b) {
                let stroke = if run.contains(&true) { 'h' } else { 'm' };
                let _ = write!(svg, "{stroke}{}", run.len());
                if stroke == 'm' {
                    svg.push_str(" 0");
                }
            }
        }
        svg.push_str(r#""/></svg>"#);
        svg
    }

    /// A PNG of one bit a pixel, with quiet zone; some 4 kB for a certificate at 8 pixels a module.
    ///
    /// # Errors
    /// [`QrError::ModuleSize`] unless `pixels_per_module` is between 1 and 64.
    pub fn png(&self, pixels_per_module: u32) -> Result<Vec<u8>, QrError> {
        if !(1..=MOST_PIXELS).contains(&pixels_per_module) {
            return Err(QrError::ModuleSize);
        }
        let scale = usize::try_from(pixels_per_module).map_err(|_| QrError::ModuleSize)?;
        let side = (self.width + 2 * QUIET_ZONE) * scale;
        let pixels = self.pixels(scale, side);

        let mut png = Vec::new();
        let side = u32::try_from(side).map_err(|_| QrError::ModuleSize)?;
        let mut encoder = png::Encoder::new(&mut png, side, side);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        // Rows repeat, so that the difference to the row above is nearly nothing, and the fastest deflate is enough.
        encoder.set_filter(png::Filter::Up);
        encoder.set_deflate_compression(png::DeflateCompression::FdeflateUltraFast);
        let mut writer = encoder.write_header().map_err(|_| QrError::Png)?;
        writer.write_image_data(&pixels).and_then(|()| writer.finish()).map_err(|_| QrError::Png)?;
        Ok(png)
    }

    /// The rows of a one-bit image, each padded to whole bytes; 1 is white.
    fn pixels(&self, scale: usize, side: usize) -> Vec<u8> {
        let stride = side.div_ceil(8);
        let border = vec![0xff; stride * QUIET_ZONE * scale];
        let mut pixels = border.clone();
        for row in self.modules() {
            let mut line = vec![0xff; stride];
            let darks = row.iter().enumerate().filter(|(_, dark)| **dark);
            for x in darks.flat_map(|(x, _)| (x + QUIET_ZONE) * scale..(x + QUIET_ZONE + 1) * scale) {
                if let Some(byte) = line.get_mut(x / 8) {
                    *byte &= !(0x80 >> (x % 8));
                }
            }
            (0..scale).for_each(|_| pixels.extend_from_slice(&line));
        }
        pixels.extend_from_slice(&border);
        pixels
    }

    /// Text for a terminal, two modules a character, black on white whatever the theme's colours are.
    pub fn terminal(&self) -> String {
        const BLACK_ON_WHITE: &str = "\x1b[38;5;16;48;5;231m";
        const RESET: &str = "\x1b[0m";
        let side = self.width + 2 * QUIET_ZONE;
        let mut text = String::new();
        for top in (0..side).step_by(2) {
            text.push_str(BLACK_ON_WHITE);
            text.extend((0..side).map(|x| match (self.is_dark(x, top), self.is_dark(x, top + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            }));
            text.push_str(RESET);
            text.push('\n');
        }
        text
    }

    /// Whether a module is dark; coordinates count the quiet zone, and everything around the code is light.
    fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET_ZONE).filter(|at| *at < self.width);
        match (inside(x), inside(y)) {
            (Some(x), Some(y)) => self.dark.get(y * self.width + x).copied().unwrap_or(false),
            _ => false,
        }
    }
}

fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_digit() || byte.is_ascii_uppercase() || b" $%*+-./:".contains(&byte)
}

fn bits_of(text: &str, version: Version) -> Option<Bits> {
    let mut bits = Bits::new(version);
    bits.push_alphanumeric_data(text.as_bytes()).ok()?;
    bits.push_terminator(EcLevel::M).ok()?;
    Some(bits)
}
