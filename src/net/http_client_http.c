/* The HTTP kind of call: what may be asked, how curl is told, what the answer means.
 * HTTP/1.1 only: a connection then carries one request, so that what ends one does not end its neighbours. Bodies are
 * not decompressed; nobody asked for compressed ones. */
#include <string.h>
#include <strings.h>
#include <time.h>

#include "net/http_client_internal.h"

enum {
  METHOD_BYTES_MAX = 16,
  HEADER_COUNT_MAX = 64,
  HEADER_BYTES_MAX = 8192,
  HEAD_BYTES_MAX = 64 * 1024, /* of the answer */
};
static const i64 RETRY_AFTER_S_MAX = 86400;

/* They frame the message or speak of the connection: ours to say. */
static const char *const FRAMING_HEADERS[] = {"connection", "content-length",    "expect", "keep-alive", "te",
                                              "trailer",    "transfer-encoding", "upgrade"};

/* Checks. */

static bool is_token(Str text) {
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    bool alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
    if (!alnum && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c))) return false;
  }
  return text.len > 0;
}

static bool check_method(Str method, Error *err) {
  if (!is_token(method) || method.len > METHOD_BYTES_MAX || str_equal_c(method, "CONNECT") ||
      str_equal_c(method, "TRACE"))
    return fail(err, ERR_INVALID, "\"%.*s\" is not a method that can be sent; use one such as POST",
                STR_ARG(utf8_cut(method, METHOD_BYTES_MAX)));
  return true;
}

static bool is_framing(Str name) {
  for (size_t i = 0; i < COUNT(FRAMING_HEADERS); i++)
    if (str_equal_nocase(name, str_from_c(FRAMING_HEADERS[i]))) return true;
  return false;
}

static bool value_is_clean(Str value) {
  for (size_t i = 0; i < value.len; i++)
    if (((u8)value.ptr[i] < 0x20 && value.ptr[i] != '\t') || value.ptr[i] == 0x7f) return false;
  return true;
}

/* Names are told, values are not: they hold keys. */
static bool check_header(Str line, Error *err) {
  Str name, value;
  if (line.len > HEADER_BYTES_MAX) return fail(err, ERR_INVALID, "a header is longer than %d bytes", HEADER_BYTES_MAX);
  if (!str_cut(line, ':', &name, &value)) return fail(err, ERR_INVALID, "a header has no colon; write \"Name: value\"");
  if (!is_token(name)) return fail(err, ERR_INVALID, "a header's name holds characters that are not allowed");
  if (is_framing(name)) return fail(err, ERR_INVALID, "the header %.*s cannot be set", STR_ARG(name));
  if (!value_is_clean(value))
    return fail(err, ERR_INVALID, "the header %.*s holds a line break or other control character", STR_ARG(name));
  return true;
}

static bool http_check(Call *call, Str *out_host, Error *err) {
  const HttpCall *http = &call->http;
  CURLU *url;
  if (!check_method(http->method, err)) return false;
  if (http->header_count > HEADER_COUNT_MAX)
    return fail(err, ERR_INVALID, "%zu headers; at most %d are sent", http->header_count, HEADER_COUNT_MAX);
  for (size_t i = 0; i < http->header_count; i++)
    if (!check_header(http->headers[i], err)) return false;
  return transfer_target(call->arena, http->url, call->kind->protocols, out_host, &url, err);
}

/* The request. */

static void add_line(Call *call, const char *line) {
  struct curl_slist *lines = curl_slist_append(call->lines, line);
  ASSERT(lines);
  call->lines = lines;
}

static bool has_header(const HttpCall *http, const char *wanted) {
  for (size_t i = 0; i < http->header_count; i++) {
    Str name, value;
    if (str_cut(http->headers[i], ':', &name, &value) && str_equal_nocase(name, str_from_c(wanted))) return true;
  }
  return false;
}

/* curl drops "Name:" and sends "Name;" as an empty header. */
static void add_header(Call *call, Str line) {
  Str name, value;
  bool cut = str_cut(line, ':', &name, &value);
  ASSERT(cut);
  value = str_trim(value);
  Str text = value.len > 0 ? str_format(call->arena, "%.*s: %.*s", STR_ARG(name), STR_ARG(value))
                           : str_format(call->arena, "%.*s;", STR_ARG(name));
  add_line(call, str_to_c(call->arena, text));
}

static void prepare_headers(Call *call) {
  for (size_t i = 0; i < call->http.header_count; i++) add_header(call, call->http.headers[i]);
  add_line(call, "Expect:"); /* no waiting for 100-continue with long bodies */
  if (!has_header(&call->http, "Content-Type")) add_line(call, "Content-Type:"); /* not curl's idea of one */
  must(curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->lines));
}

static bool carries_body(const HttpCall *http) {
  static const char *const ALWAYS[] = {"POST", "PUT", "PATCH"};
  for (size_t i = 0; i < COUNT(ALWAYS); i++)
    if (str_equal_c(http->method, ALWAYS[i])) return true;
  return http->body.len > 0;
}

static void prepare_method(Call *call) {
  const HttpCall *http = &call->http;
  if (carries_body(http)) {
    must(curl_easy_setopt(call->easy, CURLOPT_POST, 1L));
    must(curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)http->body.len));
    must(curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, http->body.len > 0 ? http->body.ptr : ""));
  } else if (str_equal_c(http->method, "HEAD")) {
    must(curl_easy_setopt(call->easy, CURLOPT_NOBODY, 1L));
  } else {
    must(curl_easy_setopt(call->easy, CURLOPT_HTTPGET, 1L));
  }
  must(curl_easy_setopt(call->easy, CURLOPT_CUSTOMREQUEST, str_to_c(call->arena, http->method)));
}

/* The answer. */

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx) {
  Call *call = ctx;
  size_t given = size * count, room = call->http.body_bytes_max - call->body.len;
  buf_put(&call->body, (Str){bytes, MIN(given, room)});
  call->body_cut = given > room;
  return call->body_cut ? 0 : given; /* 0 ends the transfer: an endless body is not read to its end */
}

/* Seconds, or a date; relative to the true time since the other side does not know ours. */
static i64 retry_after_parse(Arena *arena, Str value) {
  i64 seconds;
  if (str_to_i64(value, 0, INT64_MAX, &seconds)) return MIN(seconds, RETRY_AFTER_S_MAX);
  if (value.len == 0 || value.ptr[0] < 'A') return -1; /* a date begins with the day's name */
  time_t at = curl_getdate(str_to_c(arena, value), NULL);
  if (at < 0) return -1;
  return MIN(MAX((i64)at - clock_true_ms() / 1000, 0), RETRY_AFTER_S_MAX);
}

static size_t on_head(char *bytes, size_t size, size_t count, void *ctx) {
  Call *call = ctx;
  Str line = {bytes, size * count}, name, value;
  call->head_bytes += line.len;
  call->head_too_long = call->head_bytes > HEAD_BYTES_MAX;
  if (call->head_too_long) return 0;
  if (str_starts_with(line, S("HTTP/"))) call->retry_after_s = -1; /* what an interim answer said is over */
  if (line.len < HEADER_BYTES_MAX && str_cut(line, ':', &name, &value) && str_equal_nocase(name, S("Retry-After")))
    call->retry_after_s = retry_after_parse(call->arena, str_trim(value));
  return line.len;
}

static void http_prepare(Call *call) {
  CURL *easy = call->easy;
  call->body = buf_new(call->arena, call->http.body_bytes_max);
  must(curl_easy_setopt(easy, CURLOPT_URL, str_to_c(call->arena, call->http.url)));
  must(curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1));
  must(curl_easy_setopt(easy, CURLOPT_USERAGENT, "Tocsin"));
  must(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body));
  must(curl_easy_setopt(easy, CURLOPT_WRITEDATA, call));
  must(curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head));
  must(curl_easy_setopt(easy, CURLOPT_HEADERDATA, call));
  prepare_method(call);
  prepare_headers(call);
}

/* A status without the whole body is told, but the answer counts as missing. */
static void http_judge(Call *call, CURLcode code, OutboundResult *out) {
  bool answered = code == CURLE_OK || (code == CURLE_WRITE_ERROR && call->body_cut);
  out->outcome = answered ? OUTBOUND_ANSWERED : call->sent ? OUTBOUND_UNKNOWN : OUTBOUND_REFUSED;
  if (call->sent) must(curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &out->status));
  out->body = buf_str(&call->body);
  out->retry_after_s = call->retry_after_s;
}

const CallKind HTTP_KIND = {
    .check = http_check,
    .prepare = http_prepare,
    .judge = http_judge,
    .protocols = "http,https",
    .timeout_ms_default = 10 * 1000,
    .connect_ms_max = 5 * 1000,
};
