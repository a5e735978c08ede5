//! The vectors of x86-64: 4 lanes of SSE2, which every such processor has, 8 of AVX2, and 4, 8 or 16 of AVX-512, which
//! rotates and mixes in one instruction each.
#![allow(unsafe_code, reason = "vectors are read from and written to memory through pointers")]

use std::arch::x86_64::*;

use super::kernel::{Block, SINES, State, four_steps, kernel};

kernel!(sse2_x4, sse2, 4, "sse2");
kernel!(avx2_x8, avx2, 8, "avx2");
kernel!(avx512_x4, xmm, 4, "avx512f,avx512vl");
kernel!(avx512_x8, ymm, 8, "avx512f,avx512vl");
kernel!(avx512_x16, zmm, 16, "avx512f");

/// A quarter of a block: sixteen bytes.
#[inline]
#[target_feature(enable = "sse2")]
fn piece(block: &Block, quarter: usize) -> __m128i {
    let bytes: &[u8; 16] = &block.as_chunks().0[quarter];
    // SAFETY: the pointer is to sixteen readable bytes; the load needs no alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

/// Turns four rows, one per lane, into the four words that they hold, one lane of each row.
macro_rules! transposed {
    ($r:ident, $low32:ident, $high32:ident, $low64:ident, $high64:ident) => {{
        let (low01, low23) = ($low32($r[0], $r[1]), $low32($r[2], $r[3]));
        let (high01, high23) = ($high32($r[0], $r[1]), $high32($r[2], $r[3]));
        [$low64(low01, low23), $high64(low01, low23), $low64(high01, high23), $high64(high01, high23)]
    }};
}

/// What vectors of all widths have in common.
macro_rules! vector {
    ($lanes:literal, $features:literal, $vector:ident, $load:ident, $store:ident, $all:ident, $add:ident, $rows:expr,
     $low32:ident $high32:ident $low64:ident $high64:ident) => {
        #[inline]
        #[target_feature(enable = $features)]
        pub(super) fn load(words: &[u32; $lanes]) -> $vector {
            // SAFETY: the pointer is to as many readable bytes as the vector has; the load needs no alignment.
            unsafe { $load(words.as_ptr().cast()) }
        }

        #[inline]
        #[target_feature(enable = $features)]
        pub(super) fn store(vector: $vector) -> [u32; $lanes] {
            let mut words = [0; $lanes];
            // SAFETY: the pointer is to as many writable bytes as the vector has; the store needs no alignment.
            unsafe { $store(words.as_mut_ptr().cast(), vector) };
            words
        }

        #[inline]
        #[target_feature(enable = $features)]
        pub(super) fn all(word: u32) -> $vector {
            $all(word.cast_signed())
        }

        #[inline]
        #[target_feature(enable = $features)]
        pub(super) fn add(left: $vector, right: $vector) -> $vector {
            $add(left, right)
        }

        /// The sixteen words of a block of each lane.
        #[inline]
        #[target_feature(enable = $features)]
        pub(super) fn words(blocks: [&Block; $lanes]) -> [$vector; 16] {
            let mut words = [all(0); 16];
            for quarter in 0..4 {
                let rows: [$vector; 4] = std::array::from_fn(|row| $rows(&blocks, row, quarter));
                let four = transposed!(rows, $low32, $high32, $low64, $high64);
                words[4 * quarter..4 * quarter + 4].copy_from_slice(&four);
            }
            words
        }
    };
}

/// Rotation and the four mixing functions where no instruction does them at once. Each adds its result to `sum`; what
/// depends on `b`, which the step before has just made, comes as late as it can.
macro_rules! mixed_by_parts {
    ($features:literal, $vector:ident, $and:ident, $and_not:ident, $or:ident, $xor:ident, $left:ident, $right:ident) => {
        #[inline]
        #[target_feature(enable = $features)]
        pub(super) fn rotate<const LEFT: i32, const RIGHT: i32>(x: $vector) -> $vector {
            $or($left::<LEFT>(x), $right::<RIGHT>(x))
        }

        #[inline]
        #[target_feature(enable = $features)]
        pub(super) fn mix_f(sum: $vector, b: $vector, c: $vector, d: $vector) -> $vector {
            add(sum, $xor(d, $and(b, $xor(c, d))))
        }

        #[inline]
        #[target_feature(enable = $features)]
        pub(super) fn mix_g(sum: $vector, b: $vector, c: $vector, d: $vector) -> $vector {
            add(add(sum, $and_not(d, c)), $and(d, b))
        }

        #[inline]
        #[target_feature(enable = $features)]
        pub(super) fn mix_h(sum: $vector, b: $vector, c: $vector, d: $vector) -> $vector {
            add(sum, $xor(b, $xor(c, d)))
        }

        #[inline]
        #[target_feature(enable = $features)]
        pub(super) fn mix_i(sum: $vector, b: $vector, c: $vector, d: $vector) -> $vector {
            add(sum, $xor(c, $or(b, $xor(d, all(u32::MAX)))))
        }
    };
}

/// Rotation and the four mixing functions of AVX-512. The tables have a bit for each combination of three bits.
macro_rules! mixed_at_once {
    ($features:literal, $vector:ident, $rotate:ident, $choose:ident) => {
        #[inline]
        #[target_feature(enable = $features)]
        pub(super) fn rotate<const LEFT: i32, const RIGHT: i32>(x: $vector) -> $vector {
            $rotate::<LEFT>(x)
        }

        /// `b ? c : d`.
        #[inline]
        #[target_feature(enable = $features)]
        pub(super) fn mix_f(sum: $vector, b: $vector, c: $vector, d: $vector) -> $vector {
            add(sum, $choose::<0xca>(b, c, d))
        }

        /// `d ? b : c`.
        #[inline]
        #[target_feature(enable = $features)]
        pub(super) fn mix_g(sum: $vector, b: $vector, c: $vector, d: $vector) -> $vector {
            add(sum, $choose::<0xca>(d, b, c))
        }

        /// `b ^ c ^ d`.
        #[inline]
        #[target_feature(enable = $features)]
        pub(super) fn mix_h(sum: $vector, b: $vector, c: $vector, d: $vector) -> $vector {
            add(sum, $choose::<0x96>(b, c, d))
        }

        /// `c ^ (b | !d)`.
        #[inline]
        #[target_feature(enable = $features)]
        pub(super) fn mix_i(sum: $vector, b: $vector, c: $vector, d: $vector) -> $vector {
            add(sum, $choose::<0x39>(b, c, d))
        }
    };
}

#[inline]
#[target_feature(enable = "sse2")]
fn rows_of_4(blocks: &[&Block; 4], row: usize, quarter: usize) -> __m128i {
    piece(blocks[row], quarter)
}

#[inline]
#[target_feature(enable = "avx2")]
fn rows_of_8(blocks: &[&Block; 8], row: usize, quarter: usize) -> __m256i {
    _mm256_set_m128i(piece(blocks[row + 4], quarter), piece(blocks[row], quarter))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn rows_of_16(blocks: &[&Block; 16], row: usize, quarter: usize) -> __m512i {
    let low = _mm512_castsi128_si512(piece(blocks[row], quarter));
    let two = _mm512_inserti32x4::<1>(low, piece(blocks[row + 4], quarter));
    let three = _mm512_inserti32x4::<2>(two, piece(blocks[row + 8], quarter));
    _mm512_inserti32x4::<3>(three, piece(blocks[row + 12], quarter))
}

mod sse2 {
    use super::*;
    vector!(4, "sse2", __m128i, _mm_loadu_si128, _mm_storeu_si128, _mm_set1_epi32, _mm_add_epi32, rows_of_4,
        _mm_unpacklo_epi32 _mm_unpackhi_epi32 _mm_unpacklo_epi64 _mm_unpackhi_epi64);
    mixed_by_parts!(
        "sse2",
        __m128i,
        _mm_and_si128,
        _mm_andnot_si128,
        _mm_or_si128,
        _mm_xor_si128,
        _mm_slli_epi32,
        _mm_srli_epi32
    );
}

mod avx2 {
    use super::*;
    vector!(8, "avx2", __m256i, _mm256_loadu_si256, _mm256_storeu_si256, _mm256_set1_epi32, _mm256_add_epi32, rows_of_8,
        _mm256_unpacklo_epi32 _mm256_unpackhi_epi32 _mm256_unpacklo_epi64 _mm256_unpackhi_epi64);
    mixed_by_parts!(
        "avx2",
        __m256i,
        _mm256_and_si256,
        _mm256_andnot_si256,
        _mm256_or_si256,
        _mm256_xor_si256,
        _mm256_slli_epi32,
        _mm256_srli_epi32
    );
}

mod xmm {
    use super::*;
    vector!(4, "avx512f,avx512vl", __m128i, _mm_loadu_si128, _mm_storeu_si128, _mm_set1_epi32, _mm_add_epi32, rows_of_4,
        _mm_unpacklo_epi32 _mm_unpackhi_epi32 _mm_unpacklo_epi64 _mm_unpackhi_epi64);
    mixed_at_once!("avx512f,avx512vl", __m128i, _mm_rol_epi32, _mm_ternarylogic_epi32);
}

mod ymm {
    use super::*;
    vector!(8, "avx512f,avx512vl", __m256i, _mm256_loadu_si256, _mm256_storeu_si256, _mm256_set1_epi32, _mm256_add_epi32, rows_of_8,
        _mm256_unpacklo_epi32 _mm256_unpackhi_epi32 _mm256_unpacklo_epi64 _mm256_unpackhi_epi64);
    mixed_at_once!("avx512f,avx512vl", __m256i, _mm256_rol_epi32, _mm256_ternarylogic_epi32);
}

mod zmm {
    use super::*;
    vector!(16, "avx512f", __m512i, _mm512_loadu_si512, _mm512_storeu_si512, _mm512_set1_epi32, _mm512_add_epi32, rows_of_16,
        _mm512_unpacklo_epi32 _mm512_unpackhi_epi32 _mm512_unpacklo_epi64 _mm512_unpackhi_epi64);
    mixed_at_once!("avx512f", __m512i, _mm512_rol_epi32, _mm512_ternarylogic_epi32);
}
