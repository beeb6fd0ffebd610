/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What the test programs of reader.bpf.c share with the driver that runs them. */
#ifndef READER_H
#define READER_H

#include <linux/types.h>

#define READER_KEY_MAX 64
/* The verifier walks the loop over the entries turn by turn: this bounds its work. */
#define READER_ENTRIES_MAX 1024
/* Distinct stamps that can be told apart. */
#define READER_VERSIONS_MAX (1u << 20)

/* Constant for the verifier: set before the load. */
struct reader_settings {
	/* Of the outer map; as many bytes as its key has. */
	__u8 outer_key[READER_KEY_MAX];
	/* read_pass: keys 0 to entries - 1 of the inner map are read. */
	__u32 entries;
	/* increment_entry: where in the value the counter lies. */
	__u32 offset;
	/* increment_entry: of the inner map. */
	__u8 inner_key[READER_KEY_MAX];
	/* increment_entry: counts in so many entries by turns, whose keys are integers from inner_key on. */
	__u32 in_turns;
};

struct reader_counters {
	/* Passes, or tries to increment. */
	__u64 reads;
	/* Passes that found no inner map at the outer key. */
	__u64 nulls;
	/* Entries that a pass did not find. */
	__u64 missing;
	/* Passes whose entries did not all carry one stamp. */
	__u64 mixed;
	/* Distinct stamps that began a pass. */
	__u64 versions;
	/* When the newest of them was first seen; bpf_ktime_get_ns, CLOCK_MONOTONIC. */
	__u64 since;
	__u64 increments;
	__u32 version;
	__u32 started;
};

#endif
