/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waves: a table of requests, arenas that they point into by offsets in bytes, and a table of answers. Every offset is
 * checked against the sizes that are given. What one item meets costs no other anything.
 */
#ifndef INNERMAP_WAVE_H
#define INNERMAP_WAVE_H

#include "../innermap.h"

/* One inner map to make. */
struct innermap_request {
	uint32_t type;
	uint32_t key_size;
	uint32_t value_size;
	uint32_t max_entries;
	uint32_t flags;
	/* Not 0: user space can no longer write it. */
	uint32_t freeze;
	/* Entries: keys in one arena, values in the other; those of per-CPU types as the kernel's batches take them. */
	uint32_t count;
	uint32_t keys;
	uint32_t values;
	/* A string, and where so many strings begin, each with its NUL. */
	uint32_t name;
	uint32_t pins;
	uint32_t pin_count;
	/* The fd of a BTF, 0 for none, and which of its types keys and values are. */
	uint32_t btf_fd;
	uint32_t btf_key;
	uint32_t btf_value;
};

/* What a map failed at. STEP_TABLE: its request points beyond an arena, nothing was tried. */
enum innermap_step { STEP_TABLE, STEP_CREATE, STEP_FILL, STEP_FREEZE, STEP_ID, STEP_PIN };

struct innermap_answer {
	/* -errno where it failed: then nothing of the map and its pins is left. */
	int32_t fd;
	uint32_t id;
	/* An enum innermap_step. */
	uint32_t step;
	/* Index of the entry or of the pin that the kernel refused. */
	uint32_t at;
};

/* Requests, bytes of each arena, and values of a per-CPU entry. */
enum { SIZE_COUNT, SIZE_KEYS, SIZE_VALUES, SIZE_STRINGS, SIZE_POSSIBLE_CPUS, SIZES };

/* For each: create, fill, freeze, read the id, pin. ENOMEM of an allocator that fetches more is waited for. */
INNERMAP_API void innermap_build(const struct innermap_request *requests, struct innermap_answer *answers,
				 const void *keys, const void *values, const void *strings,
				 const uint64_t sizes[SIZES]);

/* What one settling does, as bits: one pin goes, then one gets another name, over what has it. */
enum { SETTLE_UNLINK = 1, SETTLE_RENAME = 2 };

/* 0 or -errno each. A pin that is gone already is no failure; after one that stays nothing is renamed. */
struct innermap_settled {
	int32_t unlinked;
	int32_t renamed;
};

/* Settlings, fds, and bytes of the names. */
enum { SETTLE_COUNT, SETTLE_FDS, SETTLE_NAMES, SETTLE_SIZES };

/*
 * Unlinks and renames, in this order; then closes the fds. `names`, each with its NUL: the path of the directory that the
 * pins lie in, then for each settling what goes, and what gets another name with that name. EINVAL from the first on whose
 * names are not there.
 */
INNERMAP_API void innermap_settle(const uint8_t *kinds, struct innermap_settled *settled, const int32_t *fds,
				  const void *names, const uint64_t sizes[SETTLE_SIZES]);

#endif
