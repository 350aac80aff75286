/* Signature version 4, as AWS describes it: canonical request, text to sign, a key by four HMACs. */
#include "net/aws_sign.h"

#include <stdlib.h>
#include <time.h>

#include "net/http_server.h"

enum { QUERY_MAX = 64 };

typedef struct Parts {
  Str host, path, query;
} Parts;

static bool take_apart(Str url, Parts *out) {
  bool secure = str_starts_with(url, S("https://"));
  size_t at = str_find(url, S("://"), 0);
  if (at == SIZE_MAX || (!secure && !str_starts_with(url, S("http://")))) return false;
  Str rest = str_slice(url, at + 3, url.len), head = rest, query = S("");
  (void)str_cut(rest, '#', &rest, &head);
  if (str_cut(rest, '?', &head, &query)) rest = head;
  size_t slash = str_find_char(rest, '/', 0);
  out->host = slash == SIZE_MAX ? rest : str_slice(rest, 0, slash);
  out->path = slash == SIZE_MAX ? S("/") : str_slice(rest, slash, rest.len);
  out->query = query;
  Str port = secure ? S(":443") : S(":80"); /* the client leaves it out of Host */
  if (str_ends_with(out->host, port)) out->host.len -= port.len;
  return out->host.len > 0;
}

static Str encode_path(Arena *arena, Str path, bool once) {
  Buf out = buf_new(arena, path.len * 3 + 1);
  size_t from = 0;
  if (once) return path;
  for (size_t i = 0; i <= path.len; i++) {
    if (i < path.len && path.ptr[i] != '/') continue;
    if (i > from) buf_put(&out, url_encode(arena, str_slice(path, from, i)));
    if (i < path.len) buf_putc(&out, '/');
    from = i + 1;
  }
  return buf_str(&out);
}

/* By name, then by value: as one text, "a-b=" would come before "a=". */
static int compare_pairs(const void *a, const void *b) {
  Str x = STR_NONE, y = STR_NONE, rest = STR_NONE;
  (void)str_cut(*(const Str *)a, '=', &x, &rest);
  (void)str_cut(*(const Str *)b, '=', &y, &rest);
  int order = str_compare(x, y);
  return order ? order : str_compare(*(const Str *)a, *(const Str *)b);
}

/* Names and values encoded anew, sorted, a name without value with an empty one. */
static bool sort_query(Arena *arena, Str query, Str *out) {
  Str pairs[QUERY_MAX];
  size_t count = 0;
  for (Str rest = query, pair; rest.len;) {
    Str name, value = S(""), tail = S("");
    pair = rest;
    rest = str_cut(rest, '&', &pair, &tail) ? tail : S("");
    if (!str_cut(pair, '=', &name, &value)) name = pair;
    if (count == QUERY_MAX || !url_decode(arena, name, false, &name) || !url_decode(arena, value, false, &value))
      return false;
    if (pair.len)
      pairs[count++] =
          str_format(arena, "%.*s=%.*s", STR_ARG(url_encode(arena, name)), STR_ARG(url_encode(arena, value)));
  }
  qsort(pairs, count, sizeof pairs[0], compare_pairs);
  *out = count ? str_join(arena, pairs, count, S("&")) : S("");
  return true;
}

static Str signing_key(Arena *arena, const AwsRequest *r, Str date) {
  Str key = hmac_sha256_raw(arena, str_format(arena, "AWS4%.*s", STR_ARG(r->secret)), date);
  key = hmac_sha256_raw(arena, key, r->region);
  key = hmac_sha256_raw(arena, key, r->service);
  return hmac_sha256_raw(arena, key, S("aws4_request"));
}

static Str canonical_request(Arena *arena, const AwsRequest *r, const Parts *parts, Str query, Str when,
                             Str *out_names) {
  Buf headers = buf_new(arena, KIB(16)), names = buf_new(arena, 200);
  if (r->content_type.len) {
    buf_format(&headers, "content-type:%.*s\n", STR_ARG(str_trim(r->content_type)));
    buf_puts(&names, "content-type;");
  }
  buf_format(&headers, "host:%.*s\nx-amz-date:%.*s\n", STR_ARG(str_lower(arena, parts->host)), STR_ARG(when));
  buf_puts(&names, "host;x-amz-date");
  if (r->session_token.len) {
    buf_format(&headers, "x-amz-security-token:%.*s\n", STR_ARG(r->session_token));
    buf_puts(&names, ";x-amz-security-token");
  }
  *out_names = buf_str(&names);
  return str_format(arena, "%.*s\n%.*s\n%.*s\n%.*s\n%.*s\n%.*s", STR_ARG(r->method),
                    STR_ARG(encode_path(arena, parts->path, r->path_once)), STR_ARG(query), STR_ARG(buf_str(&headers)),
                    STR_ARG(*out_names), STR_ARG(sha256_hex(arena, r->body)));
}

bool aws_sign(Arena *arena, const AwsRequest *r, Str out_headers[AWS_HEADERS_MAX], size_t *out_count, Error *err) {
  Parts parts;
  Str query, names;
  char when[20];
  time_t seconds = (time_t)(r->now_ms / 1000);
  struct tm utc;
  if (!r->key_id.len || !r->secret.len || !r->region.len)
    return fail(err, ERR_INVALID, "signing for AWS needs the access key's id, its secret and the region");
  if (!take_apart(r->url, &parts) || !sort_query(arena, parts.query, &query))
    return fail(err, ERR_INVALID, "\"%.*s\" is not an address that can be signed for AWS",
                STR_ARG(utf8_cut(r->url, 100)));
  gmtime_r(&seconds, &utc);
  strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &utc);
  Str at = str_from_c(when), date = str_slice(at, 0, 8);
  Str scope = str_format(arena, "%.*s/%.*s/%.*s/aws4_request", STR_ARG(date), STR_ARG(r->region), STR_ARG(r->service));
  Str request = canonical_request(arena, r, &parts, query, at, &names);
  Str text = str_format(arena, "AWS4-HMAC-SHA256\n%.*s\n%.*s\n%.*s", STR_ARG(at), STR_ARG(scope),
                        STR_ARG(sha256_hex(arena, request)));
  Str mac = hmac_sha256_raw(arena, signing_key(arena, r, date), text);
  size_t count = 0;
  out_headers[count++] =
      str_format(arena, "Authorization: AWS4-HMAC-SHA256 Credential=%.*s/%.*s, SignedHeaders=%.*s, Signature=%.*s",
                 STR_ARG(r->key_id), STR_ARG(scope), STR_ARG(names), STR_ARG(hex_encode(arena, mac.ptr, mac.len)));
  out_headers[count++] = str_format(arena, "X-Amz-Date: %.*s", STR_ARG(at));
  if (r->session_token.len)
    out_headers[count++] = str_format(arena, "X-Amz-Security-Token: %.*s", STR_ARG(r->session_token));
  *out_count = count;
  return true;
}
