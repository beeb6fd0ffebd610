// SPDX-License-Identifier: Apache-2.0
/* Packet sockets. The receiving one stands behind XDP: it gets what the program passed. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "driver.h"
#include "traffic.h"

/* A frame is cut to what fits into its place: headers and stamp. 4 MiB are 16,384 frames, 0.8 s at 20,000 a second. */
#define PLACE_SIZE 256
#define BLOCK_SIZE (1 << 16)
#define BLOCKS 64
#define AWAITED_MS 10000
#define LOOK_AGAIN_MS 20
#define PLACES (BLOCKS * (BLOCK_SIZE / PLACE_SIZE))

/* Who starts beside this may be about to make it. */
static int index_of(const char *interface)
{
	for (int wait = 0; wait < AWAITED_MS; wait += LOOK_AGAIN_MS) {
		int index = if_nametoindex(interface);

		if (index)
			return index;
		usleep(LOOK_AGAIN_MS * 1000);
	}
	fail(ENODEV, "Cannot open %s", interface);
}

static int packet_socket(const char *interface, uint16_t protocol)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol),
				       .sll_ifindex = index_of(interface) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fail(errno, "Cannot make a packet socket: it takes CAP_NET_RAW");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		fail(errno, "Cannot bind to %s", interface);
	return fd;
}

/* Without a protocol it receives nothing. */
int sending_socket(const char *interface)
{
	return packet_socket(interface, 0);
}

struct receiver receiving_socket(const char *interface)
{
	struct tpacket_req request = { .tp_block_size = BLOCK_SIZE, .tp_block_nr = BLOCKS, .tp_frame_size = PLACE_SIZE,
				       .tp_frame_nr = PLACES };
	struct receiver receiver = { .socket = packet_socket(interface, ETH_P_IP) };
	int version = TPACKET_V2, yes = 1;

	if (setsockopt(receiver.socket, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes)) ||
	    setsockopt(receiver.socket, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(receiver.socket, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)))
		fail(errno, "Cannot make a ring for %s", interface);
	receiver.ring = mmap(NULL, BLOCK_SIZE * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, receiver.socket, 0);
	if (receiver.ring == MAP_FAILED)
		fail(errno, "Cannot map the ring of %s", interface);
	return receiver;
}

static struct tpacket2_hdr *place(const struct receiver *receiver)
{
	return (struct tpacket2_hdr *)(receiver->ring + receiver->next * PLACE_SIZE);
}

const uint8_t *next_frame(struct receiver *receiver, size_t *length, uint64_t *received_at)
{
	const struct tpacket2_hdr *header = place(receiver);

	if (!(__atomic_load_n(&header->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
		return NULL;
	*length = header->tp_snaplen;
	*received_at = header->tp_sec * NANOSECONDS + header->tp_nsec;
	return (const uint8_t *)header + header->tp_mac;
}

void release(struct receiver *receiver)
{
	__atomic_store_n(&place(receiver)->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	receiver->next = (receiver->next + 1) % PLACES;
}

void count_overflown(struct receiver *receiver)
{
	/* Reading them sets them to zero. */
	struct tpacket_stats statistics = {};
	socklen_t size = sizeof(statistics);

	if (getsockopt(receiver->socket, SOL_PACKET, PACKET_STATISTICS, &statistics, &size))
		fail(errno, "Cannot ask what the ring had no room for");
	receiver->overflown += statistics.tp_drops;
}
