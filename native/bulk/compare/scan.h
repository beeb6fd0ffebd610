/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INNERMAP_SCAN_H
#define INNERMAP_SCAN_H

#include <stdbool.h>
#include "bpf.h"

/*
 * Reads maps of one layout, one after the other, by batch lookups into buffers that stay; key by key where the kernel has
 * no batch for the type:
 *   scan_begin(&scan, fd, max_entries);
 *   while (!scan.is_over && !(answer = scan_next(&scan)))
 *           … scan.count entries in scan.keys and scan.values
 * and scan_free in the end.
 */
struct scan {
	uint32_t key_size;
	/* Of a value as batches have it. */
	uint32_t stride;
	int fd;
	bool is_over;
	/* The first call has no token. */
	bool has_begun;
	bool by_key;
	/* Calls, one after the other, that were refused for a reason that passes. */
	int refused;
	/* Entries that may yet come: somebody's changes may start a walk anew. */
	int64_t left;
	uint32_t count;
	uint8_t *keys;
	uint8_t *values;
	uint8_t *token;
	uint32_t capacity;
	/* Of the buffers. */
	uint32_t room;
};

/* 0 or -errno; EAGAIN of a map that changes faster than it can be read. A map with more entries than SCAN_ENTRIES, or than take SCAN_BYTES, is read in parts. */
int scan_begin(struct scan *scan, int fd, uint32_t max_entries);
int scan_next(struct scan *scan);
void scan_free(struct scan *scan);

enum { SCAN_ENTRIES = 16384, SCAN_BYTES = 4 << 20, SCAN_LEAST = 16 };

#endif
