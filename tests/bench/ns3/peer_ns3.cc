/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * peer_ns3 sim_packets [-u] [-f flows] [-s seconds]; peer_ns3 build
 *
 * ns-3, simulating what bench sim_packets does: two hosts and between them
 * 100 Mbit/s, 20 ms each way, with a queue of one product of rate and round
 * trip (as packets: ns-3's link counts them so); bulk flows that start in the
 * first second, cubic, with time stamps, SACK, segments of 1448 bytes and
 * buffers of 2 MiB.  Counted is what the sender's device sent.
 */
#include <ns3/boolean.h>
#include <ns3/bulk-send-helper.h>
#include <ns3/callback.h>
#include <ns3/config.h>
#include <ns3/inet-socket-address.h>
#include <ns3/internet-stack-helper.h>
#include <ns3/ipv4-address-helper.h>
#include <ns3/packet-sink-helper.h>
#include <ns3/point-to-point-helper.h>
#include <ns3/simulator.h>
#include <ns3/string.h>
#include <ns3/traffic-control-helper.h>
#include <ns3/uinteger.h>
#include <cstring>
#include <unistd.h>

#include "../figure.h"

using namespace ns3;

#define	BENCH_PORT	5001
/* 100 Mbit/s for 40 ms, in packets of 1500 bytes. */
#define	QUEUE		"333p"

bool	figure_units_only;

static uint64_t packets;

static void
packet_sent(Ptr<const Packet> packet __attribute__((__unused__)))
{
	packets++;
}

static void
configure(void)
{
	Config::SetDefault("ns3::TcpL4Protocol::SocketType",
	    StringValue("ns3::TcpCubic"));
	Config::SetDefault("ns3::TcpSocket::SegmentSize",
	    UintegerValue(1448));
	Config::SetDefault("ns3::TcpSocket::SndBufSize",
	    UintegerValue(2 << 20));
	Config::SetDefault("ns3::TcpSocket::RcvBufSize",
	    UintegerValue(2 << 20));
	Config::SetDefault("ns3::TcpSocketBase::Sack", BooleanValue(true));
	Config::SetDefault("ns3::TcpSocketBase::Timestamp",
	    BooleanValue(true));
}

/* The addresses of both hosts. */
static Ipv4InterfaceContainer
path(NodeContainer &nodes)
{
	PointToPointHelper link;
	InternetStackHelper internet;
	TrafficControlHelper control;
	Ipv4AddressHelper addresses;
	Ipv4InterfaceContainer interfaces;
	NetDeviceContainer devices;

	nodes.Create(2);
	link.SetDeviceAttribute("DataRate", StringValue("100Mbps"));
	link.SetChannelAttribute("Delay", StringValue("20ms"));
	link.SetQueue("ns3::DropTailQueue", "MaxSize", StringValue(QUEUE));
	devices = link.Install(nodes);
	internet.Install(nodes);
	addresses.SetBase("10.0.0.0", "255.255.255.0");
	interfaces = addresses.Assign(devices);
	/* No further queue in front of the device's. */
	control.Uninstall(devices);
	devices.Get(0)->TraceConnectWithoutContext("PhyTxEnd",
	    MakeCallback(&packet_sent));
	return (interfaces);
}

static void
programs(NodeContainer &nodes, const Ipv4InterfaceContainer &interfaces,
    unsigned flows)
{
	PacketSinkHelper sink("ns3::TcpSocketFactory",
	    InetSocketAddress(Ipv4Address::GetAny(), BENCH_PORT));
	BulkSendHelper bulk("ns3::TcpSocketFactory",
	    InetSocketAddress(interfaces.GetAddress(1), BENCH_PORT));
	ApplicationContainer one;
	unsigned i;

	(void)sink.Install(nodes.Get(1));
	bulk.SetAttribute("MaxBytes", UintegerValue(0));
	for (i = 0; i < flows; i++) {
		one = bulk.Install(nodes.Get(0));
		one.Start(Seconds((double)i / flows));
	}
}

static void
sim_packets(unsigned flows, double seconds)
{
	Ipv4InterfaceContainer interfaces;
	NodeContainer nodes;
	double elapsed;

	configure();
	interfaces = path(nodes);
	programs(nodes, interfaces, flows);
	Simulator::Stop(Seconds(seconds));
	count_from_here();
	elapsed = wall();
	Simulator::Run();
	elapsed = wall() - elapsed;
	Simulator::Destroy();
	figure((double)packets / elapsed, "/s", "ns3.sim_packets.per_s.n%u",
	    flows);
	/* 1502 bytes on this link. */
	figure((double)packets * 1502 * 8 / (100e6 * seconds), "of link",
	    "ns3.sim_packets.use.n%u", flows);
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	double seconds = 10;
	unsigned flows = 1;
	int c;

	optind = 2;
	while ((c = getopt(argc, argv, "f:s:u")) != -1)
		if (c == 'f')
			flows = (unsigned)atoi(optarg);
		else if (c == 's')
			seconds = atof(optarg);
		else if (c == 'u')
			figure_units_only = true;
		else
			return (64);
	if (strcmp(what, "sim_packets") == 0)
		sim_packets(flows, seconds);
	else if (strcmp(what, "counts") == 0)
		(void)printf("%s\n", COUNTS);
	else if (strcmp(what, "build") == 0)
		(void)printf("ns-3 %s\n", NS3_BUILD);
	else
		die("usage: peer_ns3 sim_packets | build [-u] [-f flows] "
		    "[-s seconds]");
	if (figure_units_only)
		(void)printf("%ju\n", (uintmax_t)packets);
	return (0);
}
