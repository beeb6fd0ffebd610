// SPDX-License-Identifier: Apache-2.0
/* Counts what comes out behind the XDP program. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include "../driver/driver.h"
#include "traffic.h"

#define ROOM (64 << 20)
#define FRAME_MAX 2048

static int open_end(const char *interface)
{
	struct sockaddr_ll end = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP),
				   .sll_ifindex = (int)if_nametoindex(interface) };
	int socket_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), room = ROOM;

	if (socket_fd < 0 || bind(socket_fd, (struct sockaddr *)&end, sizeof(end)))
		fail(errno, "Cannot receive at %s", interface);
	/* As much as the kernel gives; what it has no room for is counted. */
	setsockopt(socket_fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	setsockopt(socket_fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	return socket_fd;
}

/* Ours, or NULL. */
static const struct stamp *stamp_in(const uint8_t *frame, ssize_t size, const struct traffic *traffic)
{
	size_t before = ETH_HLEN + sizeof(struct iphdr) + sizeof(struct udphdr);
	const struct stamp *stamp = (const void *)(frame + before);

	if (size < (ssize_t)(before + sizeof(*stamp)) || stamp->magic != MAGIC || stamp->flow >= traffic->flows)
		return NULL;
	return stamp;
}

static void count(struct flow *flow, const struct stamp *stamp)
{
	if (stamp->number < flow->received.next) {
		flow->received.late++;
	} else {
		if (stamp->number > flow->received.next) {
			flow->received.gaps++;
			flow->received.stopped_at = flow->received.last_sent_at;
			flow->received.resumed_at = stamp->sent_at;
		}
		flow->received.next = stamp->number + 1;
		flow->received.last_sent_at = stamp->sent_at;
	}
	__atomic_store_n(&flow->received.packets, flow->received.packets + 1, __ATOMIC_RELEASE);
}

/* The kernel forgets the number when it tells it. */
static void count_overrun(int end, struct traffic *traffic)
{
	struct tpacket_stats statistics;
	socklen_t size = sizeof(statistics);

	if (getsockopt(end, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) == 0)
		traffic->overrun += statistics.tp_drops;
}

void *receive_packets(void *shared)
{
	struct traffic *traffic = shared;
	int end = open_end(traffic->to);
	uint8_t frame[FRAME_MAX];

	for (uint64_t packets = 0;; packets++) {
		ssize_t size = recv(end, frame, sizeof(frame), 0);
		const struct stamp *stamp = size < 0 ? NULL : stamp_in(frame, size, traffic);

		if (stamp)
			count(&traffic->flow[stamp->flow], stamp);
		__atomic_store_n(&traffic->last_arrival, now(), __ATOMIC_RELEASE);
		if (packets % 1024 == 0)
			count_overrun(end, traffic);
	}
}
