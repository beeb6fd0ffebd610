// SPDX-License-Identifier: Apache-2.0
/*
 * Reports over a socket in the abstract namespace, which belongs to the network namespace: whoever is in the same pod
 * finds it, and it leaves no file. A report is exact: the sender waits until what is under way has arrived.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "../driver/driver.h"
#include "traffic.h"

#define NAME "innermap-traffic"
#define RESET "reset"
/* Nanoseconds; the way from end to end takes microseconds. */
#define QUIET 50000000ull

static struct sockaddr_un place(socklen_t *size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path + 1, NAME, strlen(NAME));
	*size = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(NAME);
	return address;
}

static void print_flow(FILE *to, const struct traffic *traffic, uint32_t at)
{
	const struct flow *flow = &traffic->flow[at];

	/* Times as texts: they are above 2^53. */
	fprintf(to,
		"%s{\"flow\":%u,\"sent\":%llu,\"received\":%llu,\"late\":%llu,\"gaps\":%llu,\"lastSentAt\":\"%llu\","
		"\"lastReceivedSentAt\":\"%llu\",\"stoppedAt\":\"%llu\",\"resumedAt\":\"%llu\"}",
		at ? "," : "", at, (unsigned long long)flow->sent.packets, (unsigned long long)flow->received.packets,
		(unsigned long long)flow->received.late, (unsigned long long)flow->received.gaps,
		(unsigned long long)flow->sent.last_at, (unsigned long long)flow->received.last_sent_at,
		(unsigned long long)flow->received.stopped_at, (unsigned long long)flow->received.resumed_at);
}

static void print_report(FILE *to, const struct traffic *traffic)
{
	fprintf(to, "{\"overrun\":%llu,\"flows\":[", (unsigned long long)traffic->overrun);
	for (uint32_t flow = 0; flow < traffic->flows; flow++)
		print_flow(to, traffic, flow);
	fprintf(to, "]}\n");
}

/* Both threads rest when it returns. */
static void hold(struct traffic *traffic)
{
	__atomic_store_n(&traffic->hold, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&traffic->held, __ATOMIC_ACQUIRE))
		usleep(1000);
	usleep(QUIET / 1000);
	while (now() - __atomic_load_n(&traffic->last_arrival, __ATOMIC_ACQUIRE) < QUIET)
		usleep(1000);
}

static void resume(struct traffic *traffic)
{
	__atomic_store_n(&traffic->hold, false, __ATOMIC_RELEASE);
}

static void answer(struct traffic *traffic, int asker)
{
	char wish[16] = {};
	FILE *to = fdopen(asker, "r+");

	if (!to) {
		close(asker);
		return;
	}
	if (!fgets(wish, sizeof(wish), to))
		wish[0] = 0;
	hold(traffic);
	print_report(to, traffic);
	if (strncmp(wish, RESET, strlen(RESET)) == 0) {
		memset(traffic->flow, 0, sizeof(traffic->flow));
		traffic->overrun = 0;
	}
	resume(traffic);
	fclose(to);
}

void answer_reports(struct traffic *traffic)
{
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), asker;
	socklen_t size;
	struct sockaddr_un address = place(&size);

	if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) || listen(listener, 8))
		fail(errno, "Cannot listen for askers");
	while ((asker = accept(listener, NULL, NULL)) >= 0)
		answer(traffic, asker);
	fail(errno, "Cannot listen for askers");
}

int ask_report(const char *what)
{
	int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size;
	struct sockaddr_un address = place(&size);
	char text[4096];
	ssize_t got;

	if (connection < 0 || connect(connection, (struct sockaddr *)&address, size))
		fail(errno, "Cannot ask for a report in this network namespace");
	if (dprintf(connection, "%s\n", what) < 0)
		fail(errno, "Cannot ask for a report");
	while ((got = read(connection, text, sizeof(text))) > 0)
		fwrite(text, 1, got, stdout);
	return 0;
}
