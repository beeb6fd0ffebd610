// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include "driver.h"
#include "load.h"

struct pair {
	char name[IFNAMSIZ];
	char peer[IFNAMSIZ];
};

static struct pair pair_of(const char *names)
{
	const char *comma = strchr(names, ',');
	size_t name = comma ? comma - names : 0, peer = comma ? strlen(comma + 1) : 0;
	struct pair pair = {};

	if (!name || !peer || name >= IFNAMSIZ || peer >= IFNAMSIZ)
		refuse("Cannot read --veth: %s is not NAME,PEER of at most %d letters each", names, IFNAMSIZ - 1);
	memcpy(pair.name, names, name);
	memcpy(pair.peer, comma + 1, peer);
	return pair;
}

/* The same as `ip link add NAME type veth peer name PEER`. */
static int create(const struct pair *pair)
{
	struct link_request request = link_request(NLM_F_CREATE | NLM_F_EXCL);
	struct ifinfomsg peer_link = { .ifi_family = AF_UNSPEC };
	struct rtattr *info, *data, *peer;

	add_attribute(&request, IFLA_IFNAME, pair->name, strlen(pair->name) + 1);
	info = add_attribute(&request, IFLA_LINKINFO, NULL, 0);
	add_attribute(&request, IFLA_INFO_KIND, "veth", 4);
	data = add_attribute(&request, IFLA_INFO_DATA, NULL, 0);
	peer = add_attribute(&request, VETH_INFO_PEER, &peer_link, sizeof(peer_link));
	add_attribute(&request, IFLA_IFNAME, pair->peer, strlen(pair->peer) + 1);
	end_attribute(&request, peer);
	end_attribute(&request, data);
	end_attribute(&request, info);
	return ask_kernel(&request);
}

static void bring_up(const char *name)
{
	struct link_request request = link_request(0);
	int error;

	request.link.ifi_index = if_nametoindex(name);
	request.link.ifi_flags = request.link.ifi_change = IFF_UP;
	error = request.link.ifi_index ? ask_kernel(&request) : -errno;
	if (error)
		fail(error, "Cannot bring %s up", name);
}

void make_veth(const char *names)
{
	struct pair pair = pair_of(names);
	int error = create(&pair);

	if (error && error != -EEXIST)
		fail(error, "Cannot make veth %s", names);
	bring_up(pair.name);
	bring_up(pair.peer);
}
