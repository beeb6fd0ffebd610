/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes into entries of a live map and leaves some bytes of each value to the programs that count in them.
 *
 * bpf(2) writes values whole. So a program of ours does it, where the kernel takes it: it finds the value as any program
 * does, and stores the declared bytes alone. Where it does not (a type without one value to point to, no CAP_BPF for it, an
 * entry that fits in no packet), each value is read right before it is written: what is counted between the two is lost.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bpf.h"
#include "program.h"

/* More than any key or value has. */
#define MOST_BYTES (1u << 30)
/* Of a program's 512 bytes of stack: a key and a part of a value. */
enum { STACK = 480, LONGEST_KEY = 256 };
enum { MOST_JOBS = 64, TRIES = 4, TO_DO = 1 };
enum { PACKET = BPF_REG_6, VALUE = BPF_REG_8, DONE = BPF_REG_9, STACK_END = BPF_REG_10 };
enum { END };

struct edit {
	int map;
	uint32_t count, key_size, value_size, flags;
	const uint8_t *keys, *values, *mask;
	/* 0, -errno, or TO_DO: there is an entry, and it is not yet written. */
	int32_t *answers;
};

static uint32_t words(uint32_t bytes)
{
	return (bytes + 7) / 8 * 8;
}

static uint32_t job_size(const struct edit *edit)
{
	return words(edit->key_size) + words(edit->value_size);
}

/* A job costs the verifier 12 microseconds, a run 2: the sum is least near this. */
static uint32_t jobs_of_a_run(const struct edit *edit)
{
	uint32_t most = (PACKET_MOST - PACKET_HEADER) / job_size(edit), jobs = 1;

	while (jobs < MOST_JOBS && jobs < most && jobs * jobs * 6 < edit->count)
		jobs++;
	return jobs;
}

/* Copies from the packet to the end of the stack. */
static void fetch(struct innermap_code *code, uint32_t at, uint32_t size)
{
	code_mov(code, BPF_REG_1, PACKET);
	code_mov_imm(code, BPF_REG_2, (int32_t)at);
	code_mov(code, BPF_REG_3, STACK_END);
	code_alu_imm(code, BPF_ADD, BPF_REG_3, -(int32_t)size);
	code_mov_imm(code, BPF_REG_4, (int32_t)size);
	code_call(code, BPF_FUNC_skb_load_bytes);
	code_jump_if_imm(code, BPF_JNE, BPF_REG_0, 0, END);
}

/* The largest aligned store that begins here: a field of 2, 4 or 8 bytes that lies on its boundary is never written in two. */
static uint32_t store_size(const struct edit *edit, uint32_t at)
{
	uint32_t run = 0, size = 8;

	while (run < 8 && at + run < edit->value_size && edit->mask[at + run] != 0)
		run++;
	while (size > run || at % size != 0)
		size /= 2;
	return size;
}

static uint8_t code_size(uint32_t size)
{
	return size == 8 ? BPF_DW : size == 4 ? BPF_W : size == 2 ? BPF_H : BPF_B;
}

/* Stores the declared bytes of a part of the value, which is at the end of the stack. */
static void store(struct innermap_code *code, const struct edit *edit, uint32_t from, uint32_t size)
{
	uint32_t to = from + size < edit->value_size ? from + size : edit->value_size, step;

	for (uint32_t at = from; at < to; at += step) {
		step = 1;
		if (edit->mask[at] == 0)
			continue;
		step = store_size(edit, at);
		code_load(code, code_size(step), BPF_REG_1, STACK_END, (int16_t)(at - from - size));
		code_store(code, code_size(step), VALUE, (int16_t)at, BPF_REG_1);
	}
}

/*
 * The packet is a list of jobs, each a key and a value. Returns how many are done: it ends at the first whose key is
 * absent, and at the packet's end. No loop: before 6.17 a process without CAP_PERFMON has what a processor may guess verified,
 * too, and that turns for ever. `jobs` becomes less where so many have no room.
 */
static int load(const struct edit *edit, uint32_t *jobs)
{
	/* Strict: every store lies on its boundary, whatever the processor would take. */
	struct innermap_program program = {
		.type = BPF_PROG_TYPE_SOCKET_FILTER, .name = "innermap_edit", .flags = BPF_F_STRICT_ALIGNMENT,
	};
	uint32_t key = words(edit->key_size), value = words(edit->value_size), part;
	struct innermap_code *code = malloc(sizeof(*code));
	int fd;

	if (!code)
		return -ENOMEM;
	code_begin(code);
	code_mov(code, PACKET, BPF_REG_1);
	for (uint32_t done = 0; done < *jobs; done++) {
		uint32_t begin = code->count, at = done * (key + value);

		code_mov_imm(code, DONE, (int32_t)done);
		fetch(code, at, key);
		code_map(code, BPF_REG_1, edit->map);
		code_mov(code, BPF_REG_2, STACK_END);
		code_alu_imm(code, BPF_ADD, BPF_REG_2, -(int32_t)key);
		code_call(code, BPF_FUNC_map_lookup_elem);
		code_jump_if_imm(code, BPF_JEQ, BPF_REG_0, 0, END);
		code_mov(code, VALUE, BPF_REG_0);
		for (uint32_t from = 0; from < value; from += part) {
			part = value - from < STACK ? value - from : STACK;
			fetch(code, at + key + from, part);
			store(code, edit, from, part);
		}
		if (code->count + (code->count - begin) + 8 > CODE_ROOM)
			*jobs = done + 1;
	}
	code_mov_imm(code, DONE, (int32_t)*jobs);
	code_label(code, END);
	code_mov(code, BPF_REG_0, DONE);
	code_exit(code);
	fd = innermap_program_load(code, &program);
	free(code);
	return fd;
}

static const uint8_t *key_of(const struct edit *edit, uint32_t index)
{
	return edit->keys + (size_t)index * edit->key_size;
}

static const uint8_t *value_of(const struct edit *edit, uint32_t index)
{
	return edit->values + (size_t)index * edit->value_size;
}

/* An absent entry gets all bytes. One that came meanwhile is to be done: a program may count in it already. */
static int32_t insert(const struct edit *edit, uint32_t index)
{
	/* A trie takes no flags before 6.13 (eae6a075e952). */
	uint64_t flags = edit->flags & EDIT_IS_TRIE ? BPF_ANY : BPF_NOEXIST;
	int answer = innermap_update(edit->map, key_of(edit, index), value_of(edit, index), flags);

	return answer == -EEXIST ? TO_DO : answer;
}

/* Up to `jobs` of those to be done, from `index` on. Their indexes are noted. */
static uint32_t gather(const struct edit *edit, uint32_t index, uint32_t jobs, uint8_t *packet, uint32_t *indexes)
{
	uint32_t count = 0;

	for (; index < edit->count && count < jobs; index++) {
		uint8_t *job = packet + PACKET_HEADER + count * job_size(edit);

		if (edit->answers[index] != TO_DO)
			continue;
		memset(job, 0, job_size(edit));
		memcpy(job, key_of(edit, index), edit->key_size);
		memcpy(job + words(edit->key_size), value_of(edit, index), edit->value_size);
		indexes[count++] = index;
	}
	return count;
}

/* 0, or -errno where a run is refused: the rest is still to be done then. */
static int run_all(const struct edit *edit, int program, uint32_t jobs)
{
	uint8_t packet[PACKET_MOST];
	uint32_t indexes[MOST_JOBS], count, tries = 0;
	struct innermap_run run = { .packet = packet };

	innermap_packet_begin(packet);
	for (uint32_t from = 0; (count = gather(edit, from, jobs, packet, indexes)) > 0;) {
		int answer;

		run.packet_size = PACKET_HEADER + count * job_size(edit);
		answer = innermap_program_run(program, &run);
		if (answer < 0)
			return answer;
		for (uint32_t done = 0; done < run.answer && done < count; done++)
			edit->answers[indexes[done]] = 0;
		if (run.answer >= count) {
			from = indexes[count - 1] + 1;
			continue;
		}
		from = indexes[run.answer];
		edit->answers[from] = insert(edit, from);
		tries = edit->answers[from] == TO_DO ? tries + 1 : 0;
		if (tries == TRIES)
			edit->answers[from] = -EAGAIN;
	}
	return 0;
}

static int write_by_program(const struct edit *edit)
{
	uint32_t jobs;
	int program, answer;

	if (edit->key_size > LONGEST_KEY || job_size(edit) > PACKET_MOST - PACKET_HEADER)
		return -E2BIG;
	jobs = jobs_of_a_run(edit);
	program = load(edit, &jobs);
	if (program < 0)
		return program;
	answer = run_all(edit, program, jobs);
	close(program);
	return answer;
}

static int32_t write_by_reading(const struct edit *edit, uint32_t index, uint8_t *value)
{
	const uint8_t *given = value_of(edit, index);
	int32_t answer = innermap_lookup(edit->map, key_of(edit, index), value);

	if (answer == -ENOENT)
		return insert(edit, index);
	if (answer < 0)
		return answer;
	for (uint32_t at = 0; at < edit->value_size; at++)
		value[at] = (uint8_t)((value[at] & ~edit->mask[at]) | (given[at] & edit->mask[at]));
	return innermap_update(edit->map, key_of(edit, index), value, BPF_ANY);
}

/* How many there were. */
static int write_rest_by_reading(const struct edit *edit)
{
	uint8_t *value = malloc(edit->value_size);
	int written = 0;

	if (!value)
		return -ENOMEM;
	for (uint32_t index = 0; index < edit->count; index++) {
		written += edit->answers[index] == TO_DO;
		for (int tries = 0; edit->answers[index] == TO_DO && tries < TRIES; tries++)
			edit->answers[index] = write_by_reading(edit, index, value);
		if (edit->answers[index] == TO_DO)
			edit->answers[index] = -EAGAIN;
	}
	free(value);
	return written;
}

/* A program would write into a frozen map, too. */
static int refusal(const struct edit *edit)
{
	int answer = innermap_may_write(edit->map);

	return answer == -EPERM ? answer : 0;
}

/* Whether the kernel has no such program; anything else, as too little memory, passes. */
static bool is_refused(int answer)
{
	switch (-answer) {
	case EPERM:
	case EACCES:
	case EINVAL:
	case E2BIG:
	case EOPNOTSUPP:
	case ENOTSUPP:
		return true;
	default:
		return false;
	}
}

static int fail_rest(const struct edit *edit, int answer)
{
	for (uint32_t index = 0; index < edit->count; index++)
		if (edit->answers[index] == TO_DO)
			edit->answers[index] = answer;
	return answer;
}

static int write_rest(const struct edit *edit)
{
	int answer = edit->flags & EDIT_BY_PROGRAM ? write_by_program(edit) : -EOPNOTSUPP;

	if (is_refused(answer))
		answer = write_rest_by_reading(edit);
	return answer < 0 ? fail_rest(edit, answer) : answer;
}

static bool is_whole(const uint32_t shape[EDIT_WORDS])
{
	uint64_t count = shape[EDIT_COUNT], key = shape[EDIT_KEY_SIZE], value = shape[EDIT_VALUE_SIZE];

	return key > 0 && key <= MOST_BYTES && value > 0 && value <= MOST_BYTES && shape[EDIT_KEYS] == count * key &&
	       shape[EDIT_VALUES] == count * value && shape[EDIT_MASK] == value && shape[EDIT_FOUND] == count &&
	       shape[EDIT_ANSWERS] == count * sizeof(int32_t);
}

int innermap_edit(int map, const uint32_t shape[EDIT_WORDS], const void *keys, const void *values, const void *mask,
		  const uint8_t *found, int32_t *answers)
{
	struct edit edit = {
		.map = map, .count = shape[EDIT_COUNT], .key_size = shape[EDIT_KEY_SIZE],
		.value_size = shape[EDIT_VALUE_SIZE], .flags = shape[EDIT_FLAGS],
		.keys = keys, .values = values, .mask = mask, .answers = answers,
	};
	uint32_t rest = 0;
	int refused;

	if (!is_whole(shape))
		return -EINVAL;
	refused = refusal(&edit);
	for (uint32_t index = 0; index < edit.count; index++) {
		answers[index] = refused < 0 ? refused : found[index] ? TO_DO : insert(&edit, index);
		rest += answers[index] == TO_DO;
	}
	if (refused < 0 || rest == 0)
		return refused;
	return write_rest(&edit);
}
