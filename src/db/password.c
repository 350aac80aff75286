/* A password that stands in a file, put into the URL as libpq reads it. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "db/db.h"

enum { DB_PASSWORD_BYTES_MAX = 1024 };

static void put_escaped(Buf *out, Str text) {
  for (size_t i = 0; i < text.len; i++) {
    unsigned char c = (unsigned char)text.ptr[i];
    if (isalnum(c))
      buf_putc(out, (char)c);
    else
      buf_format(out, "%%%02X", c);
  }
}

bool db_url_with_password(Arena *arena, const char *url, const char *password_file, const char **out, Error *err) {
  char text[DB_PASSWORD_BYTES_MAX];
  Str password, rest;
  if (!str_starts_with(str_from_c(url), S("postgres")))
    return fail(err, ERR_INVALID, "--db-password-file goes with --db postgresql://... only");
  FILE *file = fopen(password_file, "re");
  if (!file) return fail(err, ERR_INVALID, "--db-password-file: cannot read %s: %s", password_file, strerror(errno));
  size_t got = fread(text, 1, sizeof text, file);
  fclose(file);
  (void)str_cut((Str){text, got}, '\n', &password, &rest);
  if (str_ends_with(password, S("\r"))) password.len--;
  if (password.len == 0 || got == sizeof text)
    return fail(err, ERR_INVALID, "--db-password-file: the first line of %s is %s", password_file,
                password.len == 0 ? "empty" : "too long");
  Buf buf = buf_new(arena, strlen(url) + 3 * password.len + 16);
  buf_puts(&buf, url);
  buf_puts(&buf, strchr(url, '?') ? "&password=" : "?password=");
  put_escaped(&buf, password);
  *out = str_to_c(arena, buf_str(&buf));
  return true;
}
