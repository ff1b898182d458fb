/* SPDX-License-Identifier: MIT */
/* A fuzzer's function without a fuzzer: replay ROUNDS [FILE…] gives it each file, and the same changes of each at every
 * run. For the suite; ./dev fuzz looks for more. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 1 << 20 };

static uint32_t next(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Bytes changed, a piece doubled or left out, the end cut off. Returns the new size. */
static size_t change(uint8_t *data, size_t size, uint32_t *state) {
    static const uint8_t edges[] = {0, 1, 0x7F, 0x80, 0xFF, '"', '[', '{'};
    for (uint32_t n = next(state) % 8 + 1; n && size; n--)
        data[next(state) % size] = next(state) % 2 ? edges[next(state) % sizeof edges] : (uint8_t)next(state);
    size_t at = size ? next(state) % size : 0, length = size ? next(state) % (size - at) : 0;
    switch (next(state) % 4) {
    case 0:
        memmove(data + at, data + at + length, size - at - length);
        return size - length;
    case 1:
        if (size + length > MOST)
            return size;
        memmove(data + at + length, data + at, size - at);
        return size + length;
    case 2:
        return at;
    default:
        return size;
    }
}

static void replay(const uint8_t *data, size_t size, int rounds) {
    uint32_t state = (uint32_t)size;
    LLVMFuzzerTestOneInput(data, size);
    for (int i = 0; i < rounds; i++) {
        uint8_t *copy = malloc(MOST);
        if (!copy)
            abort();
        memcpy(copy, data, size);
        size_t changed = change(copy, size, &state);
        uint8_t *exact = malloc(changed ? changed : 1); /* so that one byte too far is seen */
        if (!exact)
            abort();
        memcpy(exact, copy, changed);
        LLVMFuzzerTestOneInput(exact, changed);
        free(exact);
        free(copy);
    }
}

int main(int argc, char **argv) {
    static uint8_t data[MOST];
    int rounds = argc > 1 ? atoi(argv[1]) : 0;
    for (int i = 2; i < argc; i++) {
        FILE *f = fopen(argv[i], "rbe");
        size_t size = f ? fread(data, 1, sizeof data, f) : 0;
        if (!f) {
            perror(argv[i]);
            return 1;
        }
        fclose(f);
        replay(data, size, rounds);
    }
    printf("%d inputs\n", (argc - 2) * (rounds + 1));
    return argc > 2 ? 0 : 1;
}
