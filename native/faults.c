/*
 * LD_PRELOAD for tests: calls that go wrong, and a process that ends between two of them.
 *   FAULTS=file LD_PRELOAD=native/build/faults.so …
 * FAULTS: a file that begins with struct faults, in this machine's order of bytes. Tests write it while the process runs.
 * Counted as mutating is what changes maps, pins and what else lies below a directory, by whatever thread.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <sys/stat.h>
#include "preload.h"

#define RULES 8

/* Calls of one command, counted from when the rule was written. */
struct rule {
	uint32_t command;
	/* What they answer. 0: the kernel's answer. */
	uint32_t error;
	/* Those of the first 63: a bit for each. The last bit: all others too. */
	uint64_t which;
	uint64_t seen;
};

struct faults {
	/* SIGKILL before the mutating call with this number, from 1 on; 0: never. */
	uint64_t die_before;
	uint64_t mutations;
	/* Of an allocator that has two elements at hand, and fetches more once it was asked in vain twice: 1 where there is one. */
	uint64_t is_slow;
	uint64_t at_hand;
	uint64_t refused;
	struct rule rules[RULES];
	/* How many rules there are. */
	uint64_t count;
	/* Paths below it are watched. */
	char below[256];
};

static struct faults here, *faults = &here;

static void begin(void)
{
	const char *path = getenv("FAULTS");

	if (kernel)
		return;
	find_kernel();
	if (path)
		faults = shared_with("faults", path, sizeof(*faults));
}

static void mutate(void)
{
	uint64_t number = __atomic_add_fetch(&faults->mutations, 1, __ATOMIC_SEQ_CST);

	if (number == __atomic_load_n(&faults->die_before, __ATOMIC_SEQ_CST))
		kill(getpid(), SIGKILL);
}

static int is_mutating(int command, const union bpf_attr *attr)
{
	switch (command) {
	case BPF_MAP_CREATE:
	case BPF_MAP_UPDATE_ELEM:
	case BPF_MAP_DELETE_ELEM:
	case BPF_MAP_FREEZE:
	case BPF_OBJ_PIN:
	case BPF_PROG_TEST_RUN:
		return 1;
	case BPF_MAP_UPDATE_BATCH:
	case BPF_MAP_DELETE_BATCH:
		return attr->batch.count > 0;
	}
	return 0;
}

/* 0: the kernel is to answer. */
static int fault_of(uint32_t command)
{
	for (uint64_t at = 0; at < faults->count && at < RULES; at++) {
		struct rule *rule = &faults->rules[at];
		uint64_t seen;

		if (rule->command != command)
			continue;
		seen = __atomic_fetch_add(&rule->seen, 1, __ATOMIC_SEQ_CST);
		if (rule->which >> (seen < 63 ? seen : 63) & 1)
			return (int)rule->error;
	}
	return 0;
}

/* As a kernel without the batch: whether the fd permits it is asked first, and the count stays. */
static int refusal_of_none(int command, union bpf_attr *attr, unsigned int size)
{
	uint32_t count = attr->batch.count;
	long answer;

	attr->batch.count = 0;
	answer = kernel(SYS_bpf, command, attr, size);
	attr->batch.count = count;
	return answer < 0 ? errno : 0;
}

static long refuse(int command, union bpf_attr *attr, unsigned int size, int error)
{
	int is_batch = command == BPF_MAP_UPDATE_BATCH || command == BPF_MAP_DELETE_BATCH;
	int first = is_batch && error == ENOTSUPP ? refusal_of_none(command, attr, size) : 0;

	/* A batch that the kernel has begun says how many were read */
	if (command == BPF_MAP_LOOKUP_BATCH && error != ENOTSUPP && error != EINVAL)
		attr->batch.count = 0;
	errno = first ? first : error;
	return -1;
}

static uint32_t taken(uint32_t wanted)
{
	uint32_t some = wanted < faults->at_hand ? wanted : (uint32_t)faults->at_hand;

	faults->at_hand -= some;
	if (some < wanted && ++faults->refused % 2 == 0)
		faults->at_hand = 2;
	return some;
}

static long update_slowly(int command, union bpf_attr *attr, unsigned int size)
{
	uint32_t wanted = command == BPF_MAP_UPDATE_BATCH ? attr->batch.count : 1, some = taken(wanted);
	long answer = 0;

	if (command == BPF_MAP_UPDATE_BATCH)
		attr->batch.count = some;
	if (some > 0)
		answer = kernel(SYS_bpf, command, attr, size);
	if (answer < 0 || some == wanted)
		return answer;
	errno = ENOMEM;
	return -1;
}

static long bpf(int command, union bpf_attr *attr, unsigned int size)
{
	int error = fault_of((uint32_t)command);

	if (error)
		return refuse(command, attr, size, error);
	if (is_mutating(command, attr))
		mutate();
	if (faults->is_slow && (command == BPF_MAP_UPDATE_ELEM || command == BPF_MAP_UPDATE_BATCH))
		return update_slowly(command, attr, size);
	return kernel(SYS_bpf, command, attr, size);
}

static void touch(const char *path)
{
	size_t length = strnlen(faults->below, sizeof(faults->below));

	if (length > 0 && strncmp(path, faults->below, length) == 0)
		mutate();
}

#define WATCHED(call, path, parameters, ...)                                      \
	int call parameters                                                       \
	{                                                                         \
		int(*next) parameters = (int(*) parameters)dlsym(RTLD_NEXT, #call); \
                                                                                  \
		touch(path);                                                      \
		return next(__VA_ARGS__);                                         \
	}

WATCHED(rename, to, (const char *from, const char *to), from, to)
WATCHED(unlink, path, (const char *path), path)
/* The path of a name in an open directory. */
static void touch_in(int directory, const char *name)
{
	char link[32], path[512];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", directory);
	length = readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		return;
	snprintf(path + length, sizeof(path) - (size_t)length, "/%s", name);
	touch(path);
}

int renameat(int from_directory, const char *from, int directory, const char *to)
{
	int (*next)(int, const char *, int, const char *) =
		(int (*)(int, const char *, int, const char *))dlsym(RTLD_NEXT, "renameat");

	touch_in(directory, to);
	return next(from_directory, from, directory, to);
}

int unlinkat(int directory, const char *name, int flags)
{
	int (*next)(int, const char *, int) = (int (*)(int, const char *, int))dlsym(RTLD_NEXT, "unlinkat");

	touch_in(directory, name);
	return next(directory, name, flags);
}

WATCHED(mkdir, path, (const char *path, mode_t mode), path, mode)
WATCHED(rmdir, path, (const char *path), path)
WATCHED(symlink, path, (const char *target, const char *path), target, path)
WATCHED(chmod, path, (const char *path, mode_t mode), path, mode)
