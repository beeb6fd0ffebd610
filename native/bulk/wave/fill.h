/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INNERMAP_FILL_H
#define INNERMAP_FILL_H

#include <stdint.h>

/*
 * What is left of waiting for memory, in written entries: a millisecond costs so many, and as many that are written give
 * it back. So waits that lead to nothing end, after two maps that get none, and those that lead on do not.
 */
enum { WRITTEN_A_WAIT = 64, PATIENCE = 256 * WRITTEN_A_WAIT };
struct patience {
	uint32_t left;
};

/* Entries, keys and values one after the other each. `stride`: bytes of one value. */
struct pairs {
	const uint8_t *keys;
	const uint8_t *values;
	uint32_t count;
	uint32_t key_size;
	uint64_t stride;
	struct patience *patience;
};

/* Writes all, up to the first that the kernel refuses: 0, or its -errno, with its index in `*at`. */
int fill(int fd, const struct pairs *pairs, uint32_t *at);

#endif
