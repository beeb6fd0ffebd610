/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INNERMAP_FILL_H
#define INNERMAP_FILL_H

#include <stdint.h>

/* Entries, keys and values one after the other each. `stride`: bytes of one value. */
struct pairs {
	const uint8_t *keys;
	const uint8_t *values;
	uint32_t count;
	uint32_t key_size;
	uint64_t stride;
};

/* Writes all, up to the first that the kernel refuses: 0, or its -errno, with its index in `*at`. */
int fill(int fd, const struct pairs *pairs, uint32_t *at);

#endif
