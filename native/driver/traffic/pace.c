// SPDX-License-Identifier: Apache-2.0
/*
 * Sends evenly, in bursts that a veth's ring of 256 places takes: it is emptied while the sender goes on, but on a busy
 * machine only after it. What had no time is not made up for: the rate is a wish, the counters are the truth.
 */
#include <errno.h>
#include <sys/socket.h>
#include <time.h>
#include "driver.h"
#include "traffic.h"

/* Between looks at what has arrived. */
#define TICK_LEAST 1000000ull
#define TICK_MOST 10000000ull
#define BURST 128

uint64_t clock_now(int clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * NANOSECONDS + time.tv_nsec;
}

bool send_frame(struct traffic *traffic, const struct stamp *stamp)
{
	uint8_t frame[PACKET_MOST + 14];
	size_t size = write_frame(&traffic->frames, stamp, frame);

	while (send(traffic->sender, frame, size, 0) < 0) {
		if (errno == ENOBUFS)
			return false;
		if (errno != EINTR)
			fail(errno, "Cannot send");
	}
	return true;
}

/* False where the ring is full: the same frame is due again at the next tick. */
static bool send_next(struct traffic *traffic)
{
	struct flow *flow = &traffic->flows[traffic->turn];
	struct stamp stamp = { .magic = STAMP_MAGIC, .flow = traffic->turn, .run = traffic->run, .sequence = flow->next,
			       .sent_at = clock_now(CLOCK_REALTIME) };

	if (!send_frame(traffic, &stamp)) {
		traffic->refused++;
		return false;
	}
	note_sent(flow, stamp.sent_at);
	traffic->turn = (traffic->turn + 1) % traffic->flow_count;
	traffic->paced++;
	return true;
}

/* When the frame after `count` others is due. */
static uint64_t due_at(const struct traffic *traffic, uint64_t count)
{
	return traffic->paced_from + count * NANOSECONDS / traffic->rate;
}

void pace_anew(struct traffic *traffic)
{
	traffic->paced_from = clock_now(CLOCK_MONOTONIC);
	traffic->paced = 0;
}

void send_due(struct traffic *traffic)
{
	uint64_t now = clock_now(CLOCK_MONOTONIC), due_since = due_at(traffic, traffic->paced);

	if (due_since > now)
		return;
	if (now - due_since > traffic->latest)
		traffic->latest = now - due_since;
	for (int sent = 0; sent < BURST && due_at(traffic, traffic->paced) <= now; sent++)
		if (!send_next(traffic))
			break;
	if (due_at(traffic, traffic->paced) <= now)
		pace_anew(traffic);
}

uint64_t until_due(const struct traffic *traffic)
{
	uint64_t now = clock_now(CLOCK_MONOTONIC), due = due_at(traffic, traffic->paced);

	if (due < now + TICK_LEAST)
		return TICK_LEAST;
	return due > now + TICK_MOST ? TICK_MOST : due - now;
}
