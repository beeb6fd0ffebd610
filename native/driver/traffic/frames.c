// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <stddef.h>
#include <string.h>
#include "traffic.h"

#define SOURCE_ADDRESS 0xc0000201 /* 192.0.2.1 and .255: for documentation, so nobody's */
#define MARKER_ADDRESS 0xc00002ff
#define SOURCE_PORT 40000

struct frame {
	struct ethhdr ethernet;
	struct iphdr ip;
	struct udphdr udp;
	struct stamp stamp;
} __attribute__((packed));

static uint32_t sum_of(const void *words, size_t size, uint32_t sum)
{
	const uint8_t *bytes = words;

	for (size_t i = 0; i < size; i += 2)
		sum += bytes[i] << 8 | bytes[i + 1];
	return sum;
}

static uint16_t checksum(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

/* The padding behind the stamp is zero and adds nothing. */
static uint16_t udp_checksum(const struct frame *frame)
{
	uint32_t sum = IPPROTO_UDP + ntohs(frame->udp.len);
	uint16_t result;

	sum = sum_of(&frame->ip.saddr, 2 * sizeof(frame->ip.saddr), sum);
	result = checksum(sum_of(&frame->udp, sizeof(frame->udp) + sizeof(frame->stamp), sum));
	/* Zero would say that there is none. */
	return result ? result : 0xffff;
}

size_t write_frame(const struct frames *frames, const struct stamp *stamp, uint8_t *bytes)
{
	uint32_t address = stamp->flow == MARKER ? MARKER_ADDRESS : frames->first_address + stamp->flow;
	/* To nobody's hardware address: the other end's stack lets go of it behind the program and the socket. */
	struct frame frame = {
		.ethernet = { .h_dest = { 2, 0, 0, 0, 0, 1 }, .h_source = { 2, 0, 0, 0, 0, 2 },
			      .h_proto = htons(ETH_P_IP) },
		.ip = { .version = 4, .ihl = 5, .ttl = 64, .tot_len = htons(frames->size), .protocol = IPPROTO_UDP,
			.id = htons(stamp->sequence), .saddr = htonl(SOURCE_ADDRESS), .daddr = htonl(address) },
		.udp = { .source = htons(SOURCE_PORT), .dest = htons(frames->port),
			 .len = htons(frames->size - sizeof(struct iphdr)) },
		.stamp = *stamp,
	};

	frame.ip.check = checksum(sum_of(&frame.ip, sizeof(frame.ip), 0));
	frame.udp.check = udp_checksum(&frame);
	memset(bytes, 0, ETH_HLEN + frames->size);
	memcpy(bytes, &frame, sizeof(frame));
	return ETH_HLEN + frames->size;
}

bool read_frame(const uint8_t *bytes, size_t length, struct stamp *stamp)
{
	struct frame frame;

	if (length < sizeof(frame))
		return false;
	memcpy(&frame, bytes, sizeof(frame));
	*stamp = frame.stamp;
	return frame.ip.protocol == IPPROTO_UDP && frame.ip.ihl == 5 && stamp->magic == STAMP_MAGIC;
}
