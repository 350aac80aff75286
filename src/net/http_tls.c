/* TLS: the certificate and its key, read again when one of the files changes, so that renewal needs no restart.
 * Connections keep the context they began with. A pair that cannot be used (half written, not matching) is ignored with
 * a warning, and looked at again when the files change once more. */
#include "net/http_server_internal.h"

#include <errno.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RELOAD_EVERY_MS = 1000 };

/* Enough to see that a file was written or replaced. */
typedef struct FileStamp {
  ino_t inode;
  off_t bytes;
  struct timespec changed;
} FileStamp;

struct HttpTls {
  char *cert_path, *key_path;
  pthread_mutex_t mutex; /* guards context */
  SSL_CTX *context;
  /* of the loop that reloads */
  FileStamp cert_stamp, key_stamp;
  i64 looked_us;
};

static FileStamp stamp(const char *path) {
  struct stat info;
  if (stat(path, &info) != 0) return (FileStamp){0};
  return (FileStamp){.inode = info.st_ino, .bytes = info.st_size, .changed = info.st_mtim};
}

static bool same_stamp(FileStamp a, FileStamp b) {
  return a.inode == b.inode && a.bytes == b.bytes && a.changed.tv_sec == b.changed.tv_sec &&
         a.changed.tv_nsec == b.changed.tv_nsec;
}

/* OpenSSL's words for what happens most, as people say it. */
static const struct {
  const char *theirs, *ours;
} REASONS[] = {
    {"no start line", "it is not a PEM file"},
    {"unsupported", "it is not a PEM file with an unencrypted key"},
    {"key values mismatch", "the key does not belong to the certificate"},
    {"bad decrypt", "the key is encrypted; give one without a pass phrase"},
    {"bad password read", "the key is encrypted; give one without a pass phrase"},
    {"interrupted or cancelled", "the key is encrypted; give one without a pass phrase"},
};

static const char *reason_of(const char *path, unsigned long code) {
  const char *words = ERR_reason_error_string(code);
  if (access(path, R_OK) != 0) return strerror(errno);
  for (size_t i = 0; words && i < COUNT(REASONS); i++)
    if (strstr(words, REASONS[i].theirs)) return REASONS[i].ours;
  return words ? words : "unknown reason";
}

static bool tls_fail(const char *what, const char *path, Error *err) {
  unsigned long code = ERR_peek_error();
  ERR_clear_error();
  return fail(err, ERR_INVALID, "%s \"%s\" cannot be used: %s", what, path, reason_of(path, code));
}

/* Nobody is there to type one. */
static int no_pass_phrase(char *out, int size, int writing, void *ctx) {
  (void)out;
  (void)size;
  (void)writing;
  (void)ctx;
  return -1;
}

static void warn_of_end(SSL_CTX *context, const char *path) {
  const X509 *cert = SSL_CTX_get0_certificate(context);
  int days = 0, seconds = 0;
  if (!cert || ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert)) != 1) return;
  if (days < 0 || seconds < 0)
    log_warn("http", "the certificate %s has expired: browsers and senders refuse it; renew it", path);
  else if (days < 7)
    log_warn("http", "the certificate %s expires in %d days; renew it", path, days);
}

/* We speak HTTP/1.1 only; a client that offers a list must find it there. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_bytes, const unsigned char *offered,
                           unsigned int offered_bytes, void *ctx) {
  (void)ssl;
  (void)ctx;
  static const unsigned char OURS[] = "\x08http/1.1";
  unsigned char *chosen = NULL;
  int found = SSL_select_next_proto(&chosen, out_bytes, OURS, sizeof(OURS) - 1, offered, offered_bytes);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static bool load_pair(SSL_CTX *context, const char *cert_path, const char *key_path, Error *err) {
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, cert_path) != 1) return tls_fail("--tls-cert", cert_path, err);
  if (SSL_CTX_use_PrivateKey_file(context, key_path, SSL_FILETYPE_PEM) != 1)
    return tls_fail("--tls-key", key_path, err);
  if (SSL_CTX_check_private_key(context) != 1) return tls_fail("--tls-key", key_path, err);
  return true;
}

static SSL_CTX *load(const char *cert_path, const char *key_path, Error *err) {
  SSL_CTX *context = SSL_CTX_new(TLS_server_method());
  if (!context) {
    fail(err, ERR_INTERNAL, "cannot set up TLS");
    return NULL;
  }
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
  SSL_CTX_set_default_passwd_cb(context, no_pass_phrase);
  if (load_pair(context, cert_path, key_path, err)) {
    warn_of_end(context, cert_path);
    return context;
  }
  SSL_CTX_free(context);
  return NULL;
}

bool http_tls_new(const char *cert_path, const char *key_path, HttpTls **out, Error *err) {
  FileStamp cert_stamp = stamp(cert_path),
            key_stamp = stamp(key_path); /* before reading: a change in between is seen */
  SSL_CTX *context = load(cert_path, key_path, err);
  if (!context) return false;
  HttpTls *tls = xcalloc(1, sizeof(*tls));
  pthread_mutex_init(&tls->mutex, NULL);
  tls->cert_path = xstrdup(cert_path);
  tls->key_path = xstrdup(key_path);
  tls->context = context;
  tls->cert_stamp = cert_stamp;
  tls->key_stamp = key_stamp;
  *out = tls;
  return true;
}

void http_tls_free(HttpTls *tls) {
  if (!tls) return;
  SSL_CTX_free(tls->context);
  pthread_mutex_destroy(&tls->mutex);
  free(tls->cert_path);
  free(tls->key_path);
  free(tls);
}

void http_tls_reload_if_changed(HttpTls *tls) {
  i64 now_us = clock_monotonic_us();
  if (now_us - tls->looked_us < RELOAD_EVERY_MS * 1000) return;
  tls->looked_us = now_us;
  FileStamp cert_stamp = stamp(tls->cert_path), key_stamp = stamp(tls->key_path);
  if (same_stamp(cert_stamp, tls->cert_stamp) && same_stamp(key_stamp, tls->key_stamp)) return;
  tls->cert_stamp = cert_stamp;
  tls->key_stamp = key_stamp;
  Error err = {0};
  SSL_CTX *context = load(tls->cert_path, tls->key_path, &err);
  if (!context) {
    log_warn("http", "ignoring the changed certificate: %s", err.message);
    return;
  }
  pthread_mutex_lock(&tls->mutex);
  SSL_CTX *old = tls->context;
  tls->context = context;
  pthread_mutex_unlock(&tls->mutex);
  SSL_CTX_free(old);
  log_info("http", "the certificate \"%s\" was read again", tls->cert_path);
}

struct bufferevent *http_tls_accept(HttpTls *tls, struct event_base *base, int fd) {
  pthread_mutex_lock(&tls->mutex);
  SSL *ssl = SSL_new(tls->context); /* keeps the context */
  pthread_mutex_unlock(&tls->mutex);
  if (!ssl) return NULL;
  struct bufferevent *bev =
      bufferevent_openssl_socket_new(base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
  if (!bev) SSL_free(ssl);
  return bev;
}

void http_tls_goodbye(struct bufferevent *bev) {
  SSL *ssl = bufferevent_openssl_get_ssl(bev);
  ERR_clear_error();
  if (SSL_is_init_finished(ssl)) SSL_shutdown(ssl);
  ERR_clear_error();
}
