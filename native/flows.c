// SPDX-License-Identifier: Apache-2.0
/*
 * For flows.test.ts: the accounts of one flow over frames that no veth pair would lose, double or turn round.
 *
 * Lines on standard input: `sent N` frames, `received SEQUENCE`, `reset`. A frame's time is its number in the order of
 * sending, from 0, so of all that were sent; its arrival has the same time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "traffic/traffic.h"

static void act(struct flow *flow, const char *verb, uint64_t number)
{
	struct stamp stamp = { .sequence = number, .sent_at = number };

	if (strcmp(verb, "received") == 0)
		note_received(flow, &stamp, number);
	if (strcmp(verb, "reset") == 0)
		reset_flow(flow);
	for (uint64_t i = 0; strcmp(verb, "sent") == 0 && i < number; i++)
		note_sent(flow, flow->next);
}

static void print(const struct flow *flow)
{
	const struct gap *gap = &flow->kept[(flow->gaps - 1) % GAPS_KEPT];

	printf("{\"sent\":%" PRIu64 ",\"received\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"behind\":%" PRIu64, flow->next - flow->begin,
	       flow->received, flow->lost, behind(flow));
	printf(",\"duplicates\":%" PRIu64 ",\"reordered\":%" PRIu64 ",\"unplaced\":%" PRIu64 ",\"gaps\":%" PRIu64,
	       flow->duplicates, flow->reordered, flow->unplaced, flow->gaps);
	if (behind(flow))
		printf(",\"behindSince\":%" PRIu64, behind_since(flow));
	if (flow->gaps)
		printf(",\"gap\":{\"first\":%" PRIu64 ",\"count\":%" PRIu64 ",\"sentFrom\":%" PRIu64 ",\"sentTo\":%" PRIu64 "}",
		       gap->first, gap->count, gap->sent_from, gap->sent_to);
	printf("}\n");
}

int main(void)
{
	static struct flow flow;
	char verb[16];
	uint64_t number;

	while (scanf("%15s %" SCNu64, verb, &number) == 2)
		act(&flow, verb, number);
	print(&flow);
	return 0;
}
