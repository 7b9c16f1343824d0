//! Reading the QR code in a photo.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::{DynamicImage, GrayImage, ImageDecoder, ImageFormat, ImageReader, Limits, imageops};
use rxing::common::{BitMatrix, DetectorRXingResult, HybridBinarizer};
use rxing::qrcode::cpp_port::decoder::Decode;
use rxing::qrcode::cpp_port::detector::{FindFinderPatterns, GenerateFinderPatternSets, SampleQR};
use rxing::{Binarizer, Luma8LuminanceSource};

use crate::error::{Error, Kind};

const MOST_PIXELS: u64 = 40_000_000;
const LONGEST_SIDE: u32 = 20_000;
const MOST_MEMORY_BYTES: u64 = 256 * 1024 * 1024;

/// Far more than a photo has, and few enough that a picture full of finder patterns costs no more than a photo.
const MOST_FINDER_PATTERNS: usize = 200;
const MOST_CANDIDATES: usize = 300;

/// What a certificate's text begins with, and no other QR code that people carry.
const SCHEME: &str = "XUE:";

/// One way of looking at a photo, for the code that was too fine, too coarse, too noisy or too pale for the others.
struct Look {
    /// A larger photo is scaled down to this longest side, in pixels; a smaller one is looked at as it is.
    longest_side: u32,
    /// Whether grain is blurred away and the contrast stretched.
    cleaned: bool,
}

/// The first reads most photos; the others are tried while none has read a certificate.
const LOOKS: [Look; 5] = [
    Look { longest_side: 1_600, cleaned: false },
    Look { longest_side: 2_400, cleaned: false },
    Look { longest_side: 1_600, cleaned: true },
    Look { longest_side: 1_000, cleaned: false },
    Look { longest_side: 700, cleaned: true },
];

/// The text of the QR code in a PNG or JPEG, at any angle; a certificate's code wins over other codes beside it.
///
/// It takes tens of milliseconds for a photo that can be read and up to some seconds for one that cannot, so it
/// belongs on a thread for blocking work. Nothing of the image or the text is logged.
///
/// # Errors
/// - `not_an_image`: neither PNG nor JPEG, by its first bytes;
/// - `unreadable_image`: damaged, or the decoder gave up;
/// - `photo_too_large`: more than 40 million pixels, a side of more than 20,000, or 256 MiB when unpacked;
/// - `no_qr_found` and `several_qrs`.
pub fn read_qr(image: &[u8]) -> Result<String, Error> {
    // Decoders of foreign files may panic where they should refuse.
    let picture = catch_unwind(|| decode(image)).unwrap_or_else(|_| Err(unreadable("the image decoder panicked")))?;

    let mut seen = Vec::new();
    let mut others = Vec::new();
    for look in &LOOKS {
        let view = (look.size(picture.dimensions()), look.cleaned);
        if seen.contains(&view) {
            continue;
        }
        seen.push(view);
        let texts = catch_unwind(AssertUnwindSafe(|| texts_in(&look.at(&picture)))).unwrap_or_default();
        let (certificates, rest): (Vec<String>, Vec<String>) = texts.into_iter().partition(|text| is_ours(text));
        if !certificates.is_empty() {
            return only(certificates);
        }
        others.extend(rest);
    }
    others.sort();
    others.dedup();
    only(others)
}

fn is_ours(text: &str) -> bool {
    text.get(..SCHEME.len()).is_some_and(|start| start.eq_ignore_ascii_case(SCHEME))
}

fn only(texts: Vec<String>) -> Result<String, Error> {
    let mut texts = texts.into_iter();
    match (texts.next(), texts.next()) {
        (Some(text), None) => Ok(text),
        (None, _) => Err(Error::invalid("no_qr_found", "No QR code was found in the photo.")),
        (Some(_), Some(_)) => {
            Err(Error::invalid("several_qrs", "There are several QR codes in the photo; photograph one alone."))
        }
    }
}

fn decode(bytes: &[u8]) -> Result<GrayImage, Error> {
    let format = image::guess_format(bytes).ok().filter(|format| [ImageFormat::Png, ImageFormat::Jpeg].contains(format));
    let format = format.ok_or_else(|| {
        Error::new(Kind::UnsupportedMedia, "not_an_image", "This is not a photo in JPEG or PNG format.")
    })?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);

    let decoder = reader.into_decoder().map_err(unreadable_or_too_large)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS || decoder.total_bytes() > MOST_MEMORY_BYTES {
        return Err(too_large());
    }
    DynamicImage::from_decoder(decoder).map(in_grey).map_err(unreadable_or_too_large)
}

/// Shades of grey, on white where the image is transparent.
fn in_grey(image: DynamicImage) -> GrayImage {
    if !image.color().has_alpha() {
        return image.into_luma8();
    }
    let image = image.into_luma_alpha8();
    let mut grey = GrayImage::new(image.width(), image.height());
    for (to, from) in grey.iter_mut().zip(image.pixels()) {
        let [luma, alpha] = from.0.map(u32::from);
        *to = u8::try_from((luma * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX);
    }
    grey
}

fn unreadable_or_too_large(error: image::ImageError) -> Error {
    match error {
        image::ImageError::Limits(_) => too_large(),
        other => unreadable(other),
    }
}

fn unreadable(context: impl std::fmt::Display) -> Error {
    Error::invalid("unreadable_image", "The photo is damaged and cannot be read.").because(context)
}

fn too_large() -> Error {
    Error::new(Kind::TooLarge, "photo_too_large", "The photo is larger than 8 MiB or 40 million pixels.")
}

impl Look {
    /// Width and height of a picture of these dimensions in this look.
    fn size(&self, (width, height): (u32, u32)) -> (u32, u32) {
        let longest = width.max(height);
        if longest <= self.longest_side {
            return (width, height);
        }
        let side = |side: u32| (side * self.longest_side / longest).max(1);
        (side(width), side(height))
    }

    fn at(&self, picture: &GrayImage) -> GrayImage {
        let (width, height) = self.size(picture.dimensions());
        let view = if (width, height) == picture.dimensions() {
            picture.clone()
        } else {
            imageops::thumbnail(picture, width, height)
        };
        if self.cleaned { clean(&view) } else { view }
    }
}

/// Blurs the grain away and stretches what lies between the darkest and the lightest 2 % over all levels.
fn clean(picture: &GrayImage) -> GrayImage {
    const SIGMA_PIXELS: f32 = 1.2;
    let mut picture = imageops::fast_blur(picture, SIGMA_PIXELS);

    let mut levels = picture.to_vec();
    let few = levels.len() / 50;
    let black = *levels.select_nth_unstable(few).1;
    let white = *levels.select_nth_unstable_by(few, |a, b| b.cmp(a)).1;

    let span = u32::from(white.saturating_sub(black)).max(1);
    for level in picture.iter_mut() {
        let above_black = u32::from(level.saturating_sub(black));
        *level = u8::try_from(above_black * 255 / span).unwrap_or(u8::MAX);
    }
    picture
}

/// The different texts of all QR codes that can be read in one look.
fn texts_in(view: &GrayImage) -> Vec<String> {
    let (width, height) = view.dimensions();
    let Ok(source) = Luma8LuminanceSource::new(view.as_raw().clone(), width, height) else { return Vec::new() };
    let binarizer = HybridBinarizer::new(source);
    let Ok(modules) = binarizer.get_black_matrix() else { return Vec::new() };

    let mut patterns = FindFinderPatterns(modules, true, 0);
    patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.size));
    patterns.truncate(MOST_FINDER_PATTERNS);
    let candidates = GenerateFinderPatternSets(&mut patterns);

    let mut texts = Vec::new();
    for candidate in candidates.iter().take(MOST_CANDIDATES) {
        let text = SampleQR(modules, candidate).ok().and_then(|sampled| text_of(sampled.getBits()));
        if let Some(text) = text
            && !texts.contains(&text)
        {
            texts.push(text);
        }
    }
    texts
}

fn text_of(modules: &BitMatrix) -> Option<String> {
    let decoded = Decode(modules).ok()?;
    decoded.isValid().then(|| decoded.text())
}

#[cfg(test)]
mod tests {
    use super::*;
    use certificates::QrImage;
    use image::codecs::jpeg::JpegEncoder;
    use image::codecs::png::PngEncoder;
    use image::{ImageEncoder, Luma};

    const PIXELS_A_MODULE: f32 = 8.0;

    /// Numbers that look random and are the same in every run (xorshift).
    struct Numbers(u64);

    impl Numbers {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        }

        fn unit(&mut self) -> f32 {
            f32::from(u16::try_from(self.next() >> 48).unwrap()) / f32::from(u16::MAX)
        }

        fn between(&mut self, low: f32, high: f32) -> f32 {
            low + (high - low) * self.unit()
        }
    }

    /// A text as long as a certificate's, which gives version 13.
    fn text(seed: u64) -> String {
        const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let mut numbers = Numbers(seed + 1);
        let characters = (0..424).map(|_| char::from(BASE32[usize::try_from(numbers.next() >> 59).unwrap()]));
        SCHEME.chars().chain("/1/".chars()).chain(characters).collect()
    }

    /// A sheet of paper with one code on a table, as a camera sees it.
    #[derive(Clone, Copy)]
    struct Scene {
        width: u16,
        height: u16,
        pixels_a_module: f32,
        degrees: f32,
        /// How much smaller the far side appears, horizontally and vertically.
        tilt: (f32, f32),
        dark: f32,
        light: f32,
        table: f32,
        /// How much light is lost from the top left to the bottom right.
        shade: f32,
        blur_pixels: f32,
        noise: f32,
        jpeg_quality: Option<u8>,
    }

    const PLAIN: Scene = Scene {
        width: 800,
        height: 800,
        pixels_a_module: PIXELS_A_MODULE,
        degrees: 0.0,
        tilt: (0.0, 0.0),
        dark: 10.0,
        light: 245.0,
        table: 245.0,
        shade: 0.0,
        blur_pixels: 0.0,
        noise: 0.0,
        jpeg_quality: None,
    };

    const PHOTO: Scene = Scene {
        width: 4_000,
        height: 3_000,
        pixels_a_module: 20.0,
        degrees: 7.0,
        tilt: (0.1, 0.05),
        dark: 40.0,
        light: 205.0,
        table: 90.0,
        shade: 0.3,
        blur_pixels: 2.0,
        noise: 6.0,
        jpeg_quality: Some(60),
    };

    fn photograph(scene: Scene, text: &str) -> Vec<u8> {
        let code = QrImage::of(text).unwrap();
        assert_eq!(code.version(), 13);
        let rows: Vec<&[bool]> = code.modules().collect();
        let modules = f32::from(u16::try_from(code.width()).unwrap());
        let (width, height) = (f32::from(scene.width), f32::from(scene.height));
        let (sin, cos) = scene.degrees.to_radians().sin_cos();
        let paper = |margin: f32, u: f32, v: f32| {
            (-margin..modules + margin).contains(&u) && (-margin..modules + margin).contains(&v)
        };
        let level = |x: f32, y: f32| {
            let (from_centre_x, from_centre_y) = (x - width / 2.0, y - height / 2.0);
            let u = (cos * from_centre_x + sin * from_centre_y) / scene.pixels_a_module;
            let v = (cos * from_centre_y - sin * from_centre_x) / scene.pixels_a_module;
            let distance = 1.0 - (scene.tilt.0 * u + scene.tilt.1 * v) / modules;
            let (u, v) = (u / distance + modules / 2.0, v / distance + modules / 2.0);
            let level = if paper(0.0, u, v) && rows[whole(v)][whole(u)] {
                scene.dark
            } else if paper(12.0, u, v) {
                scene.light
            } else {
                scene.table
            };
            level * (1.0 - scene.shade * (x / width + y / height) / 2.0)
        };

        let mut picture = GrayImage::new(scene.width.into(), scene.height.into());
        for (x, y, pixel) in picture.enumerate_pixels_mut() {
            let (x, y) = (f32::from(u16::try_from(x).unwrap()), f32::from(u16::try_from(y).unwrap()));
            let corners = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)];
            *pixel = Luma([byte(corners.map(|(a, b)| level(x + a, y + b)).iter().sum::<f32>() / 4.0)]);
        }
        if scene.blur_pixels > 0.0 {
            picture = imageops::fast_blur(&picture, scene.blur_pixels);
        }
        if scene.noise > 0.0 {
            let mut numbers = Numbers(77);
            for level in picture.iter_mut() {
                *level = byte(f32::from(*level) + numbers.between(-1.7, 1.7) * scene.noise);
            }
        }
        match scene.jpeg_quality {
            Some(quality) => jpeg(&picture, quality),
            None => png(&picture),
        }
    }

    #[expect(clippy::as_conversions, reason = "the standard library has no other way from a float to an integer")]
    fn whole(number: f32) -> usize {
        number as usize
    }

    fn byte(level: f32) -> u8 {
        u8::try_from(whole(level.clamp(0.0, 255.0))).unwrap()
    }

    fn png(picture: &GrayImage) -> Vec<u8> {
        let mut file = Vec::new();
        let (width, height) = picture.dimensions();
        PngEncoder::new(&mut file)
            .write_image(picture.as_raw(), width, height, image::ExtendedColorType::L8)
            .unwrap();
        file
    }

    fn jpeg(picture: &GrayImage, quality: u8) -> Vec<u8> {
        let mut file = Vec::new();
        JpegEncoder::new_with_quality(&mut file, quality).encode_image(picture).unwrap();
        file
    }

    fn code_of(result: Result<String, Error>) -> &'static str {
        result.unwrap_err().code
    }

    #[test]
    fn zz_rate() {
        std::panic::set_hook(Box::new(|_| {}));
        let mut r = Numbers(4711);
        let (mut ok, mut n) = (0, 0);
        let mut worst = 0;
        for seed in 0..200 {
            let photo = seed % 2 == 0;
            let mut s = if photo { PHOTO } else { Scene { width: 1440, height: 1080, pixels_a_module: 8.0, ..PHOTO } };
            let k = if photo { 1.0 } else { 0.36 };
            s.degrees = r.between(0.0, 360.0);
            s.tilt = (r.between(-0.2, 0.2), r.between(-0.2, 0.2));
            s.pixels_a_module = r.between(8.0, 26.0) * k;
            s.blur_pixels = r.between(0.5, 5.0) * k;
            s.noise = r.between(0.0, 20.0);
            s.shade = r.between(0.0, 0.6);
            s.dark = r.between(10.0, 80.0);
            s.light = s.dark + r.between(60.0, 160.0);
            s.jpeg_quality = Some(30 + u8::try_from(r.next() % 60).unwrap());
            let t = text(seed);
            let file = photograph(s, &t);
            let st = std::time::Instant::now();
            let got = read_qr(&file);
            let ms = st.elapsed().as_millis();
            worst = worst.max(ms);
            n += 1;
            if got.as_deref().ok() == Some(&t) { ok += 1 } else { println!("{seed} {:?} module {:.1} deg {:.0} tilt {:?} blur {:.1} noise {:.0} contrast {:.0}-{:.0} shade {:.1} {ms}ms", got.map(|_| ()).map_err(|e| e.code), s.pixels_a_module, s.degrees, s.tilt, s.blur_pixels, s.noise, s.dark, s.light, s.shade); }
        }
        println!("{ok}/{n} worst {worst}ms");
    }

    #[test]
    fn zz_looks() {
        std::panic::set_hook(Box::new(|_| {}));
        let mut r = Numbers(4711);
        let mut tally = std::collections::BTreeMap::<String, u32>::new();
        for seed in 0..200 {
            let photo = seed % 2 == 0;
            let mut s = if photo { PHOTO } else { Scene { width: 1440, height: 1080, pixels_a_module: 8.0, ..PHOTO } };
            let k = if photo { 1.0 } else { 0.36 };
            s.degrees = r.between(0.0, 360.0);
            s.tilt = (r.between(-0.2, 0.2), r.between(-0.2, 0.2));
            s.pixels_a_module = r.between(8.0, 26.0) * k;
            s.blur_pixels = r.between(0.5, 5.0) * k;
            s.noise = r.between(0.0, 20.0);
            s.shade = r.between(0.0, 0.6);
            s.dark = r.between(10.0, 80.0);
            s.light = s.dark + r.between(60.0, 160.0);
            s.jpeg_quality = Some(30 + u8::try_from(r.next() % 60).unwrap());
            if ![2,23,43,47,49,68,75,77,81,82,83,87,93,95,103,113,121,123,127,147,155,165,167,177,183,187,191,194,195].contains(&seed) { continue }
            let t = text(seed);
            let g = decode(&photograph(s, &t)).unwrap();
            if seed == 165 || seed == 191 { g.save(format!("/tmp/seed{seed}.png")).unwrap(); }
            let mut line = format!("{seed} m{:.1} b{:.1} n{:.0}: ", s.pixels_a_module, s.blur_pixels, s.noise);
            for scale in [0.4f32, 0.6, 0.8, 1.0, 1.5, 2.0] {
                let scale = if photo { scale * 0.6 } else { scale };
                for sigma in [0.0f32, 0.7, 1.2, 2.0] {
                    let (w, h) = g.dimensions();
                    let v = imageops::resize(&g, whole(w as f32 * scale) as u32, whole(h as f32 * scale) as u32, imageops::FilterType::Triangle);
                    for cl in [false, true] {
                    let v = if sigma > 0.0 { imageops::fast_blur(&v, sigma) } else { v.clone() };
                    let v = if cl { clean(&v) } else { v };
                    let ok = catch_unwind(AssertUnwindSafe(|| texts_in(&v))).unwrap_or_default().contains(&t);
                    if ok { line += &format!("{scale:.1}/{sigma}{} ", if cl {"c"} else {""}); *tally.entry(format!("{photo} {scale:.2}/{sigma}/{cl}")).or_default() += 1; }
                } }
            }
            println!("{line}");
        }
        println!("{tally:#?}");
    }
    #[test]
    fn zz_adversary() {
        for unit in [1u32, 2, 3] {
            for (w, h) in [(2400u32, 1800u32), (1600, 1600), (6000, 6000)] {
                let step = 7 * unit + unit;
                let g = GrayImage::from_fn(w, h, |x, y| {
                    let (a, b) = ((x % step) / unit, (y % step) / unit);
                    let ring = a.min(6 - a.min(6)).min(b.min(6 - b.min(6)));
                    Luma([if a > 6 || b > 6 || ring == 1 { 255 } else { 0 }])
                });
                let f = png(&g);
                let st = std::time::Instant::now();
                let r = read_qr(&f).map_err(|e| e.code);
                println!("unit {unit} {w}x{h}: {:?} {}ms file {}", r, st.elapsed().as_millis(), f.len());
            }
        }
        let mut r = Numbers(3);
        let g = GrayImage::from_fn(2400, 2400, |_, _| Luma([u8::try_from(r.next() >> 56).unwrap()]));
        let f = png(&g);
        let st = std::time::Instant::now();
        println!("noise {:?} {}ms", read_qr(&f).map_err(|e| e.code), st.elapsed().as_millis());
    }
}
