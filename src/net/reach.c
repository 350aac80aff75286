/* See reach.h. */
#include "net/reach.h"

#include <string.h>
#include <sys/socket.h>

#include <curl/curl.h>

static bool failed(CURLcode code, const char *words, Error *err) {
  fail(err, ERR_UNAVAILABLE, "%s", words[0] ? words : curl_easy_strerror(code));
  if (err) err->system = (int)code;
  return false;
}

static bool common(CURL *easy, const char *url, const char *ca_file, const char *protocols,
                   char words[CURL_ERROR_SIZE]) {
  words[0] = '\0';
  if (ca_file && curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file) != CURLE_OK) return false;
  return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocols) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, words) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)REACH_TIMEOUT_MS) == CURLE_OK;
}

/* What the relay answers to NOOP is not for the terminal. */
static size_t drop(char *bytes, size_t size, size_t count, void *ctx) {
  (void)bytes;
  (void)ctx;
  return size * count;
}

/* As http_client_smtp.c does it: with a user TLS is required, unless the relay is this machine. */
static bool set_login(CURL *easy, const SmtpRelay *relay) {
  Str url = str_from_c(relay->url);
  bool user = str_find_char(url, '@', 0) != SIZE_MAX;
  bool here = str_find(url, S("127."), 0) != SIZE_MAX || str_find(url, S("localhost"), 0) != SIZE_MAX ||
              str_find(url, S("[::1]"), 0) != SIZE_MAX;
  bool required = str_starts_with(url, S("smtps://")) || (user && !here);
  if (user && relay->password && curl_easy_setopt(easy, CURLOPT_PASSWORD, relay->password) != CURLE_OK) return false;
  return curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)(required ? CURLUSESSL_ALL : CURLUSESSL_TRY)) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, required ? 1L : 0L) == CURLE_OK &&
         curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, required ? 2L : 0L) == CURLE_OK;
}

bool reach_relay(const SmtpRelay *relay, const char *ca_file, Error *err) {
  char words[CURL_ERROR_SIZE];
  CURL *easy = curl_easy_init();
  ASSERT(easy);
  bool ok = common(easy, relay->url, ca_file, "smtp,smtps", words) && set_login(easy, relay) &&
            curl_easy_setopt(easy, CURLOPT_NOBODY, 1L) == CURLE_OK &&
            curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "NOOP") == CURLE_OK &&
            curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop) == CURLE_OK;
  CURLcode code = ok ? curl_easy_perform(easy) : CURLE_FAILED_INIT;
  curl_easy_cleanup(easy);
  return code == CURLE_OK || failed(code, words, err);
}

typedef struct Guarded {
  const HttpClient *client;
  bool refused, permitted; /* some address was */
} Guarded;

static curl_socket_t open_guarded(void *ctx, curlsocktype purpose, struct curl_sockaddr *address) {
  Guarded *guarded = ctx;
  (void)purpose;
  if (!http_client_permits(guarded->client, &address->addr)) {
    guarded->refused = true;
    return CURL_SOCKET_BAD;
  }
  guarded->permitted = true;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

bool reach_url(Str url, const char *ca_file, const HttpClient *client, Error *err) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  char words[CURL_ERROR_SIZE];
  Guarded guarded = {.client = client};
  CURL *easy = curl_easy_init();
  ASSERT(easy);
  bool ok = common(easy, str_to_c(arena, url), ca_file, "http,https", words) &&
            curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_guarded) == CURLE_OK &&
            curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &guarded) == CURLE_OK &&
            curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK;
  CURLcode code = ok ? curl_easy_perform(easy) : CURLE_FAILED_INIT;
  curl_easy_cleanup(easy);
  if (code == CURLE_OK) return true;
  if (guarded.refused && !guarded.permitted)
    return fail(err, ERR_FORBIDDEN, "it is a private address, which --outbound-allow does not name");
  return failed(code, words, err);
}
