// SPDX-License-Identifier: Apache-2.0
/*
 * The full check: the outer map's ids by batch, then each inner map by id and by batch. A hash gives entries in an order
 * of its own: the first check looks each up among the expected ones and keeps the expected in that order, so that the
 * next ones compare bytes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "work.h"

/* What a scan of inner maps needs, taken once by each thread. */
struct scan {
	uint32_t capacity;
	uint8_t *keys;
	uint32_t *values;
	/* Open addressing: places of expected entries + 1. */
	uint32_t slots;
	uint32_t *table;
};

static struct scan scan_of(const struct work *work)
{
	struct scan scan = { .capacity = work->max_entries + 16, .slots = 16 };

	while (scan.slots < 2 * work->entries)
		scan.slots *= 2;
	scan.keys = malloc((size_t)scan.capacity * work->key_size);
	scan.values = malloc((size_t)scan.capacity * VALUE_SIZE);
	scan.table = malloc(scan.slots * sizeof(*scan.table));
	if (!scan.keys || !scan.values || !scan.table)
		fail(ENOMEM, "Cannot hold a scan of %u entries", work->entries);
	return scan;
}

static void free_scan(struct scan *scan)
{
	free(scan->keys);
	free(scan->values);
	free(scan->table);
}

/* Reads a whole inner map; the answer is the number of its entries. */
static uint32_t read_inner(int inner, const struct work *work, struct scan *scan)
{
	uint64_t token[2];
	uint32_t found = 0;
	int error = 0;

	while (!error) {
		uint32_t count = scan->capacity - found;

		error = bpf_map_lookup_batch(inner, found ? token : NULL, token, scan->keys + (size_t)found * work->key_size,
					     scan->values + found, &count, NULL);
		if (error && error != -ENOENT)
			fail(error, "Cannot read inner map");
		found += count;
	}
	return found;
}

/* The last four bytes of a key: of a trie's, what tells one of the full-length prefixes from the others. */
static uint32_t slot_of(const uint8_t *key, const struct work *work, const struct scan *scan)
{
	uint32_t word;

	memcpy(&word, key + work->key_size - sizeof(word), sizeof(word));
	return word * 2654435761u >> 7 & (scan->slots - 1);
}

static void index_expected(const uint8_t *keys, const struct work *work, struct scan *scan)
{
	memset(scan->table, 0, scan->slots * sizeof(*scan->table));
	for (uint32_t i = 0; i < work->entries; i++) {
		uint32_t slot = slot_of(keys + i * work->key_size, work, scan);

		while (scan->table[slot])
			slot = (slot + 1) & (scan->slots - 1);
		scan->table[slot] = i + 1;
	}
}

static bool as_expected(const uint8_t *key, uint32_t value, const uint8_t *keys, const uint32_t *values,
			const struct work *work, const struct scan *scan)
{
	uint32_t slot = slot_of(key, work, scan);

	for (; scan->table[slot]; slot = (slot + 1) & (scan->slots - 1)) {
		uint32_t place = scan->table[slot] - 1;

		if (memcmp(key, keys + (size_t)place * work->key_size, work->key_size) == 0)
			return value == values[place];
	}
	return false;
}

struct checking {
	const struct work *work;
	struct content *content;
	uint32_t *ids;
};

/* Compares what was read, and keeps the expected in the order in which it was read. */
static void compare(struct checking *checking, uint32_t map, struct scan *scan)
{
	const struct work *work = checking->work;
	uint8_t *keys = (uint8_t *)keys_of(checking->content, work, map);
	uint32_t *values = (uint32_t *)values_of(checking->content, work, map);
	size_t key_bytes = (size_t)work->entries * work->key_size, value_bytes = (size_t)work->entries * VALUE_SIZE;

	if (memcmp(scan->keys, keys, key_bytes) == 0 && memcmp(scan->values, values, value_bytes) == 0)
		return;
	index_expected(keys, work, scan);
	for (uint32_t i = 0; i < work->entries; i++)
		if (!as_expected(scan->keys + (size_t)i * work->key_size, scan->values[i], keys, values, work, scan))
			fail(EBADMSG, "Cannot trust inner map %u: its entry %u", map, i);
	memcpy(keys, scan->keys, key_bytes);
	memcpy(values, scan->values, value_bytes);
}

static void check(void *context, uint32_t from, uint32_t to)
{
	struct checking *checking = context;
	const struct work *work = checking->work;
	struct scan scan = scan_of(work);

	for (uint32_t map = from; map < to; map++) {
		int inner = bpf_map_get_fd_by_id(checking->ids[map]);
		uint32_t found;

		if (inner < 0)
			fail(inner, "Cannot open inner map %u", checking->ids[map]);
		found = read_inner(inner, work, &scan);
		close(inner);
		if (found != work->entries)
			fail(EBADMSG, "Cannot trust inner map %u: %u entries of %u", map, found, work->entries);
		compare(checking, map, &scan);
	}
	free_scan(&scan);
}

void check_all(int outer, const struct work *work, struct content *content)
{
	struct checking checking = { .work = work, .content = content, .ids = read_ids(outer, work) };

	in_parallel(work->threads, work->maps, check, &checking);
	free(checking.ids);
}
