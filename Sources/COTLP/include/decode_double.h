#pragma once
#include <stdlib.h>
#include <string.h>

/// The double nearest to the decimal number in `text`, without an allocation. `text` need not end with NUL.
/// Answers false when it is not a number from its first to its last byte, or is longer than any sensible number.
///
/// strtod follows LC_NUMERIC, which stays "C": nothing in this process calls setlocale.
static inline _Bool decode_double(const unsigned char *text, size_t length, double *result) {
    char copy[416];
    if (length == 0 || length >= sizeof copy) return 0;
    memcpy(copy, text, length);
    copy[length] = 0;
    char *end;
    *result = strtod(copy, &end);
    return end == copy + length;
}
