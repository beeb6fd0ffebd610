// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "bpf.h"
#include "walk.h"

/* Copies of the entries of one inner map, each in an element of an array that this process has mapped. */
struct copies {
	uint32_t key_room;
	uint32_t stride;
	uint32_t room;
	/* Of a value: 0 for bytes that are not read. NULL: all are. */
	const uint8_t *mask;
	struct mapped mapped;
};

static int copies_open(struct copies *copies, const uint32_t *sizes, uint32_t room)
{
	copies->key_room = (uint32_t)rounded_up(sizes[DIGEST_KEY]);
	copies->stride = copies->key_room + (uint32_t)rounded_up(sizes[DIGEST_VALUE]);
	copies->room = room;
	return mapped_open(&copies->mapped, "innermap_copies", copies->stride, room);
}

/* The callback: copies an entry into the next element, and ends the walk where there is none. */
static void code_copy_entry(struct innermap_code *code, const struct copies *copies, const uint32_t *sizes)
{
	enum { KEY = BPF_REG_6, VALUE, WORK, NEXT };
	enum { LABEL_END = LABEL_FREE, STACK_NEXT = -4 };

	code_mov(code, KEY, BPF_REG_2);
	code_mov(code, VALUE, BPF_REG_3);
	code_mov(code, WORK, BPF_REG_4);
	code_load(code, BPF_DW, NEXT, WORK, WALK_COUNT);
	code_store(code, BPF_W, BPF_REG_10, STACK_NEXT, NEXT);
	code_alu_imm(code, BPF_ADD, NEXT, 1);
	code_store(code, BPF_DW, WORK, WALK_COUNT, NEXT);
	code_map(code, BPF_REG_1, copies->mapped.fd);
	code_mov(code, BPF_REG_2, BPF_REG_10);
	code_alu_imm(code, BPF_ADD, BPF_REG_2, STACK_NEXT);
	code_call(code, BPF_FUNC_map_lookup_elem);
	code_jump_if_imm(code, BPF_JEQ, BPF_REG_0, 0, LABEL_END);
	code_copy(code, (struct code_place){ BPF_REG_0, 0 }, (struct code_place){ KEY, 0 },
		  &(struct code_part){ .end = sizes[DIGEST_KEY] });
	code_copy(code, (struct code_place){ BPF_REG_0, (int16_t)copies->key_room }, (struct code_place){ VALUE, 0 },
		  &(struct code_part){ .mask = copies->mask, .end = sizes[DIGEST_VALUE] });
	code_mov_imm(code, BPF_REG_0, 0);
	code_exit(code);
	code_label(code, LABEL_END);
	code_mov_imm(code, BPF_REG_0, 1);
	code_exit(code);
}

static int load(const struct walk *walk, int outer_fd, const struct copies *copies, const uint32_t *sizes)
{
	struct innermap_code code;

	code_begin(&code);
	code_walk(&code, walk, outer_fd);
	code_copy_entry(&code, copies, sizes);
	return walk_load(&code);
}

/* Keys one after the other, then values. */
static void pack(const struct copies *copies, const uint32_t *sizes, uint32_t count, uint8_t *to)
{
	for (uint32_t at = 0; at < count; at++, to += sizes[DIGEST_KEY])
		memcpy(to, copies->mapped.bytes + (size_t)at * copies->stride, sizes[DIGEST_KEY]);
	for (uint32_t at = 0; at < count; at++, to += sizes[DIGEST_VALUE])
		memcpy(to, copies->mapped.bytes + (size_t)at * copies->stride + copies->key_room, sizes[DIGEST_VALUE]);
}

/* Nothing is walked in vain: what comes behind the first that has no room waits for the next call. */
static void put_off(const struct walk *walk, uint32_t from, int32_t *counts)
{
	for (uint32_t at = from; at < walk->jobs; at++)
		counts[at] = -EAGAIN;
}

/* What became of each job is in `counts`; the answer is of the whole. */
static int copy_all(const struct walk *walk, const struct copies *copies, int program_fd, const uint32_t *sizes,
		    uint8_t *entries, int32_t *counts)
{
	const size_t bytes = sizes[DIGEST_KEY] + sizes[DIGEST_VALUE];
	uint32_t left = copies->room;

	for (uint32_t at = 0; at < walk->jobs; at++) {
		const struct walk_job *job = walk_job(walk, at);
		int error = walk_next(walk, program_fd, 1);

		if (error < 0)
			return error;
		counts[at] = job->state == JOB_WALKED ? (int32_t)job->count : -ENOENT;
		if (counts[at] > (int32_t)copies->room)
			counts[at] = -E2BIG;
		if (counts[at] < 0)
			continue;
		if ((uint32_t)counts[at] > left) {
			put_off(walk, at, counts);
			break;
		}
		pack(copies, sizes, (uint32_t)counts[at], entries);
		entries += bytes * (size_t)counts[at];
		left -= (uint32_t)counts[at];
	}
	return 0;
}

static int copy_through(const struct walk *walk, int outer_fd, const uint32_t *sizes, const uint8_t *mask, uint32_t room,
			uint8_t *entries, int32_t *counts)
{
	struct copies copies = { .mask = mask };
	int error = walk_check_sizes(walk, outer_fd, sizes[DIGEST_KEY], sizes[DIGEST_VALUE]), fd;

	if (error < 0)
		return error;
	error = copies_open(&copies, sizes, room);
	if (error < 0)
		return error;
	fd = load(walk, outer_fd, &copies, sizes);
	error = fd < 0 ? fd : copy_all(walk, &copies, fd, sizes, entries, counts);
	if (fd >= 0)
		close(fd);
	mapped_close(&copies.mapped);
	return error;
}

int innermap_copy(int outer_fd, const uint32_t sizes[DIGEST_SIZES], const uint8_t *mask, const uint8_t *keys,
		  uint32_t room, uint8_t *entries, int32_t *counts)
{
	const uint32_t key_size = sizes[DIGEST_OUTER_KEY], maps = sizes[DIGEST_MAPS];
	struct walk walk;
	int error;

	if (maps > DIGEST_MOST_MAPS || room > COPY_MOST_ENTRIES || key_size > COPY_MOST_BYTES ||
	    sizes[DIGEST_KEY] > COPY_MOST_BYTES || sizes[DIGEST_VALUE] > COPY_MOST_BYTES)
		return -E2BIG;
	error = walk_open(&walk, maps, keys, key_size);
	if (error < 0)
		return error;
	error = copy_through(&walk, outer_fd, sizes, mask, room, entries, counts);
	walk_close(&walk);
	return error;
}
