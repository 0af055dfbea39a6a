#pragma once
#include <zlib.h>

// deflateInit2 and inflateInit2 are macros, which Swift cannot import. 15 + 16: the largest window, gzip framing.
static inline int tokenscale_inflate_init(z_stream *stream) { return inflateInit2(stream, 15 + 16); }
static inline int tokenscale_deflate_init(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
