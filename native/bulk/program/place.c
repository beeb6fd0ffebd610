// SPDX-License-Identifier: Apache-2.0
/*
 * Writes into an inner map that this process may not open, through its outer map: a program of ours looks it up, as any
 * program does, and stores, puts and deletes there. Jobs are in an array that this process has mapped; each run does the
 * next one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bpf.h"
#include "mapped.h"
#include "program.h"

enum { MOST_JOBS = 1024, MOST_FIELD = 1024, TO_DO = 1 };
enum { JOB = BPF_REG_6, INNER = BPF_REG_7, VALUE = BPF_REG_8 };
enum { STACK_INDEX = -8 };
enum { LABEL_END, LABEL_ABSENT, LABEL_DELETE, LABEL_INSERT, LABEL_ANSWER };

/* An element of the array. Of the first one `answer` is the number of the next job. */
struct job {
	int64_t answer;
	uint64_t is_delete;
	/* The outer map's key, the entry's key and its value, each rounded up to 8. */
	uint8_t bytes[];
};

struct place {
	int outer;
	uint32_t outer_key, key, value, upserts, deletes;
	const uint8_t *where, *keys, *values, *mask;
	int32_t *answers;
	uint32_t jobs, stride;
	bool merges;
	struct mapped mapped;
};

static uint32_t key_offset(const struct place *place)
{
	return (uint32_t)(sizeof(struct job) + rounded_up(place->outer_key));
}

static uint32_t value_offset(const struct place *place)
{
	return key_offset(place) + (uint32_t)rounded_up(place->key);
}

static struct job *job_at(const struct place *place, uint32_t at)
{
	return (struct job *)(place->mapped.bytes + (size_t)place->stride * at);
}

/* Registers 1 and 2 for a helper: the inner map, and the job's key. */
static void code_entry(struct innermap_code *code, const struct place *place)
{
	code_mov(code, BPF_REG_1, INNER);
	code_mov(code, BPF_REG_2, JOB);
	code_alu_imm(code, BPF_ADD, BPF_REG_2, (int32_t)key_offset(place));
}

static void code_put(struct innermap_code *code, const struct place *place, int32_t flags)
{
	code_entry(code, place);
	code_mov(code, BPF_REG_3, JOB);
	code_alu_imm(code, BPF_ADD, BPF_REG_3, (int32_t)value_offset(place));
	code_mov_imm(code, BPF_REG_4, flags);
	code_call(code, BPF_FUNC_map_update_elem);
	code_jump(code, LABEL_ANSWER);
}

/* The job's bytes go into the live value; or, to merge, the live value's other bytes into the job, which is put. */
static void code_change(struct innermap_code *code, const struct place *place)
{
	const struct code_place live = { VALUE, 0 }, job = { JOB, (int16_t)value_offset(place) };
	const struct code_part part = { .mask = place->mask, .others = place->merges, .end = place->value };

	code_mov(code, VALUE, BPF_REG_0);
	if (place->merges) {
		code_copy(code, job, live, &part);
		code_put(code, place, BPF_ANY);
		return;
	}
	code_copy(code, live, job, &part);
	code_mov_imm(code, BPF_REG_0, 0);
	code_jump(code, LABEL_ANSWER);
}

static void code_all(struct innermap_code *code, const struct place *place)
{
	static const struct job_places places = { .stack = STACK_INDEX, .job = JOB, .none = LABEL_END };

	code_begin(code);
	mapped_code_next(code, &place->mapped, &places);
	code_map(code, BPF_REG_1, place->outer);
	code_mov(code, BPF_REG_2, JOB);
	code_alu_imm(code, BPF_ADD, BPF_REG_2, sizeof(struct job));
	code_call(code, BPF_FUNC_map_lookup_elem);
	code_jump_if_imm(code, BPF_JEQ, BPF_REG_0, 0, LABEL_ABSENT);
	code_mov(code, INNER, BPF_REG_0);
	code_load(code, BPF_DW, BPF_REG_1, JOB, offsetof(struct job, is_delete));
	code_jump_if_imm(code, BPF_JNE, BPF_REG_1, 0, LABEL_DELETE);
	if (place->mask) {
		code_entry(code, place);
		code_call(code, BPF_FUNC_map_lookup_elem);
		code_jump_if_imm(code, BPF_JEQ, BPF_REG_0, 0, LABEL_INSERT);
		code_change(code, place);
		code_label(code, LABEL_INSERT);
	}
	code_put(code, place, place->mask ? BPF_NOEXIST : BPF_ANY);
	code_label(code, LABEL_DELETE);
	code_entry(code, place);
	code_call(code, BPF_FUNC_map_delete_elem);
	code_jump(code, LABEL_ANSWER);
	code_label(code, LABEL_ABSENT);
	code_mov_imm(code, BPF_REG_0, -ESTALE);
	code_label(code, LABEL_ANSWER);
	code_store(code, BPF_DW, JOB, offsetof(struct job, answer), BPF_REG_0);
	code_label(code, LABEL_END);
	code_mov_imm(code, BPF_REG_0, 0);
	code_exit(code);
}

/* The program's fd, or -errno. */
static int load(const struct place *place)
{
	/* Strict: every store lies on its boundary, whatever the processor would take. */
	struct innermap_program program = {
		.type = BPF_PROG_TYPE_SOCKET_FILTER, .name = "innermap_place", .flags = BPF_F_STRICT_ALIGNMENT,
	};
	struct innermap_code *code = malloc(sizeof(*code));
	int fd;

	if (!code)
		return -ENOMEM;
	code_all(code, place);
	fd = innermap_program_load(code, &program);
	free(code);
	return fd;
}

static void put_job(const struct place *place, struct job *job, uint32_t index)
{
	memset(job, 0, place->stride);
	job->answer = TO_DO;
	job->is_delete = index >= place->upserts;
	memcpy((uint8_t *)job + sizeof(*job), place->where, place->outer_key);
	memcpy((uint8_t *)job + key_offset(place), place->keys + (size_t)index * place->key, place->key);
	if (!job->is_delete)
		memcpy((uint8_t *)job + value_offset(place), place->values + (size_t)index * place->value,
		       place->value);
}

/* Up to so many of those to be done, from `index` on, become jobs. Their indexes are noted. */
static uint32_t gather(const struct place *place, uint32_t *index, uint32_t *indexes)
{
	uint32_t count = 0;

	for (; *index < place->upserts + place->deletes && count < place->jobs; ++*index)
		if (place->answers[*index] == TO_DO) {
			put_job(place, job_at(place, count + 1), *index);
			indexes[count++] = *index;
		}
	job_at(place, 0)->answer = 1;
	return count;
}

static int run(const struct place *place, int program, uint32_t jobs)
{
	const volatile int64_t *next = &job_at(place, 0)->answer;
	uint8_t packet[64] = { 0 };
	int error = 0;

	innermap_packet_begin(packet);
	while (error == 0 && *next <= jobs) {
		struct innermap_run run = { .packet = packet, .packet_size = sizeof(packet) };
		int64_t before = *next;

		run.repeat = (uint32_t)(jobs + 1 - before);
		error = innermap_program_run(program, &run);
		/* A signal ends it between two runs */
		if (error == -EINTR)
			error = 0;
		else if (error == 0 && *next == before)
			error = -EIO;
	}
	return error;
}

/*
 * An entry that came meanwhile is to be done again; one that is gone already is deleted. Before Linux 6.4 a map's calls answer
 * an int (d7ba4cc900bf), of which a program finds the lower half alone.
 */
static int32_t answer_of(const struct job *job)
{
	const int32_t answer = (int32_t)job->answer;

	if (job->is_delete && answer == -ENOENT)
		return 0;
	return answer == -EEXIST ? TO_DO : answer;
}

static int run_all(const struct place *place, int program)
{
	uint32_t indexes[MOST_JOBS], count, index = 0;

	while ((count = gather(place, &index, indexes)) > 0) {
		int error = run(place, program, count);

		if (error < 0)
			return error;
		for (uint32_t at = 0; at < count; at++)
			place->answers[indexes[at]] = answer_of(job_at(place, at + 1));
	}
	return 0;
}

/* What found no room gets what the deletes have made, once. */
static bool tries_again(const struct place *place, bool is_first)
{
	bool has_room = is_first && place->deletes > 0, again = false;

	for (uint32_t at = 0; at < place->upserts; at++) {
		if (has_room && (place->answers[at] == -E2BIG || place->answers[at] == -ENOSPC))
			place->answers[at] = TO_DO;
		again |= place->answers[at] == TO_DO;
	}
	return again;
}

static int write_all(const struct place *place)
{
	int program = load(place), error = 0;

	if (program < 0)
		return program;
	for (int tries = 0; error == 0 && tries < TRIES; tries++) {
		error = run_all(place, program);
		if (!tries_again(place, tries == 0))
			break;
	}
	close(program);
	for (uint32_t at = 0; error == 0 && at < place->upserts; at++)
		if (place->answers[at] == TO_DO)
			place->answers[at] = -EAGAIN;
	return error;
}

static bool is_whole(const uint32_t sizes[PLACE_WORDS])
{
	const uint64_t all = (uint64_t)sizes[PLACE_UPSERTS] + sizes[PLACE_DELETES];

	return sizes[PLACE_OUTER_KEY] > 0 && sizes[PLACE_OUTER_KEY] <= MOST_FIELD && sizes[PLACE_KEY] > 0 &&
	       sizes[PLACE_KEY] <= MOST_FIELD && sizes[PLACE_VALUE] > 0 && sizes[PLACE_VALUE] <= MOST_FIELD &&
	       all > 0 && all < UINT32_MAX && sizes[PLACE_KEYS] == all * sizes[PLACE_KEY] &&
	       sizes[PLACE_VALUES] == (uint64_t)sizes[PLACE_UPSERTS] * sizes[PLACE_VALUE] &&
	       sizes[PLACE_ANSWERS] == all * sizeof(int32_t);
}

int innermap_place(int outer_fd, const uint32_t sizes[PLACE_WORDS], const void *where, const void *keys,
		   const void *values, const void *mask, int32_t *answers)
{
	const uint32_t all = sizes[PLACE_UPSERTS] + sizes[PLACE_DELETES];
	struct place place = {
		.outer = outer_fd, .outer_key = sizes[PLACE_OUTER_KEY], .key = sizes[PLACE_KEY],
		.value = sizes[PLACE_VALUE], .upserts = sizes[PLACE_UPSERTS], .deletes = sizes[PLACE_DELETES],
		.merges = sizes[PLACE_MERGES] != 0, .where = where, .keys = keys, .values = values, .mask = mask,
		.answers = answers, .jobs = all < MOST_JOBS ? all : MOST_JOBS,
	};
	int error;

	if (!is_whole(sizes))
		return -EINVAL;
	place.stride = value_offset(&place) + (uint32_t)rounded_up(place.value);
	for (uint32_t at = 0; at < all; at++)
		answers[at] = TO_DO;
	error = mapped_open(&place.mapped, "innermap_jobs", place.stride, place.jobs + 1);
	if (error < 0)
		return error;
	error = write_all(&place);
	mapped_close(&place.mapped);
	return error;
}
