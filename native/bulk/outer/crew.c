/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "crew.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

/* What the parts take beside what the C library puts on a thread's stack. */
enum { STACK_ROOM = 48 * 1024 };

struct crew {
	crew_part *part;
	void *context;
	uint64_t count;
	uint64_t next;
};

static void *work(void *argument)
{
	struct crew *crew = argument;
	uint64_t at;

	while ((at = __atomic_fetch_add(&crew->next, 1, __ATOMIC_RELAXED)) < crew->count)
		crew->part(crew->context, (uint32_t)at);
	return NULL;
}

/* Stacks side by side in one mapping, which goes back whole: the C library would keep those that it makes itself. */
struct stacks {
	char *begin;
	size_t size;
	uint32_t count;
};

static bool stacks_map(struct stacks *stacks, uint32_t count)
{
	long least = sysconf(_SC_THREAD_STACK_MIN);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *begin;

	stacks->size = ((size_t)(least > 0 ? least : 0) + STACK_ROOM + page - 1) / page * page;
	stacks->count = count;
	begin = mmap(NULL, stacks->size * count, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (begin == MAP_FAILED)
		return false;
	/* A huge page would take for one stack what dozens need. */
	madvise(begin, stacks->size * count, MADV_NOHUGEPAGE);
	stacks->begin = begin;
	return true;
}

static bool start(struct crew *crew, const struct stacks *stacks, uint32_t at, pthread_t *thread)
{
	pthread_attr_t attributes;
	int error;

	if (pthread_attr_init(&attributes) != 0)
		return false;
	error = pthread_attr_setstack(&attributes, stacks->begin + stacks->size * at, stacks->size);
	if (error == 0)
		error = pthread_create(thread, &attributes, work, crew);
	pthread_attr_destroy(&attributes);
	return error == 0;
}

/* As many as have something to do: parts that end at once are done by the first few. */
static uint32_t start_all(struct crew *crew, const struct stacks *stacks, pthread_t *threads)
{
	uint32_t started = 0;
	sigset_t all, before;

	/* Signals are the program's: its own threads take them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (started < stacks->count && __atomic_load_n(&crew->next, __ATOMIC_RELAXED) < crew->count &&
	       start(crew, stacks, started, &threads[started]))
		started++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

static uint32_t least(uint32_t left, uint32_t right)
{
	return left < right ? left : right;
}

void crew_run(uint32_t most, uint32_t count, crew_part *part, void *context)
{
	struct crew crew = { .part = part, .context = context, .count = count };
	uint32_t members = least(least(most, count), CREW_MOST);
	pthread_t threads[CREW_MOST];
	struct stacks stacks = { 0 };
	uint32_t others = 0;

	if (members > 1 && stacks_map(&stacks, members - 1))
		others = start_all(&crew, &stacks, threads);
	work(&crew);
	for (uint32_t at = 0; at < others; at++)
		pthread_join(threads[at], NULL);
	if (stacks.begin)
		munmap(stacks.begin, stacks.size * stacks.count);
}
