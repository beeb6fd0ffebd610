// SPDX-License-Identifier: Apache-2.0
/* One packet to each flow in turn, evenly over time. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include "../driver/driver.h"
#include "traffic.h"

#define SECOND 1000000000ull
#define SOURCE_PORT 40000

struct frame {
	struct ethhdr ethernet;
	struct iphdr ip;
	struct udphdr udp;
	struct stamp stamp;
} __attribute__((packed));

uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

static uint16_t checksum(const void *data, size_t size)
{
	const uint16_t *words = data;
	uint32_t sum = 0;

	for (size_t i = 0; i < size / 2; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

/* Without the checksum of UDP, which IPv4 leaves free (RFC 768). */
static struct frame frame_to(const struct traffic *traffic, uint32_t flow)
{
	struct frame frame = {
		.ethernet = { .h_dest = { 2, 0, 0, 0, 0, 1 }, .h_source = { 2, 0, 0, 0, 0, 2 },
			      .h_proto = htons(ETH_P_IP) },
		.ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP, .saddr = htonl(0xc0000201),
			.daddr = htonl(ntohl(traffic->first) + flow), .tot_len = htons(sizeof(frame) - ETH_HLEN) },
		.udp = { .source = htons(SOURCE_PORT), .dest = htons(traffic->port),
			 .len = htons(sizeof(frame.udp) + sizeof(frame.stamp)) },
		.stamp = { .magic = MAGIC, .flow = flow },
	};

	frame.ip.check = checksum(&frame.ip, sizeof(frame.ip));
	return frame;
}

static int open_end(const char *interface)
{
	struct sockaddr_ll end = { .sll_family = AF_PACKET, .sll_protocol = 0, .sll_ifindex = (int)if_nametoindex(interface) };
	int socket_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (socket_fd < 0 || bind(socket_fd, (struct sockaddr *)&end, sizeof(end)))
		fail(errno, "Cannot send at %s", interface);
	return socket_fd;
}

static void send_one(int end, struct frame *frame, struct flow *flow)
{
	frame->stamp.number = flow->sent.packets;
	frame->stamp.sent_at = now();
	/* Full for a moment: it is the same packet that is tried again. */
	while (send(end, frame, sizeof(*frame), 0) < 0)
		if (errno != ENOBUFS && errno != EAGAIN)
			fail(errno, "Cannot send to flow %u", frame->stamp.flow);
	flow->sent.last_at = frame->stamp.sent_at;
	__atomic_store_n(&flow->sent.packets, flow->sent.packets + 1, __ATOMIC_RELEASE);
}

static void wait_until(struct timespec *due, uint64_t step)
{
	due->tv_nsec += step;
	due->tv_sec += due->tv_nsec / SECOND;
	due->tv_nsec %= SECOND;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, due, NULL);
}

void *send_packets(void *shared)
{
	struct traffic *traffic = shared;
	uint64_t step = SECOND / traffic->rate;
	int end = open_end(traffic->from);
	struct frame frames[FLOWS_MAX];
	struct timespec due;

	for (uint32_t flow = 0; flow < traffic->flows; flow++)
		frames[flow] = frame_to(traffic, flow);
	clock_gettime(CLOCK_MONOTONIC, &due);
	for (uint32_t flow = 0;; flow = (flow + 1) % traffic->flows) {
		while (__atomic_load_n(&traffic->hold, __ATOMIC_ACQUIRE)) {
			__atomic_store_n(&traffic->held, true, __ATOMIC_RELEASE);
			clock_gettime(CLOCK_MONOTONIC, &due);
			wait_until(&due, SECOND / 1000);
		}
		__atomic_store_n(&traffic->held, false, __ATOMIC_RELEASE);
		send_one(end, &frames[flow], &traffic->flow[flow]);
		wait_until(&due, step);
	}
}
