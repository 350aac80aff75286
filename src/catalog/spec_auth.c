/* Does the sender prove itself? Over the raw body, before anything reads it, in constant time. One way of the spec's
 * list suffices. An integration without secret trusts the key in its URL, which the caller has checked. A secret may
 * hold several lines while it is being rotated: each of them is good. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "catalog/internal.h"

enum { SIGNED_BYTES_SLACK = 64 * 1024, SIGNATURES_MAX = 16 };

typedef struct Proof {
  Arena *arena;
  const Spec *spec;
  const AuthWay *way;
  const RawRequest *request;
  Str secret;     /* one line of the integration's */
  Value *payload; /* shared by the ways; NULL kind until it is read */
  bool *payload_read;
} Proof;

static const EVP_MD *digest_of(Str name) {
  if (str_equal(name, S("sha256"))) return EVP_sha256();
  if (str_equal(name, S("sha1"))) return EVP_sha1();
  return str_equal(name, S("sha512")) ? EVP_sha512() : NULL;
}

/* Text at a JSON pointer of the body. */
static Str body_field(const Proof *p, Str pointer) {
  if (!*p->payload_read) {
    Error ignored = {0};
    *p->payload_read = true;
    if (!spec_read_body(p->spec, p->arena, p->request, p->payload, NULL, &ignored)) *p->payload = value_null();
  }
  const Value *v = value_pointer(p->payload, pointer);
  return v ? value_display(p->arena, v) : STR_NONE;
}

static Str presented(const Proof *p) {
  if (p->way->header.len) return spec_header(p->request, p->way->header);
  if (p->way->field.len) return body_field(p, p->way->field);
  Value query = spec_query(p->arena, p->request->query);
  return value_text_or(value_get(&query, p->way->query), STR_NONE);
}

/* HMAC ------------------------------------------------------------------------------------------------------------ */

static Str sha256_base64(Arena *arena, Str text) {
  u8 digest[EVP_MAX_MD_SIZE];
  unsigned int len = 0;
  ASSERT(EVP_Digest(text.ptr, text.len, digest, &len, EVP_sha256(), NULL) == 1);
  return base64_encode(arena, (Str){(const char *)digest, len});
}

/* "t=1;v1=abc" and "t=1,v1=abc": the part named `name`. */
static Str header_part(Str header, Str name) {
  for (bool more = true; more;) {
    Str pair, key, value;
    more = str_cut(header, ',', &pair, &header);
    if (str_cut(str_trim(pair), '=', &key, &value) && str_equal(key, name)) return value;
  }
  return STR_NONE;
}

/* What stands for one {placeholder}; false when the request lacks it, so that this way does not apply. */
static bool placeholder(const Proof *p, Str name, Buf *out) {
  Str kind, argument, text = STR_NONE;
  if (str_equal(name, S("body"))) {
    buf_put(out, p->request->body);
    return true;
  }
  if (str_equal(name, S("body_sha256_base64"))) {
    buf_put(out, sha256_base64(p->arena, p->request->body));
    return true;
  }
  if (!str_cut(name, ':', &kind, &argument)) return false;
  if (str_equal(kind, S("header"))) text = spec_header(p->request, argument);
  if (str_equal(kind, S("field"))) text = body_field(p, argument);
  if (str_equal(kind, S("part"))) text = header_part(presented(p), argument);
  buf_put(out, text);
  return text.len > 0;
}

static bool signed_bytes(const Proof *p, Str *out) {
  Str text = p->way->signed_text;
  if (str_equal(text, S("{body}"))) {
    *out = p->request->body;
    return true;
  }
  Buf buf = buf_new(p->arena, p->request->body.len + SIGNED_BYTES_SLACK);
  for (size_t i = 0; i < text.len; i++) {
    size_t end = text.ptr[i] == '{' ? str_find_char(text, '}', i) : SIZE_MAX;
    if (end == SIZE_MAX) {
      buf_putc(&buf, text.ptr[i]);
      continue;
    }
    if (!placeholder(p, str_slice(text, i + 1, end), &buf)) return false;
    i = end;
  }
  *out = buf_str(&buf);
  return !buf.overflow;
}

static bool signature_equals(const Proof *p, Str given, const u8 *digest, size_t len) {
  Str bytes = STR_NONE;
  bool decoded =
      p->way->encoding == ENCODING_HEX ? hex_decode(p->arena, given, &bytes) : base64_decode(p->arena, given, &bytes);
  return decoded && bytes.len == len && CRYPTO_memcmp(bytes.ptr, digest, len) == 0;
}

/* The header may carry several signatures, set apart by commas: senders rotate too. */
static bool proves_hmac(const Proof *p) {
  u8 digest[EVP_MAX_MD_SIZE];
  unsigned int len = 0;
  Str text, header = presented(p);
  if (header.len == 0 || !signed_bytes(p, &text)) return false;
  if (!HMAC(digest_of(p->way->digest), p->secret.ptr, (int)p->secret.len, (const u8 *)text.ptr, text.len, digest, &len))
    return false;
  bool more = true;
  for (size_t i = 0; more && i < SIGNATURES_MAX; i++) {
    Str one;
    more = str_cut(header, ',', &one, &header);
    one = str_trim(one);
    if (!str_starts_with(one, p->way->prefix)) continue;
    if (signature_equals(p, str_slice(one, p->way->prefix.len, one.len), digest, len)) return true;
  }
  return false;
}

/* Words ----------------------------------------------------------------------------------------------------------- */

static bool proves_token(const Proof *p) {
  Str given = presented(p);
  size_t prefix = p->way->prefix.len;
  if (given.len < prefix || !str_equal_nocase(str_slice(given, 0, prefix), p->way->prefix)) return false;
  return str_equal_secret(str_trim(str_slice(given, prefix, given.len)), p->secret);
}

/* The secret is the password, or "user:password". */
static bool proves_basic(const Proof *p) {
  Str given = spec_header(p->request, S("authorization")), user, password, plain = STR_NONE;
  if (given.len < 6 || !str_equal_nocase(str_slice(given, 0, 6), S("basic "))) return false;
  if (!base64_decode(p->arena, str_trim(str_slice(given, 6, given.len)), &plain)) return false;
  if (str_equal_secret(plain, p->secret)) return true;
  return str_cut(plain, ':', &user, &password) && str_equal_secret(password, p->secret);
}

/* Certificates ---------------------------------------------------------------------------------------------------- */

static bool certificate_run(Run *run, const Spec *spec, Arena *arena, const RawRequest *request, Error *err) {
  static const NormaliseSettings NONE = {0};
  run_init(run, spec, arena, request, &NONE);
  return spec_read_body(spec, arena, request, &run->values[VAR_PAYLOAD], NULL, err);
}

static bool is_fresh(Run *run, const AuthWay *way) {
  Value when;
  if (!way->sent_at) return true;
  if (!run_eval(run, way->sent_at, &when) || when.kind != VALUE_TIMESTAMP) return false;
  i64 age_s = run->request->received_ms / 1000 - when.i;
  return age_s < way->window_s && age_s > -way->window_s;
}

/* The secret names whose messages are taken; the certificate then has to prove that it is theirs. */
static bool wants_certificate(const Proof *p, Str *out_url) {
  Run run;
  Error ignored = {0};
  Value allowed;
  if (!certificate_run(&run, p->spec, p->arena, p->request, &ignored)) return false;
  Str subject = run_text(&run, p->way->subject), url = run_text(&run, p->way->url);
  if (!str_equal_secret(subject, p->secret) || url.len == 0 || !is_fresh(&run, p->way)) return false;
  run.values[VAR_ITEM] = value_string(url);
  if (!run_eval(&run, p->way->url_check, &allowed) || !value_bool_or(&allowed, false)) return false;
  *out_url = url;
  return true;
}

static void free_certificate(void *certificate) {
  X509_free(certificate);
}

static EVP_PKEY *key_of_pem(Arena *arena, Str pem, i64 now_ms, Error *err) {
  BIO *bio = pem.len && pem.len < KIB(64) ? BIO_new_mem_buf(pem.ptr, (int)pem.len) : NULL;
  X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
  BIO_free(bio);
  if (!certificate) {
    (void)fail(err, ERR_UNAUTHORIZED, "the certificate of the signature cannot be read");
    return NULL;
  }
  arena_defer(arena, free_certificate, certificate);
  time_t now = (time_t)(now_ms / 1000);
  if (X509_cmp_time(X509_get0_notBefore(certificate), &now) > 0 ||
      X509_cmp_time(X509_get0_notAfter(certificate), &now) < 0) {
    (void)fail(err, ERR_UNAUTHORIZED, "the certificate of the signature is not valid now");
    return NULL;
  }
  return X509_get0_pubkey(certificate);
}

static bool verifies(EVP_PKEY *key, const EVP_MD *digest, Str text, Str signature) {
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  bool ok = ctx && key && digest && EVP_DigestVerifyInit(ctx, NULL, digest, NULL, key) == 1 &&
            EVP_DigestVerify(ctx, (const u8 *)signature.ptr, signature.len, (const u8 *)text.ptr, text.len) == 1;
  EVP_MD_CTX_free(ctx);
  return ok;
}

bool spec_authenticate_certificate(const Spec *spec, Arena *arena, const RawRequest *request, Str pem, Error *err) {
  Run run;
  Str signature;
  for (size_t i = 0; i < spec->auth_count; i++) {
    const AuthWay *way = &spec->auth[i];
    if (way->kind != AUTH_CERTIFICATE) continue;
    if (!certificate_run(&run, spec, arena, request, err)) return false;
    EVP_PKEY *key = key_of_pem(arena, pem, request->received_ms, err);
    if (!key) return false;
    Str text = run_text(&run, way->signed_program);
    const EVP_MD *digest = digest_of(run_text(&run, way->digest_program));
    if (text.len && base64_decode(arena, run_text(&run, way->signature), &signature) &&
        verifies(key, digest, text, signature))
      return true;
    return fail(err, ERR_UNAUTHORIZED, "the signature does not fit the body; nothing was taken");
  }
  return fail(err, ERR_UNAUTHORIZED, "%.*s knows no certificates", STR_ARG(spec->name));
}

/* All ways -------------------------------------------------------------------------------------------------------- */

static bool proves(const Proof *p, Str *out_fetch_url) {
  switch (p->way->kind) {
  case AUTH_KEY: return true;
  case AUTH_HMAC: return proves_hmac(p);
  case AUTH_TOKEN: return proves_token(p);
  case AUTH_BASIC: return proves_basic(p);
  case AUTH_CERTIFICATE: return wants_certificate(p, out_fetch_url);
  }
  return false;
}

static bool one_proves(Proof *p, Str secrets, Str *out_fetch_url) {
  for (bool more = true; more;) {
    Str line;
    more = str_cut(secrets, '\n', &line, &secrets);
    p->secret = str_trim(line);
    for (size_t i = 0; p->secret.len && i < p->spec->auth_count; i++) {
      p->way = &p->spec->auth[i];
      if (proves(p, out_fetch_url)) return true;
    }
  }
  return false;
}

/* Where a proof was looked for, for the person who has to mend it. */
static Str wanted(const Spec *spec, Arena *arena) {
  Buf buf = buf_new(arena, 400);
  for (size_t i = 0; i < spec->auth_count; i++) {
    const AuthWay *way = &spec->auth[i];
    if (i) buf_puts(&buf, ", or ");
    if (way->kind == AUTH_BASIC) buf_puts(&buf, "the secret as password of basic authentication");
    if (way->kind == AUTH_CERTIFICATE) buf_puts(&buf, "a message of the source that the secret names, signed");
    if (way->kind != AUTH_HMAC && way->kind != AUTH_TOKEN) continue;
    buf_puts(&buf, way->kind == AUTH_HMAC ? "a signature in " : "the secret in ");
    if (way->header.len)
      buf_format(&buf, "the header %.*s", STR_ARG(way->header));
    else if (way->field.len)
      buf_format(&buf, "the body at %.*s", STR_ARG(way->field));
    else
      buf_format(&buf, "the URL's parameter %.*s", STR_ARG(way->query));
  }
  return buf_str(&buf);
}

bool spec_authenticate(const Spec *spec, Arena *arena, const RawRequest *request, const NormaliseSettings *settings,
                       Str *out_fetch_url, Error *err) {
  Value payload = value_null();
  bool payload_read = false;
  *out_fetch_url = STR_NONE;
  if (str_is_blank(settings->secret) || spec->auth_count == 0) return true;
  Proof proof = {.arena = arena, .spec = spec, .request = request, .payload = &payload, .payload_read = &payload_read};
  if (one_proves(&proof, settings->secret, out_fetch_url)) return true;
  Str places = wanted(spec, arena);
  return fail(err, ERR_UNAUTHORIZED,
              "this integration has a secret and the request does not prove to know it; wanted is %.*s",
              STR_ARG(places));
}
