/* What providers want signed: AWS's documented example, tokens, and the example of RFC 8291, to the byte. */

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "lang/json.h"
#include "net/aws_sign.h"
#include "net/jwt.h"
#include "net/web_push.h"
#include <cmocka.h> /* after ours: it has a macro named fail */

static void aws_example_is_signed_as_documented(void **state) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  AwsRequest r = {.method = S("GET"),
                  .url = S("https://iam.amazonaws.com/?Version=2010-05-08&Action=ListUsers"),
                  .body = S(""),
                  .content_type = S("application/x-www-form-urlencoded; charset=utf-8"),
                  .service = S("iam"),
                  .region = S("us-east-1"),
                  .key_id = S("AKIDEXAMPLE"),
                  .secret = S("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                  .now_ms = 1440938160000};
  Str headers[AWS_HEADERS_MAX];
  size_t count = 0;
  Error err = {0};
  (void)state;
  assert_true(aws_sign(arena, &r, headers, &count, &err));
  assert_int_equal(count, 2);
  assert_string_equal(str_to_c(arena, headers[1]), "X-Amz-Date: 20150830T123600Z");
  assert_string_equal(str_to_c(arena, headers[0]),
                      "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
                      "SignedHeaders=content-type;host;x-amz-date, "
                      "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
  r.url = S("ftp://iam.amazonaws.com/");
  assert_false(aws_sign(arena, &r, headers, &count, &err));
  r.url = S("https://iam.amazonaws.com:443");
  r.session_token = S("session");
  assert_true(aws_sign(arena, &r, headers, &count, &err));
  assert_int_equal(count, 3);
  r.secret = S("");
  assert_false(aws_sign(arena, &r, headers, &count, &err));
}

/* What botocore makes of the same request. */
static void a_query_is_sorted_by_names_not_by_texts(void **state) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  AwsRequest r = {.method = S("GET"),
                  .url = S("https://iam.amazonaws.com/?a-b=1&a=2&a=1&a.c"),
                  .body = S(""),
                  .content_type = S("application/x-www-form-urlencoded; charset=utf-8"),
                  .service = S("iam"),
                  .region = S("us-east-1"),
                  .key_id = S("AKIDEXAMPLE"),
                  .secret = S("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                  .now_ms = 1440938160000};
  Str headers[AWS_HEADERS_MAX];
  size_t count = 0;
  Error err = {0};
  (void)state;
  assert_true(aws_sign(arena, &r, headers, &count, &err));
  assert_true(
      str_ends_with(headers[0], S("Signature=853feed7181dce038fc548ba46449e08c90468d2457a352794362cc6b371ac9d")));
}

static const char TOKEN[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0Ijo"
    "xNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";

static void a_known_token_is_taken_and_every_changed_byte_refused(void **state) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Value claims;
  Error err = {0};
  Str token = str_from_c(TOKEN), secret = S("your-256-bit-secret");
  (void)state;
  assert_true(jwt_check_hs256(arena, token, secret, 1516239022, &claims, &err));
  assert_string_equal(str_to_c(arena, value_text_or(value_get_c(&claims, "name"), S(""))), "John Doe");
  assert_false(jwt_check_hs256(arena, token, S("another"), 1516239022, &claims, &err));
  assert_false(jwt_check_hs256(arena, token, S(""), 1516239022, &claims, &err));
  for (size_t i = 0; i + 1 < token.len; i++) { /* two bits of the last character mean nothing */
    char *changed = str_to_c(arena, token);
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    assert_false(jwt_check_hs256(arena, str_from_c(changed), secret, 1516239022, &claims, &err));
  }
  for (size_t cut = 0; cut < token.len; cut++)
    assert_false(jwt_check_hs256(arena, str_slice(token, 0, cut), secret, 1516239022, &claims, &err));
}

static Str decoded(Arena *arena, const char *text) {
  Str out = STR_NONE;
  assert_true(base64_decode(arena, str_from_c(text), &out));
  return out;
}

/* The sender's key of the example as PKCS#8: the prefix of a P-256 key, then its 32 bytes. */
static EVP_PKEY *example_key(Arena *arena) {
  static const u8 PREFIX[] = {0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                              0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
                              0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01, 0x01, 0x04, 0x20};
  Buf der = buf_new(arena, 200);
  EVP_PKEY *key = NULL;
  Error err = {0};
  buf_put(&der, (Str){(const char *)PREFIX, sizeof PREFIX});
  buf_put(&der, decoded(arena, "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"));
  Str pem = str_format(arena, "-----BEGIN PRIVATE KEY-----\n%.*s\n-----END PRIVATE KEY-----\n",
                       STR_ARG(base64_encode(arena, buf_str(&der))));
  if (!pkey_from_pem(pem, &key, &err)) fail_msg("%s", err.message);
  return key;
}

static const char SUBSCRIPTION[] =
    "{\"endpoint\":\"https://push.example.net/push/"
    "JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV\",\"expirationTime\":null,\"keys\":{"
    "\"p256dh\":\"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4\","
    "\"auth\":\"BTBZMqHH6r4Tts7J_aSIgg\"}}";

static void the_example_of_rfc_8291_is_encrypted_to_the_byte(void **state) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  CLEANUP(pkey_freep) EVP_PKEY *key = example_key(arena);
  WebPushTarget target;
  Str body = STR_NONE, ours = STR_NONE;
  Error err = {0};
  (void)state;
  assert_true(web_push_target(arena, str_from_c(SUBSCRIPTION), &target, &err));
  assert_true(web_push_public(arena, key, &ours, &err));
  assert_string_equal(str_to_c(arena, ours),
                      "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8");
  assert_true(web_push_encrypt(arena, &target, S("When I grow up, I want to be a watermelon"), key,
                               decoded(arena, "DGv6ra1nlYgDCS1FRnbzlw"), &body, &err));
  assert_string_equal(
      str_to_c(arena, base64url_encode(arena, body)),
      "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8w"
      "EqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN");
}

static void a_message_fills_what_services_take_and_no_more(void **state) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  WebPushTarget target;
  Str body = STR_NONE, again = STR_NONE;
  Error err = {0};
  char plain[WEB_PUSH_PLAIN_MAX + 1] = {0};
  (void)state;
  assert_true(web_push_target(arena, str_from_c(SUBSCRIPTION), &target, &err));
  assert_true(web_push_encrypt(arena, &target, (Str){plain, WEB_PUSH_PLAIN_MAX}, NULL, S(""), &body, &err));
  assert_int_equal(body.len, 4096);
  assert_true(web_push_encrypt(arena, &target, (Str){plain, WEB_PUSH_PLAIN_MAX}, NULL, S(""), &again, &err));
  assert_false(str_equal(body, again)); /* a fresh key and salt each time */
  assert_false(web_push_encrypt(arena, &target, (Str){plain, sizeof plain}, NULL, S(""), &body, &err));
}

static void what_is_no_subscription_is_refused(void **state) {
  static const char *const WRONG[] = {
      "", "x", "[]", "{}", "{\"endpoint\":\"https://e.example/\"}", "{\"endpoint\":\"file:///etc/passwd\",\"keys\":{}}",
      "{\"endpoint\":\"https://e.example/\",\"keys\":{\"p256dh\":\"AAAA\",\"auth\":\"BTBZMqHH6r4Tts7J_aSIgg\"}}",
      /* 65 bytes, but no point of the curve */
      "{\"endpoint\":\"https://e.example/"
      "\",\"keys\":{\"p256dh\":"
      "\"BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
      "\"auth\":\"BTBZMqHH6r4Tts7J_aSIgg\"}}"};
  (void)state;
  for (size_t i = 0; i < COUNT(WRONG); i++) {
    CLEANUP(arena_freep) Arena *arena = arena_new();
    WebPushTarget target;
    Error err = {0};
    if (web_push_target(arena, str_from_c(WRONG[i]), &target, &err)) fail_msg("taken: %s", WRONG[i]);
    assert_true(err.message[0] != 0);
  }
}

static void a_new_key_signs_for_the_endpoints_origin(void **state) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  CLEANUP(pkey_freep) EVP_PKEY *key = NULL;
  Str pem, header, ours, head, rest, claims_text = STR_NONE, tail = STR_NONE, json = STR_NONE;
  Error err = {0};
  Value claims;
  (void)state;
  assert_true(web_push_key_new(arena, &pem, &err) && pkey_from_pem(pem, &key, &err) &&
              web_push_public(arena, key, &ours, &err));
  assert_true(web_push_authorize(arena, S("https://push.example.net:8443/a/b?c"), key, S("mailto:a@example.org"), 1000,
                                 &header, &err));
  assert_true(str_starts_with(header, S("vapid t=")) && str_ends_with(header, ours));
  assert_true(str_cut(header, '.', &head, &rest));
  assert_true(str_cut(rest, '.', &claims_text, &tail));
  assert_true(base64_decode(arena, claims_text, &json) && json_parse(arena, json, NULL, &claims, &err));
  assert_string_equal(str_to_c(arena, value_text_or(value_get_c(&claims, "aud"), S(""))),
                      "https://push.example.net:8443");
  assert_int_equal(value_int_or(value_get_c(&claims, "exp"), 0), 1000 + 12 * 3600);
  assert_int_equal(str_find(tail, S(", k="), 0), 86); /* 64 bytes: r and s */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(aws_example_is_signed_as_documented),
      cmocka_unit_test(a_query_is_sorted_by_names_not_by_texts),
      cmocka_unit_test(a_known_token_is_taken_and_every_changed_byte_refused),
      cmocka_unit_test(the_example_of_rfc_8291_is_encrypted_to_the_byte),
      cmocka_unit_test(a_message_fills_what_services_take_and_no_more),
      cmocka_unit_test(what_is_no_subscription_is_refused),
      cmocka_unit_test(a_new_key_signs_for_the_endpoints_origin),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
