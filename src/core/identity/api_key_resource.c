/* API keys: the text is shown once, at creation, and only its SHA-256 is stored. */
#include "core/identity/grant.h"

enum { TOKEN_CHARS = 40, HINT_CHARS = 6 };

/* "*", "read", "write", or a resource and a verb: "alerts:read", "teams:*", "*:write". */
static bool known_scope(ResourceCtx *ctx, Str scope) {
  const Access *access = access_of(ctx);
  Str area = scope, verb = STR_NONE;
  if (str_equal_c(scope, "*") || str_equal_c(scope, "read") || str_equal_c(scope, "write")) return true;
  if (!str_cut(scope, ':', &area, &verb)) return false;
  return !access || access_knows(access, area, verb);
}

static void check_scope(ResourceCtx *ctx, const Field *field, const char *pointer, Value *value) {
  Str scope = value_text(value);
  (void)field;
  if (known_scope(ctx, scope)) return;
  field_error(ctx, pointer, "choice",
              "\"%.*s\" is no scope; use *, read, write, or a resource and a verb such as alerts:read or teams:*",
              STR_ARG(scope));
}

static const Field SCOPE_ITEM = {.kind = F_TEXT,
                                 .check = check_scope,
                                 .required = true,
                                 .max = 80,
                                 .doc = "A permission, such as alerts:read, or *.",
                                 .example = "alerts:write"};

static const Field API_KEY_FIELDS[] = {
    {.name = "name", .kind = F_TEXT, .required = true, .max = 120, .doc = "What uses it.", .example = "Terraform"},
    {.name = "hash", .kind = F_TEXT, .hidden = true, .doc = "SHA-256 of the key, in hex."},
    {.name = "hint", .kind = F_TEXT, .read_only = true, .doc = "The first characters, to recognise it by."},
    {.name = "key",
     .kind = F_TEXT,
     .computed = true,
     .read_only = true,
     .doc = "The key itself: only in the answer to its creation."},
    {.name = "scopes",
     .kind = F_LIST,
     .of = &SCOPE_ITEM,
     .max = 100,
     .immutable = true,
     .def = "[\"*\"]",
     .doc = "What it may do, within what its user may."},
    {.name = "user_id",
     .kind = F_REF,
     .ref = "user",
     .immutable = true,
     .owner = true,
     .filter = FILTER_SCAN,
     .doc = "For whom it acts; null: a service of its own."},
    {.name = "expires_at", .kind = F_TIME, .doc = "From then on it is refused; null: never."},
    {.name = "requests_per_minute",
     .kind = F_INT,
     .min = 1,
     .max = 1000000,
     .doc = "More are answered with 429; null: as many as the server's --rate-limit says. Set by administrators.",
     .example = "600"},
};

/* A key acts for its user within its scopes; one of nobody holds just its scopes. Neither is more than who makes it. */
static bool api_key_before_write(ResourceCtx *ctx, const Value *old, Value *fresh, Error *err) {
  const Access *access = access_of(ctx);
  const Value *user_id = value_get_c(fresh, "user_id");
  const Grants *whole = NULL, *held = NULL;
  Value user = value_null();
  bool found = false;
  i64 limit = value_int_or(value_get_c(fresh, "requests_per_minute"), 0);
  i64 before = old ? value_int_or(value_get_c(old, "requests_per_minute"), 0) : 0;
  if (limit != before && !ctx->administrator)
    field_error(ctx, "/requests_per_minute", "read_only", "only an administrator sets how much a key may ask for");
  if (!access) return true;
  held = access_scopes(ctx->arena, access, value_get_c(fresh, "scopes"));
  if (value_is(user_id, VALUE_STRING)) {
    if (!resource_load(ctx, &USER, resource_ref_id(ctx->registry, user_id), &user, &found, err)) return false;
    if (!found) return fail(err, ERR_NOT_FOUND, "there is no such user");
    if (!grants_of_user(ctx, &user, &whole, err)) return false;
    held = grants_both(ctx->arena, held, whole);
  }
  return old ? may_grant(ctx, held, "this key", err) : may_grant(ctx, held, "the new key", err);
}

static bool api_key_prepare(ResourceCtx *ctx, const Value *old, Value *draft, Error *err) {
  (void)err;
  if (old) return true;
  Str key = str_format(ctx->arena, "tk_%.*s", STR_ARG(random_token(ctx->arena, TOKEN_CHARS)));
  MapBuilder once = map_builder(ctx->arena);
  map_put_c(&once, "key", value_string(key));
  ctx->once = map_done(&once);
  resource_put(ctx, draft, "hash", value_string(sha256_hex(ctx->arena, key)));
  resource_put(ctx, draft, "hint", value_string(str_slice(key, 0, HINT_CHARS)));
  return true;
}

const Resource API_KEY = {
    .name = "api_key",
    .plural = "api-keys",
    .prefix = "key",
    .table = "api_key",
    .doc = "Lets a program in. Shown once.",
    FIELDS(API_KEY_FIELDS),
    .verbs = VERBS_ALL,
    .owner_column = "user_id",
    .prepare = api_key_prepare,
    .before_write = api_key_before_write,
};
