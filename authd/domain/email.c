/* SPDX-License-Identifier: Apache-2.0
 *
 * Which e-mail addresses exist for us. Not RFC 5322 in full but what mail servers in fact deliver
 * and HTML forms accept: an unquoted local part and a domain name, both open to other scripts (RFC
 * 6531). The text is brought to the form that identifies it first and judged afterwards, never the
 * other way round.
 */
#include "base/arena.h"
#include "domain/unicode.h"
#include "domain/user.h"

enum { LABEL_MAX = 63 };

static bool is_alphanumeric(int32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool foreign_char(int32_t c)
{
    return c >= 0x80 && unicode_printable(c) && !unicode_confusable(c);
}

/* atext of RFC 5322 and the dot. Quotes, commas, brackets and the like would mean something else in
 * a mail header. */
static bool local_char(int32_t c)
{
    if (is_alphanumeric(c) || foreign_char(c))
        return true;
    return c > 0 && c < 0x80 && strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL;
}

static bool label_char(int32_t c)
{
    return is_alphanumeric(c) || c == '-' || foreign_char(c);
}

/* Every code point passes, and the first is no mark that would change the '@' or '.' before it. */
static bool made_of(struct str text, bool (*allowed)(int32_t))
{
    int32_t c;
    struct str rest = text;
    if (!unicode_next(&rest, &c) || unicode_combining(c))
        return false;
    do {
        if (!allowed(c))
            return false;
    } while (unicode_next(&rest, &c));
    return true;
}

static bool label_valid(struct str label)
{
    return label.len > 0 && label.len <= LABEL_MAX && label.ptr[0] != '-' &&
           label.ptr[label.len - 1] != '-' && made_of(label, label_char);
}

static bool domain_valid(struct str domain)
{
    struct str rest = domain;
    struct str label;
    if (domain.len == 0)
        return false;
    while (str_split(&rest, '.', &label)) {
        if (!label_valid(label))
            return false;
    }
    return true;
}

static struct str lower_ascii(struct arena *a, struct str s)
{
    char *out = arena_alloc(a, s.len + 1);
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return (struct str){out, s.len};
}

/* NFC, ASCII lower-cased, and NFC again: T with diaeresis has no composed form, t with diaeresis
 * has. */
static bool identity_form(struct arena *a, struct str typed, struct str *out)
{
    return unicode_nfc(a, typed, out) && unicode_nfc(a, lower_ascii(a, *out), out) &&
           out->len <= EMAIL_MAX;
}

bool email_valid(struct arena *a, struct str typed, struct str *key)
{
    struct str form;
    if (typed.len > EMAIL_MAX || !identity_form(a, typed, &form))
        return false;
    size_t at = str_find(form, '@');
    if (at == form.len)
        return false;
    if (!made_of(str_slice(form, 0, at), local_char) ||
        !domain_valid(str_slice(form, at + 1, form.len)))
        return false;
    *key = form;
    return true;
}
