/* SPDX-License-Identifier: ISC */
/* wolfssl_peer.c - a small HTTP server or client over wolfSSL, a stranger for tls_interop.sh. It has the manners of tls_peer:
 *
 *     wolfssl_peer server CA CERTIFICATE KEY          prints its port, says in its answer what the connection was
 *     wolfssl_peer client PORT NAME CA 1.2|1.3 full|resumed|client CERTIFICATE KEY      prints the answer
 */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static void give_up(const char *words)
{
	fprintf(stderr, "wolfssl_peer: %s\n", words);
	exit(1);
}

static void be_patient(int fd)
{
	struct timeval patience = { .tv_sec = 10 };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

static void use_certificate(WOLFSSL_CTX *context, const char *certificate, const char *key)
{
	if (wolfSSL_CTX_use_certificate_chain_file(context, certificate) != WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_use_PrivateKey_file(context, key, WOLFSSL_FILETYPE_PEM) != WOLFSSL_SUCCESS)
		give_up("certificate or key is not to its taste");
}


static void serve_one(WOLFSSL_CTX *context, int fd)
{
	WOLFSSL *ssl = wolfSSL_new(context);
	char request[4096], body[200], answer[400];
	be_patient(fd);
	wolfSSL_set_fd(ssl, fd);
	if (wolfSSL_accept(ssl) == WOLFSSL_SUCCESS && wolfSSL_read(ssl, request, sizeof request) > 0) {
		WOLFSSL_X509 *peer = wolfSSL_get_peer_certificate(ssl);
		snprintf(body, sizeof body, "version=%s resumed=%s client=%s\n", wolfSSL_get_version(ssl),
		         wolfSSL_session_reused(ssl) ? "yes" : "no", peer != NULL ? "yes" : "no");
		snprintf(answer, sizeof answer, "HTTP/1.0 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
		wolfSSL_write(ssl, answer, (int)strlen(answer));
		wolfSSL_X509_free(peer);
	} else {
		char words[80];
		printf("%s\n", wolfSSL_ERR_error_string((unsigned long)wolfSSL_get_error(ssl, -1), words));
		fflush(stdout);
	}
	wolfSSL_shutdown(ssl);
	shutdown(fd, SHUT_WR);
	while (recv(fd, request, sizeof request, 0) > 0) {}
	wolfSSL_free(ssl);
	close(fd);
}

static void serve(const char *ca, const char *certificate, const char *key)
{
	WOLFSSL_CTX *context = wolfSSL_CTX_new(wolfSSLv23_server_method());
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	use_certificate(context, certificate, key);
	wolfSSL_CTX_load_verify_locations(context, ca, NULL);
	wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_PEER, NULL);
	if (bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 16) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) != 0) give_up("cannot listen");
	printf("%u\n", ntohs(address.sin_port));
	fflush(stdout);
	for (;;) {
		int stream = accept(fd, NULL, NULL);
		if (stream >= 0) serve_one(context, stream);
	}
}

/* Fetches the page; the session, if one is wanted, is handed on. */
static void fetch(WOLFSSL_CTX *context, int port, const char *name, WOLFSSL_SESSION **session, int print)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((unsigned short)port),
	                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), n;
	if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) give_up("cannot connect");
	be_patient(fd);
	WOLFSSL *ssl = wolfSSL_new(context);
	char answer[4096], words[80];
	wolfSSL_set_fd(ssl, fd);
	wolfSSL_UseSNI(ssl, WOLFSSL_SNI_HOST_NAME, name, (unsigned short)strlen(name));
	wolfSSL_check_domain_name(ssl, name);
	wolfSSL_UseSessionTicket(ssl);
	if (*session != NULL) wolfSSL_set_session(ssl, *session);
	if (wolfSSL_connect(ssl) != WOLFSSL_SUCCESS)
		give_up(wolfSSL_ERR_error_string((unsigned long)wolfSSL_get_error(ssl, -1), words));
	wolfSSL_write(ssl, request, (int)strlen(request));
	while ((n = wolfSSL_read(ssl, answer, sizeof answer)) > 0)
		if (print) fwrite(answer, 1, (size_t)n, stdout);
	wolfSSL_SESSION_free(*session);
	*session = wolfSSL_get1_session(ssl);
	wolfSSL_shutdown(ssl);
	wolfSSL_free(ssl);
	close(fd);
}

static void call(char **argv)
{
	WOLFSSL_CTX *context = wolfSSL_CTX_new(strcmp(argv[5], "1.2") == 0 ? wolfTLSv1_2_client_method() : wolfTLSv1_3_client_method());
	WOLFSSL_SESSION *session = NULL;
	if (wolfSSL_CTX_load_verify_locations(context, argv[4], NULL) != WOLFSSL_SUCCESS) give_up("the CA is not to its taste");
	if (strcmp(argv[6], "client") == 0) use_certificate(context, argv[7], argv[8]);
	if (strcmp(argv[6], "resumed") == 0) fetch(context, atoi(argv[2]), argv[3], &session, 0);
	fetch(context, atoi(argv[2]), argv[3], &session, 1);
	wolfSSL_SESSION_free(session);
	wolfSSL_CTX_free(context);
	wolfSSL_Cleanup();
}

int main(int argc, char **argv)
{
	wolfSSL_Init();
	if (argc == 5 && strcmp(argv[1], "server") == 0) serve(argv[2], argv[3], argv[4]);
	else if (argc == 9 && strcmp(argv[1], "client") == 0) call(argv);
	else give_up("server CA CERTIFICATE KEY | client PORT NAME CA VERSION MODE CERTIFICATE KEY");
	return 0;
}
