// SPDX-License-Identifier: Apache-2.0
/* Asks the `driver traffic` of this network namespace for its report: what `kubectl exec` runs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "driver.h"
#include "traffic.h"

static const char *const SWITCHES[] = { "quiesce", "reset", "brief" };

/* In one write: what is behind the first is not read. */
static void ask(int fd, const struct arguments *arguments)
{
	char line[64] = "";

	for (int i = 0; i < 3; i++)
		if (given(arguments, SWITCHES[i]))
			strcat(strcat(line, SWITCHES[i]), " ");
	strcat(line, "\n");
	if (write(fd, line, strlen(line)) < 0)
		fail(errno, "Cannot ask for a report");
}

int command_report(int count, char **words)
{
	static const char *const known[] = { "control", "!quiesce", "!reset", "!brief", NULL };
	struct arguments arguments = arguments_of(count, words, known);
	int fd = connect_control(text_or(&arguments, "control", CONTROL));
	char buffer[1 << 16];
	bool answered = false;
	ssize_t length;

	ask(fd, &arguments);
	while ((length = read(fd, buffer, sizeof(buffer))) > 0) {
		fwrite(buffer, 1, length, stdout);
		answered = true;
	}
	if (length < 0 || !answered)
		fail(length < 0 ? errno : EPIPE, "Cannot read the report");
	return 0;
}
