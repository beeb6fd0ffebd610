/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INNERMAP_EDIT_H
#define INNERMAP_EDIT_H

#include "bpf.h"
#include "program.h"

/* Entries to write into a live map, and which bytes of each value are written. */
struct edit {
	int map;
	uint32_t count, key_size, value_size, flags;
	const uint8_t *keys, *values, *mask;
	/* 0, -errno, or TO_DO: there is an entry, and it is not yet written. */
	int32_t *answers;
	/* BPF_F_LOCK where values have a lock, BPF_ANY where they have none. */
	uint64_t lock;
};

/* Of a program's 512 bytes of stack, beside a part of a value. */
enum { EDIT_LONGEST_KEY = 256 };

/* Of a packet: a key and a value, each rounded up. */
static inline uint32_t edit_job_size(const struct edit *edit)
{
	return (uint32_t)(rounded_up(edit->key_size) + rounded_up(edit->value_size));
}

/*
 * Loads the program that stores the declared bytes. Its packet is a list of jobs, each a key and a value. It returns how
 * many are done: it ends at the first whose key is absent, and at the packet's end. The program's fd, or -errno; `*jobs`
 * becomes less where so many have no room.
 */
int edit_load(const struct edit *edit, uint32_t *jobs);

#endif
