// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include "traffic.h"

#define WINDOW 64

void note_sent(struct flow *flow, uint64_t time)
{
	uint64_t *place = &flow->sent_at[flow->next % SENT_KEPT];

	if (behind(flow) == SENT_KEPT)
		flow->missing_since = *place;
	*place = time;
	flow->next++;
}

uint64_t behind(const struct flow *flow)
{
	return flow->next - flow->expected;
}

uint64_t behind_since(const struct flow *flow)
{
	return behind(flow) > SENT_KEPT ? flow->missing_since : flow->sent_at[flow->expected % SENT_KEPT];
}

static void note_gap(struct flow *flow, const struct stamp *stamp, uint64_t received_at)
{
	flow->kept[flow->gaps++ % GAPS_KEPT] = (struct gap){
		.first = flow->expected,
		.count = stamp->sequence - flow->expected,
		.sent_from = behind_since(flow),
		.sent_to = flow->sent_at[(stamp->sequence - 1) % SENT_KEPT],
		.ended_at = received_at,
	};
	flow->lost += stamp->sequence - flow->expected;
}

static void note_late(struct flow *flow, uint64_t sequence)
{
	uint64_t age = flow->expected - 1 - sequence;

	if (sequence < flow->begin || age >= WINDOW) {
		flow->unplaced++;
	} else if (flow->window >> age & 1) {
		flow->duplicates++;
	} else {
		flow->window |= 1ull << age;
		flow->reordered++;
		flow->received++;
		flow->lost--;
	}
}

void note_received(struct flow *flow, const struct stamp *stamp, uint64_t received_at)
{
	uint64_t step;

	if (stamp->sequence < flow->expected) {
		note_late(flow, stamp->sequence);
		return;
	}
	if (stamp->sequence > flow->expected)
		note_gap(flow, stamp, received_at);
	step = stamp->sequence + 1 - flow->expected;
	flow->window = (step < WINDOW ? flow->window << step : 0) | 1;
	flow->expected = stamp->sequence + 1;
	flow->received++;
	flow->last_sent_at = stamp->sent_at;
	flow->last_received_at = received_at;
}

void reset_flow(struct flow *flow)
{
	uint64_t next = flow->next;

	memset(flow, 0, sizeof(*flow));
	flow->begin = flow->next = flow->expected = next;
}
