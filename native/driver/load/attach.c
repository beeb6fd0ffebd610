// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps an XDP program at an interface by a link, which lasts as long as somebody holds it or its pin is there.
 *
 * A loader that comes again finds its link by the pin and changes the program in it, which is atomic: each packet
 * meets the old program or the new one. A link outlives its interface, as that of a pod that is gone: it holds nothing
 * then, and its pin is taken over.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <time.h>
#include <unistd.h>
#include "driver.h"
#include "load.h"

#define PATIENCE_SECONDS 10
#define LOOK_AGAIN_NANOSECONDS 50000000

static struct bpf_link_info link_info(int link, const char *path)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);
	int error = bpf_obj_get_info_by_fd(link, &info, &size);

	if (error)
		fail(error, "Cannot ask about link %s", path);
	if (info.type != BPF_LINK_TYPE_XDP)
		refuse("Cannot attach: %s is no link of an XDP program; name another path with --pin-link", path);
	return info;
}

/* Index and name are each network namespace's own: what is attached here tells whether the link is of this interface. */
static bool holds(const struct bpf_link_info *info, unsigned int interface, const char **mode)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	int error = bpf_xdp_query(interface, 0, &query);

	if (error)
		fail(error, "Cannot ask which program is at interface %u", interface);
	*mode = query.attach_mode == XDP_ATTACHED_SKB ? "generic" : "native";
	return info->xdp.ifindex == interface && query.prog_id == info->prog_id;
}

/* The link that is pinned, where it is of this interface; -1 where the path is free. */
static int pinned_link(const char *path, unsigned int interface, const char **mode)
{
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN_NANOSECONDS };
	int link = bpf_obj_get(path);

	if (link == -ENOENT)
		return -1;
	if (link < 0)
		fail(link, "Cannot open link %s", path);
	/* A network namespace that is left goes in the kernel's own time, and the link's interface with it. */
	for (int turn = 0; turn < PATIENCE_SECONDS * 20; turn++) {
		struct bpf_link_info info = link_info(link, path);

		if (holds(&info, interface, mode))
			return link;
		if (!info.xdp.ifindex) {
			close(link);
			if (unlink(path))
				fail(errno, "Cannot take away %s, the link of an interface that is gone", path);
			return -1;
		}
		nanosleep(&pause, NULL);
	}
	refuse("Cannot attach: %s is the link of another interface; name another path with --pin-link", path);
}

/* Native, or generic where the interface's driver cannot run XDP. */
static struct attachment new_link(int program, unsigned int interface, const char *name)
{
	LIBBPF_OPTS(bpf_link_create_opts, native, .flags = XDP_FLAGS_DRV_MODE);
	LIBBPF_OPTS(bpf_link_create_opts, generic, .flags = XDP_FLAGS_SKB_MODE);
	int link = bpf_link_create(program, interface, BPF_XDP, &native);

	if (link >= 0)
		return (struct attachment){ .link = link, .mode = "native" };
	if (link == -EBUSY || link == -EEXIST)
		fail(link, "Cannot attach to %s: there is a program already, take it away first", name);
	link = bpf_link_create(program, interface, BPF_XDP, &generic);
	if (link < 0)
		fail(link, "Cannot attach to %s", name);
	return (struct attachment){ .link = link, .mode = "generic" };
}

struct attachment attach(int program, const char *interface, const char *pin_link)
{
	unsigned int index = if_nametoindex(interface);
	struct attachment attachment = { .link = -1 };
	int error;

	if (!index)
		fail(errno, "Cannot attach to %s", interface);
	if (pin_link)
		attachment.link = pinned_link(pin_link, index, &attachment.mode);
	if (attachment.link >= 0) {
		error = bpf_link_update(attachment.link, program, NULL);
		if (error)
			fail(error, "Cannot bring the new program to link %s", pin_link);
		return attachment;
	}
	attachment = new_link(program, index, interface);
	error = pin_link ? pin(attachment.link, pin_link, false) : 0;
	if (error)
		fail(error, "Cannot pin %s", pin_link);
	return attachment;
}
