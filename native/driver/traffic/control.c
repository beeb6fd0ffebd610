// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "driver.h"
#include "traffic.h"

/* A client that says or reads nothing must not stop the traffic for longer. */
#define PATIENCE_SECONDS 2

/* An abstract name begins with NUL. */
static socklen_t address_of(const char *name, struct sockaddr_un *address)
{
	size_t length = strlen(name);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (length > sizeof(address->sun_path) - 1)
		refuse("Cannot read --control: %s is longer than %zu", name, sizeof(address->sun_path) - 1);
	memcpy(address->sun_path + 1, name, length);
	return offsetof(struct sockaddr_un, sun_path) + 1 + length;
}

int control_socket(const char *name)
{
	struct sockaddr_un address;
	socklen_t length = address_of(name, &address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) || listen(fd, 8))
		fail(errno, "Cannot listen as %s: does another traffic of this network namespace run", name);
	return fd;
}

int connect_control(const char *name)
{
	struct sockaddr_un address;
	socklen_t length = address_of(name, &address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, length))
		fail(errno, "Cannot ask %s: does `driver traffic` run in this network namespace", name);
	return fd;
}

struct wish wish_of(const char *line)
{
	return (struct wish){
		.quiesce = strstr(line, "quiesce") || strstr(line, "reset"),
		.reset = strstr(line, "reset"),
		.brief = strstr(line, "brief"),
	};
}

static void reset(struct traffic *traffic)
{
	for (uint32_t i = 0; i < traffic->flow_count; i++)
		reset_flow(&traffic->flows[i]);
	traffic->refused = traffic->strangers = traffic->latest = traffic->receiver.overflown = 0;
	traffic->begun_at = clock_now(CLOCK_REALTIME);
}

void grant(FILE *to, struct traffic *traffic, const struct wish *wish)
{
	bool settled = wish->quiesce && settle(traffic);

	count_overflown(&traffic->receiver);
	print_report(to, traffic, wish, settled);
	if (wish->reset)
		reset(traffic);
	if (wish->quiesce)
		pace_anew(traffic);
}

void answer_client(int control, struct traffic *traffic)
{
	const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
	int client = accept4(control, NULL, NULL, SOCK_CLOEXEC);
	char line[256] = "";
	struct wish wish;
	FILE *to;

	if (client < 0)
		return;
	setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	to = read(client, line, sizeof(line) - 1) > 0 ? fdopen(client, "w") : NULL;
	if (!to) {
		close(client);
		return;
	}
	wish = wish_of(line);
	grant(to, traffic, &wish);
	fclose(to);
}
