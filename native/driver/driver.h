/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the test driver: commands over shared arguments, errors and maps. */
#ifndef DRIVER_H
#define DRIVER_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A command gets what stands behind its name and prints JSON lines; its result is the exit code. */
typedef int command(int count, char **words);

command command_load, command_bring, command_run, command_read, command_increment, command_make, command_maps, command_traffic,
	command_report, command_drop_caps, command_deny_bpf;

/* arguments.c: --name value and --switch. `known` names them all, a switch with a leading '!', and ends with NULL. */
struct arguments {
	const char *const *known;
	int count;
	char **words;
};

struct arguments arguments_of(int count, char **words, const char *const *known);
const char *text_or(const struct arguments *arguments, const char *name, const char *otherwise);
const char *text(const struct arguments *arguments, const char *name);
bool given(const struct arguments *arguments, const char *name);
uint64_t number_or(const struct arguments *arguments, const char *name, uint64_t otherwise, uint64_t most);
uint64_t number(const struct arguments *arguments, const char *name, uint64_t most);
/* Hex digits of exactly `size` bytes. */
void bytes(const struct arguments *arguments, const char *name, uint8_t *to, size_t size);

/* errors.c: both say it on standard error and end the process: 1, or 2 where the command line is wrong. */
void fail(int error, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));
void refuse(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* told.c: what a command that stays hears of. SIGTERM, SIGINT and the end of standard input end it. */
struct told {
	/* To be polled: signals, and standard input where somebody is at its other end. */
	struct pollfd fds[2];
	bool over;
};

/* A line of standard input; SIGUSR1 is an empty one. */
typedef void told_line(void *context, const char *line);

struct told told_begin(void);
/* After a poll. */
void told_read(struct told *told, told_line *line, void *context);

/* maps.c */
/* A map of the kernel's type names, lower case: hash, array, lpm_trie, percpu_hash … */
enum bpf_map_type map_type(const char *name);
struct bpf_map_info map_info(int fd, const char *what);
int open_pin(const char *path);
/* Pins, atomically in place of what is there when `replace`. */
int pin(int fd, const char *path, bool replace);
/* The object file of this name, which lies beside this program; not loaded yet. */
struct bpf_object *object_beside(const char *name);

#endif
