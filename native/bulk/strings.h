/* SPDX-License-Identifier: Apache-2.0 */
/* Strings one after the other in an arena, each with its NUL. */
#ifndef INNERMAP_STRINGS_H
#define INNERMAP_STRINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct strings {
	const char *bytes;
	uint64_t size;
};

struct string_reader {
	const char *next;
	const char *end;
};

/* Beyond the arena there is none. */
static inline struct string_reader strings_at(const struct strings *strings, uint64_t offset)
{
	const char *end = strings->bytes + strings->size;

	return (struct string_reader){ .next = offset < strings->size ? strings->bytes + offset : end, .end = end };
}

/* Undefined beyond those that has_strings() found. */
static inline const char *next_string(struct string_reader *reader)
{
	const char *string = reader->next;

	reader->next += strlen(string) + 1;
	return string;
}

/* Whether so many strings are there, each with its NUL inside the arena; the reader is behind them then. */
static inline bool skip_strings(struct string_reader *reader, uint32_t count)
{
	for (; count > 0; count--) {
		const char *nul = reader->next < reader->end ? memchr(reader->next, 0, (size_t)(reader->end - reader->next)) : NULL;

		if (nul == NULL)
			return false;
		reader->next = nul + 1;
	}
	return true;
}

static inline bool has_strings(struct string_reader reader, uint32_t count)
{
	return skip_strings(&reader, count);
}

#endif
