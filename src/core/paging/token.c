/* Links in messages: 13 digits of the notification's id and 26 of an HMAC under the server's own secret. Nothing is
 * stored, a guess is one in 2^130, and the same notification always has the same link, however often it is sent. */
#include <string.h>

#include "core/paging/internal.h"

enum { MAC_DIGITS = 26 };
static const char DIGITS[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

Str ack_token(App *app, Arena *arena, i64 notification_id) {
  char *out = arena_alloc(arena, ID_DIGITS + MAC_DIGITS);
  id_digits(notification_id, out);
  Str mac = hmac_sha256_raw(arena, app->link_secret, (Str){out, ID_DIGITS});
  for (size_t i = 0; i < MAC_DIGITS; i++) {
    size_t bit = i * 5, byte = bit / 8;
    u32 two = (u32)((u8)mac.ptr[byte] << 8 | (u8)mac.ptr[byte + 1]);
    out[ID_DIGITS + i] = DIGITS[two >> (11 - bit % 8) & 31];
  }
  return (Str){out, ID_DIGITS + MAC_DIGITS};
}

bool ack_token_check(App *app, Arena *arena, Str token, i64 *out_notification_id) {
  if (token.len != ID_DIGITS + MAC_DIGITS) return false;
  Str text = str_format(arena, "ntf_%.*s", ID_DIGITS, token.ptr);
  i64 id = 0;
  if (!id_parse("ntf", text, &id)) return false;
  if (!str_equal_secret(ack_token(app, arena, id), token)) return false;
  *out_notification_id = id;
  return true;
}
