/* How senders prove themselves, from YAML: `auth`, a list of ways of which one suffices. */
#include "catalog/internal.h"

static const char *const AUTH_NAMES[] = {"key", "hmac", "token", "basic", "certificate"};
static const char *const DIGESTS[] = {"sha256", "sha1", "sha512"};

static bool load_certificate(const Loader *l, const Value *map, AuthWay *way) {
  if (!load_program(l, value_get_c(map, "url"), S("auth.url"), &way->url) ||
      !load_program(l, value_get_c(map, "url_check"), S("auth.url_check"), &way->url_check) ||
      !load_program(l, value_get_c(map, "signature"), S("auth.signature"), &way->signature) ||
      !load_program(l, value_get_c(map, "signed"), S("auth.signed"), &way->signed_program) ||
      !load_program(l, value_get_c(map, "digest"), S("auth.digest"), &way->digest_program) ||
      !load_program(l, value_get_c(map, "subject"), S("auth.subject"), &way->subject) ||
      !load_program(l, value_get_c(map, "sent_at"), S("auth.sent_at"), &way->sent_at))
    return false;
  way->window_s = value_int_or(value_get_c(map, "window_s"), 86400);
  if (!way->url || !way->url_check || !way->signature || !way->signed_program || !way->digest_program || !way->subject)
    return load_fail(l, STR_NONE, S("auth"), "certificate wants url, url_check, signature, signed, digest and subject");
  return true;
}

static bool load_hmac(const Loader *l, const Value *map, AuthWay *way) {
  Str encoding = S("hex");
  way->digest = S("sha256");
  way->signed_text = S("{body}");
  if (!load_text(l, map, "digest", &way->digest) || !load_text(l, map, "signed", &way->signed_text) ||
      !load_text(l, map, "encoding", &encoding))
    return false;
  bool known = false;
  for (size_t i = 0; i < COUNT(DIGESTS); i++) known = known || str_equal_c(way->digest, DIGESTS[i]);
  if (!known)
    return load_fail(l, way->digest, S("auth.digest"), "\"%.*s\" is none of sha256, sha1, sha512",
                     STR_ARG(way->digest));
  if (!str_equal(encoding, S("hex")) && !str_equal(encoding, S("base64")))
    return load_fail(l, encoding, S("auth.encoding"), "\"%.*s\" is neither hex nor base64", STR_ARG(encoding));
  way->encoding = str_equal(encoding, S("hex")) ? ENCODING_HEX : ENCODING_BASE64;
  return true;
}

static bool load_way(const Loader *l, const Value *map, AuthWay *way) {
  static const char *const KNOWN[] = {"kind",      "header",   "field",   "query",    "prefix",
                                      "digest",    "encoding", "signed",  "url",      "url_check",
                                      "signature", "subject",  "sent_at", "window_s", NULL};
  Str kind = STR_NONE;
  if (!load_known_keys(l, map, S("auth"), KNOWN) || !load_text(l, map, "kind", &kind)) return false;
  size_t found = COUNT(AUTH_NAMES);
  for (size_t i = 0; i < COUNT(AUTH_NAMES); i++)
    if (str_equal_c(kind, AUTH_NAMES[i])) found = i;
  if (found == COUNT(AUTH_NAMES))
    return load_fail(l, kind, S("auth"), "kind \"%.*s\" is none of key, hmac, token, basic, certificate",
                     STR_ARG(kind));
  way->kind = (AuthKind)found;
  if (way->kind == AUTH_CERTIFICATE) return load_certificate(l, map, way);
  if (!load_text(l, map, "header", &way->header) || !load_text(l, map, "field", &way->field) ||
      !load_text(l, map, "query", &way->query) || !load_text(l, map, "prefix", &way->prefix))
    return false;
  bool placed = way->header.len || way->field.len || way->query.len;
  if ((way->kind == AUTH_HMAC || way->kind == AUTH_TOKEN) && !placed)
    return load_fail(l, STR_NONE, S("auth"), "%.*s wants a header, a field of the body or a query parameter",
                     STR_ARG(kind));
  return way->kind != AUTH_HMAC || load_hmac(l, map, way);
}

bool load_auth(const Loader *l, const Value *list, Spec *spec) {
  if (!list) return true;
  if (list->kind != VALUE_LIST || list->size > SPEC_AUTH_MAX)
    return load_fail(l, STR_NONE, S("auth"), "a list of at most %d ways was expected", SPEC_AUTH_MAX);
  spec->auth = ARENA_ARRAY(l->arena, AuthWay, list->size + 1);
  for (u32 i = 0; i < list->size; i++) {
    if (!load_way(l, &list->items[i], &spec->auth[i])) return false;
    spec->auth_count++;
  }
  return true;
}
