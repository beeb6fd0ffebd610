// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <inttypes.h>
#include <time.h>
#include "traffic.h"

/* A time is beyond what a JSON number holds. */
#define TIME "\"%" PRIu64 "\""
#define COUNT "%" PRIu64

static void print_counts(FILE *to, const struct flow *flow)
{
	fprintf(to, "\"sent\":" COUNT ",\"received\":" COUNT ",\"lost\":" COUNT ",\"behind\":" COUNT ",\"duplicates\":" COUNT
		",\"reordered\":" COUNT ",\"unplaced\":" COUNT ",\"gaps\":" COUNT, flow->next - flow->begin, flow->received,
		flow->lost, behind(flow), flow->duplicates, flow->reordered, flow->unplaced, flow->gaps);
}

/* As if all flows were one; `behind` and `sent` follow from the sequences. */
static struct flow total(const struct traffic *traffic)
{
	struct flow all = {};

	for (uint32_t i = 0; i < traffic->flow_count; i++) {
		const struct flow *flow = &traffic->flows[i];

		all.next += flow->next - flow->begin;
		all.expected += flow->expected - flow->begin;
		all.received += flow->received;
		all.lost += flow->lost;
		all.duplicates += flow->duplicates;
		all.reordered += flow->reordered;
		all.unplaced += flow->unplaced;
		all.gaps += flow->gaps;
	}
	return all;
}

static void print_gaps(FILE *to, const struct flow *flow)
{
	uint64_t kept = flow->gaps < GAPS_KEPT ? flow->gaps : GAPS_KEPT;

	for (uint64_t i = flow->gaps - kept; i < flow->gaps; i++) {
		const struct gap *gap = &flow->kept[i % GAPS_KEPT];

		fprintf(to, "%s{\"first\":" COUNT ",\"count\":" COUNT ",\"sentFrom\":" TIME ",\"sentTo\":" TIME ",\"endedAt\":" TIME
			"}", i == flow->gaps - kept ? "" : ",", gap->first, gap->count, gap->sent_from, gap->sent_to,
			gap->ended_at);
	}
}

static void print_flow(FILE *to, const struct traffic *traffic, uint32_t number)
{
	const struct flow *flow = &traffic->flows[number];
	struct in_addr address = { .s_addr = htonl(traffic->frames.first_address + number) };

	fprintf(to, "%s{\"to\":\"%s\",", number ? "," : "", inet_ntoa(address));
	print_counts(to, flow);
	if (flow->received)
		fprintf(to, ",\"last\":{\"sequence\":" COUNT ",\"sentAt\":" TIME ",\"receivedAt\":" TIME "}", flow->expected - 1,
			flow->last_sent_at, flow->last_received_at);
	if (behind(flow))
		fprintf(to, ",\"behindSince\":" TIME, behind_since(flow));
	fprintf(to, ",\"lastGaps\":[");
	print_gaps(to, flow);
	fprintf(to, "]}");
}

void print_report(FILE *to, const struct traffic *traffic, const struct wish *wish, bool settled)
{
	uint64_t now = clock_now(CLOCK_REALTIME);
	struct flow all = total(traffic);

	fprintf(to, "{\"at\":" TIME ",\"monotonic\":" TIME ",\"seconds\":%.3f,", now, clock_now(CLOCK_MONOTONIC),
		(now - traffic->begun_at) / 1e9);
	print_counts(to, &all);
	fprintf(to, ",\"refused\":" COUNT ",\"overflown\":" COUNT ",\"strangers\":" COUNT ",\"latestMilliseconds\":%.3f",
		traffic->refused, traffic->receiver.overflown, traffic->strangers, traffic->latest / 1e6);
	if (wish->quiesce)
		fprintf(to, ",\"settled\":%s", settled ? "true" : "false");
	if (!wish->brief) {
		fprintf(to, ",\"flows\":[");
		for (uint32_t i = 0; i < traffic->flow_count; i++)
			print_flow(to, traffic, i);
		fprintf(to, "]");
	}
	fprintf(to, "}\n");
	fflush(to);
}
