// SPDX-License-Identifier: ISC
// ns3.cc - the peer of bench/sim.c: the same work in ns-3 (Debian's libns3-dev), and the same words on standard output.
//
//     bench_ns3 pair RATE DELAY BYTES      two hosts, one wire, one TCP transfer:  "pair 1Gbit/s 20ms PACKETS CPU-SECONDS"
//     bench_ns3 star HOSTS BYTES           each host on a wire of its own to a router, each sends to the next one
//     bench_ns3 idle HOSTS                 bytes of resident memory per host that does nothing
//
// A packet is counted each time it starts onto a wire.
#include <ctime>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <unistd.h>

#include "ns3/applications-module.h"
#include "ns3/core-module.h"
#include "ns3/internet-module.h"
#include "ns3/network-module.h"
#include "ns3/point-to-point-module.h"

using namespace ns3;

static uint64_t packets;
static void sent(Ptr<const Packet>) { packets++; }

static double cpu_seconds()
{
	timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static long resident_bytes()
{
	long total = 0, resident = 0;
	std::ifstream("/proc/self/statm") >> total >> resident;
	return resident * sysconf(_SC_PAGESIZE);
}

static NetDeviceContainer wire(PointToPointHelper &p2p, Ptr<Node> a, Ptr<Node> b)
{
	NetDeviceContainer ends = p2p.Install(a, b);
	for (uint32_t i = 0; i < 2; i++)
		ends.Get(i)->TraceConnectWithoutContext("PhyTxBegin", MakeCallback(&sent));
	return ends;
}

static void transfer(Ptr<Node> from, Ptr<Node> to, Ipv4Address address, uint64_t bytes)
{
	PacketSinkHelper sink("ns3::TcpSocketFactory", InetSocketAddress(Ipv4Address::GetAny(), 5000));
	BulkSendHelper source("ns3::TcpSocketFactory", InetSocketAddress(address, 5000));
	source.SetAttribute("MaxBytes", UintegerValue(bytes));
	source.SetAttribute("SendSize", UintegerValue(65536));
	sink.Install(to).Start(Seconds(0));
	source.Install(from).Start(Seconds(0.1));
}

static void run(const char *what)
{
	double start = cpu_seconds();
	Simulator::Stop(Seconds(100000));
	Simulator::Run();
	std::printf("%s %llu %.3f\n", what, (unsigned long long)packets, cpu_seconds() - start);
	Simulator::Destroy();
}

int main(int argc, char **argv)
{
	std::string what = argc > 1 ? argv[1] : "";
	Config::SetDefault("ns3::TcpSocket::SegmentSize", UintegerValue(1460));
	Config::SetDefault("ns3::TcpSocket::SndBufSize", UintegerValue(4 << 20));
	Config::SetDefault("ns3::TcpSocket::RcvBufSize", UintegerValue(4 << 20));
	PointToPointHelper p2p;
	InternetStackHelper internet;
	internet.SetIpv6StackInstall(true);

	if (what == "pair" && argc == 5) {
		NodeContainer hosts(2);
		p2p.SetDeviceAttribute("DataRate", StringValue(argv[2]));
		p2p.SetChannelAttribute("Delay", StringValue(argv[3]));
		internet.Install(hosts);
		Ipv4AddressHelper net("10.0.0.0", "255.255.255.0");
		Ipv4InterfaceContainer at = net.Assign(wire(p2p, hosts.Get(0), hosts.Get(1)));
		transfer(hosts.Get(0), hosts.Get(1), at.GetAddress(1), std::strtoull(argv[4], nullptr, 10));
		run((std::string("pair ") + argv[2] + " " + argv[3]).c_str());
	} else if (what == "star" && argc == 4) {
		uint32_t count = std::atoi(argv[2]);
		NodeContainer hosts(count), router(1);
		Ipv4StaticRoutingHelper routes;
		std::vector<Ipv4Address> address;
		p2p.SetDeviceAttribute("DataRate", StringValue("100Mbps"));
		p2p.SetChannelAttribute("Delay", StringValue("5ms"));
		internet.Install(hosts);
		internet.Install(router);
		Ipv4AddressHelper net("10.0.0.0", "255.255.255.252");
		for (uint32_t i = 0; i < count; i++) {
			Ipv4InterfaceContainer at = net.Assign(wire(p2p, hosts.Get(i), router.Get(0)));
			address.push_back(at.GetAddress(0));
			routes.GetStaticRouting(hosts.Get(i)->GetObject<Ipv4>())->SetDefaultRoute(at.GetAddress(1), 1);
			net.NewNetwork();
		}
		for (uint32_t i = 0; i < count; i++)
			transfer(hosts.Get(i), hosts.Get((i + 1) % count), address[(i + 1) % count],
			         std::strtoull(argv[3], nullptr, 10));
		run("star");
	} else if (what == "idle" && argc == 3) {
		uint32_t count = std::atoi(argv[2]);
		long before = resident_bytes();
		NodeContainer hosts(count), router(1);
		internet.Install(hosts);
		internet.Install(router);
		Ipv4AddressHelper net("10.0.0.0", "255.255.255.252");
		for (uint32_t i = 0; i < count; i++) {
			net.Assign(wire(p2p, hosts.Get(i), router.Get(0)));
			net.NewNetwork();
		}
		std::printf("idle %ld\n", (resident_bytes() - before) / (long)count);
	} else {
		std::fprintf(stderr, "usage: bench_ns3 pair RATE DELAY BYTES | star HOSTS BYTES | idle HOSTS\n");
		return 64;
	}
	return 0;
}
