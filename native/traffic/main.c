// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "../driver/driver.h"
#include "traffic.h"

static const char USAGE[] =
	"traffic run --from INTERFACE --to INTERFACE --first IP [--flows N] [--port N] [--rate PACKETS_PER_SECOND]\n"
	"traffic report [--reset]\n";

static struct traffic traffic;

/* Another process may be about to make it. */
static void await(const char *interface)
{
	while (if_nametoindex(interface) == 0)
		usleep(20000);
}

static void start(void *(*work)(void *))
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, work, &traffic);

	if (error)
		fail(error, "Cannot start a thread");
}

static int run(int count, char **words)
{
	static const char *const known[] = { "from", "to", "first", "flows", "port", "rate", NULL };
	struct arguments arguments = arguments_of(count, words, known);
	const char *first = text(&arguments, "first");

	traffic.from = text(&arguments, "from");
	traffic.to = text(&arguments, "to");
	traffic.flows = number_or(&arguments, "flows", 1, FLOWS_MAX);
	traffic.port = number_or(&arguments, "port", 4242, UINT16_MAX);
	traffic.rate = number_or(&arguments, "rate", 1000, 1000000);
	if (inet_pton(AF_INET, first, &traffic.first) != 1)
		refuse("Cannot read --first: %s is no IPv4 address", first);
	if (traffic.flows == 0 || traffic.rate == 0)
		refuse("Cannot send: --flows and --rate are at least 1");
	await(traffic.from);
	await(traffic.to);
	start(receive_packets);
	start(send_packets);
	printf("{\"ready\":true}\n");
	fflush(stdout);
	answer_reports(&traffic);
	return 0;
}

int main(int count, char **words)
{
	static const char *const known[] = { "!reset", NULL };

	if (count > 1 && strcmp(words[1], "run") == 0)
		return run(count - 2, words + 2);
	if (count > 1 && strcmp(words[1], "report") == 0) {
		struct arguments arguments = arguments_of(count - 2, words + 2, known);

		return ask_report(given(&arguments, "reset") ? "reset" : "");
	}
	fputs(USAGE, stderr);
	return 2;
}
