/* SPDX-License-Identifier: ISC */
/* lab/exec.h with real programs, on a lab that is no more than this:
 *
 *     program - eth0 10.7.0.1 ~ bridge - wire, 10 ms - answerer 10.7.0.2: ARP, and ping
 *
 * Run by root it tries everything twice: as root, and as nobody. With each kind of device.
 */
#define _GNU_SOURCE /* setresuid */
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/checksum.h"
#include "lab/exec.h"
#include "link/device.h"
#include "tap.h"

enum { NOBODY = 65534 };
static const uint8_t answerer_mac[6] = { 2, 0, 0, 0, 0, 2 };
static enum exec_device device;

struct answerer { struct sim_node node; struct link *end; uint32_t heard; };

/* Turns a question into its answer; false: it is none. */
static bool answer(uint8_t *f, size_t len)
{
	uint8_t ip[4];
	bool arp = len >= 42 && load_be16(f + 12) == 0x806 && f[21] == 1 && f[41] == 2;
	bool ping = len >= 42 && load_be16(f + 12) == 0x800 && f[23] == 1 && f[34] == 8;

	if (!arp && !ping) return false;
	memcpy(f, f + 6, 6);
	memcpy(f + 6, answerer_mac, 6);
	if (arp) {
		f[21] = 2;
		memcpy(ip, f + 38, 4);
		memcpy(f + 32, f + 22, 10);
		memcpy(f + 22, answerer_mac, 6);
		memcpy(f + 28, ip, 4);
		return true;
	}
	memcpy(ip, f + 26, 4);
	memcpy(f + 26, f + 30, 4);
	memcpy(f + 30, ip, 4);
	f[34] = 0;
	store_be16(f + 36, 0);
	store_be16(f + 36, checksum_finish(checksum_add(0, (struct bytes){ f + 34, load_be16(f + 16) - 20u })));
	return true;
}

static void answerer_step(struct sim_node *node, instant now)
{
	struct answerer *a = (struct answerer *)node;
	struct frame f[LINK_BATCH_MAX];
	uint8_t bytes[1514];

	for (size_t n; (n = link_recv(a->end, now, f, LINK_BATCH_MAX)) > 0;)
		for (size_t i = 0; i < n; i++) {
			a->heard++;
			memcpy(bytes, f[i].data.at, f[i].data.len);
			if (answer(bytes, f[i].data.len))
				link_send(a->end, now, &(struct frame){ .data = { bytes, f[i].data.len } }, 1);
		}
}
static instant never(const struct sim_node *node) { (void)node; return NEVER; }

/* The program's status in a lab of its own; what could not be done is in words. */
static int lab(char *const *argv, char *words, size_t words_size)
{
	static const struct sim_limits limits = { .nodes_max = 2, .wires_max = 1, .ends_max = 2, .frames_max = 1000,
	                                          .frame_bytes_max = 1514 };
	static const struct prefix address[2] = {
		{ { { [10] = 0xff, 0xff, 10, 7, 0, 1 } }, 120 }, { { { 0x20, 1, 0xd, 0xb8, [15] = 1 } }, 64 } };
	struct ip gateway = ip4_of(0x0a070002), servers[2] = { ip4_of(0x0a070002), ip4_of(0x0a070003) };
	struct answerer answerer = { .node = { answerer_step, never } };
	struct text err = text_in(words, words_size);
	struct exec_bridge bridge;

	void *memory = calloc(1, sim_size(&limits));
	struct sim *sim = sim_init((struct room){ memory, sim_size(&limits) }, &limits, 1);
	sim_wire_id wire = sim_add_wire(sim, &(struct sim_wire_config){ .delay = 10 * MILLISECOND, .mtu = 1400 });
	exec_bridge_init(&bridge);
	sim_node_id node = sim_add_node(sim, &bridge.node, "client1");
	bridge.end = sim_attach(sim, wire, node);
	answerer.end = sim_attach(sim, wire, sim_add_node(sim, &answerer.node, "answerer"));
	struct exec exec;
	const struct exec_config config = {
		.sim = sim, .node = node, .bridge = &bridge, .hostname = "client1", .mac = { { 2, 0, 0, 0, 0, 1 } },
		.addresses = address, .addresses_count = 2, .gateways = &gateway, .gateways_count = 1,
		.servers = servers, .servers_count = 2, .device = device, .argv = argv, .err = &err };
	int status = exec_begin(&exec, &config) ? exec_run(&exec) : EXEC_FAILED;
	free(memory);
	if (status == EXEC_FAILED) printf("# %s\n", words);
	return status;
}

static int shell(const char *script)
{
	char words[500];
	return lab((char *const[]){ (char *)"sh", (char *)"-c", (char *)(uintptr_t)script, NULL }, words, sizeof words);
}

static void status_is_passed_on(void)
{
	char words[500];

	CHECK_EQ(shell("exit 0"), 0);
	CHECK_EQ(shell("exit 7"), 7);
	CHECK_EQ(shell("kill -9 $$"), 128 + SIGKILL);
	CHECK_EQ(shell("kill -TERM $$"), 128 + SIGTERM);
	CHECK_EQ(lab((char *const[]){ (char *)"/nosuch/program", NULL }, words, sizeof words), 127);
	CHECK_EQ(lab((char *const[]){ (char *)"/etc/passwd", NULL }, words, sizeof words), 126);
}

static void what_the_program_finds(void)
{
	CHECK_EQ(shell("test \"$(grep ^nameserver /etc/resolv.conf)\" = 'nameserver 10.7.0.2\nnameserver 10.7.0.3'"), 0);
	CHECK_EQ(shell("test ! -e /etc/nsswitch.conf || grep -q '^hosts: files dns$' /etc/nsswitch.conf"), 0);
	CHECK_EQ(shell("test \"$(uname -n)\" = client1"), 0);
	/* Two devices: lo, and eth0. */
	CHECK_EQ(shell("test \"$(sed 1,2d /proc/self/net/dev | cut -d: -f1 | tr -d ' ' | sort | tr '\\n' ,)\" = eth0,lo,"), 0);
	/* The route by eth0 to everywhere through 10.7.0.2, in /proc's byte order. */
	CHECK_EQ(shell("grep -q '^eth0.00000000.0200070A' /proc/self/net/route"), 0);
	CHECK_EQ(shell("test ! -e /proc/self/net/if_inet6 || grep -q ^20010db8 /proc/self/net/if_inet6"), 0);
	CHECK_EQ(shell("test \"$(id -u)\" = \"$EXPECTED_UID\""), 0);
}

static void nothing_stays_behind(void)
{
	CHECK_EQ(system("grep -q 'of the lab this program runs in' /etc/resolv.conf"), 256);
	CHECK_EQ(system("test \"$(uname -n)\" != client1"), 0);
	CHECK_EQ(system("test -e /proc/self/status"), 0);
}

/* Ping answers after twice the wire's delay, one of some hardly later on a busy machine too; the first also asks for
 * the address. */
static void ping_goes_over_the_wire(void)
{
	if (system("command -v ping >/dev/null") != 0) {
		printf("# no ping here\n");
		return;
	}
	CHECK_EQ(shell("ping -c 4 -i 0.2 -W 2 10.7.0.2 | grep -q 'seq=[2-4] .* time=2[0-9][.0-9]* ms'"), 0);
}

/* 100 ms on an idle machine; tests may run on a busy one, so the best of some counts. */
static void ready_in_a_moment(void)
{
	instant best = NEVER;

	for (int tries = 0; tries < 5 && best >= SECOND; tries++) {
		instant before = device_now();
		CHECK_EQ(shell("exit 0"), 0);
		best = instant_min(best, device_now() - before);
	}
	printf("# %.1f ms from start to end\n", (double)best / MILLISECOND);
	CHECK(best < SECOND);
}

/* SIGTERM to us ends the program, not us; what the terminal sends reaches it anyway. */
static void signals_are_handed_on(void)
{
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) _exit(shell("trap 'exit 42' TERM; kill -TERM $PPID; while :; do sleep 0.05; done") == 42 ? 0 : 1);
	int status;
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Who takes the device away sits in the dark, and costs nothing. */
static void device_taken_away(void)
{
	if (system("command -v ip >/dev/null") != 0) {
		printf("# no ip here\n");
		return;
	}
	clock_t before = clock();
	CHECK_EQ(shell("ip link set eth0 down; ip link delete eth0 2>/dev/null; sleep 0.3; exit 5"), 5);
	CHECK((clock() - before) * 10 < CLOCKS_PER_SEC); /* a tenth of a second: it does not spin */
}

/* Runs this program again, in a shell's words that forbid namespaces first; it says why it cannot go on. */
static const char *self;
#define USER_1000 "unshare --map-user=1000 --map-group=1000 --keep-caps sh -c '"

static void said_why(const char *before, const char *expected)
{
	char command[1000], words[500] = "";

	snprintf(command, sizeof command, "%s setpriv --ambient-caps=-all --inh-caps=-all %s forbidden'", before, self);
	FILE *f = popen(command, "r");
	CHECK(f != NULL);
	if (fgets(words, sizeof words, f) == NULL) words[0] = '\0';
	int status = pclose(f);
	if (WEXITSTATUS(status) == EXEC_FAILED && strstr(words, expected) != NULL) return;
	printf("# status %d: %s\n", WEXITSTATUS(status), words);
	tap_ok = false;
}

static void where_it_is_forbidden(void)
{
	if (system(USER_1000 "test -w /proc/sys/user/max_user_namespaces' 2>/dev/null") != 0) {
		printf("# cannot be tried here\n");
		return;
	}
	said_why(USER_1000 "echo 0 >/proc/sys/user/max_user_namespaces; exec",
	         "user.max_user_namespaces is 0. Run this as root (sudo), or have root allow it: sysctl -w");
	said_why(USER_1000 "echo 0 >/proc/sys/user/max_net_namespaces; exec", "user.max_net_namespaces is 0");
	said_why("unshare -U sh -c 'exec", "Run this outside of it, or as root, or in a privileged container");
}

static int only_say_why(void)
{
	char words[500] = "";
	char *const argv[] = { (char *)"true", NULL };
	int status = lab(argv, words, sizeof words);
	return status;
}

static void try_all(enum exec_device kind, const char *what)
{
	printf("# as user %u, %s\n", geteuid(), what);
	device = kind;
	TEST(status_is_passed_on);
	TEST(what_the_program_finds);
	TEST(ping_goes_over_the_wire);
	TEST(ready_in_a_moment);
	TEST(signals_are_handed_on);
	TEST(device_taken_away);
	TEST(nothing_stays_behind);
}

static void as_this_user(void)
{
	char uid[16];
	int tun = open("/dev/net/tun", O_RDWR);

	snprintf(uid, sizeof uid, "%u", geteuid());
	setenv("EXPECTED_UID", uid, 1);
	if (tun >= 0) {
		close(tun);
		try_all(EXEC_TAP, "over a TAP");
	}
	try_all(EXEC_VETH, "over a veth pair");
	device = EXEC_ANY;
	TEST(where_it_is_forbidden);
}

/* A copy of this program where nobody can run it too: the build may lie in a folder of root's. */
static char folder[] = "/tmp/tulle-exec-XXXXXX", copy[sizeof folder + 5];

static void copy_self(const char *from)
{
	char command[1000];

	if (mkdtemp(folder) == NULL) abort();
	snprintf(copy, sizeof copy, "%s/self", folder);
	snprintf(command, sizeof command, "chmod 755 %s && cp %s %s%s%s", folder, from, copy,
	         geteuid() == 0 ? " && chown -R nobody " : "", geteuid() == 0 ? folder : ""); /* who removes it */
	if (system(command) != 0) abort();
	self = copy;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "forbidden") == 0) return only_say_why();
	if (shell("exit 0") == EXEC_FAILED) {
		printf("1..0 # SKIP no namespaces can be made here\n");
		return 0;
	}
	copy_self(argv[0]);
	as_this_user();
	if (geteuid() == 0 && setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
	    setresuid(NOBODY, NOBODY, NOBODY) == 0) {
		prctl(PR_SET_DUMPABLE, 1); /* as any program is that was started by that user */
		as_this_user();
	}
	if (unlink(copy) != 0 || rmdir(folder) != 0) printf("# %s is left behind\n", folder);
	return tap_end();
}
