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

// The search for codes takes time that grows with the square of what looks like one. These are far more than
// any photo has, and few enough that a picture made of finder patterns is given up in seconds.
const MOST_MIDDLES: usize = 30_000;
const MOST_FINDER_PATTERNS: usize = 200;
const MOST_CANDIDATES: usize = 300;

/// What a certificate's text begins with, and no other QR code that people carry.
const SCHEME: &str = "XUE:";

/// One way of looking at a photo, for the code that was too fine, too coarse, too noisy or too pale for the
/// others.
struct Look {
    /// The picture is scaled to this longest side, in pixels, but made larger at most `enlarged` times.
    longest_side: u32,
    /// 1 never enlarges.
    enlarged: u32,
    /// Whether grain is blurred away and the contrast stretched.
    cleaned: bool,
}

/// The first reads most photos; the others are tried while none has read a certificate.
const LOOKS: [Look; 5] = [
    Look { longest_side: 1_600, enlarged: 1, cleaned: false },
    Look { longest_side: 2_400, enlarged: 1, cleaned: false },
    Look { longest_side: 1_600, enlarged: 1, cleaned: true },
    Look { longest_side: 2_800, enlarged: 2, cleaned: true },
    Look { longest_side: 1_000, enlarged: 1, cleaned: false },
];

/// The text of the QR code in a PNG or JPEG, at any angle; a certificate's code wins over other codes beside
/// it.
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
    let picture =
        catch_unwind(|| decode(image)).unwrap_or_else(|_| Err(unreadable("the image decoder panicked")))?;

    let mut seen = Vec::new();
    let mut others = Vec::new();
    for look in &LOOKS {
        let view = (look.size(picture.dimensions()), look.cleaned);
        if seen.contains(&view) {
            continue;
        }
        seen.push(view);
        let texts = catch_unwind(AssertUnwindSafe(|| texts_in(&look.at(&picture)))).unwrap_or_default();
        let (certificates, rest): (Vec<String>, Vec<String>) =
            texts.into_iter().partition(|text| is_ours(text));
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
        (Some(_), Some(_)) => Err(Error::invalid(
            "several_qrs",
            "There are several QR codes in the photo; photograph one alone.",
        )),
    }
}

fn decode(bytes: &[u8]) -> Result<GrayImage, Error> {
    let format = image::guess_format(bytes)
        .ok()
        .filter(|format| [ImageFormat::Png, ImageFormat::Jpeg].contains(format));
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
        let target = self.longest_side.min(longest * self.enlarged);
        let side = |side: u32| (side * target / longest).max(1);
        (side(width), side(height))
    }

    fn at(&self, picture: &GrayImage) -> GrayImage {
        let (width, height) = self.size(picture.dimensions());
        let view = if (width, height) == picture.dimensions() {
            picture.clone()
        } else if width > picture.width() {
            imageops::resize(picture, width, height, imageops::FilterType::Triangle)
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
    let Ok(source) = Luma8LuminanceSource::new(view.as_raw().clone(), width, height) else {
        return Vec::new();
    };
    let binarizer = HybridBinarizer::new(source);
    let Ok(modules) = binarizer.get_black_matrix() else { return Vec::new() };
    if middles(modules) > MOST_MIDDLES {
        return Vec::new();
    }

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

/// How often the search would look closer: every third row's black runs that may be the middle of a finder
/// pattern.
fn middles(modules: &BitMatrix) -> usize {
    let mut count = 0;
    for y in (2..modules.height()).step_by(3) {
        let mut runs = [0_u32; 5];
        let mut was_black = false;
        for x in 0..modules.width() {
            let is_black = modules.get(x, y);
            let [a, b, c, d, e] = runs;
            if is_black == was_black {
                runs = [a, b, c, d, e + 1];
                continue;
            }
            if was_black && c >= 3 && c >= 2 * a.max(e) && c >= b.max(d) {
                count += 1;
            }
            runs = [b, c, d, e, 1];
            was_black = is_black;
        }
    }
    count
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
        pixels_a_module: 8.0,
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
            *pixel = Luma([byte(level(x + 0.5, y + 0.5))]);
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

    #[expect(
        clippy::as_conversions,
        reason = "the standard library has no other way from a float to an integer"
    )]
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
    fn a_sharp_code_is_read_at_any_size() {
        for pixels in [2, 3, 4, 8, 30] {
            let picture = QrImage::of(&text(1)).unwrap().png(pixels).unwrap();

            assert_eq!(read_qr(&picture).unwrap(), text(1), "{pixels} pixels a module");
        }
    }

    #[test]
    fn a_code_is_read_as_people_photograph_it() {
        let scenes = [
            ("in a larger picture", Scene { width: 1_600, height: 1_200, pixels_a_module: 6.0, ..PLAIN }),
            ("turned by 15 degrees", Scene { degrees: 15.0, ..PLAIN }),
            ("turned by 45 degrees", Scene { degrees: 45.0, ..PLAIN }),
            ("lying on its side", Scene { degrees: 90.0, ..PLAIN }),
            ("upside down", Scene { degrees: 180.0, ..PLAIN }),
            ("compressed", Scene { jpeg_quality: Some(60), pixels_a_module: 5.0, ..PLAIN }),
            ("out of focus", Scene { blur_pixels: 3.0, jpeg_quality: Some(80), ..PLAIN }),
            ("grainy", Scene { noise: 50.0, jpeg_quality: Some(80), ..PLAIN }),
            ("pale", Scene { dark: 185.0, light: 235.0, table: 235.0, ..PLAIN }),
            ("dark", Scene { dark: 10.0, light: 60.0, table: 20.0, ..PLAIN }),
            ("in shade", Scene { shade: 0.8, ..PLAIN }),
            ("from the side", Scene { tilt: (0.2, 0.1), ..PLAIN }),
            ("by a phone", PHOTO),
        ];

        for (case, scene) in scenes {
            assert_eq!(read_qr(&photograph(scene, &text(2))).ok(), Some(text(2)), "{case}");
        }
    }

    #[test]
    fn of_twenty_hasty_photos_at_least_19_are_read() {
        let mut numbers = Numbers(4_711);

        let read = (0..20).filter(|seed| {
            let dark = numbers.between(20.0, 70.0);
            let scene = Scene {
                width: 800,
                height: 800,
                pixels_a_module: numbers.between(5.0, 6.5),
                degrees: numbers.between(0.0, 360.0),
                tilt: (numbers.between(-0.15, 0.15), numbers.between(-0.15, 0.15)),
                dark,
                light: dark + numbers.between(70.0, 150.0),
                table: numbers.between(60.0, 120.0),
                shade: numbers.between(0.0, 0.5),
                blur_pixels: numbers.between(0.5, 1.5),
                noise: numbers.between(0.0, 12.0),
                jpeg_quality: Some(60),
            };
            read_qr(&photograph(scene, &text(*seed))).ok() == Some(text(*seed))
        });

        let read = read.count();
        assert!(read >= 19, "{read}");
    }

    #[test]
    fn a_certificate_wins_over_other_codes_and_nothing_else_is_guessed() {
        let ours = text(3);
        let cases = [
            (vec![ours.as_str(), "HTTPS://EXAMPLE.ORG", "WIFI"], Ok(ours.as_str())),
            (vec![ours.as_str(), ours.as_str()], Ok(ours.as_str())),
            (vec!["HTTPS://EXAMPLE.ORG"], Ok("HTTPS://EXAMPLE.ORG")),
            (vec![ours.as_str(), "XUE:/1/AAAA"], Err("several_qrs")),
            (vec!["HTTPS://EXAMPLE.ORG", "WIFI"], Err("several_qrs")),
            (vec![], Err("no_qr_found")),
        ];

        for (texts, expected) in cases {
            let read = read_qr(&png(&side_by_side(&texts)));

            let read = read.as_deref().map_err(|error| error.code);
            assert_eq!(read, expected, "{} codes", texts.len());
        }
    }

    fn side_by_side(texts: &[&str]) -> GrayImage {
        let mut page = GrayImage::from_pixel(720, 240, Luma([255]));
        for (column, text) in (0..).zip(texts) {
            let code =
                image::load_from_memory(&QrImage::of(text).unwrap().png(3).unwrap()).unwrap().into_luma8();
            imageops::replace(&mut page, &code, column * 240, 4);
        }
        page
    }

    #[test]
    fn a_transparent_picture_is_read_as_if_on_white() {
        let code =
            image::load_from_memory(&QrImage::of(&text(4)).unwrap().png(6).unwrap()).unwrap().into_luma8();
        let (width, height) = code.dimensions();
        let black_on_nothing: Vec<u8> = code.iter().flat_map(|level| [0, 255 - level]).collect();
        let mut file = Vec::new();
        PngEncoder::new(&mut file)
            .write_image(&black_on_nothing, width, height, image::ExtendedColorType::La8)
            .unwrap();

        assert_eq!(read_qr(&file).unwrap(), text(4));
    }

    #[test]
    fn what_is_neither_png_nor_jpeg_is_refused() {
        for file in
            [&b""[..], b"XUE:/1/", b"GIF89a", b"%PDF-1.7", b"RIFF\0\0\0\0WEBP", b"\xff\xd8", b"\x89PNG"]
        {
            assert_eq!(code_of(read_qr(file)), "not_an_image", "{file:?}");
        }
    }

    #[test]
    fn a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked() {
        for (width, height) in [(8_000, 5_001), (20_001, 1), (1, 20_001)] {
            let file = png(&GrayImage::new(width, height));

            assert_eq!(code_of(read_qr(&file)), "photo_too_large", "{width} x {height}");
        }
    }

    #[test]
    fn a_picture_made_of_finder_patterns_is_given_up() {
        let ring = |at: u32| at.min(6_u32.saturating_sub(at));
        let tiles = GrayImage::from_fn(600, 600, |x, y| {
            let (x, y) = (x % 8, y % 8);
            Luma([if x == 7 || y == 7 || ring(x).min(ring(y)) == 1 { 255 } else { 0 }])
        });

        assert_eq!(code_of(read_qr(&png(&tiles))), "no_qr_found");
    }

    #[test]
    fn damaged_files_and_rubbish_are_refused_without_a_panic() {
        let picture =
            image::load_from_memory(&QrImage::of(&text(5)).unwrap().png(2).unwrap()).unwrap().into_luma8();
        let mut numbers = Numbers(5);
        for whole in [png(&picture), jpeg(&picture, 60)] {
            for length in [8, 40, whole.len() / 2] {
                assert!(read_qr(&whole[..length]).is_err(), "{length} bytes");
            }
            for _ in 0..200 {
                let mut damaged = whole.clone();
                for _ in 0..3 {
                    let at = usize::try_from(numbers.next() % u64::try_from(whole.len()).unwrap()).unwrap();
                    damaged[at] = numbers.next().to_le_bytes()[3];
                }
                // Only the decoder, and without the net under it: looking for a code takes too long here.
                drop(decode(&damaged));
            }
            for _ in 0..200 {
                let mut rubbish = whole[..16].to_vec();
                rubbish.extend((0..300).map(|_| numbers.next().to_le_bytes()[3]));

                assert!(decode(&rubbish).is_err());
            }
        }
    }
}
