//! QR codes: what is drawn can be read again by an independent decoder.

use certificates::*;

use crate::fixtures::{code_of, token};

/// Reads a QR code off a grid of pixels, dark where `dark` says so.
fn read_back(side: usize, dark: impl Fn(usize, usize) -> bool) -> String {
    let grey = |x, y| if dark(x, y) { 0 } else { 255 };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(side, side, grey);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1);
    grids[0].decode().unwrap().1
}

/// The pixels of a one-bit PNG: its side and whether each is dark.
fn pixels(bytes: &[u8]) -> (usize, Vec<bool>) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::IDENTITY);
    let mut reader = decoder.read_info().unwrap();
    assert_eq!(reader.info().bit_depth, png::BitDepth::One);
    assert_eq!(reader.info().color_type, png::ColorType::Grayscale);
    let side = usize::try_from(reader.info().width).unwrap();
    let mut data = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut data).unwrap();
    let stride = side.div_ceil(8);
    let dark = |at: usize| data[at / side * stride + at % side / 8] & (0x80 >> (at % side % 8)) == 0;
    (side, (0..side * side).map(dark).collect())
}

#[test]
fn an_independent_decoder_reads_the_certificate_off_its_png() {
    for pixels_per_module in [1, 3, 8] {
        let png = QrImage::of(&token()).unwrap().png(pixels_per_module).unwrap();

        let (side, dark) = pixels(&png);

        let scale = usize::try_from(pixels_per_module).unwrap();
        assert!(png.len() < 6_000, "{} bytes", png.len());
        assert_eq!(side, (69 + 8) * scale);
        if scale > 1 {
            assert_eq!(code_of(&read_back(side, |x, y| dark[y * side + x])), Code::Valid);
        }
    }
}

/// Draws the one path of our SVG: `M x y`, then `h` (dark) and `m … 0` (light) runs.
#[test]
fn an_independent_decoder_reads_the_certificate_off_its_svg() {
    let svg = QrImage::of(&token()).unwrap().svg();
    let path = svg.split(" d=\"").nth(1).unwrap().split('"').next().unwrap();
    let mut dark = vec![vec![false; 77]; 77];
    for row in path.split('M').skip(1) {
        let (start, runs) = row.split_at(row.find(['h', 'm']).unwrap());
        let (x, y) = start.split_once(' ').unwrap();
        let mut x: usize = x.parse().unwrap();
        let y: usize = y.strip_suffix(".5").unwrap().parse().unwrap();
        for run in runs.replace(" 0", "").replace('h', " h").replace('m', " m").split_whitespace() {
            let length: usize = run[1..].parse().unwrap();
            dark[y][x..x + length].fill(run.starts_with('h'));
            x += length;
        }
    }

    assert_eq!(read_back(77 * 4, |x, y| dark[y / 4][x / 4]), token());
}

#[test]
fn the_svg_is_one_small_path_with_a_title_and_a_quiet_zone() {
    let svg = QrImage::of(&token()).unwrap().svg();

    assert!(svg.len() <= 15_000, "{} bytes", svg.len());
    assert_eq!(svg.matches("<path").count(), 1);
    assert!(svg.contains(r#"viewBox="0 0 77 77""#));
    assert!(svg.contains("<title>") && svg.contains(r#"shape-rendering="crispEdges""#));
    assert!(svg.contains("M4 4.5h7") && svg.ends_with("</svg>"));
}

#[test]
fn the_modules_are_the_square_that_the_version_says() {
    let image = QrImage::of(&token()).unwrap();

    assert_eq!((image.version(), image.width(), image.modules().len()), (13, 69, 69));
    assert!(image.modules().all(|row| row.len() == 69));
    let corner: Vec<bool> = image.modules().next().unwrap()[..8].to_vec();
    assert_eq!(corner, [true, true, true, true, true, true, true, false]);
}

#[test]
fn the_whole_text_is_alphanumeric_and_takes_the_smallest_version() {
    // ISO/IEC 18004 table 7, level M, alphanumeric: 20 characters fit version 1, 483 fit 13, 3,391 fit 40.
    for (length, version) in
        [(1, 1), (20, 1), (21, 2), (419, 12), (420, 13), (483, 13), (484, 14), (3_391, 40)]
    {
        assert_eq!(QrImage::of(&"A".repeat(length)).unwrap().version(), version, "{length}");
    }
    assert_eq!(QrImage::of(&"A".repeat(3_392)), Err(QrError::TooLong));
    assert_eq!(QrImage::of("xue"), Err(QrError::NotAlphanumeric));
    assert_eq!(QrImage::of("血"), Err(QrError::NotAlphanumeric));
    assert!(QrImage::of("").is_ok());
}

#[test]
fn a_module_takes_1_to_64_pixels() {
    let image = QrImage::of("A").unwrap();

    assert_eq!(image.png(0), Err(QrError::ModuleSize));
    assert_eq!(image.png(65), Err(QrError::ModuleSize));
    assert!(image.png(64).is_ok());
}

#[test]
fn the_terminal_drawing_reads_the_same_on_dark_and_light_themes() {
    let drawing = QrImage::of(&token()).unwrap().terminal();

    let lines: Vec<&str> = drawing.lines().collect();
    assert_eq!(lines.len(), 39);
    let start = "\x1b[38;5;16;48;5;231m";
    assert!(lines.iter().all(|line| line.starts_with(start) && line.ends_with("\x1b[0m")));
    let characters = |line: &str| line[start.len()..line.len() - 4].chars().collect::<Vec<char>>();
    let grid: Vec<Vec<char>> = lines.iter().map(|line| characters(line)).collect();
    assert!(grid.iter().all(|row| row.len() == 77));
    let dark = |x: usize, y: usize| match grid[y / 2][x] {
        '█' => true,
        '▀' => y.is_multiple_of(2),
        '▄' => !y.is_multiple_of(2),
        _ => false,
    };
    assert_eq!(read_back(77 * 4, |x, y| dark(x / 4, y / 4)), token());
}
