// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <errno.h>
#include <stdlib.h>
#include "work.h"

struct share {
	pthread_t thread;
	part *part;
	void *context;
	uint32_t from;
	uint32_t to;
};

static void *run_share(void *argument)
{
	struct share *share = argument;

	share->part(share->context, share->from, share->to);
	return NULL;
}

void in_parallel(uint32_t threads, uint32_t total, part *part, void *context)
{
	struct share *shares = calloc(threads, sizeof(*shares));

	if (!shares)
		fail(ENOMEM, "Cannot start %u threads", threads);
	for (uint32_t i = 0; i < threads; i++) {
		int error;

		shares[i].part = part;
		shares[i].context = context;
		shares[i].from = (uint64_t)total * i / threads;
		shares[i].to = (uint64_t)total * (i + 1) / threads;
		/* The first share is this thread's own. */
		error = i ? pthread_create(&shares[i].thread, NULL, run_share, &shares[i]) : 0;
		if (error)
			fail(error, "Cannot start thread %u", i);
	}
	run_share(&shares[0]);
	for (uint32_t i = 1; i < threads; i++)
		pthread_join(shares[i].thread, NULL);
	free(shares);
}
