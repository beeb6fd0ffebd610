// SPDX-License-Identifier: Apache-2.0
/* A program at an interface, for as long as this process lives. */
#include <linux/if_link.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include "driver.h"

/* In the driver where that can (veth can), else in the network stack. */
void attach(int program, const char *interface)
{
	static const struct { const char *name; uint32_t flag; } modes[] = {
		{ "driver", XDP_FLAGS_DRV_MODE },
		{ "generic", XDP_FLAGS_SKB_MODE },
	};
	int index = (int)if_nametoindex(interface), link = -1;

	for (int i = 0; i < 2 && link < 0; i++) {
		LIBBPF_OPTS(bpf_link_create_opts, options, .flags = modes[i].flag);

		link = bpf_link_create(program, index, BPF_XDP, &options);
		if (link >= 0)
			printf("{\"attached\":\"%s\",\"mode\":\"%s\"}\n", interface, modes[i].name);
	}
	if (link < 0)
		fail(link, "Cannot attach to %s", interface);
}

/* Until somebody ends it. */
void stay(void)
{
	sigset_t ends;
	int signal;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	printf("{\"ready\":true}\n");
	fflush(stdout);
	sigwait(&ends, &signal);
}
