/*
 * What a library to preload for tests has that stands before the kernel's bpf(2): libinnermap.so and libbpf call syscall(2)
 * through their PLT. Included once by each. It has the library's begin(), and its bpf(), which may ask kernel().
 */
#ifndef INNERMAP_PRELOAD_H
#define INNERMAP_PRELOAD_H

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's own, in no header of user space. */
#define ENOTSUPP 524

static long (*kernel)(long number, ...);

__attribute__((constructor)) static void begin(void);
static long bpf(int command, union bpf_attr *attr, unsigned int size);

static void find_kernel(void)
{
	kernel = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
}

/* The file's first bytes, which this process and the test share. Ends the process where that cannot be. */
static void *shared_with(const char *library, const char *path, size_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	void *shared = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, (off_t)size) == 0)
		shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED) {
		fprintf(stderr, "%s: Cannot share %s: %s\n", library, path, strerror(errno));
		_exit(2);
	}
	close(fd);
	return shared;
}

long syscall(long number, ...)
{
	long words[6];
	va_list list;

	va_start(list, number);
	for (int at = 0; at < 6; at++)
		words[at] = va_arg(list, long);
	va_end(list);
	if (!kernel)
		begin();
	if (number == SYS_bpf)
		return bpf((int)words[0], (union bpf_attr *)words[1], (unsigned int)words[2]);
	return kernel(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

#endif
