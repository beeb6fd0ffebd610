/*
 * LD_PRELOAD for tests: one process sees another wall clock. What others see, and the monotonic clock, is this machine's.
 *   CLOCK_FILE=FILE LD_PRELOAD=native/build/clock.so innermap agent …
 * CLOCK_FILE   a file that begins with int64_t: so many seconds are added, from the moment on in which they are written
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int (*clock_at)(clockid_t clock, struct timespec *time);
static int64_t none;
static const int64_t *seconds = &none;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("CLOCK_FILE");
	void *shared = MAP_FAILED;
	int fd;

	if (clock_at)
		return;
	clock_at = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	if (!path)
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		shared = mmap(NULL, sizeof(*seconds), PROT_READ, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED) {
		fprintf(stderr, "clock: Cannot share %s: %s\n", path, strerror(errno));
		_exit(2);
	}
	close(fd);
	seconds = shared;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
	int answer;

	/* Other constructors may ask before ours runs. */
	if (!clock_at)
		begin();
	answer = clock_at(clock, time);
	if (answer == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		time->tv_sec += __atomic_load_n(seconds, __ATOMIC_RELAXED);
	return answer;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &now) < 0)
		return -1;
	time->tv_sec = now.tv_sec;
	time->tv_usec = now.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *into)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) < 0)
		return -1;
	if (into)
		*into = now.tv_sec;
	return now.tv_sec;
}
