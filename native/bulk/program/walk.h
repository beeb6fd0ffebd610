/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INNERMAP_WALK_H
#define INNERMAP_WALK_H

#include "mapped.h"
#include "program.h"

/*
 * Walks of inner maps inside the kernel: a socket filter that BPF_PROG_TEST_RUN runs once for each job. The kernel may
 * schedule between two runs and not within one, so a walk is of maps that are small. The filter is loaded for a wave
 * and freed after it: while it is there it holds the outer map, and is seen among the machine's programs. It is not
 * sleepable, as the inner maps of an outer map that a sleepable program uses are freed later.
 *
 * Jobs are in an array that this process has mapped: a run takes the next one, looks its key up in the outer map, and
 * calls `each` for each entry of the inner map there.
 */
struct walk_job {
	/* Of the first element the number of the next job; of jobs what became of it. */
	uint64_t state;
	uint64_t sum;
	uint64_t count;
	/* The walk ends when it has counted more. */
	uint64_t most;
	uint8_t key[];
};

enum { JOB_WAITS, JOB_ABSENT, JOB_WALKED };

/* Where a callback finds what it works on, from the address in register 4. */
enum { WALK_SUM = 0, WALK_COUNT = 8, WALK_MOST = 16 };

/* Labels of walk_begin; a callback may use those from LABEL_FREE on. */
enum { LABEL_NO_JOB, LABEL_ABSENT, LABEL_EACH, LABEL_FREE };

struct walk {
	uint32_t jobs;
	uint32_t stride;
	struct mapped mapped;
};

/* 0 or -errno. `keys`: of the jobs, one after the other. Their limits are still to be written. */
int walk_open(struct walk *walk, uint32_t jobs, const uint8_t *keys, uint32_t key_size);

static inline struct walk_job *walk_job(const struct walk *walk, uint32_t at)
{
	return (struct walk_job *)(walk->mapped.bytes + (size_t)walk->stride * (at + 1));
}

/* The instructions up to LABEL_EACH, where those of the callback have to follow. */
void code_walk(struct innermap_code *code, const struct walk *walk, int outer_fd);

/* The program's fd, or -errno. */
int walk_load(struct innermap_code *code);

/*
 * 0 where keys and values of the inner maps have just so many bytes: the verifier refuses those behind them. EINVAL where
 * they have more or fewer, another -errno where that cannot be tried.
 */
int walk_check_sizes(const struct walk *walk, int outer_fd, uint32_t key_size, uint32_t value_size);

/* Runs it for the next jobs, as many as there are at most. 0 or -errno. */
int walk_next(const struct walk *walk, int program_fd, uint32_t jobs);

void walk_close(struct walk *walk);

#endif
