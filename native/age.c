/*
 * LD_PRELOAD for tests: this machine's kernel waits and refuses as an older one does, at this machine's speed.
 *   AGE=6.1 LD_PRELOAD=native/build/age.so innermap agent …
 * AGE          5.10, 5.15 or 6.1
 * AGE_MS       a grace period in milliseconds; 8 unless told
 * AGE_TOLD     a file that begins with struct told, in this machine's order of bytes
 * Calls side by side wait side by side, as in the kernel. What a program sees (NULL while a HashOfMaps entry is replaced)
 * is this machine's.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <time.h>
#include "preload.h"

#define VERSION(major, minor) ((major) * 1000 + (minor))

/* Grace periods that were waited for: by first threads, which have the event loop, and by others; most calls waiting at once. */
struct told {
	uint64_t on_first;
	uint64_t on_others;
	uint64_t waiting;
	uint64_t most_waiting;
};

static int age = VERSION(999, 0);
static double grace_ms = 8;
static struct told here, *told = &here;

static void begin(void)
{
	const char *version = getenv("AGE"), *ms = getenv("AGE_MS"), *path = getenv("AGE_TOLD");
	int major, minor;

	if (kernel)
		return;
	find_kernel();
	if (version && sscanf(version, "%d.%d", &major, &minor) == 2)
		age = VERSION(major, minor);
	if (ms)
		grace_ms = atof(ms);
	if (path)
		told = shared_with("age", path, sizeof(*told));
}

static void note_most(uint64_t waiting)
{
	uint64_t most = __atomic_load_n(&told->most_waiting, __ATOMIC_RELAXED);

	while (most < waiting &&
	       !__atomic_compare_exchange_n(&told->most_waiting, &most, waiting, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

static void wait_for(uint64_t periods)
{
	double seconds = periods * grace_ms / 1000;
	struct timespec time = { (time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9) };
	int before = errno;

	if (periods == 0)
		return;
	note_most(__atomic_add_fetch(&told->waiting, 1, __ATOMIC_RELAXED));
	__atomic_add_fetch(kernel(SYS_gettid) == getpid() ? &told->on_first : &told->on_others, periods, __ATOMIC_RELAXED);
	while (nanosleep(&time, &time) < 0 && errno == EINTR)
		;
	__atomic_sub_fetch(&told->waiting, 1, __ATOMIC_RELAXED);
	errno = before;
}

/* 0 where the fd is no map: then the kernel itself answers. */
static int info_of(int fd, struct bpf_map_info *info)
{
	union bpf_attr attr;
	int before = errno;
	long answer;

	memset(info, 0, sizeof(*info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = fd;
	attr.info.info_len = sizeof(*info);
	attr.info.info = (uint64_t)(uintptr_t)info;
	answer = kernel(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));
	errno = before;
	return answer == 0;
}

static int is_outer(const struct bpf_map_info *info)
{
	return info->type == BPF_MAP_TYPE_ARRAY_OF_MAPS || info->type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

static int has_batches(const struct bpf_map_info *info)
{
	if (is_outer(info))
		return age >= VERSION(5, 19); /* 9263dddc7b6f */
	if (info->type == BPF_MAP_TYPE_PERCPU_ARRAY || info->type == BPF_MAP_TYPE_LPM_TRIE)
		return age >= VERSION(5, 13);
	return 1;
}

/* As for a kernel without the batch: whether the fd permits it is asked first, and `count` stays. */
static long refuse_batch(int command, union bpf_attr *attr, unsigned int size)
{
	uint32_t count = attr->batch.count;
	long answer;

	attr->batch.count = 0;
	answer = kernel(SYS_bpf, command, attr, size);
	attr->batch.count = count;
	if (answer < 0)
		return answer;
	errno = ENOTSUPP;
	return -1;
}

/* The places that a batch lookup of an array looked at: its tokens are the last index so far. */
static uint64_t places_read(const union bpf_attr *attr, const struct bpf_map_info *info, long answer)
{
	const uint32_t *in = (const uint32_t *)(uintptr_t)attr->batch.in_batch;
	const uint32_t *out = (const uint32_t *)(uintptr_t)attr->batch.out_batch;
	uint32_t from = in ? *in + 1 : 0;

	if (answer < 0 && errno != ENOENT)
		return 0;
	return (answer < 0 ? info->max_entries : *out + 1) - from;
}

static long batch(int command, union bpf_attr *attr, unsigned int size)
{
	struct bpf_map_info info;
	uint32_t count = attr->batch.count;
	long answer;

	if (!info_of(attr->batch.map_fd, &info))
		return kernel(SYS_bpf, command, attr, size);
	if (!has_batches(&info))
		return refuse_batch(command, attr, size);
	answer = kernel(SYS_bpf, command, attr, size);
	if (!is_outer(&info) || count == 0)
		return answer;
	/* Once an entry until 37ba5b59d6ad, the refused one too; a delete batch waits once, as here. */
	if (command == BPF_MAP_UPDATE_BATCH)
		wait_for(answer == 0 ? count : attr->batch.count < count ? attr->batch.count + 1 : 0);
	/* bpf_map_copy_value waited until c26f2a890139; a hash's batch never called it. */
	if (command == BPF_MAP_LOOKUP_BATCH && info.type == BPF_MAP_TYPE_ARRAY_OF_MAPS)
		wait_for(places_read(attr, &info, answer));
	return answer;
}

static int is_known(uint32_t type)
{
	switch (type) {
	case BPF_MAP_TYPE_TASK_STORAGE:
		return age >= VERSION(5, 11); /* 4cf1bc1f1045 */
	case BPF_MAP_TYPE_BLOOM_FILTER:
		return age >= VERSION(5, 16); /* 9330986c0300 */
	default:
		return 1;
	}
}

static long bpf(int command, union bpf_attr *attr, unsigned int size)
{
	struct bpf_map_info info;
	long answer;

	if (age >= VERSION(6, 8))
		return kernel(SYS_bpf, command, attr, size);
	switch (command) {
	case BPF_MAP_CREATE:
		if (is_known(attr->map_type))
			break;
		errno = EINVAL;
		return -1;
	case BPF_MAP_UPDATE_BATCH:
	case BPF_MAP_DELETE_BATCH:
	case BPF_MAP_LOOKUP_BATCH:
		return batch(command, attr, size);
	case BPF_MAP_LOOKUP_ELEM:
	case BPF_MAP_UPDATE_ELEM:
	case BPF_MAP_DELETE_ELEM:
		/* Refused ones waited too, until 6.8. */
		answer = kernel(SYS_bpf, command, attr, size);
		if (info_of(attr->map_fd, &info) && is_outer(&info))
			wait_for(1);
		return answer;
	}
	return kernel(SYS_bpf, command, attr, size);
}
