#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline _Bool bytes_are_equal(const void *left, const void *right, size_t length) {
    return memcmp(left, right, length) == 0;
}

/// How many bytes from the first on are the same, at most `length`.
static inline size_t common_byte_count(const unsigned char *left, const unsigned char *right, size_t length) {
    size_t count = 0;
    while (count + 8 <= length) {
        uint64_t a, b;
        memcpy(&a, left + count, 8);
        memcpy(&b, right + count, 8);
        if (a != b) break;
        count += 8;
    }
    while (count < length && left[count] == right[count]) count++;
    return count;
}
