/* SPDX-License-Identifier: Apache-2.0 */
/* The directory that pins lie in: the way to it is gone once, and not for each of thousands. */
#ifndef INNERMAP_DIRECTORY_H
#define INNERMAP_DIRECTORY_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Its fd, or -errno: then each pin in it meets that. */
static inline int open_directory(const char *path)
{
	int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return directory < 0 ? -errno : directory;
}

/* 0 where there is none. */
static inline int unlink_in(int directory, const char *name)
{
	int error = directory < 0 ? -directory : unlinkat(directory, name, 0) == 0 ? 0 : errno;

	return error == ENOENT || error == ENOTDIR ? 0 : -error;
}

static inline int rename_in(int directory, const char *from, const char *to)
{
	if (directory < 0)
		return directory;
	return renameat(directory, from, directory, to) < 0 ? -errno : 0;
}

#endif
