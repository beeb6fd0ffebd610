/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INNERMAP_PLACES_H
#define INNERMAP_PLACES_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Where each of many keys of one size stands: open addressing. Keys that were chosen to collide use the probes up and are
 * found no more, so that nothing is quadratic.
 */
struct places {
	uint32_t key_size;
	/* A trie's key begins with its length; bits behind it are no part of it. */
	bool are_prefixes;
	const uint8_t *keys;
	uint32_t count;
	/* Place + 1 of the key there, PLACE_TAKEN once it was found. */
	uint32_t *slots;
	uint32_t mask;
	uint32_t room;
	int64_t probes;
};

enum { PLACES_MOST = 1 << 22 };
#define PLACE_NONE UINT32_MAX

/* 0, -E2BIG of more than PLACES_MOST, -ENOMEM, or -EEXIST where a key stands twice. The keys must stay. */
int places_begin(struct places *places, const uint8_t *keys, uint32_t count);
/* The place of an equal key, or PLACE_NONE; each is found once. */
uint32_t places_take(struct places *places, const uint8_t *key);
void places_free(struct places *places);

#endif
