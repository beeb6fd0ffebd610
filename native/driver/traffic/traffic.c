// SPDX-License-Identifier: Apache-2.0
/*
 * Proves on a live interface which packets an XDP program passes: sends numbered frames into one end of a veth pair,
 * round robin to N addresses, and counts at the other end, behind the program, which of them arrive.
 *
 * One thread sends and receives, so that a frame is noted as sent before it can arrive. Prints {"ready":true} when the
 * pair carries frames; a line on standard input, SIGUSR1 and `driver report` are answered with a report; SIGTERM or
 * the end of standard input end it, and the last line is a report of everything.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include "driver.h"
#include "traffic.h"

#define PATIENCE_SECONDS 10

static uint32_t address_of(const char *text_form)
{
	struct in_addr address;

	if (inet_pton(AF_INET, text_form, &address) != 1)
		refuse("Cannot read --first: %s is no IPv4 address", text_form);
	return ntohl(address.s_addr);
}

static uint64_t number_from(const struct arguments *arguments, const char *name, uint64_t most)
{
	uint64_t result = number(arguments, name, most);

	if (!result)
		refuse("Cannot read --%s: 0 is not an integer from 1 to %llu", name, (unsigned long long)most);
	return result;
}

static struct frames frames_of(const struct arguments *arguments)
{
	struct frames frames = {
		.first_address = address_of(text(arguments, "first")),
		.port = number_or(arguments, "port", 443, UINT16_MAX),
		.size = number_or(arguments, "size", 100, PACKET_MOST),
	};

	if (frames.size < PACKET_LEAST)
		refuse("Cannot read --size: %u is below %u, the least packet", frames.size, PACKET_LEAST);
	return frames;
}

static struct traffic traffic_of(const struct arguments *arguments)
{
	struct traffic traffic = {
		.frames = frames_of(arguments),
		.flow_count = number_from(arguments, "flows", FLOWS_MAX),
		.rate = number_from(arguments, "rate", RATE_MAX),
		.run = clock_now(CLOCK_MONOTONIC),
		.receiver = receiving_socket(text(arguments, "to")),
		.sender = sending_socket(text(arguments, "from")),
	};

	traffic.flows = calloc(traffic.flow_count, sizeof(*traffic.flows));
	if (!traffic.flows)
		fail(ENOMEM, "Cannot count %u flows", traffic.flow_count);
	return traffic;
}

/* A pair that was brought up just now takes frames and loses them until its carrier is noticed. */
static void wait_until_carried(struct traffic *traffic, const struct arguments *arguments)
{
	for (int second = 0; !settle(traffic); second++)
		if (second == PATIENCE_SECONDS)
			refuse("Cannot send: no frame from %s arrives at %s, are they the two ends of one pair, and up",
			       text(arguments, "from"), text(arguments, "to"));
	traffic->strangers = 0;
	traffic->begun_at = clock_now(CLOCK_REALTIME);
	pace_anew(traffic);
	printf("{\"ready\":true,\"flows\":%u,\"rate\":%u}\n", traffic->flow_count, traffic->rate);
	fflush(stdout);
}

static void answer_line(void *context, const char *line)
{
	struct wish wish = wish_of(line);

	grant(stdout, context, &wish);
}

struct asked {
	int control;
	/* Nanoseconds between totals, or 0. */
	uint64_t every;
};

static void print_totals(struct traffic *traffic, uint64_t every, uint64_t *next)
{
	const struct wish brief = { .brief = true };

	if (!every || clock_now(CLOCK_MONOTONIC) < *next)
		return;
	grant(stdout, traffic, &brief);
	*next = clock_now(CLOCK_MONOTONIC) + every;
}

static void run_until_told(struct traffic *traffic, struct told told, const struct asked *asked)
{
	uint64_t next = clock_now(CLOCK_MONOTONIC) + asked->every;

	while (!told.over) {
		struct pollfd fds[3] = { told.fds[0], told.fds[1], { .fd = asked->control, .events = POLLIN } };
		struct timespec pause = { .tv_nsec = until_due(traffic) };

		if (ppoll(fds, 3, &pause, NULL) > 0) {
			told.fds[0] = fds[0];
			told.fds[1] = fds[1];
			told_read(&told, answer_line, traffic);
			if (fds[2].revents)
				answer_client(asked->control, traffic);
		}
		send_due(traffic);
		receive(traffic);
		print_totals(traffic, asked->every, &next);
	}
}

int command_traffic(int count, char **words)
{
	static const char *const known[] = { "from", "to", "flows", "first", "port", "rate", "size", "every", "control",
					     NULL };
	static const struct wish last = { .quiesce = true };
	struct arguments arguments = arguments_of(count, words, known);
	struct traffic traffic = traffic_of(&arguments);
	const struct asked asked = {
		.control = control_socket(text_or(&arguments, "control", CONTROL)),
		.every = number_or(&arguments, "every", 0, 86400) * NANOSECONDS,
	};
	struct told told = told_begin();

	wait_until_carried(&traffic, &arguments);
	run_until_told(&traffic, told, &asked);
	grant(stdout, &traffic, &last);
	return 0;
}
