// SPDX-License-Identifier: Apache-2.0
/*
 * The practical optimum: everything by batch, one grace period for all of an outer map's changes.
 *
 * Each command sets up its maps, does one work and times that alone:
 *   apply    creates and fills all inner maps, puts them into the empty outer map
 *   change   replaces --change of them by new ones of other content
 *   drift    reads every entry of every inner map and compares it with what should be there
 *   delete   takes all of them out of the outer map: by batch, or from an array by --threads at once
 *   fill     creates one inner map and fills it; --threads fill it together
 *
 * With --pins also what an operator does for each inner map that it makes or takes out: pins.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "work.h"

struct bench {
	struct work work;
	struct content content;
	int outer;
	uint32_t chunk;
	/* The keys have inner maps already: their pins are temporary until the outer map has the new ones. */
	bool is_swap;
};

static void fill(int inner, const struct bench *bench, uint32_t map)
{
	uint32_t count = bench->work.entries;
	int error = bpf_map_update_batch(inner, keys_of(&bench->content, &bench->work, map),
					 values_of(&bench->content, &bench->work, map), &count, NULL);

	if (error)
		fail(error, "Cannot fill inner map %u behind entry %u", map, count);
}

static void put_chunk(const struct bench *bench, uint32_t from, uint32_t to, uint32_t *keys, uint32_t *inners)
{
	uint32_t count = to - from;
	int error;

	for (uint32_t map = from; map < to; map++) {
		keys[map - from] = map;
		inners[map - from] = create_inner(&bench->work);
		fill(inners[map - from], bench, map);
		pin_inner(&bench->work, inners[map - from], map, bench->is_swap);
	}
	error = bpf_map_update_batch(bench->outer, keys, inners, &count, NULL);
	if (error)
		fail(error, "Cannot update outer map behind key %u", from + count);
	for (uint32_t map = from; map < to; map++) {
		if (bench->is_swap)
			settle_pin(&bench->work, map);
		close(inners[map - from]);
	}
}

static void put(void *context, uint32_t from, uint32_t to)
{
	const struct bench *bench = context;
	uint32_t *keys = malloc((to - from) * sizeof(*keys)), *inners = malloc((to - from) * sizeof(*inners));

	if (to > from && (!keys || !inners))
		fail(ENOMEM, "Cannot hold a chunk");
	for (uint32_t next; from < to; from = next) {
		next = to - from > bench->chunk ? from + bench->chunk : to;
		put_chunk(bench, from, next, keys, inners);
	}
	free(keys);
	free(inners);
}

/* A pin goes while other threads wait for their grace periods. */
static void take_out_singly(void *context, uint32_t from, uint32_t to)
{
	const struct bench *bench = context;

	for (uint32_t key = from; key < to; key++) {
		int error = bpf_map_delete_elem(bench->outer, &key);

		if (error)
			fail(error, "Cannot delete outer key %u", key);
		unpin(&bench->work, key);
	}
}

static void take_out_by_batch(const struct bench *bench)
{
	uint32_t count = bench->work.maps, *keys = malloc(count * sizeof(*keys));
	int error;

	if (!keys)
		fail(ENOMEM, "Cannot hold %u keys", count);
	for (uint32_t key = 0; key < count; key++)
		keys[key] = key;
	error = bpf_map_delete_batch(bench->outer, keys, &count, NULL);
	if (error)
		fail(error, "Cannot delete outer keys behind %u", count);
	for (uint32_t key = 0; key < bench->work.maps; key++)
		unpin(&bench->work, key);
	free(keys);
}

static double apply(struct bench *bench)
{
	double start = now();

	in_parallel(bench->work.threads, bench->work.maps, put, bench);
	return now() - start;
}

static double change(struct bench *bench)
{
	double start;

	apply(bench);
	free_content(bench->content);
	bench->content = make_content(&bench->work, 1u << 31);
	bench->is_swap = true;
	start = now();
	in_parallel(bench->work.threads, bench->work.change, put, bench);
	return now() - start;
}

static double drift(struct bench *bench)
{
	double start;

	apply(bench);
	/* As an agent's: the first check of a content learns its order, the others are all alike. */
	check_all(bench->outer, &bench->work, &bench->content);
	start = now();
	check_all(bench->outer, &bench->work, &bench->content);
	return now() - start;
}

/* An array of maps has no batch for it: grace periods are shared by threads. */
static double delete(struct bench *bench)
{
	double start;

	apply(bench);
	start = now();
	if (bench->work.outer_type == BPF_MAP_TYPE_HASH_OF_MAPS)
		take_out_by_batch(bench);
	else
		in_parallel(bench->work.threads, bench->work.maps, take_out_singly, bench);
	return now() - start;
}

struct filling {
	const struct bench *bench;
	int inner;
};

static void fill_part(void *context, uint32_t from, uint32_t to)
{
	const struct filling *filling = context;
	const struct bench *bench = filling->bench;
	uint32_t count = to - from;
	int error = bpf_map_update_batch(filling->inner, bench->content.keys + (size_t)from * bench->work.key_size,
					 bench->content.values + from, &count, NULL);

	if (error)
		fail(error, "Cannot fill behind entry %u", from + count);
}

static double fill_one(struct bench *bench)
{
	struct filling filling = { .bench = bench };
	double start = now(), seconds;

	filling.inner = create_inner(&bench->work);
	in_parallel(bench->work.threads, bench->work.entries, fill_part, &filling);
	pin_inner(&bench->work, filling.inner, 0, false);
	seconds = now() - start;
	unpin(&bench->work, 0);
	close(filling.inner);
	return seconds;
}

static const struct {
	const char *name;
	double (*run)(struct bench *bench);
} COMMANDS[] = {
	{ "apply", apply }, { "change", change }, { "drift", drift }, { "delete", delete }, { "fill", fill_one },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int measure(size_t command, int count, char **words)
{
	struct bench bench = { .work = work_of(count, words) };
	double seconds;

	if (COMMANDS[command].run == fill_one)
		bench.work.maps = 1;
	enter_pins(&bench.work);
	bench.content = make_content(&bench.work, 1);
	bench.outer = create_outer(&bench.work);
	bench.chunk = chunk_of(&bench.work);
	seconds = COMMANDS[command].run(&bench);
	release(bench.outer, &bench.work);
	free_content(bench.content);
	report(COMMANDS[command].name, &bench.work, seconds);
	return 0;
}

int main(int count, char **words)
{
	for (size_t i = 0; count > 1 && i < COUNT(COMMANDS); i++)
		if (strcmp(words[1], COMMANDS[i].name) == 0)
			return measure(i, count - 2, words + 2);
	fprintf(stderr,
		"bulk apply|change|drift|delete|fill [--maps N] [--change N] [--entries N] [--threads N]\n"
		"     [--type hash|lpm|array] [--max-entries N] [--outer hash|array] [--pins DIRECTORY]\n");
	return 2;
}
