//! PNG images of noise.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use rand::Rng;
use rand::rngs::Xoshiro256PlusPlus;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Bytes of a pixel: red, green, blue.
const PIXEL: usize = 3;

/// An image of random pixels, 8 bits a color. Noise does not compress, so that it is stored.
pub(in crate::load) fn noise(width: u32, height: u32, random: &mut Xoshiro256PlusPlus) -> Vec<u8> {
    let row = 1 + PIXEL * width as usize;
    let mut pixels = vec![0; row * height as usize];
    for line in pixels.chunks_mut(row) {
        // The first byte says that the row is not filtered.
        if let Some((_, colors)) = line.split_first_mut() {
            random.fill_bytes(colors);
        }
    }
    let mut header = Vec::with_capacity(13);
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    // 8 bits, true color, deflate, no filter of its own, no interlacing.
    header.extend([8, 2, 0, 0, 0]);
    let mut png = SIGNATURE.to_vec();
    chunk(&mut png, *b"IHDR", &header);
    chunk(&mut png, *b"IDAT", &stored(&pixels));
    chunk(&mut png, *b"IEND", &[]);
    png
}

fn stored(pixels: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::none());
    // Writing to memory does not fail.
    let written = encoder.write_all(pixels);
    written.and_then(|()| encoder.finish()).unwrap_or_default()
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut crc = Crc::new();
    crc.update(&kind);
    crc.update(data);
    png.extend(length.to_be_bytes());
    png.extend(kind);
    png.extend(data);
    png.extend(crc.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::ZlibDecoder;
    use rand::SeedableRng;

    use super::*;

    fn made(seed: u64) -> Vec<u8> {
        noise(5, 3, &mut Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    #[test]
    fn the_chunks_are_whole_and_hold_all_pixels() {
        let png = made(1);
        let mut rest = png.strip_prefix(SIGNATURE).unwrap();
        let mut kinds = Vec::new();
        let mut pixels = Vec::new();
        while !rest.is_empty() {
            let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
            let (body, after) = rest[4..].split_at(4 + length);
            let mut crc = Crc::new();
            crc.update(body);
            assert_eq!(after[..4], crc.sum().to_be_bytes());
            kinds.push(String::from_utf8(body[..4].to_vec()).unwrap());
            if &body[..4] == b"IDAT" {
                ZlibDecoder::new(&body[4..])
                    .read_to_end(&mut pixels)
                    .unwrap();
            }
            rest = &after[4..];
        }
        assert_eq!(kinds, ["IHDR", "IDAT", "IEND"]);
        assert_eq!(pixels.len(), 3 * (1 + 3 * 5));
        assert!(pixels.iter().step_by(16).all(|&filter| filter == 0));
    }

    #[test]
    fn the_seed_decides() {
        assert_eq!(made(1), made(1));
        assert_ne!(made(1), made(2));
    }
}
