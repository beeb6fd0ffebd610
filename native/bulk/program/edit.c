/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes into entries of a live map and leaves some bytes of each value to the programs that count in them.
 *
 * bpf(2) can only write whole values. A BPF program can store single bytes of one: it looks the value up and stores the
 * declared bytes. That is the way where the kernel loads such a program. Otherwise (a type without one value to point to,
 * no CAP_BPF, an entry that fits in no packet) each value is read right before it is written, and what programs count
 * between the two calls is lost.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "edit.h"
#include "map.h"

/* More than any key or value has. */
#define MOST_BYTES (1u << 30)
enum { MOST_JOBS = 64, TO_DO = 1 };

/* A job costs the verifier 12 microseconds, a run 2: the sum is least near this. */
static uint32_t jobs_of_a_run(const struct edit *edit)
{
	uint32_t most = (PACKET_MOST - PACKET_HEADER) / edit_job_size(edit), jobs = 1;

	while (jobs < MOST_JOBS && jobs < most && jobs * jobs * 6 < edit->count)
		jobs++;
	return jobs;
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
		uint8_t *job = packet + PACKET_HEADER + count * edit_job_size(edit);

		if (edit->answers[index] != TO_DO)
			continue;
		memset(job, 0, edit_job_size(edit));
		memcpy(job, key_of(edit, index), edit->key_size);
		memcpy(job + (uint32_t)rounded_up(edit->key_size), value_of(edit, index), edit->value_size);
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

		run.packet_size = PACKET_HEADER + count * edit_job_size(edit);
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
		if (tries == TRIES) {
			edit->answers[from] = -EAGAIN;
			tries = 0;
		}
	}
	return 0;
}

static int write_by_program(const struct edit *edit)
{
	uint32_t jobs;
	int program, answer;

	if (edit->key_size > EDIT_LONGEST_KEY || edit_job_size(edit) > PACKET_MOST - PACKET_HEADER)
		return -E2BIG;
	jobs = jobs_of_a_run(edit);
	program = edit_load(edit, &jobs);
	if (program < 0)
		return program;
	answer = run_all(edit, program, jobs);
	close(program);
	return answer;
}

static int32_t lookup(const struct edit *edit, uint32_t index, void *value)
{
	return innermap_lookup_with(edit->map, key_of(edit, index), value, edit->lock);
}

/*
 * With the lock that a value has, the kernel writes into the entry, whose other fields of the kernel's stay; without, a hash
 * gets another entry. Where the values have none, the flag is EINVAL; without types they have none.
 */
static uint64_t lock_of(const struct edit *edit, void *value)
{
	struct bpf_map_info info;

	if (map_info(edit->map, &info) < 0 || info.btf_id == 0)
		return BPF_ANY;
	return innermap_lookup_with(edit->map, edit->keys, value, BPF_F_LOCK) == -EINVAL ? BPF_ANY : BPF_F_LOCK;
}

static int32_t write_by_reading(const struct edit *edit, uint32_t index, uint8_t *value)
{
	const uint8_t *given = value_of(edit, index);
	int32_t answer = lookup(edit, index, value);

	if (answer == -ENOENT)
		return insert(edit, index);
	if (answer < 0)
		return answer;
	for (uint32_t at = 0; at < edit->value_size; at++)
		value[at] = (uint8_t)((value[at] & ~edit->mask[at]) | (given[at] & edit->mask[at]));
	/* What a program deleted meanwhile does not come back with the bytes that it had. A trie: see insert. */
	answer = innermap_update(edit->map, key_of(edit, index), value,
				 (edit->flags & EDIT_IS_TRIE ? BPF_ANY : BPF_EXIST) | edit->lock);
	return answer == -ENOENT ? TO_DO : answer;
}

/* How many there were. */
static int write_rest_by_reading(struct edit *edit)
{
	uint8_t *value = malloc(edit->value_size);
	int written = 0;

	if (!value)
		return -ENOMEM;
	edit->lock = lock_of(edit, value);
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

static int write_rest(struct edit *edit)
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
