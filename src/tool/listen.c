/* SPDX-License-Identifier: ISC */
#include "tool/listen.h"

#define USUAL_FIRST 1024 /* below it ports want a privilege, unless the sysctl says another number */

const char *listen_why(enum net_why why, uint16_t port)
{
	if (why == NET_IN_USE) return "address already in use; `tulle sockets --explain -i:PORT` says by whom";
	if (why != NET_NOT_ALLOWED || port == 0 || port >= USUAL_FIRST) return net_why_words(why);
	return "permission denied: ports below 1024 want a privilege. Either the program gets it,\n"
	       "  setcap cap_net_bind_service=+ep \"$(command -v tulle)\"\n"
	       "or the port needs none for anybody: sysctl net.ipv4.ip_unprivileged_port_start=80, with the lowest such port";
}
