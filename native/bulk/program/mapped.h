/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INNERMAP_MAPPED_H
#define INNERMAP_MAPPED_H

#include <stddef.h>
#include <stdint.h>

/* An array of the kernel's that this process has mapped: what a program of ours writes is read without a call. */
struct mapped {
	int fd;
	size_t length;
	uint8_t *bytes;
};

/* 0 or -errno: `count` elements of `stride` bytes, which is a multiple of 8. Its name has up to 15 of [A-Za-z0-9_.]. */
int mapped_open(struct mapped *mapped, const char *name, uint32_t stride, uint32_t count);

void mapped_close(struct mapped *mapped);

#endif
