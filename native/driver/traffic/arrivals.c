// SPDX-License-Identifier: Apache-2.0
#include <time.h>
#include "traffic.h"

#define LOOK_AGAIN_NANOSECONDS 200000

static void note(struct traffic *traffic, const struct stamp *stamp, uint64_t received_at)
{
	if (stamp->flow == MARKER)
		traffic->markers_received = stamp->sequence;
	else if (stamp->flow < traffic->flow_count)
		note_received(&traffic->flows[stamp->flow], stamp, received_at);
}

void receive(struct traffic *traffic)
{
	struct stamp stamp;
	uint64_t received_at;
	const uint8_t *frame;
	size_t length;

	while ((frame = next_frame(&traffic->receiver, &length, &received_at))) {
		if (read_frame(frame, length, &stamp) && stamp.run == traffic->run)
			note(traffic, &stamp, received_at);
		else
			traffic->strangers++;
		release(&traffic->receiver);
	}
}

bool settle(struct traffic *traffic)
{
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN_NANOSECONDS };
	struct stamp marker = { .magic = STAMP_MAGIC, .flow = MARKER, .run = traffic->run,
				.sequence = ++traffic->markers_sent };
	uint64_t end = clock_now(CLOCK_MONOTONIC) + NANOSECONDS;
	bool sent = false;

	do {
		sent = sent || send_frame(traffic, &marker);
		nanosleep(&pause, NULL);
		receive(traffic);
		if (traffic->markers_received == marker.sequence)
			return true;
	} while (clock_now(CLOCK_MONOTONIC) < end);
	return false;
}
