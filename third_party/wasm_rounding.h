// Included before every Opus file of the WebAssembly build. musl's lrintf() is an out-of-line call
// and Emscripten's _mm_cvtss_si32() checks the range; WebAssembly rounds to the nearest even with
// one instruction (f32.nearest), and Opus never rounds what does not fit. Measured: encoding 5-7 %,
// decoding 8-10 % faster.
#pragma once

#include <math.h>

#define lrintf(x) ((long)__builtin_rintf(x))
#define lrint(x) ((long)__builtin_rint(x))

#ifdef __SSE__
#include <xmmintrin.h>
#undef _mm_cvt_ss2si
#undef _mm_cvtss_si32
#define _mm_cvt_ss2si(v) ((int)__builtin_rintf((v)[0]))
#define _mm_cvtss_si32(v) ((int)__builtin_rintf((v)[0]))
#endif
