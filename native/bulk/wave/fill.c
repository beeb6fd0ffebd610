// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "fill.h"
#include <errno.h>
#include <stdbool.h>
#include <time.h>
#include "bpf.h"
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

/* The last of the waits for memory, each twice as long as the one before. Milliseconds. */
enum { LONGEST_WAIT = 64 };

/* How a filling goes on after an answer. */
struct course {
	bool by_singles;
	uint32_t tries;
	uint32_t wait;
	struct patience *patience;
};

/* What the kernel reads is not seen by the sanitizer. */
static void expect_readable(const uint8_t *bytes, uint64_t size)
{
#ifdef __SANITIZE_ADDRESS__
	if (size > 0 && __asan_region_is_poisoned((void *)bytes, size))
		__builtin_trap();
#else
	(void)bytes;
	(void)size;
#endif
}

static void sleep_for(uint32_t milliseconds)
{
	struct timespec time = { .tv_nsec = milliseconds * 1000000L };

	while (nanosleep(&time, &time) < 0 && errno == EINTR)
		;
}

/*
 * A map without preallocation takes its elements from the BPF allocator (kernel/bpf/memalloc.c: hashes since 6.1, tries
 * since 6.13). That holds a few for each CPU and fetches more in an interrupt: what writes more quickly gets ENOMEM though
 * there is memory. So ENOMEM counts once the allocator had time to fetch some and did not. Maps that are filled one after
 * the other wait together.
 */
static bool may_refill(struct course *course, uint32_t written)
{
	struct patience *patience = course->patience;

	if (written > 0) {
		patience->left = written < PATIENCE - patience->left ? patience->left + written : PATIENCE;
		course->wait = 1;
		return true;
	}
	if (course->wait > LONGEST_WAIT || patience->left < course->wait * WRITTEN_A_WAIT)
		return false;
	patience->left -= course->wait * WRITTEN_A_WAIT;
	sleep_for(course->wait);
	course->wait *= 2;
	return true;
}

static bool may_try(struct course *course, uint32_t written)
{
	course->tries = written > 0 ? 1 : course->tries + 1;
	return course->tries < TRIES;
}

/* Whether to try again behind those that were written. */
static bool goes_on(struct course *course, int answer, uint32_t written)
{
	if (answer == -ENOMEM)
		return may_refill(course, written);
	return passes(answer) && may_try(course, written);
}

/* `*written`: of those from `from` on. A kernel without the batch leaves the count as it was. */
static int write_some(int fd, const struct pairs *pairs, uint32_t from, struct course *course, uint32_t *written)
{
	const uint8_t *keys = pairs->keys + (uint64_t)from * pairs->key_size;
	const uint8_t *values = pairs->values + from * pairs->stride;
	uint32_t rest = pairs->count - from, count = rest;
	int answer;

	if (course->by_singles) {
		answer = innermap_update(fd, keys, values, BPF_ANY);
		*written = answer < 0 ? 0 : 1;
		return answer;
	}
	answer = innermap_update_batch(fd, keys, values, &count);
	*written = answer < 0 && count >= rest ? 0 : count;
	if (answer < 0 && count >= rest && (answer == -ENOTSUPP || answer == -EINVAL)) {
		course->by_singles = true;
		return 0;
	}
	return answer;
}

int fill(int fd, const struct pairs *pairs, uint32_t *at)
{
	struct course course = { .wait = 1, .patience = pairs->patience };
	uint32_t written;

	expect_readable(pairs->keys, (uint64_t)pairs->count * pairs->key_size);
	expect_readable(pairs->values, pairs->count * pairs->stride);
	for (*at = 0; *at < pairs->count; *at += written) {
		int answer = write_some(fd, pairs, *at, &course, &written);

		if (answer < 0 && !goes_on(&course, answer, written)) {
			*at += written;
			return answer;
		}
	}
	return 0;
}
