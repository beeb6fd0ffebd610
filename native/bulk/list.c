/* SPDX-License-Identifier: Apache-2.0 */
/* Names below a directory, with what each is, as the kernel's directory entries say it: no call for each name. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "innermap.h"

struct entry {
	uint64_t ino;
	int64_t off;
	uint16_t length;
	uint8_t type;
	char name[];
};

struct names {
	char *bytes;
	uint32_t size, used;
};

static char kind_of(uint8_t type)
{
	switch (type) {
	case DT_DIR:
		return INNERMAP_DIRECTORY;
	case DT_LNK:
		return INNERMAP_LINK;
	default:
		return INNERMAP_PIN;
	}
}

static bool is_itself(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int add(struct names *names, const struct entry *entry)
{
	uint32_t length = (uint32_t)strlen(entry->name) + 1;

	if (is_itself(entry->name))
		return 0;
	if (names->size - names->used < 1 + length)
		return -ENOSPC;
	names->bytes[names->used] = kind_of(entry->type);
	memcpy(names->bytes + names->used + 1, entry->name, length);
	names->used += 1 + length;
	return 0;
}

static int add_all(struct names *names, int directory)
{
	_Alignas(struct entry) char buffer[32768];
	long length;

	while ((length = syscall(SYS_getdents64, directory, buffer, sizeof(buffer))) > 0) {
		for (long at = 0; at < length;) {
			const struct entry *entry = (const struct entry *)(buffer + at);
			int answer = add(names, entry);

			if (answer < 0)
				return answer;
			at += entry->length;
		}
	}
	return length < 0 ? -errno : 0;
}

int innermap_list(const char *path, void *bytes, uint32_t size, uint32_t *used)
{
	struct names names = { .bytes = bytes, .size = size };
	int answer, directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (directory < 0)
		return -errno;
	answer = add_all(&names, directory);
	close(directory);
	*used = names.used;
	return answer;
}
