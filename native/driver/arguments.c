// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "driver.h"

static bool is_switch(const char *known)
{
	return known[0] == '!';
}

static const char *known_name(const char *known)
{
	return is_switch(known) ? known + 1 : known;
}

static const char *known_word(const struct arguments *arguments, const char *word)
{
	if (strncmp(word, "--", 2) != 0)
		refuse("Cannot read arguments: %s does not begin with --", word);
	for (const char *const *known = arguments->known; *known; known++)
		if (strcmp(word + 2, known_name(*known)) == 0)
			return *known;
	refuse("Cannot read arguments: %s is not known to this command", word);
}

struct arguments arguments_of(int count, char **words, const char *const *known)
{
	struct arguments arguments = { .known = known, .count = count, .words = words };

	for (int i = 0; i < count; i++) {
		if (is_switch(known_word(&arguments, words[i])))
			continue;
		if (++i == count)
			refuse("Cannot read arguments: %s has no value", words[i - 1]);
	}
	return arguments;
}

/* Where the argument stands, or -1. */
static int place_of(const struct arguments *arguments, const char *name)
{
	for (int i = 0; i < arguments->count; i++) {
		if (strcmp(arguments->words[i] + 2, name) == 0)
			return i;
		if (!is_switch(known_word(arguments, arguments->words[i])))
			i++;
	}
	return -1;
}

bool given(const struct arguments *arguments, const char *name)
{
	return place_of(arguments, name) >= 0;
}

const char *text_or(const struct arguments *arguments, const char *name, const char *otherwise)
{
	int place = place_of(arguments, name);

	return place < 0 ? otherwise : arguments->words[place + 1];
}

const char *text(const struct arguments *arguments, const char *name)
{
	const char *value = text_or(arguments, name, NULL);

	if (!value)
		refuse("Cannot read arguments: --%s is missing", name);
	return value;
}

uint64_t number(const struct arguments *arguments, const char *name, uint64_t most)
{
	const char *value = text(arguments, name);
	char *end;
	unsigned long long result;

	errno = 0;
	result = strtoull(value, &end, 0);
	if (errno || end == value || *end || value[0] == '-' || result > most)
		refuse("Cannot read --%s: %s is not an integer from 0 to %llu", name, value, (unsigned long long)most);
	return result;
}

uint64_t number_or(const struct arguments *arguments, const char *name, uint64_t otherwise, uint64_t most)
{
	return given(arguments, name) ? number(arguments, name, most) : otherwise;
}

void bytes(const struct arguments *arguments, const char *name, uint8_t *to, size_t size)
{
	const char *value = text(arguments, name);

	if (strlen(value) != 2 * size || strspn(value, "0123456789abcdefABCDEF") != 2 * size)
		refuse("Cannot read --%s: %s is not %zu bytes as %zu hex digits", name, value, size, 2 * size);
	for (size_t i = 0; i < size; i++) {
		char digits[3] = { value[2 * i], value[2 * i + 1], 0 };

		to[i] = strtoul(digits, NULL, 16);
	}
}
