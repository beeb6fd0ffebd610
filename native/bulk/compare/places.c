/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "places.h"

/* Probes that are free, and those that each search adds: keys that nobody chose to collide need two or three. */
enum { FREE_PROBES = 65536, PROBES_OF_A_SEARCH = 16, LEAST_SLOTS = 16 };
#define PLACE_TAKEN (1u << 31)

/* Of a trie's keys: their length in bits, in this machine's order, and up to 256 bytes (kernel/bpf/lpm_trie.c). */
enum { LENGTH_BYTES = 4, MOST_KEY = LENGTH_BYTES + 256 };

/* The key, of a prefix without the bits behind it. */
static const uint8_t *significant(const struct places *places, const uint8_t *bytes, uint8_t cleared[MOST_KEY])
{
	uint32_t bits, size = places->key_size - LENGTH_BYTES, whole;

	if (!places->are_prefixes)
		return bytes;
	memcpy(cleared, bytes, places->key_size);
	memcpy(&bits, bytes, LENGTH_BYTES);
	if (bits >= 8 * size)
		return cleared;
	whole = LENGTH_BYTES + bits / 8;
	cleared[whole] &= (uint8_t)(0xff00 >> bits % 8);
	memset(cleared + whole + 1, 0, places->key_size - whole - 1);
	return cleared;
}

static uint32_t hash_of(const uint8_t *key, uint32_t size)
{
	uint64_t hash = size, word;

	for (; size >= sizeof(word); size -= sizeof(word), key += sizeof(word)) {
		memcpy(&word, key, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 32;
	}
	word = 0;
	memcpy(&word, key, size);
	hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(hash >> 32);
}

/* The slot of an equal key that was not taken, or a free one, or NULL where the probes ran out. */
static uint32_t *slot_of(struct places *places, const uint8_t *key)
{
	uint8_t cleared[MOST_KEY];
	uint32_t at = hash_of(key, places->key_size) & places->mask;

	places->probes += PROBES_OF_A_SEARCH;
	for (; places->slots[at]; at = (at + 1) & places->mask) {
		uint32_t place = (places->slots[at] & ~PLACE_TAKEN) - 1;
		const uint8_t *other = places->keys + (size_t)place * places->key_size;

		if (memcmp(significant(places, other, cleared), key, places->key_size) == 0)
			break;
		if (places->probes-- <= 0)
			return NULL;
	}
	return &places->slots[at];
}

static int make_room(struct places *places, uint32_t count)
{
	uint32_t slots = LEAST_SLOTS;

	while (slots < 2 * count)
		slots *= 2;
	if (slots > places->room) {
		free(places->slots);
		places->slots = malloc(slots * sizeof(*places->slots));
		places->room = places->slots ? slots : 0;
	}
	if (!places->slots)
		return -ENOMEM;
	memset(places->slots, 0, slots * sizeof(*places->slots));
	places->mask = slots - 1;
	return 0;
}

int places_begin(struct places *places, const uint8_t *keys, uint32_t count)
{
	uint8_t cleared[MOST_KEY];
	int answer;

	if (count > PLACES_MOST)
		return -E2BIG;
	if (places->are_prefixes && (places->key_size <= LENGTH_BYTES || places->key_size > MOST_KEY))
		return -EINVAL;
	answer = make_room(places, count);
	places->keys = keys;
	places->count = count;
	places->probes = FREE_PROBES;
	for (uint32_t at = 0; at < count && answer == 0; at++) {
		const uint8_t *key = significant(places, keys + (size_t)at * places->key_size, cleared);
		uint32_t *slot = slot_of(places, key);

		if (!slot || *slot)
			answer = slot ? -EEXIST : -E2BIG;
		else
			*slot = at + 1;
	}
	return answer;
}

uint32_t places_take(struct places *places, const uint8_t *key)
{
	uint8_t cleared[MOST_KEY];
	uint32_t *slot = slot_of(places, significant(places, key, cleared));
	uint32_t place;

	if (!slot || !*slot || *slot & PLACE_TAKEN)
		return PLACE_NONE;
	place = *slot - 1;
	*slot |= PLACE_TAKEN;
	return place;
}

void places_free(struct places *places)
{
	free(places->slots);
	places->slots = NULL;
	places->room = 0;
}
