/* SPDX-License-Identifier: ISC */
/* A machine's files about names, as anybody may have left them. The first byte chooses which; up to a NUL stands the name. */
#include "tool/dns/system.h"

static void check_resolv(struct bytes text, const char *name)
{
	static struct system_resolv r;
	struct dns_name names[SYSTEM_NAMES_MAX], again;
	char words[DNS_NAME_TEXT_MAX];

	system_resolv_read(&r, text, name, NULL, name);
	assert(r.servers >= 1 && r.servers <= TOOL_SERVERS_MAX && r.searches <= SYSTEM_SEARCH_MAX);
	assert(r.ndots <= 15 && r.timeout_s >= 1 && r.timeout_s <= 30 && r.attempts >= 1 && r.attempts <= 5);
	size_t count = system_names(&r, name, names);
	assert(count <= SYSTEM_NAMES_MAX);
	for (size_t i = 0; i < count; i++)
		assert(dns_name_parse(dns_name_text(&names[i], words), &again) && dns_name_equal(&again, &names[i]));
	system_resolv_read(&r, text, NULL, name, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[300];
	size_t len = 0;

	if (size == 0 || size > 1 << 16) return 0;
	while (1 + len < size && len < sizeof name - 1 && data[1 + len] != '\0') len++;
	memcpy(name, data + 1, len);
	name[len] = '\0';
	struct bytes text = { data + 1 + len, size - 1 - len };
	switch (data[0] % 3) {
	case 0: check_resolv(text, name); break;
	case 1: {
		struct system_order o;
		system_order_read(&o, text);
		assert(o.services <= SYSTEM_SERVICES_MAX && (!o.bad || o.services == 0));
		for (size_t i = 0; i < o.services; i++) {
			assert(*o.service[i].name != '\0');
			system_service_knows(o.service[i].name, name, name);
		}
		break;
	}
	case 2: {
		struct system_hosts all, first;
		bool multi = system_multi(text);
		system_hosts_find(&all, text, name, true);
		system_hosts_find(&first, text, name, multi);
		assert(all.count <= SYSTEM_ADDRESSES_MAX && (all.count > 0) == (first.count > 0));
		if (all.count > 0) assert(ip_equal(all.ip[0], first.ip[0]) && all.line[0] == first.line[0] && all.line[0] > 0);
	}
	}
	return 0;
}
