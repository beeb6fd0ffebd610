/* SPDX-License-Identifier: Apache-2.0 */
/* What both programs measure: the work that the command line asks for, its content, its maps and its time. */
#ifndef WORK_H
#define WORK_H

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct work {
	/* How many inner maps there are, and how many of them `change` swaps. */
	uint32_t maps;
	uint32_t change;
	uint32_t entries;
	uint32_t threads;
	/* Of each inner map. */
	uint32_t max_entries;
	uint32_t flags;
	enum bpf_map_type type;
	enum bpf_map_type outer_type;
	uint32_t key_size;
	/* A directory of a bpffs: equal work to an operator's, which pins what it makes. NULL: the maps alone. */
	const char *pins;
};

#define VALUE_SIZE 4

/* The encoded entries of all inner maps, one after the other; what an agent has at hand before it begins. */
struct content {
	uint8_t *keys;
	uint32_t *values;
};

/* work.c */
struct work work_of(int count, char **words);
void fail(int error, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));
double now(void);
/* One line of JSON. */
void report(const char *what, const struct work *work, double seconds);
int create_inner(const struct work *work);
/* Makes the template, makes the outer map with it, closes the template. */
int create_outer(const struct work *work);
/* How many inner maps a thread may hold open. */
uint32_t chunk_of(const struct work *work);
/* The ids in the outer map by outer key, 0 where there is none. */
uint32_t *read_ids(int outer, const struct work *work);
/* Closes the outer map and waits until none of its inner maps is left: nothing of a run may disturb the next. */
void release(int outer, const struct work *work);

/* pins.c: nothing where the work has no pins. */
void enter_pins(const struct work *work);
/* And asks for the map's id. Temporary: until settle_pin renames it over the one before. */
void pin_inner(const struct work *work, int inner, uint32_t map, bool is_temporary);
void settle_pin(const struct work *work, uint32_t map);
void unpin(const struct work *work, uint32_t map);

/* content.c */
struct content make_content(const struct work *work, uint32_t salt);
void free_content(struct content content);
const uint8_t *keys_of(const struct content *content, const struct work *work, uint32_t map);
const uint32_t *values_of(const struct content *content, const struct work *work, uint32_t map);

/* drift.c: ends the program where anything is not as expected. */
void check_all(int outer, const struct work *work, struct content *content);

/* parallel.c: splits 0 … total - 1 among the threads. */
typedef void part(void *context, uint32_t from, uint32_t to);
void in_parallel(uint32_t threads, uint32_t total, part *part, void *context);

#endif
