/* MIME: messages are read back by a small decoder that shares nothing with the builder. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/mime.h"

#include <cmocka.h> /* after ours: it has a macro named fail */

static const char ACCENTS[] = "Gr\xc3\xb6\xc3\x9f\x65 \xe2\x9c\x93 \xf0\x9f\x94\xa5";

static int setup(void **state) {
  *state = arena_new();
  return 0;
}

static int teardown(void **state) {
  arena_free(*state);
  return 0;
}

static int hex_digit(char c) {
  return isdigit((unsigned char)c) ? c - '0' : (c | 32) - 'a' + 10;
}

/* One header's value, unfolded; STR_NONE when there is none. `skip` of the same name are passed over. */
static Str header(Arena *arena, Str message, const char *name, int skip) {
  Str head = str_slice(message, 0, str_find(message, S("\r\n\r\n"), 0) + 2);
  Buf out = buf_new(arena, KIB(64));
  bool inside = false, found = false;
  for (size_t at = 0; at < head.len;) {
    size_t next = str_find(head, S("\r\n"), at) + 2;
    Str line = str_slice(head, at, next - 2), line_name, value;
    bool folded = line.len > 0 && line.ptr[0] == ' ';
    at = next;
    if (!folded)
      inside = str_cut(line, ':', &line_name, &value) && str_equal_nocase(line_name, str_from_c(name)) && !found &&
               skip-- == 0;
    if (!inside) continue;
    found = true;
    buf_put(&out, folded ? line : value);
  }
  return found ? str_trim(buf_str(&out)) : STR_NONE;
}

static size_t decode_word(Arena *arena, Str text, size_t at, Buf *out) {
  size_t end = str_find(text, S("?="), at + 10);
  Str body = str_slice(text, at + 10, end), raw;
  assert_true(end != SIZE_MAX && end + 2 - at <= 75);
  if (text.ptr[at + 8] == 'B') {
    assert_true(base64_decode(arena, body, &raw));
    assert_true(utf8_valid(raw));
    buf_put(out, raw);
    return end + 2;
  }
  size_t start = out->len;
  for (size_t i = 0; i < body.len; i++) {
    assert_true(body.ptr[i] > ' ' && body.ptr[i] <= '~' && body.ptr[i] != '?');
    if (body.ptr[i] == '=')
      buf_putc(out, (char)(hex_digit(body.ptr[i + 1]) * 16 + hex_digit(body.ptr[i + 2]))), i += 2;
    else
      buf_putc(out, body.ptr[i] == '_' ? ' ' : body.ptr[i]);
  }
  assert_true(utf8_valid(str_slice(buf_str(out), start, out->len)));
  return end + 2;
}

/* RFC 2047: white space between two encoded words is dropped. */
static Str decode_words(Arena *arena, Str text) {
  Buf out = buf_new(arena, KIB(64));
  for (size_t i = 0; i < text.len;) {
    if (!str_starts_with(str_slice(text, i, text.len), S("=?utf-8?"))) {
      buf_putc(&out, text.ptr[i++]);
      continue;
    }
    i = decode_word(arena, text, i, &out);
    size_t next = i;
    while (next < text.len && text.ptr[next] == ' ') next++;
    if (str_starts_with(str_slice(text, next, text.len), S("=?utf-8?"))) i = next;
  }
  return buf_str(&out);
}

static Str decode_quoted_printable(Arena *arena, Str text) {
  Buf out = buf_new(arena, MIB(1));
  for (size_t i = 0; i < text.len;) {
    if (text.ptr[i] != '=') {
      buf_putc(&out, text.ptr[i++]);
    } else if (text.ptr[i + 1] == '\r') {
      i += 3;
    } else {
      buf_putc(&out, (char)(hex_digit(text.ptr[i + 1]) * 16 + hex_digit(text.ptr[i + 2])));
      i += 3;
    }
  }
  return buf_str(&out);
}

/* What every message must be: CRLF only, ASCII, no line over 78. */
static void check_lines(Str message) {
  size_t start = 0;
  for (size_t i = 0; i < message.len; i++) {
    char c = message.ptr[i];
    assert_true(c == '\r' || c == '\n' || (c >= ' ' && c <= '~'));
    if (c == '\r') assert_true(i + 1 < message.len && message.ptr[i + 1] == '\n');
    if (c != '\n') continue;
    assert_true(i > 0 && message.ptr[i - 1] == '\r');
    assert_true(i - 1 - start <= 78);
    start = i + 1;
  }
  assert_int_equal(start, message.len);
}

static Mail plain_mail(void) {
  return (Mail){.from = S("Tocsin <tocsin@example.com>"),
                .to = S("ann@example.com"),
                .subject = S("Disk full"),
                .message_id = S("<1@example.com>"),
                .date_ms = 1767600000000,
                .text = S("Hello\n")};
}

static void assert_str(Str met, const char *wanted) {
  if (!str_equal_c(met, wanted)) print_message("wanted %s\nmet    %.*s\n", wanted, STR_ARG(met));
  assert_true(str_equal_c(met, wanted));
}

static void plain_message_is_exactly_this(void **state) {
  Mail mail = plain_mail();
  assert_str(mime_build(*state, &mail), "Date: Mon, 05 Jan 2026 08:00:00 +0000\r\n"
                                        "From: Tocsin <tocsin@example.com>\r\n"
                                        "To: ann@example.com\r\n"
                                        "Subject: Disk full\r\n"
                                        "Message-ID: <1@example.com>\r\n"
                                        "MIME-Version: 1.0\r\n"
                                        "Content-Type: text/plain; charset=utf-8\r\n"
                                        "Content-Transfer-Encoding: quoted-printable\r\n"
                                        "\r\n"
                                        "Hello\r\n");
}

static void html_makes_two_alternatives(void **state) {
  Mail mail = plain_mail();
  mail.html = S("<p>\xc3\xa9 =_tocsin_alternative_</p>");
  Str message = mime_build(*state, &mail);
  check_lines(message);
  assert_str(str_slice(message, str_find(message, S("Content-Type"), 0), message.len),
             "Content-Type: multipart/alternative; boundary=\"=_tocsin_alternative_\"\r\n"
             "\r\n"
             "--=_tocsin_alternative_\r\n"
             "Content-Type: text/plain; charset=utf-8\r\n"
             "Content-Transfer-Encoding: quoted-printable\r\n"
             "\r\n"
             "Hello\r\n"
             "\r\n"
             "--=_tocsin_alternative_\r\n"
             "Content-Type: text/html; charset=utf-8\r\n"
             "Content-Transfer-Encoding: quoted-printable\r\n"
             "\r\n"
             "<p>=C3=A9 =3D_tocsin_alternative_</p>\r\n"
             "\r\n"
             "--=_tocsin_alternative_--\r\n");
}

static void subjects_come_back_as_they_were(void **state) {
  static const char *const SUBJECTS[] = {
      "plain",
      "",
      "two  spaces   stay",
      "=?utf-8?Q?looks_encoded?=",
      "a=b?c_d",
      ACCENTS,
      "\xe7\xa3\x81\xe7\x9b\x98\xe5\xb7\xb2\xe6\xbb\xa1 \xe7\xa3\x81\xe7\x9b\x98\xe5\xb7\xb2\xe6\xbb\xa1",
      "a long subject of many words that has to be folded more than once, because it says all that it knows about the "
      "disk of db-7 in Berlin",
      "anextremelylongwordthatcannotbefoldedanywhereandisthereforeencodedbecauseencodedwordscanbecutatanycharacterwhats"
      "oever",
      "mixed \xc3\xa4 and a very long rest of the subject with "
      "\xf0\x9f\x94\xa5\xf0\x9f\x94\xa5\xf0\x9f\x94\xa5\xf0\x9f\x94\xa5\xf0\x9f\x94\xa5\xf0\x9f\x94\xa5\xf0\x9f\x94\xa5"
      "\xf0\x9f\x94\xa5 in it"};
  for (size_t i = 0; i < COUNT(SUBJECTS); i++) {
    Mail mail = plain_mail();
    mail.subject = str_from_c(SUBJECTS[i]);
    Str message = mime_build(*state, &mail);
    check_lines(message);
    assert_str(decode_words(*state, header(*state, message, "Subject", 0)), SUBJECTS[i]);
  }
}

static void display_names_are_quoted_or_encoded(void **state) {
  static const char *const CASES[][2] = {
      {"ann@example.com", "ann@example.com"},
      {"<ann@example.com>", "ann@example.com"},
      {"Ann B <ann@example.com>", "Ann B <ann@example.com>"},
      {"B, Ann (\"ops\") <ann@example.com>", "\"B, Ann (\\\"ops\\\")\" <ann@example.com>"},
      {"\"B, Ann\" <ann@example.com>", "\"B, Ann\" <ann@example.com>"},
      {"J\xc3\xbcrgen <j@example.com>", "J\xc3\xbcrgen <j@example.com>"},
      {"x <evil@example.org>, <ann@example.com>", "\"x <evil@example.org>,\" <ann@example.com>"},
      {"Ann <a@example.com, b@example.org>", "Ann <a@example.comb@example.org>"},
  };
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Mail mail = plain_mail();
    mail.from = mail.to = str_from_c(CASES[i][0]);
    Str message = mime_build(*state, &mail);
    check_lines(message);
    assert_str(decode_words(*state, header(*state, message, "From", 0)), CASES[i][1]);
    assert_str(decode_words(*state, header(*state, message, "To", 0)), CASES[i][1]);
  }
}

static size_t header_count(Str message) {
  size_t count = 0, end = str_find(message, S("\r\n\r\n"), 0);
  for (size_t at = 0; at <= end; at = str_find(message, S("\r\n"), at) + 2) count += message.ptr[at] != ' ';
  return count;
}

static void no_value_can_begin_a_header(void **state) {
  static const char *const EVIL[] = {"a\r\nBcc: x@example.org",
                                     "a\nBcc: x@example.org",
                                     "a\rBcc: x@example.org",
                                     "a\r\n\r\nbody",
                                     "\r\nBcc: x",
                                     "a\r\n Bcc: x",
                                     "<a@b>\r\nBcc: x <c@d>"};
  Mail plain = plain_mail();
  plain.references = S("<0@example.com>");
  plain.headers = &(Str)STR("X-Test: y");
  plain.header_count = 1;
  size_t count = header_count(mime_build(*state, &plain));
  for (size_t i = 0; i < COUNT(EVIL); i++) {
    Str evil = str_from_c(EVIL[i]);
    Str further = str_format(*state, "X-Test: %s", EVIL[i]);
    for (int field = 0; field < 6; field++) {
      Mail mail = plain;
      Str *const fields[] = {&mail.from, &mail.to, &mail.subject, &mail.message_id, &mail.references, NULL};
      if (fields[field])
        *fields[field] = evil;
      else
        mail.headers = &further;
      Str message = mime_build(*state, &mail);
      check_lines(message);
      assert_true(header_count(message) <= count);
      assert_null(header(*state, message, "Bcc", 0).ptr);
    }
  }
}

static void line_ends_and_nul_in_values_become_spaces(void **state) {
  Mail mail = plain_mail();
  mail.subject = S("a\r\nb\0c\td");
  assert_str(header(*state, mime_build(*state, &mail), "Subject", 0), "a  b c d");
}

static void replies_name_what_they_answer(void **state) {
  Mail mail = plain_mail();
  mail.references = S("<1@a> junk <2@a>\r\n <no id> <3@a>");
  Str message = mime_build(*state, &mail);
  assert_str(header(*state, message, "In-Reply-To", 0), "<3@a>");
  assert_str(header(*state, message, "References", 0), "<1@a> <2@a> <3@a>");
}

static void long_threads_keep_the_first_and_the_newest(void **state) {
  Mail mail = plain_mail();
  Buf references = buf_new(*state, KIB(8));
  for (int i = 0; i < 120; i++) buf_format(&references, "<%d@example.com> ", i);
  mail.references = buf_str(&references);
  Str message = mime_build(*state, &mail), kept = header(*state, message, "References", 0);
  check_lines(message);
  assert_true(str_starts_with(kept, S("<0@example.com> <71@example.com> ")));
  assert_true(str_ends_with(kept, S(" <119@example.com>")));
}

static void further_headers_need_a_name(void **state) {
  static const Str HEADERS[] = {STR("List-Id: Incidents <incidents.example.com>"), STR("no colon"), STR("bad name: x"),
                                STR(": x"), STR("X-Words: gr\xc3\xbcn")};
  Mail mail = plain_mail();
  mail.headers = HEADERS;
  mail.header_count = COUNT(HEADERS);
  Str message = mime_build(*state, &mail);
  check_lines(message);
  assert_str(header(*state, message, "List-Id", 0), "Incidents <incidents.example.com>");
  assert_str(decode_words(*state, header(*state, message, "X-Words", 0)), "gr\xc3\xbcn");
  assert_int_equal(header_count(message), 10);
}

static void bodies_come_back_as_they_were(void **state) {
  static const struct {
    const char *text, *wanted;
  } CASES[] = {
      {"", ""},
      {"no end", "no end\r\n"},
      {"a\nb\r\nc\rd\n\n", "a\r\nb\r\nc\r\nd\r\n\r\n"},
      {"trailing \nspaces\t\n at the end ", "trailing \r\nspaces\t\r\n at the end \r\n"},
      {".\n..\n.x\n", ".\r\n..\r\n.x\r\n"},
      {"a=b =3D\n", "a=b =3D\r\n"},
      {ACCENTS, "Gr\xc3\xb6\xc3\x9f\x65 \xe2\x9c\x93 \xf0\x9f\x94\xa5\r\n"},
      {"bad \xff byte\n", "bad \xef\xbf\xbd byte\r\n"},
  };
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Mail mail = plain_mail();
    mail.text = str_from_c(CASES[i].text);
    Str message = mime_build(*state, &mail);
    check_lines(message);
    Str body = str_slice(message, str_find(message, S("\r\n\r\n"), 0) + 4, message.len);
    assert_str(decode_quoted_printable(*state, body), CASES[i].wanted);
    assert_false(str_starts_with(body, S(".")) || str_find(body, S("\n."), 0) != SIZE_MAX);
  }
}

/* Random values from an alphabet that hurts: whatever comes, lines and headers stay whole and text comes back. */
static void random_values_keep_messages_whole(void **state) {
  static const char *const PIECES[] = {"a",          " ",
                                       "\r\n",       "\n",
                                       "=",          "?",
                                       "<",          ">",
                                       "\"",         "\\",
                                       ",",          ".",
                                       "\xc3\xa9",   "\xf0\x9f\x94\xa5",
                                       "\xff",       "wordwordwordwordwordwordwordword",
                                       "=?utf-8?Q?", "x@example.com",
                                       ":",          "\t"};
  u32 random = 1;
  for (int round = 0; round < 3000; round++) {
    ArenaMark mark = arena_mark(*state);
    Str values[6];
    for (size_t v = 0; v < COUNT(values); v++) {
      Buf value = buf_new(*state, KIB(16));
      random = random * 1103515245u + 12345u;
      for (u32 n = (random >> 16) % 40; n > 0; n--) {
        random = random * 1103515245u + 12345u;
        buf_puts(&value, PIECES[(random >> 16) % COUNT(PIECES)]);
      }
      values[v] = buf_str(&value);
    }
    Mail mail = {.from = values[0],
                 .to = values[1],
                 .subject = values[2],
                 .message_id = values[3],
                 .references = values[4],
                 .text = values[5]};
    Str message = mime_build(*state, &mail);
    for (size_t i = 0; i < message.len; i++) /* an address may hold UTF-8 */
      assert_true(message.ptr[i] != '\n' || (i > 0 && message.ptr[i - 1] == '\r'));
    assert_true(header_count(message) <= 11);
    arena_rewind(*state, mark);
  }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(plain_message_is_exactly_this),     TEST(html_makes_two_alternatives),
      TEST(subjects_come_back_as_they_were),   TEST(display_names_are_quoted_or_encoded),
      TEST(no_value_can_begin_a_header),       TEST(line_ends_and_nul_in_values_become_spaces),
      TEST(replies_name_what_they_answer),     TEST(long_threads_keep_the_first_and_the_newest),
      TEST(further_headers_need_a_name),       TEST(bodies_come_back_as_they_were),
      TEST(random_values_keep_messages_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
