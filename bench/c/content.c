// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "work.h"

/* Keys of a hash are spread over 32 bits, as addresses and hashes are; odd, so no two are equal. */
#define SPREAD 2654435761u
#define LPM_BITS 32
#define LPM_BASE 0x0a000000u

static void write_key(const struct work *work, uint32_t index, uint8_t *key)
{
	uint32_t words[2] = { index * SPREAD };

	if (work->type == BPF_MAP_TYPE_ARRAY)
		words[0] = index;
	if (work->type == BPF_MAP_TYPE_LPM_TRIE) {
		words[0] = LPM_BITS;
		words[1] = htonl(LPM_BASE + index);
	}
	memcpy(key, words, work->key_size);
}

struct content make_content(const struct work *work, uint32_t salt)
{
	size_t total = (size_t)work->maps * work->entries;
	struct content content = {
		.keys = malloc(total * work->key_size),
		.values = malloc(total * VALUE_SIZE),
	};

	if (!content.keys || !content.values)
		fail(ENOMEM, "Cannot hold %zu entries", total);
	for (size_t i = 0; i < total; i++) {
		write_key(work, i % work->entries, content.keys + i * work->key_size);
		content.values[i] = i + salt;
	}
	return content;
}

void free_content(struct content content)
{
	free(content.keys);
	free(content.values);
}

const uint8_t *keys_of(const struct content *content, const struct work *work, uint32_t map)
{
	return content->keys + (size_t)map * work->entries * work->key_size;
}

const uint32_t *values_of(const struct content *content, const struct work *work, uint32_t map)
{
	return content->values + (size_t)map * work->entries;
}
