// SPDX-License-Identifier: Apache-2.0
/* What a command that stays hears of: signals, and lines on standard input. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include "driver.h"

/* In a pod it is /dev/null, at whose end nobody left; a pipe's, a socket's or a terminal's end says that somebody did. */
static bool somebody_is_at_input(void)
{
	struct stat input;

	if (fstat(STDIN_FILENO, &input))
		return false;
	return S_ISFIFO(input.st_mode) || S_ISSOCK(input.st_mode) || isatty(STDIN_FILENO);
}

struct told told_begin(void)
{
	struct told told = { .fds = { { .events = POLLIN }, { .fd = -1, .events = POLLIN } } };
	sigset_t signals;

	/* Blocked, and so heard by process 1 of a container as well, which has no default actions. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	told.fds[0].fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (told.fds[0].fd < 0)
		fail(errno, "Cannot wait for signals");
	if (somebody_is_at_input())
		told.fds[1].fd = STDIN_FILENO;
	return told;
}

static void read_signal(struct told *told, told_line *line, void *context)
{
	struct signalfd_siginfo signal;

	if (read(told->fds[0].fd, &signal, sizeof(signal)) != sizeof(signal))
		return;
	if (signal.ssi_signo == SIGUSR1)
		line(context, "");
	else
		told->over = true;
}

static void read_input(struct told *told, told_line *line, void *context)
{
	char buffer[256], *rest = buffer;
	ssize_t length = read(STDIN_FILENO, buffer, sizeof(buffer) - 1);

	if (length < 0 && errno == EINTR)
		return;
	told->over = told->over || length <= 0;
	buffer[length > 0 ? length : 0] = 0;
	for (char *end; (end = strchr(rest, '\n')); rest = end + 1) {
		*end = 0;
		line(context, rest);
	}
}

void told_read(struct told *told, told_line *line, void *context)
{
	if (told->fds[0].revents)
		read_signal(told, line, context);
	if (told->fds[1].revents)
		read_input(told, line, context);
}
