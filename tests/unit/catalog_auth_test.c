/* How senders prove themselves: tokens, passwords, signatures, certificates; and who may confirm a subscription. */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "unit/catalog_fixture.h"

typedef struct World {
  Arena *arena;
  ZoneDb *zones;
  Catalog *catalog;
} World;

static int set_up(void **state) {
  World *w = xcalloc(1, sizeof *w);
  w->arena = arena_new();
  w->catalog = load_catalog(&w->zones);
  *state = w;
  return 0;
}

static int tear_down(void **state) {
  World *w = *state;
  catalog_free(w->catalog);
  zone_db_free(w->zones);
  arena_free(w->arena);
  free(w);
  return 0;
}

static const Spec *compile(World *w, const char *yaml) {
  const Spec *spec = NULL;
  Error err = {0};
  if (!spec_compile(w->arena, w->zones, str_from_c(yaml), &spec, &err)) fail_msg("%s\n%s", err.message, err.detail);
  return spec;
}

/* Proofs ------------------------------------------------------------------------------------------------------------
 */

static void each_way_of_proof_works_and_fails(void **state) {
  static const struct {
    const char *spec, *header, *value, *body;
    bool good;
  } CASES[] = {
      {"generic", "Authorization", "Bearer hush hush", "{}", true},
      {"generic", "authorization", "bearer hush hush", "{}", true},
      {"generic", "Authorization", "Bearer hush", "{}", false},
      {"generic", "Authorization", "hush hush", "{}", false},
      {"generic", "Authorization", "Basic YW5uOmh1c2ggaHVzaA==", "{}", true},
      {"generic", "Authorization", "Basic YW5uOmh1c2g=", "{}", false},
      {"generic", "Authorization", "Basic !!", "{}", false},
      {"generic", "X-Tocsin-Token", "hush hush", "{}", true},
      {"generic", "X-Tocsin-Signature", "sha256=0011", "{}", false},
      {"generic", "X-Tocsin-Signature", "sha256=", "{}", false},
      {"generic", "X-Other", "hush hush", "{}", false},
      {"datadog", "X-Other", "x", "{\"secret\": \"hush hush\"}", true},
      {"datadog", "X-Other", "x", "{\"secret\": \"other\"}", false},
      {"datadog", "X-Other", "x", "{", false},
      {"github", "Authorization", "Bearer hush hush", "{}", false},
  };
  World *w = *state;
  NormaliseSettings settings = {.secret = S("hush hush")};
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Error err = {0};
    Str url = STR_NONE;
    RawRequest request = make_request(str_from_c(CASES[i].body));
    add_header(w->arena, &request, str_from_c(CASES[i].header), str_from_c(CASES[i].value));
    bool ok = spec_authenticate(catalog_find(w->catalog, str_from_c(CASES[i].spec)), w->arena, &request, &settings,
                                &url, &err);
    if (ok != CASES[i].good) fail_msg("%zu", i);
    if (!ok) assert_int_equal(err.code, ERR_UNAUTHORIZED);
  }
}

/* Text set apart from the body: "<time>:<body>" with an HMAC of Python's. */
static void signatures_may_cover_a_header_and_more(void **state) {
  World *w = *state;
  static const char YAML[] =
      "name: x\nauth:\n"
      "  - {kind: hmac, header: X-Sig, prefix: 'v1=', signed: '{body_sha256_base64}:{part:t}:v1'}\n"
      "  - {kind: hmac, header: X-Sig64, encoding: base64, digest: sha1, signed: '{header:X-Time}:{body}'}\n"
      "kinds:\n  - kind: test\n";
  const Spec *spec = compile(w, YAML);
  NormaliseSettings settings = {.secret = S("hush")};
  Str url;
  Error err = {0};
  RawRequest first = make_request(S("{}")), second = make_request(S("{}"));
  add_header(w->arena, &first, S("X-Sig"),
             S("t=5,v1=46e2d31a95dda635ccd4c7a9f2cad47c2e1a3f5f0dfcbc662ec6e9a0f1cd9958"));
  add_header(w->arena, &second, S("X-Sig64"), S("drBRAGznQg5mqT2mwNv7USFTXxs="));
  assert_true(spec_authenticate(spec, w->arena, &first, &settings, &url, &err));
  assert_false(spec_authenticate(spec, w->arena, &second, &settings, &url, &err));
  add_header(w->arena, &second, S("X-Time"), S("99"));
  assert_true(spec_authenticate(spec, w->arena, &second, &settings, &url, &err));
}

/* A topic's message, signed by a key and certificate of our own. */
typedef struct Signer {
  EVP_PKEY *key;
  Str pem;
} Signer;

static Signer new_signer(World *w, long lasts_s) {
  Signer signer = {.key = EVP_RSA_gen(2048)};
  X509 *certificate = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_time_adj_ex(X509_getm_notBefore(certificate), -1, 0, &(time_t){RECEIVED_MS / 1000});
  X509_time_adj_ex(X509_getm_notAfter(certificate), 0, lasts_s, &(time_t){RECEIVED_MS / 1000});
  X509_set_pubkey(certificate, signer.key);
  assert_true(X509_sign(certificate, signer.key, EVP_sha256()) > 0);
  BIO *bio = BIO_new(BIO_s_mem());
  char *bytes = NULL;
  assert_int_equal(PEM_write_bio_X509(bio, certificate), 1);
  long count = BIO_get_mem_data(bio, &bytes);
  signer.pem = str_copy(w->arena, (Str){bytes, (size_t)count});
  BIO_free(bio);
  X509_free(certificate);
  return signer;
}

static Str sign(World *w, const Signer *signer, const EVP_MD *digest, Str text) {
  u8 signature[512];
  size_t len = sizeof signature;
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  assert_int_equal(EVP_DigestSignInit(ctx, NULL, digest, NULL, signer->key), 1);
  assert_int_equal(EVP_DigestSign(ctx, signature, &len, (const u8 *)text.ptr, text.len), 1);
  EVP_MD_CTX_free(ctx);
  return base64_encode(w->arena, (Str){(const char *)signature, len});
}

#define TOPIC    "arn:aws:sns:eu-west-1:1:ops"
#define CERT_URL "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"

static Str topic_message(World *w, const Signer *signer, const char *version, const char *message, const char *url,
                         const char *when) {
  Str text = str_format(
      w->arena, "Message\n%s\nMessageId\nm-1\nSubject\nS\nTimestamp\n%s\nTopicArn\n" TOPIC "\nType\nNotification\n",
      "hello", when);
  Str signature = sign(w, signer, version[0] == '1' ? EVP_sha1() : EVP_sha256(), text);
  return str_format(
      w->arena,
      "{\"Type\":\"Notification\",\"MessageId\":\"m-1\",\"TopicArn\":\"" TOPIC
      "\",\"Subject\":\"S\",\"Message\":\"%s\","
      "\"Timestamp\":\"%s\",\"SignatureVersion\":\"%s\",\"Signature\":\"%.*s\",\"SigningCertURL\":\"%s\"}",
      message, when, version, STR_ARG(signature), url);
}

static void certificates_prove_messages_of_a_topic(void **state) {
  static const struct {
    const char *version, *message, *url, *when, *secret;
    bool fetched, good;
  } CASES[] = {
      {"1", "hello", CERT_URL, "2026-05-28T20:00:00.000Z", TOPIC, true, true},
      {"2", "hello", CERT_URL, "2026-05-28T20:00:00.000Z", TOPIC, true, true},
      {"2", "hello", CERT_URL, "2026-05-28T20:00:00.000Z", "other\n" TOPIC, true, true},
      {"2", "altered", CERT_URL, "2026-05-28T20:00:00.000Z", TOPIC, true, false},
      {"3", "hello", CERT_URL, "2026-05-28T20:00:00.000Z", TOPIC, true, false},
      {"2", "hello", CERT_URL, "2026-05-28T20:00:00.000Z", "arn:aws:sns:eu-west-1:1:other", false, false},
      {"2", "hello", CERT_URL, "2026-05-20T20:00:00.000Z", TOPIC, false, false},
      {"2", "hello", "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem", "2026-05-28T20:00:00.000Z", TOPIC, false,
       false},
      {"2", "hello", "http://sns.eu-west-1.amazonaws.com/a.pem", "2026-05-28T20:00:00.000Z", TOPIC, false, false},
      {"2", "hello", "https://evil.example/sns.eu-west-1.amazonaws.com/a.pem", "2026-05-28T20:00:00.000Z", TOPIC, false,
       false},
      {"2", "hello", "https://sns.cn-north-1.amazonaws.com.cn/a.pem", "2026-05-28T20:00:00.000Z", TOPIC, true, true},
  };
  World *w = *state;
  Signer signer = new_signer(w, 1000), other = new_signer(w, 1000), ended = new_signer(w, -10);
  const Spec *spec = catalog_find(w->catalog, S("cloudwatch_sns"));
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Error err = {0};
    Str url = STR_NONE;
    NormaliseSettings settings = {.secret = str_from_c(CASES[i].secret)};
    RawRequest request =
        make_request(topic_message(w, &signer, CASES[i].version, CASES[i].message, CASES[i].url, CASES[i].when));
    if (spec_authenticate(spec, w->arena, &request, &settings, &url, &err) != CASES[i].fetched)
      fail_msg("%zu: %s", i, err.message);
    if (!CASES[i].fetched) continue;
    assert_true(str_equal_c(url, CASES[i].url));
    if (spec_authenticate_certificate(spec, w->arena, &request, signer.pem, &err) != CASES[i].good)
      fail_msg("%zu: %s", i, err.message);
    assert_false(spec_authenticate_certificate(spec, w->arena, &request, other.pem, &err));
    assert_false(spec_authenticate_certificate(spec, w->arena, &request, ended.pem, &err));
    assert_false(spec_authenticate_certificate(spec, w->arena, &request, S("no certificate"), &err));
  }
  EVP_PKEY_free(signer.key);
  EVP_PKEY_free(other.key);
  EVP_PKEY_free(ended.key);
}

static void only_proved_subscriptions_are_confirmed(void **state) {
  World *w = *state;
  const Spec *spec = catalog_find(w->catalog, S("cloudwatch_sns"));
  RawRequest request = read_request(w->arena, S("cloudwatch_sns"), S("subscription_confirmation"));
  NormaliseSettings plain = {0}, proved = {.secret = S("arn:aws:sns:eu-west-1:1234567890:alerta-test")};
  Normalised n = {0};
  Error err = {0};
  assert_true(spec_normalise(spec, w->arena, &request, &plain, &n, &err));
  assert_true(n.confirm_url.len == 0 && n.warning_count == 1);
  assert_true(spec_normalise(spec, w->arena, &request, &proved, &n, &err));
  assert_true(str_starts_with(n.confirm_url, S("https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription")));
  assert_string_equal(n.outcome, "confirmation");
  request.body =
      S("{\"Type\":\"SubscriptionConfirmation\",\"SubscribeURL\":\"https://evil.example/?Action=x\",\"Message\":\"\"}");
  assert_true(spec_normalise(spec, w->arena, &request, &proved, &n, &err));
  assert_int_equal(n.confirm_url.len, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_way_of_proof_works_and_fails),
      cmocka_unit_test(signatures_may_cover_a_header_and_more),
      cmocka_unit_test(certificates_prove_messages_of_a_topic),
      cmocka_unit_test(only_proved_subscriptions_are_confirmed),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
