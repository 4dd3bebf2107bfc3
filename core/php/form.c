/* form - one pass over the tokens, each of them noted by its kind; strings, names and hashes have
 * files of their own.
 */
#include "form_parts.h"

#include "spamgear/base/map.h"

#define LATE_BYTES    512  /* of something that is no page before the first tag */
#define PICTURE_BYTES 64   /* more than a picture's head behind its magic bytes */
#define NOTICE_BYTES  4096 /* of a comment that are read for a licence */

struct look {
    struct span text;
    struct php_form *form;
    const struct php_token *first, *before, *spoken; /* the first one; the last one; the last that
                                                        is neither blank nor comment */
    struct map names;
    uint32_t line;                    /* bytes of the code line so far */
    uint32_t depth;                   /* of braces */
    uint32_t gap_comments, gap_lines; /* since the last that is neither blank nor comment */
    bool exits; /* an exit that nothing is asked for, on the file's own level, is being read */
};

/* ---- layout ---- */

static void note_line(struct look *look, struct span bytes, bool counts)
{
    const char *newline;
    while (bytes.len > 0 && (newline = memchr(bytes.at, '\n', bytes.len)) != NULL) {
        uint32_t len = look->line + (counts ? (uint32_t)(newline - bytes.at) : 0);
        if (len > look->form->longest_line)
            look->form->longest_line = len;
        look->line = 0;
        look->form->lines++;
        bytes = span_of(newline + 1, span_end(bytes));
    }
    look->line += counts ? (uint32_t)bytes.len : 0;
    if (look->line > look->form->longest_line)
        look->form->longest_line = look->line;
}

/* Blanks at the end of bytes, which code follows on the same line. */
static void note_blanks(struct php_form *form, struct span bytes)
{
    uint32_t run = 0;
    while (run < bytes.len &&
           (bytes.at[bytes.len - 1 - run] == ' ' || bytes.at[bytes.len - 1 - run] == '\t'))
        run++;
    if (run > form->blank_run)
        form->blank_run = run;
}

/* ---- what stands outside of tags ---- */

static bool is_picture(struct span s)
{
    return span_has_prefix(s, SPAN("GIF8")) || span_has_prefix(s, SPAN("\x89PNG")) ||
           span_has_prefix(s, SPAN("\xff\xd8\xff")) || span_has_prefix(s, SPAN("BM")) ||
           span_has_prefix(s, SPAN("%PDF-")) || span_has_prefix(s, SPAN("RIFF"));
}

static bool is_late(struct span before)
{
    return before.len >= LATE_BYTES && memchr(before.at, '<', before.len) == NULL;
}

static void note_html(struct look *look, const struct php_token *token, struct span bytes)
{
    struct php_form *form = look->form;
    form->html_bytes += token->len;
    php_form_html(form, bytes);
    if (token == look->first && token[1].kind != PHP_END) {
        form->gif_header = is_picture(bytes);
        form->after_image = form->gif_header && bytes.len > PICTURE_BYTES;
        form->starts_late = is_late(bytes);
    }
    form->code_before_bom |= token != look->first && span_has_prefix(bytes, SPAN("\xef\xbb\xbf"));
    if (token[1].kind != PHP_END)
        note_blanks(form, bytes);
}

/* ---- comments ---- */

static bool is_notice(struct span comment)
{
    static const struct span words[] = {
        {"copyright", 9}, {"license", 7}, {"licence", 7}, {"@package", 8}, {"@author", 7}};
    if (comment.len > NOTICE_BYTES)
        comment.len = NOTICE_BYTES;
    for (; comment.len > 0; comment = span_skip(comment, 1))
        if (strchr("cClL@", *comment.at) != NULL && *comment.at != '\0')
            for (size_t i = 0; i < sizeof words / sizeof *words; i++)
                if (php_form_begins(comment, words[i]))
                    return true;
    return false;
}

static void note_comment(struct look *look, const struct php_token *token, struct span bytes)
{
    look->form->comment_bytes += token->len;
    if (!look->form->has_license)
        look->form->has_license = is_notice(bytes);
    look->gap_comments += bytes.len >= 4 && bytes.at[1] == '*';
}

/* token stands behind comments: on one line with what is before them, and where nobody has anything
 * to say, as between a name and its bracket? */
static void note_gap(struct look *look, const struct php_token *token)
{
    const struct php_token *before = look->spoken;
    bool is_operand = before->kind == PHP_VARIABLE || before->kind == PHP_STRING ||
                      (before->kind == PHP_NAME && before->is == PHP_WORD_NONE) ||
                      php_form_is_op(before, ']') || php_form_is_op(before, ')');
    bool goes_on =
        php_form_is_op(token, '(') || php_form_is_op(token, '.') || php_form_is_op(token, '[');
    if (is_operand && goes_on && look->gap_lines == 0)
        look->form->split_comments += look->gap_comments;
}

/* ---- names ---- */

static void count_name(struct look *look, struct span name)
{
    bool added;
    map_put(&look->names, name, &added);
    if (!added)
        return;
    bool is_high = false;
    for (size_t i = 0; i < name.len && !is_high; i++)
        is_high = (unsigned char)name.at[i] > 127;
    look->form->names++;
    look->form->high_names += is_high;
    look->form->random_names += !is_high && php_name_is_random(name);
}

static bool names_own(const struct php_token *before)
{
    return before->kind == PHP_NAME &&
           (before->is == PHP_WORD_FUNCTION || before->is == PHP_WORD_CLASS ||
            before->is == PHP_WORD_GOTO);
}

static bool is_member(const struct php_token *before)
{
    return php_form_is_op(before, PHP_OP_ARROW) || php_form_is_op(before, PHP_OP_NULL_ARROW) ||
           php_form_is_op(before, PHP_OP_COLONS);
}

/* On the file's own level and under no condition: at a statement's start. */
static bool is_final_exit(const struct look *look, const struct php_token *token)
{
    return php_form_is_word(token, PHP_WORD_EXIT) && look->depth == 0 &&
           (php_form_is_op(look->spoken, ';') || look->spoken->kind == PHP_OPEN);
}

static void note_name(struct look *look, const struct php_token *token, struct span bytes)
{
    const struct php_token *next = php_form_next(token);
    if (is_member(look->spoken))
        return;
    if (names_own(look->spoken))
        count_name(look, bytes);
    look->form->has_namespace |= token->is == PHP_WORD_NAMESPACE && next->kind == PHP_NAME;
    look->form->has_class |= token->is == PHP_WORD_CLASS && next->kind == PHP_NAME;
    look->form->chr_calls +=
        php_form_is_op(next, '(') && bytes.len == 3 && php_form_begins(bytes, SPAN("chr"));
    look->exits |= is_final_exit(look, token);
}

/* ---- the rest ---- */

/* Behind exit; may stand what is declared, and nothing that would run. */
static bool would_run(const struct php_token *token)
{
    static const unsigned char declares[] = {
        PHP_WORD_FUNCTION, PHP_WORD_CLASS,     PHP_WORD_ABSTRACT, PHP_WORD_FINAL, PHP_WORD_TRAIT,
        PHP_WORD_ENUM,     PHP_WORD_INTERFACE, PHP_WORD_EXIT,     PHP_WORD_CASE,  PHP_WORD_DEFAULT,
        PHP_WORD_BREAK,    PHP_WORD_ENDIF,     PHP_WORD_RETURN,   PHP_WORD_ELSE,  PHP_WORD_ELSEIF};
    if (token->kind == PHP_NAME)
        return token->is == PHP_WORD_NONE || memchr(declares, token->is, sizeof declares) == NULL;
    return token->kind == PHP_VARIABLE || php_form_is_op(token, '@') || php_form_is_op(token, '$');
}

static void note_operator(struct look *look, const struct php_token *token)
{
    if (token->is == '.' || token->is == PHP_OP_CONCAT_IS)
        look->form->concats++;
    else if (token->is == '{' || token->is == PHP_OP_BRACE_DOLLAR ||
             token->is == PHP_OP_DOLLAR_BRACE)
        look->depth++;
    else if (token->is == '}')
        look->depth -= look->depth > 0;
    if ((token->is == '[' || token->is == '{') && php_form_next(token)->kind == PHP_NUMBER)
        look->form->indexes++;
    if (look->exits && token->is == ';') {
        look->form->after_exit |= would_run(php_form_next(token));
        look->exits = false;
    }
}

static void note_string(struct look *look, const struct php_token *token, struct span bytes)
{
    bool is_piece = token->kind == PHP_PIECE, has_escapes = is_piece;
    if (is_piece) {
        has_escapes = token->is != PHP_QUOTE_NOWDOC;
    } else {
        if (bytes.len > 0 && (*bytes.at == 'b' || *bytes.at == 'B'))
            bytes = span_skip(bytes, 1);
        has_escapes = bytes.len > 0 && *bytes.at == '"';
        bytes = span_skip(bytes, bytes.len > 0);
        bytes.len -= bytes.len > 0 && !(token->flags & PHP_TOKEN_UNCLOSED);
    }
    php_form_string(look->form, bytes, has_escapes);
}

static void note_spoken(struct look *look, const struct php_token *token, struct span bytes)
{
    look->form->tokens++;
    if (token->kind != PHP_HTML && token->kind != PHP_HALTED)
        look->form->code_bytes += token->len;
    if (look->gap_comments > 0)
        note_gap(look, token);
    look->gap_comments = look->gap_lines = 0;
    if (look->before != NULL && look->before->kind == PHP_BLANK)
        note_blanks(look->form, php_token_text(look->text, look->before));
    if (token->kind == PHP_HTML)
        note_html(look, token, bytes);
    else if (token->kind == PHP_NAME)
        note_name(look, token, bytes);
    else if (token->kind == PHP_VARIABLE)
        count_name(look, span_skip(bytes, bytes.len > 0));
    else if (token->kind == PHP_STRING || token->kind == PHP_PIECE)
        note_string(look, token, bytes);
    else if (token->kind == PHP_OPERATOR)
        note_operator(look, token);
    look->exits &= token->kind != PHP_CLOSE;
    look->spoken = token;
}

static bool is_code(const struct php_token *token)
{
    return token->kind != PHP_HTML && token->kind != PHP_COMMENT && token->kind != PHP_HALTED;
}

static void note_token(struct look *look, const struct php_token *token)
{
    struct span bytes = php_token_text(look->text, token);
    uint32_t lines = look->form->lines;
    note_line(look, bytes, is_code(token));
    look->gap_lines += look->form->lines - lines;
    if (token->kind == PHP_COMMENT)
        note_comment(look, token, bytes);
    else if (token->kind != PHP_BLANK)
        note_spoken(look, token, bytes);
    look->before = token;
}

void php_form_of(struct span text, const struct php_tokens *all, struct php_form *form)
{
    static const struct php_token none = {.kind = PHP_END};
    *form = (struct php_form){.bytes = (uint32_t)text.len, .lines = text.len > 0};
    if (all->list.len == 0)
        return;
    struct look look = {.text = text, .form = form, .first = all->list.at, .spoken = &none};
    for (size_t i = 0; i + 1 < all->list.len; i++)
        note_token(&look, &all->list.at[i]);
    map_clear(&look.names);
    php_form_hash(text, all, form);
}
