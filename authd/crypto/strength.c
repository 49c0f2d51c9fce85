/* SPDX-License-Identifier: Apache-2.0
 *
 * Passwords that attackers try first. zxcvbn cuts a password into the pieces that are cheapest to
 * guess and counts the guesses. It is common when the guesses are few, or when one piece is all of
 * it but for two digits or symbols and that piece is a word of a dictionary, a word of the context,
 * or a run: such lists are worked through whole.
 */
#include <sodium.h>
#include <zxcvbn.h>

#include "crypto/strength.h"

enum { LOOKED_AT = 100, WORDS_MAX = 32, WORD_LEN_MIN = 3, EXTRAS_MAX = 2 };
#define FEW_GUESSES 14.0 /* as a power of two */

/* The words as zxcvbn wants them: NUL-terminated, in a NULL-terminated array. */
struct words {
    const char *list[WORDS_MAX + 1];
    size_t n;
    char text[WORDS_MAX][LOOKED_AT + 1];
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80);
}

static bool is_word_char(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9');
}

static void copy_text(char out[LOOKED_AT + 1], struct str s)
{
    size_t n = s.len < LOOKED_AT ? s.len : LOOKED_AT;
    if (n > 0)
        memcpy(out, s.ptr, n);
    out[n] = '\0';
}

static void add_word(struct words *w, struct str word)
{
    if (word.len < WORD_LEN_MIN || w->n == WORDS_MAX)
        return;
    copy_text(w->text[w->n], word);
    w->list[w->n] = w->text[w->n];
    w->n++;
}

/* "Acme Rockets" without the blank: "AcmeRockets". */
static void add_joined(struct words *w, struct str s)
{
    char joined[LOOKED_AT];
    size_t n = 0;
    for (size_t i = 0; i < s.len && n < sizeof(joined); i++) {
        if (is_word_char(s.ptr[i]))
            joined[n++] = s.ptr[i];
    }
    add_word(w, (struct str){joined, n});
}

/* "alice@acme.example" is guessed as a whole, joined, and as each of its words. */
static void add_context(struct words *w, struct str s)
{
    add_word(w, s);
    add_joined(w, s);
    for (size_t from = 0, to; from < s.len; from = to + 1) {
        to = from;
        while (to < s.len && is_word_char(s.ptr[to]))
            to++;
        add_word(w, str_slice(s, from, to));
    }
}

/* A repeated word is as good as the word. */
static bool is_guessable_kind(unsigned type)
{
    unsigned kind = type & ~(unsigned)MULTIPLE_MATCH;
    return kind == DICTIONARY_MATCH || kind == DICT_LEET_MATCH || kind == USER_MATCH ||
           kind == USER_LEET_MATCH || kind == REPEATS_MATCH || kind == SEQUENCE_MATCH;
}

/* Whether everything outside [begin, end) is at most two characters, none of them a letter. */
static bool rest_is_decoration(const char *password, size_t begin, size_t end)
{
    size_t n = strlen(password);
    if (n - (end - begin) > EXTRAS_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        if ((i < begin || i >= end) && is_letter(password[i]))
            return false;
    }
    return true;
}

static bool one_piece_is_nearly_all(const char *password, const ZxcMatch_t *pieces)
{
    for (const ZxcMatch_t *m = pieces; m; m = m->Next) {
        size_t begin = (size_t)m->Begin;
        if (is_guessable_kind((unsigned)m->Type) &&
            rest_is_decoration(password, begin, begin + (size_t)m->Length))
            return true;
    }
    return false;
}

bool password_is_common(struct str password, const struct str *context, size_t n)
{
    struct words words = {.n = 0};
    char text[LOOKED_AT + 1];
    ZxcMatch_t *pieces = NULL;
    copy_text(text, password);
    for (size_t i = 0; i < n; i++)
        add_context(&words, context[i]);
    double guesses = ZxcvbnMatch(text, words.list, &pieces);
    bool common = text[0] && (guesses < FEW_GUESSES || one_piece_is_nearly_all(text, pieces));
    ZxcvbnFreeInfo(pieces);
    sodium_memzero(text, sizeof(text));
    return common;
}
