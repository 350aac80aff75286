/* What a provider says of itself: where it is asked what. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/oidc.h"
#include "core/identity/id_token.h"
#include "lang/json.h"

enum { KEPT_MS = 10 * 60 * 1000, KEPT_MAX = 32 };

/* Endpoints ------------------------------------------------------------------------------------------------------- */

/* Tokens travel there: encrypted, or inside this machine. */
static bool take(const OidcProvider *p, const Value *document, const char *name, bool required, Str *out, Error *err) {
  Str url = value_text_or(value_get_c(document, name), STR_NONE);
  if (url.len == 0 && !required) return true;
  if (url.len == 0) return fail(err, ERR_UNAVAILABLE, "%.*s does not say its %s", STR_ARG(p->name), name);
  if (!str_starts_with(url, S("https://")) && !(oidc_is_loopback(p->issuer) && oidc_is_loopback(url)))
    return fail(err, ERR_UNAVAILABLE, "the %s of %.*s is %.*s; it needs https://", name, STR_ARG(p->name),
                STR_ARG(utf8_cut(url, 200)));
  for (size_t i = 0; i < url.len; i++)
    if ((u8)url.ptr[i] <= ' ' || (u8)url.ptr[i] >= 0x7f)
      return fail(err, ERR_UNAVAILABLE, "the %s of %.*s is no address", name, STR_ARG(p->name));
  return *out = url, true;
}

static bool lists(const Value *list, const char *word) {
  for (size_t i = 0; value_is(list, VALUE_LIST) && i < list->size; i++)
    if (str_equal_c(value_text_or(value_at(list, i), STR_NONE), word)) return true;
  return false;
}

/* As it is set up here, to the last slash. One that serves many tenants leaves the tenant open; set up is then a word
 * that stands for several (organizations, common), and whose people are let in is said here: else anybody's would be.
 */
static bool check_issuer(const OidcProvider *p, Str issuer, Error *err) {
  size_t at = str_find(issuer, S(ISSUER_TENANT), 0);
  if (str_equal(issuer, p->issuer) && at == SIZE_MAX) return true;
  Str before = at == SIZE_MAX ? STR_NONE : str_slice(issuer, 0, at),
      after = at == SIZE_MAX ? STR_NONE : str_slice(issuer, at + sizeof ISSUER_TENANT - 1, issuer.len);
  bool same = at != SIZE_MAX && p->issuer.len > before.len + after.len && str_starts_with(p->issuer, before) &&
              str_ends_with(p->issuer, after) &&
              str_find_char(str_slice(p->issuer, before.len, p->issuer.len - after.len), '/', 0) == SIZE_MAX;
  if (!same)
    return fail(
        err, ERR_UNAVAILABLE,
        "the provider names itself \"%.*s\", but is set up here as \"%.*s\"; an owner makes the issuer the same, "
        "to the last slash",
        STR_ARG(utf8_cut(issuer, 300)), STR_ARG(p->issuer));
  return (value_is(&p->tenants, VALUE_LIST) && p->tenants.size > 0) ||
         fail(err, ERR_UNAVAILABLE,
              "\"%.*s\" signs in the people of every tenant; an owner names in tenants the ids of those that are let "
              "in, "
              "or puts one tenant's id into the issuer",
              STR_ARG(p->issuer));
}

bool oidc_endpoints(Arena *arena, const OidcProvider *p, Str text, OidcEndpoints *out, Error *err) {
  JsonOptions options = {0};
  Value document = value_null();
  if (!json_parse(arena, text, &options, &document, err))
    return error_prefix(err, "what %.*s says of itself is not JSON: ", STR_ARG(p->name));
  Str issuer = value_text_or(value_get_c(&document, "issuer"), STR_NONE);
  const Value *ways = value_get_c(&document, "token_endpoint_auth_methods_supported");
  if (!check_issuer(p, issuer, err)) return false;
  *out = (OidcEndpoints){.issuer = issuer,
                         .post_secret = lists(ways, "client_secret_post") && !lists(ways, "client_secret_basic")};
  return take(p, &document, "authorization_endpoint", true, &out->authorize, err) &&
         take(p, &document, "token_endpoint", true, &out->token, err) &&
         take(p, &document, "jwks_uri", true, &out->keys, err) &&
         take(p, &document, "userinfo_endpoint", false, &out->userinfo, err);
}

/* The cache ------------------------------------------------------------------------------------------------------- */

typedef struct Kept {
  i64 provider_id, until_ms;
  char *issuer, *text;
  size_t bytes;
} Kept;

struct OidcCache {
  pthread_mutex_t lock; /* guards kept */
  Kept kept[KEPT_MAX];
};

OidcCache *oidc_cache_new(void) {
  OidcCache *cache = xcalloc(1, sizeof *cache);
  pthread_mutex_init(&cache->lock, NULL);
  return cache;
}

static void let_go(Kept *kept) {
  free(kept->issuer);
  free(kept->text);
  *kept = (Kept){0};
}

void oidc_cache_free(OidcCache *cache) {
  if (!cache) return;
  for (size_t i = 0; i < KEPT_MAX; i++) let_go(&cache->kept[i]);
  pthread_mutex_destroy(&cache->lock);
  free(cache);
}

bool oidc_cache_get(OidcCache *cache, Arena *arena, const OidcProvider *p, i64 now_ms, Str *out) {
  bool found = false;
  pthread_mutex_lock(&cache->lock);
  for (size_t i = 0; i < KEPT_MAX && !found; i++) {
    const Kept *kept = &cache->kept[i];
    found = kept->provider_id == p->id && kept->until_ms > now_ms && str_equal_c(p->issuer, kept->issuer);
    if (found) *out = str_copy(arena, (Str){kept->text, kept->bytes});
  }
  pthread_mutex_unlock(&cache->lock);
  return found;
}

static char *kept_text(Str text) {
  char *copy = xmalloc(text.len + 1);
  if (text.len) memcpy(copy, text.ptr, text.len);
  copy[text.len] = 0;
  return copy;
}

void oidc_cache_put(OidcCache *cache, const OidcProvider *p, Str document, i64 now_ms) {
  pthread_mutex_lock(&cache->lock);
  Kept *place = &cache->kept[0];
  for (size_t i = 0; i < KEPT_MAX; i++) {
    Kept *kept = &cache->kept[i];
    if (kept->provider_id == p->id) {
      place = kept;
      break;
    }
    if (kept->until_ms < place->until_ms) place = kept; /* an empty place, or the oldest */
  }
  let_go(place);
  *place = (Kept){p->id, now_ms + KEPT_MS, kept_text(p->issuer), kept_text(document), document.len};
  pthread_mutex_unlock(&cache->lock);
}
