/* What every transfer shares: where it may go, which options are set, and what is told when it fails.
 * The guard stands in two places: where a socket is opened, on the very address that is connected next, and before a
 * request is sent, because a connection that a trusted call opened may be used again by one that is not. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "net/http_client_internal.h"

enum {
  URL_BYTES_MAX = 8192,
  IDLE_S_MAX = 60,      /* an older connection is likely to be closed by the peer just when it is used again */
  LIFETIME_S_MAX = 600, /* so that a change of DNS is followed */
};

void must(CURLcode code) {
  ASSERT(code == CURLE_OK);
}

bool has_control(Str text) {
  for (size_t i = 0; i < text.len; i++)
    if ((u8)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f) return true;
  return false;
}

/* Targets. */

static void url_free(void *url) {
  curl_url_cleanup(url);
}

const char *url_part(Arena *arena, CURLU *url, CURLUPart part, unsigned flags) {
  char *text = NULL;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return NULL;
  const char *copy = str_to_c(arena, str_from_c(text));
  curl_free(text);
  return copy;
}

static bool scheme_is_one_of(const char *protocols, const char *scheme) {
  Str head, tail = str_from_c(protocols);
  for (bool more = true; more;) {
    more = str_cut(tail, ',', &head, &tail);
    if (str_equal_nocase(head, str_from_c(scheme))) return true;
  }
  return false;
}

/* Never repeats the URL: chat platforms put secrets in its path. */
bool transfer_target(Arena *arena, Str text, const char *protocols, Str *out_host, CURLU **out_url, Error *err) {
  if (text.len == 0) return fail(err, ERR_INVALID, "the URL is empty");
  if (text.len > URL_BYTES_MAX) return fail(err, ERR_INVALID, "the URL is longer than %d bytes", URL_BYTES_MAX);
  if (has_control(text) || memchr(text.ptr, ' ', text.len))
    return fail(err, ERR_INVALID, "the URL holds a space, line break or other control character; encode it as %%20");
  CURLU *url = curl_url();
  ASSERT(url);
  arena_defer(arena, url_free, url);
  CURLUcode code = curl_url_set(url, CURLUPART_URL, str_to_c(arena, text), 0);
  if (code != CURLUE_OK) return fail(err, ERR_INVALID, "the URL is malformed: %s", curl_url_strerror(code));
  const char *scheme = url_part(arena, url, CURLUPART_SCHEME, 0);
  if (!scheme || !scheme_is_one_of(protocols, scheme))
    return fail(err, ERR_INVALID, "the URL's scheme is \"%.20s\"; use one of %s", scheme ? scheme : "", protocols);
  const char *host = url_part(arena, url, CURLUPART_HOST, 0);
  const char *port = url_part(arena, url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if (!host || !port) return fail(err, ERR_INVALID, "the URL names no host");
  *out_host = str_lower(arena, str_format(arena, "%s:%s", host, port));
  *out_url = url;
  return true;
}

/* The guard. */

static void note_refused(Call *call, const char *address) {
  call->addresses_refused++;
  (void)snprintf(call->refused_address, sizeof(call->refused_address), "%s", address);
}

static void address_text(const struct sockaddr *address, char *out, socklen_t bytes) {
  const void *from = address->sa_family == AF_INET6
                         ? (const void *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr
                         : (const void *)&((const struct sockaddr_in *)(const void *)address)->sin_addr;
  if (!inet_ntop(address->sa_family, from, out, bytes)) (void)snprintf(out, bytes, "an address of another family");
}

static curl_socket_t on_open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address) {
  Call *call = ctx;
  if (purpose != CURLSOCKTYPE_IPCXN) return CURL_SOCKET_BAD;
  if (!call->http.trusted_target && !outbound_guard_permits(call->client->guard, &address->addr)) {
    char text[INET6_ADDRSTRLEN];
    address_text(&address->addr, text, sizeof(text));
    note_refused(call, text);
    return CURL_SOCKET_BAD;
  }
  call->addresses_tried++;
  curl_socket_t fd = socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  if (call->mailer) mailer_note_socket(call->mailer, fd);
  return fd;
}

static bool is_repeatable(const Call *call) {
  return call->kind == &HTTP_KIND && (str_equal_c(call->http.method, "GET") || str_equal_c(call->http.method, "HEAD"));
}

/* Connected (again), and about to send. curl comes here a second time when a connection used again died without an
 * answer: a request with effects is not repeated behind our back, since the first may have been taken. */
static int on_before_request(void *ctx, char *remote, char *local, int remote_port, int local_port) {
  Call *call = ctx;
  (void)local, (void)remote_port, (void)local_port;
  if (!call->http.trusted_target && !outbound_guard_permits_text(call->client->guard, remote)) {
    note_refused(call, remote);
    return CURL_PREREQFUNC_ABORT;
  }
  call->addresses_tried++;
  if (call->kind != &HTTP_KIND) return CURL_PREREQFUNC_OK;
  if (call->sent && !is_repeatable(call)) {
    call->repeat_stopped = true;
    return CURL_PREREQFUNC_ABORT;
  }
  call->sent = true;
  return CURL_PREREQFUNC_OK;
}

/* Options. */

static void prepare_safety(Call *call) {
  CURL *easy = call->easy;
  must(curl_easy_setopt(easy, CURLOPT_PROXY, ""));
  must(curl_easy_setopt(easy, CURLOPT_NOPROXY, "*"));
  must(curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L));
  must(curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, call->kind->protocols));
  must(curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket));
  must(curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, call));
  must(curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_before_request));
  must(curl_easy_setopt(easy, CURLOPT_PREREQDATA, call));
}

static void prepare_limits(Call *call) {
  CURL *easy = call->easy;
  i64 connect_ms = MIN(call->http.timeout_ms, call->kind->connect_ms_max);
  must(curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)call->http.timeout_ms));
  must(curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms));
  must(curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_S_MAX));
  must(curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, (long)LIFETIME_S_MAX));
  /* Without it a call that ends while its name is looked up waits for the resolver's thread, and everybody with it. */
  must(curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L));
  must(curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L));
}

void transfer_prepare(Call *call) {
  must(curl_easy_setopt(call->easy, CURLOPT_PRIVATE, call));
  must(curl_easy_setopt(call->easy, CURLOPT_ERRORBUFFER, call->curl_error));
  if (call->client->ca_file) must(curl_easy_setopt(call->easy, CURLOPT_CAINFO, call->client->ca_file));
  prepare_safety(call);
  prepare_limits(call);
  call->kind->prepare(call);
}

/* Words. */

/* Texts hold what callers, relays and curl have sent: one clean line is kept. */
void put_error(OutboundResult *out, Str text) {
  text = utf8_cut(str_trim(text), sizeof(out->error) - 1);
  memcpy(out->error, text.ptr ? text.ptr : "", text.len);
  out->error[text.len] = '\0';
  for (size_t i = 0; i < text.len; i++)
    if ((u8)out->error[i] < 0x20 || out->error[i] == 0x7f) out->error[i] = ' ';
}

static Str explain_refused_target(const Call *call) {
  return str_format(
      call->arena, "%s is not a public address and calls to it are not allowed; to allow it add it to --outbound-allow",
      call->refused_address);
}

static Str explain_reply(const Call *call) {
  return str_format(call->arena, "the relay answered %s", call->plan.reply);
}

static Str explain_curl(const Call *call, CURLcode code) {
  Str text = str_from_c(call->curl_error[0] ? call->curl_error : curl_easy_strerror(code));
  return utf8_clean(call->arena, text);
}

void transfer_explain(const Call *call, CURLcode code, OutboundResult *out) {
  if (out->outcome == OUTBOUND_ANSWERED) return;
  if (out->target_refused)
    put_error(out, explain_refused_target(call));
  else if (call->repeat_stopped)
    put_error(out, S("the connection closed before an answer came; the request may have been taken"));
  else if (call->head_too_long)
    put_error(out, S("the head of the answer is too long"));
  else if (call->kind == &MAIL_KIND && out->status >= 400)
    put_error(out, explain_reply(call));
  else
    put_error(out, explain_curl(call, code));
}
