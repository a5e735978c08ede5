//! MD5's compression of several streams side by side, one stream in each 32-bit lane of a vector.
//!
//! One step of MD5 waits for the step before it, so a single stream leaves most of a core idle; as many streams as a vector
//! has lanes take about the same time as one. Source of the steps: RFC 1321, section 3.4.

/// The running state of one stream.
pub(super) type State = [u32; 4];

/// A block of MD5.
pub(super) type Block = [u8; BLOCK_BYTES];

/// Bytes of a block.
pub(super) const BLOCK_BYTES: usize = 64;

/// `floor(2^32 * abs(sin(i + 1)))`.
#[rustfmt::skip]
pub(super) const SINES: [u32; 64] = [
    0xd76a_a478, 0xe8c7_b756, 0x2420_70db, 0xc1bd_ceee, 0xf57c_0faf, 0x4787_c62a, 0xa830_4613, 0xfd46_9501,
    0x6980_98d8, 0x8b44_f7af, 0xffff_5bb1, 0x895c_d7be, 0x6b90_1122, 0xfd98_7193, 0xa679_438e, 0x49b4_0821,
    0xf61e_2562, 0xc040_b340, 0x265e_5a51, 0xe9b6_c7aa, 0xd62f_105d, 0x0244_1453, 0xd8a1_e681, 0xe7d3_fbc8,
    0x21e1_cde6, 0xc337_07d6, 0xf4d5_0d87, 0x455a_14ed, 0xa9e3_e905, 0xfcef_a3f8, 0x676f_02d9, 0x8d2a_4c8a,
    0xfffa_3942, 0x8771_f681, 0x6d9d_6122, 0xfde5_380c, 0xa4be_ea44, 0x4bde_cfa9, 0xf6bb_4b60, 0xbebf_bc70,
    0x289b_7ec6, 0xeaa1_27fa, 0xd4ef_3085, 0x0488_1d05, 0xd9d4_d039, 0xe6db_99e5, 0x1fa2_7cf8, 0xc4ac_5665,
    0xf429_2244, 0x432a_ff97, 0xab94_23a7, 0xfc93_a039, 0x655b_59c3, 0x8f0c_cc92, 0xffef_f47d, 0x8584_5dd1,
    0x6fa8_7e4f, 0xfe2c_e6e0, 0xa301_4314, 0x4e08_11a1, 0xf753_7e82, 0xbd3a_f235, 0x2ad7_d2bb, 0xeb86_d391,
];

/// Four steps of one round: the four registers in turn, shifts of the round, words of the message.
macro_rules! four_steps {
    ($v:ident $mix:ident, $a:ident $b:ident $c:ident $d:ident, $m:ident, $at:literal,
     $s0:literal $s1:literal $s2:literal $s3:literal, $m0:literal $m1:literal $m2:literal $m3:literal) => {
        four_steps!(@ $v $mix, $a $b $c $d, $m, $at, $s0, $m0);
        four_steps!(@ $v $mix, $d $a $b $c, $m, $at + 1, $s1, $m1);
        four_steps!(@ $v $mix, $c $d $a $b, $m, $at + 2, $s2, $m2);
        four_steps!(@ $v $mix, $b $c $d $a, $m, $at + 3, $s3, $m3);
    };
    (@ $v:ident $mix:ident, $a:ident $b:ident $c:ident $d:ident, $m:ident, $at:expr, $s:literal, $word:literal) => {
        // What does not wait for the step before is added first.
        let ready = $v::add($a, $v::add($m[$word], $v::all(SINES[$at])));
        let mixed = $v::$mix(ready, $b, $c, $d);
        $a = $v::add($b, $v::rotate::<$s, { 32 - $s }>(mixed));
    };
}

/// A function that compresses blocks of `$lanes` streams with the vectors of the module `$v`. All inputs have the same
/// number of blocks.
macro_rules! kernel {
    ($name:ident, $v:ident, $lanes:literal, $features:literal) => {
        #[target_feature(enable = $features)]
        #[allow(clippy::too_many_lines, reason = "the sixty-four steps of the algorithm, as its source lists them")]
        pub(super) fn $name(states: &mut [State; $lanes], inputs: [&[Block]; $lanes]) {
            let word = |at: usize| -> [u32; $lanes] { std::array::from_fn(|lane| states[lane][at]) };
            let (mut a, mut b) = ($v::load(&word(0)), $v::load(&word(1)));
            let (mut c, mut d) = ($v::load(&word(2)), $v::load(&word(3)));
            for at in 0..inputs[0].len() {
                let (a0, b0, c0, d0) = (a, b, c, d);
                let blocks: [&Block; $lanes] = std::array::from_fn(|lane| &inputs[lane][at]);
                let m = $v::words(blocks);

                four_steps!($v mix_f, a b c d, m, 0, 7 12 17 22, 0 1 2 3);
                four_steps!($v mix_f, a b c d, m, 4, 7 12 17 22, 4 5 6 7);
                four_steps!($v mix_f, a b c d, m, 8, 7 12 17 22, 8 9 10 11);
                four_steps!($v mix_f, a b c d, m, 12, 7 12 17 22, 12 13 14 15);

                four_steps!($v mix_g, a b c d, m, 16, 5 9 14 20, 1 6 11 0);
                four_steps!($v mix_g, a b c d, m, 20, 5 9 14 20, 5 10 15 4);
                four_steps!($v mix_g, a b c d, m, 24, 5 9 14 20, 9 14 3 8);
                four_steps!($v mix_g, a b c d, m, 28, 5 9 14 20, 13 2 7 12);

                four_steps!($v mix_h, a b c d, m, 32, 4 11 16 23, 5 8 11 14);
                four_steps!($v mix_h, a b c d, m, 36, 4 11 16 23, 1 4 7 10);
                four_steps!($v mix_h, a b c d, m, 40, 4 11 16 23, 13 0 3 6);
                four_steps!($v mix_h, a b c d, m, 44, 4 11 16 23, 9 12 15 2);

                four_steps!($v mix_i, a b c d, m, 48, 6 10 15 21, 0 7 14 5);
                four_steps!($v mix_i, a b c d, m, 52, 6 10 15 21, 12 3 10 1);
                four_steps!($v mix_i, a b c d, m, 56, 6 10 15 21, 8 15 6 13);
                four_steps!($v mix_i, a b c d, m, 60, 6 10 15 21, 4 11 2 9);

                a = $v::add(a, a0);
                b = $v::add(b, b0);
                c = $v::add(c, c0);
                d = $v::add(d, d0);
            }
            let (a, b, c, d) = ($v::store(a), $v::store(b), $v::store(c), $v::store(d));
            for (lane, state) in states.iter_mut().enumerate() {
                *state = [a[lane], b[lane], c[lane], d[lane]];
            }
        }
    };
}

pub(super) use {four_steps, kernel};
