/* SPDX-License-Identifier: ISC */
#include "lab/etc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* A tmpfs lies over /proc (which is always there) while the files are made and bound; they outlive it. */
#define STAGE "/proc"
#define ETC STAGE "/etc"

/* Where systems keep their root certificates in one file: Debian and its kin, Fedora's, SUSE's, Alpine's. */
static const char *const root_files[] = {
	"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
};

static bool failed(const char *what, struct text *err)
{
	text_printf(err, "%s: %s", what, strerror(errno));
	return false;
}

static bool write_new(const char *path, const struct text *words)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool done = fd >= 0 && !words->cut && write(fd, words->at, words->len) == (ssize_t)words->len;

	if (fd >= 0) close(fd);
	return done;
}

/* All lines but that on hosts; false if there is no such file, which means files and DNS. */
static bool read_nsswitch(struct text *out)
{
	char line[512];
	FILE *f = fopen("/etc/nsswitch.conf", "re");

	if (f == NULL) return false;
	while (fgets(line, sizeof line, f) != NULL)
		if (strncmp(line + strspn(line, " \t"), "hosts:", 6) != 0) text_puts(out, line);
	fclose(f);
	text_puts(out, "\nhosts: files dns\n");
	return true;
}

static void write_resolv(const struct exec_config *c, struct text *out)
{
	char ip[IP_TEXT_MAX];

	text_puts(out, "# The name servers of the lab this program runs in.\n");
	for (size_t i = 0; i < c->servers_count; i++) text_printf(out, "nameserver %s\n", ip_text(c->servers[i], ip));
}

static bool there(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0;
}

static bool bind(const char *from, const char *to, struct text *err)
{
	return mount(from, to, NULL, MS_BIND, NULL) == 0 || failed(to, err);
}

/* A file that is there (perhaps behind a symbolic link) is covered. Where there is none, only all of /etc can be,
 * with what we have made lying over it. */
static bool cover(bool nsswitch, struct text *err)
{
	if (!there("/etc/resolv.conf")) {
		if (mount("overlay", "/etc", "overlay", MS_RDONLY, "lowerdir=" ETC ":/etc") == 0) return true;
		text_printf(err, "there is no /etc/resolv.conf to put the lab's over, and /etc cannot be covered (%s): make "
		            "an empty one, as root: touch /etc/resolv.conf", strerror(errno));
		return false;
	}
	if (!bind(ETC "/resolv.conf", "/etc/resolv.conf", err)) return false;
	return !nsswitch || bind(ETC "/nsswitch.conf", "/etc/nsswitch.conf", err);
}

static const char *root_file(void)
{
	for (size_t i = 0; i < COUNT(root_files); i++)
		if (there(root_files[i])) return root_files[i];
	return NULL;
}

/* A system without such a file has no program that looks at one. */
static bool cover_roots(const struct exec_config *c, struct text *err)
{
	const char *file = root_file();
	struct text roots = { .at = (char *)(uintptr_t)c->roots.at, .len = c->roots.len };

	if (file == NULL || c->roots.len == 0) return true;
	if (!write_new(ETC "/roots.pem", &roots)) return failed("cannot write the lab's root certificate", err);
	return bind(ETC "/roots.pem", file, err);
}

void etc_tell_roots(const struct exec_config *c)
{
	static const char *const variables[] = { "SSL_CERT_FILE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "REQUESTS_CA_BUNDLE",
	                                         "NODE_EXTRA_CA_CERTS" };
	const char *file = root_file();

	if (file == NULL || c->roots.len == 0) return;
	for (size_t i = 0; i < COUNT(variables); i++) setenv(variables[i], file, 1);
}

bool etc_replace(const struct exec_config *c, struct text *err)
{
	char resolv_words[512], nsswitch_words[8192];
	struct text resolv = text_in(resolv_words, sizeof resolv_words);
	struct text nsswitch = text_in(nsswitch_words, sizeof nsswitch_words);
	bool has_nsswitch = read_nsswitch(&nsswitch);

	write_resolv(c, &resolv);
	/* Nothing of this may reach the rest of the system. */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return failed("cannot make the mounts private", err);
	/* What caches names for the whole system is not to be asked. */
	if (there("/run/nscd/socket") && !bind("/dev/null", "/run/nscd/socket", err)) return false;
	if (mount("tulle", STAGE, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") != 0)
		return failed("cannot mount a tmpfs", err);
	if (mkdir(ETC, 0755) != 0 || !write_new(ETC "/resolv.conf", &resolv) ||
	    (has_nsswitch && !write_new(ETC "/nsswitch.conf", &nsswitch)))
		return failed("cannot write resolv.conf", err);
	if (!cover(has_nsswitch, err) || !cover_roots(c, err)) return false;
	return umount2(STAGE, MNT_DETACH) == 0 || failed(STAGE, err);
}
