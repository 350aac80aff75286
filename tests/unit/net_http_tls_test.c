/* TLS: requests over it, and certificates that change under a running server. */
#include "unit/net_http_fixture.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

typedef struct Files {
  char folder[64], cert[128], key[128];
} Files;

/* Writes beside, then renames: as renewal programs do. */
static FILE *begin_file(const char *path, char temporary[160]) {
  snprintf(temporary, 160, "%s.new", path);
  FILE *file = fopen(temporary, "w");
  assert_non_null(file);
  return file;
}

static void write_pair(const Files *files, const char *name) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *cert = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert), 0);
  X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
  X509_set_pubkey(cert, key);
  X509_NAME *subject = X509_get_subject_name(cert);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
  X509_set_issuer_name(cert, subject);
  assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
  char cert_new[160], key_new[160];
  FILE *file = begin_file(files->cert, cert_new);
  PEM_write_X509(file, cert);
  fclose(file);
  file = begin_file(files->key, key_new);
  PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
  fclose(file);
  assert_int_equal(rename(cert_new, files->cert), 0);
  assert_int_equal(rename(key_new, files->key), 0);
  X509_free(cert);
  EVP_PKEY_free(key);
}

static Files files_new(void) {
  Files files = {.folder = "/tmp/tocsin-tls-XXXXXX"};
  assert_non_null(mkdtemp(files.folder));
  snprintf(files.cert, sizeof(files.cert), "%s/cert.pem", files.folder);
  snprintf(files.key, sizeof(files.key), "%s/key.pem", files.folder);
  return files;
}

static void files_remove(const Files *files) {
  unlink(files->cert);
  unlink(files->key);
  rmdir(files->folder);
}

static Fixture *start_tls(const Files *files) {
  HttpServerOptions options = fixture_options(NULL);
  options.tls_cert = files->cert;
  options.tls_key = files->key;
  return fixture_start(&options);
}

typedef struct TlsClient {
  int fd;
  SSL_CTX *context;
  SSL *ssl;
} TlsClient;

static TlsClient tls_open(Fixture *f) {
  TlsClient client = {.fd = client_open(f), .context = SSL_CTX_new(TLS_client_method())};
  client.ssl = SSL_new(client.context);
  SSL_set_fd(client.ssl, client.fd);
  assert_int_equal(SSL_connect(client.ssl), 1);
  return client;
}

static void tls_close(TlsClient *client) {
  SSL_free(client->ssl);
  SSL_CTX_free(client->context);
  close(client->fd);
}

static void tls_peer_name(TlsClient *client, char out[64]) {
  X509 *cert = SSL_get1_peer_certificate(client->ssl);
  X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, out, 64);
  X509_free(cert);
}

/* All until the end of the stream, which must be a proper one. */
static Str tls_rest(TlsClient *client, Arena *arena) {
  Buf out = buf_new(arena, MIB(2));
  char block[4096];
  int got;
  while ((got = SSL_read(client->ssl, block, sizeof(block))) > 0) buf_put(&out, (Str){block, (size_t)got});
  assert_int_equal(SSL_get_error(client->ssl, got), SSL_ERROR_ZERO_RETURN);
  return buf_str(&out);
}

static bool server_shows(Fixture *f, const char *expected) {
  TlsClient client = tls_open(f);
  char name[64] = "";
  tls_peer_name(&client, name);
  tls_close(&client);
  return strcmp(name, expected) == 0;
}

static void requests_are_answered_over_tls(void **state) {
  (void)state;
  Files files = files_new();
  write_pair(&files, "one");
  Fixture *f = start_tls(&files);
  Arena *arena = arena_new();
  TlsClient client = tls_open(f);
  Str text = S("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
               "GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  for (size_t i = 0; i < text.len; i++) assert_int_equal(SSL_write(client.ssl, text.ptr + i, 1), 1);
  Str answers = tls_rest(&client, arena);
  assert_true(str_find(answers, S("POST /echo? hello"), 0) != SIZE_MAX);
  assert_true(answers.len > MIB(1));
  tls_close(&client);
  arena_free(arena);
  fixture_free(f);
  files_remove(&files);
}

static void streams_over_tls_end_properly(void **state) {
  (void)state;
  Files files = files_new();
  write_pair(&files, "one");
  Fixture *f = start_tls(&files);
  Arena *arena = arena_new();
  TlsClient client = tls_open(f);
  Str text = S("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  assert_int_equal(SSL_write(client.ssl, text.ptr, (int)text.len), (int)text.len);
  WAIT_FOR(f->requests == 1);
  pthread_mutex_lock(&f->mutex);
  SharedBytes *bytes = shared_bytes_new(S("data: one\n\n"));
  http_stream_send(f->streams[0], bytes);
  http_stream_end(f->streams[0]);
  shared_bytes_drop(bytes);
  pthread_mutex_unlock(&f->mutex);
  assert_true(str_ends_with(tls_rest(&client, arena), S("\r\n\r\ndata: one\n\n")));
  tls_close(&client);
  arena_free(arena);
  fixture_free(f);
  files_remove(&files);
}

static void a_changed_certificate_is_read_again(void **state) {
  (void)state;
  Files files = files_new();
  write_pair(&files, "one");
  Fixture *f = start_tls(&files);
  assert_true(server_shows(f, "one"));
  FILE *broken = fopen(files.cert, "w"); /* half written: ignored */
  fputs("-----BEGIN CERTIFICATE-----\n", broken);
  fclose(broken);
  pause_ms(999);
  pause_ms(500);
  assert_true(server_shows(f, "one"));
  write_pair(&files, "two");
  WAIT_FOR(server_shows(f, "two"));
  fixture_free(f);
  files_remove(&files);
}

static void plain_bytes_and_half_options_are_refused(void **state) {
  (void)state;
  Files files = files_new();
  write_pair(&files, "one");
  Fixture *f = start_tls(&files);
  int fd = client_open(f);
  client_send(fd, S("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  char answer[512];
  size_t bytes = client_receive(fd, answer, sizeof(answer));
  assert_true(str_find((Str){answer, bytes}, S("HTTP/"), 0) == SIZE_MAX);
  close(fd);
  assert_true(server_shows(f, "one"));
  fixture_free(f);
  HttpServerOptions options = fixture_options(NULL);
  options.tls_cert = files.cert;
  HttpServer *server = NULL;
  Error err = {0};
  assert_false(http_server_start(&options, &server, &err));
  options.tls_key = files.cert; /* not a key */
  assert_false(http_server_start(&options, &server, &err));
  files_remove(&files);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(requests_are_answered_over_tls),
      cmocka_unit_test(streams_over_tls_end_properly),
      cmocka_unit_test(a_changed_certificate_is_read_again),
      cmocka_unit_test(plain_bytes_and_half_options_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
