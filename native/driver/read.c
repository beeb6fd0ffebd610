// SPDX-License-Identifier: Apache-2.0
/*
 * Runs a program of reader.bpf.o again and again on one CPU while others change the outer map that it looks at.
 *
 * Prints {"ready":true}, then starts. Each line on standard input is answered with the counters so far; the end of
 * standard input, SIGTERM, SIGINT or --seconds end it, and the last line tells all. With --seconds standard input is
 * not read.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "driver.h"
#include "reader.h"

/* The kernel holds the RCU read lock over the repeats of one run: some 50 microseconds of lookups, no more. */
#define LOOKUPS_PER_RUN 4096

static volatile sig_atomic_t stopping;

static void stop(int signal)
{
	stopping = 1;
}

static struct bpf_map *map_named(struct bpf_object *object, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);

	if (!map)
		fail(ENOENT, "Cannot use reader.bpf.o: its map %s", name);
	return map;
}

static void stay_on_cpu(const struct arguments *arguments)
{
	uint64_t last = sysconf(_SC_NPROCESSORS_ONLN) - 1;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(number_or(arguments, "cpu", last, CPU_SETSIZE - 1), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		fail(errno, "Cannot stay on CPU %s", text_or(arguments, "cpu", "last"));
}

static struct reader_settings look_at(struct bpf_object *object, const struct arguments *arguments)
{
	const char *path = text(arguments, "outer");
	struct reader_settings settings = {};
	int outer = open_pin(path);
	struct bpf_map_info info = map_info(outer, path);
	int error;

	if (info.type != BPF_MAP_TYPE_HASH_OF_MAPS && info.type != BPF_MAP_TYPE_ARRAY_OF_MAPS)
		refuse("Cannot read %s: it is no outer map", path);
	if (info.key_size > READER_KEY_MAX)
		refuse("Cannot read %s: its key has %u bytes, at most %d are possible", path, info.key_size, READER_KEY_MAX);
	bytes(arguments, "key", settings.outer_key, info.key_size);
	error = bpf_map__reuse_fd(map_named(object, "outer"), outer);
	if (error)
		fail(error, "Cannot use %s", path);
	close(outer);
	return settings;
}

static int load_only(struct bpf_object *object, const char *name)
{
	struct bpf_program *program;
	int error;

	bpf_object__for_each_program(program, object)
		bpf_program__set_autoload(program, strcmp(bpf_program__name(program), name) == 0);
	error = bpf_object__load(object);
	if (error)
		fail(error, "Cannot load %s: the template does not suit it, or see above", name);
	return bpf_program__fd(bpf_object__find_program_by_name(object, name));
}

static void print_counters(int bss)
{
	struct reader_counters counters;
	uint32_t only = 0;
	int error = bpf_map_lookup_elem(bss, &only, &counters);

	if (error)
		fail(error, "Cannot read counters");
	printf("{\"reads\":%llu,\"nulls\":%llu,\"missing\":%llu,\"mixed\":%llu,\"versions\":%llu,\"version\":%u,"
	       "\"since\":%llu,\"increments\":%llu}\n",
	       counters.reads, counters.nulls, counters.missing, counters.mixed, counters.versions, counters.version,
	       counters.since, counters.increments);
	fflush(stdout);
}

/* False at the end of standard input. */
static bool answer_input(int counters)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	char buffer[256];
	ssize_t length;

	if (poll(&input, 1, 0) <= 0)
		return true;
	length = read(STDIN_FILENO, buffer, sizeof(buffer));
	for (ssize_t i = 0; i < length; i++)
		if (buffer[i] == '\n')
			print_counters(counters);
	return length > 0 || (length < 0 && errno == EINTR);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void run_until_told(int program, int repeat, const struct arguments *arguments, int counters)
{
	static char packet[64];
	bool timed = given(arguments, "seconds");
	double end = now() + number_or(arguments, "seconds", 0, 86400);

	while (!stopping && (timed ? now() < end : answer_input(counters))) {
		LIBBPF_OPTS(bpf_test_run_opts, test, .data_in = packet, .data_size_in = sizeof(packet), .repeat = repeat);
		int error = bpf_prog_test_run_opts(program, &test);

		if (error && error != -EINTR)
			fail(error, "Cannot run reader");
		/*
		 * A quiescent state: else grace periods wait until a timer tick happens to find this process outside of its
		 * runs, and each change of the outer map takes ten times as long.
		 */
		sched_yield();
	}
}

/* Both structs are the whole of their sections, or else this program and its object are of different builds. */
static int prepare(struct bpf_object *object, const char *name, const struct reader_settings *settings)
{
	struct bpf_map *bss = map_named(object, ".bss");
	int error = bpf_map__set_initial_value(map_named(object, ".rodata"), settings, sizeof(*settings));

	if (error || bpf_map__value_size(bss) != sizeof(struct reader_counters))
		fail(error ? error : EINVAL, "Cannot use reader.bpf.o: it was built with another reader.h, run make");
	return load_only(object, name);
}

static int run_busily(struct bpf_object *object, const char *name, const struct reader_settings *settings,
		      const struct arguments *arguments)
{
	int program = prepare(object, name, settings), counters = bpf_map__fd(map_named(object, ".bss"));

	signal(SIGTERM, stop);
	signal(SIGINT, stop);
	stay_on_cpu(arguments);
	printf("{\"ready\":true}\n");
	fflush(stdout);
	run_until_told(program, LOOKUPS_PER_RUN / (settings->entries + 1), arguments, counters);
	print_counters(counters);
	bpf_object__close(object);
	return 0;
}

int command_read(int count, char **words)
{
	static const char *const known[] = { "outer", "key", "entries", "seconds", "cpu", NULL };
	struct arguments arguments = arguments_of(count, words, known);
	struct bpf_object *object = object_beside("reader.bpf.o");
	struct reader_settings settings = look_at(object, &arguments);

	settings.entries = number(&arguments, "entries", READER_ENTRIES_MAX);
	return run_busily(object, "read_pass", &settings, &arguments);
}

int command_increment(int count, char **words)
{
	static const char *const known[] = { "outer", "key", "entry", "entries", "offset", "seconds", "cpu", NULL };
	struct arguments arguments = arguments_of(count, words, known);
	struct bpf_object *object = object_beside("reader.bpf.o");
	struct reader_settings settings = look_at(object, &arguments);
	size_t size = strlen(text(&arguments, "entry")) / 2;

	if (size > READER_KEY_MAX)
		refuse("Cannot read --entry: %zu bytes, at most %d are possible", size, READER_KEY_MAX);
	bytes(&arguments, "entry", settings.inner_key, size);
	settings.offset = number_or(&arguments, "offset", 8, UINT16_MAX);
	settings.in_turns = number_or(&arguments, "entries", 1, UINT16_MAX);
	if (settings.in_turns > 1 && size != sizeof(uint32_t))
		refuse("Cannot count in %u entries: --entry has %zu bytes, an integer of 4 is wanted", settings.in_turns, size);
	/* Each run looks up one. */
	settings.entries = 1;
	return run_busily(object, "increment_entry", &settings, &arguments);
}
