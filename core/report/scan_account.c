/* scan_account - from the lines of an account to indented text and to JSON.
 *
 * The lines come from a worker, so their texts are foreign bytes: they are escaped, and what does
 * not look as it should is left out.
 */
#include "spamgear/report/scan_account.h"

#include "spamgear/base/text.h"
#include "spamgear/scan/php_judge.h"
#include <stdio.h>
#include <string.h>

/* What an ACCOUNT_POINTS line says. */
struct points {
    double points;
    size_t feature;
};

static bool read_number(struct span text, double *number)
{
    char copy[32];
    char after;
    if (text.len == 0 || text.len >= sizeof copy)
        return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    return strspn(copy, "+-.0123456789") == text.len && sscanf(copy, "%lf%c", number, &after) == 1;
}

/* Text before and behind the first blank. */
static bool halve(struct span text, struct span *left, struct span *right)
{
    const char *blank = text.len > 0 ? memchr(text.at, ' ', text.len) : NULL;
    if (blank == NULL)
        return false;
    *left = span_of(text.at, blank);
    *right = span_of(blank + 1, span_end(text));
    return true;
}

static bool read_points(struct span text, struct points *points)
{
    struct span number, name;
    if (!halve(text, &number, &name) || !read_number(number, &points->points))
        return false;
    points->feature = php_feature_find(name);
    return points->feature < php_feature_count();
}

static bool read_score(struct span text, double *score, double *from)
{
    struct span left, right;
    return halve(text, &left, &right) && read_number(left, score) && read_number(right, from);
}

/* ---- text ---- */

static void score_text(struct span text, struct strbuf *out)
{
    double score, from;
    if (read_score(text, &score, &from))
        strbuf_format(out, "    %.1f points, malicious from %.1f", score, from);
}

static void points_text(struct span text, struct strbuf *out)
{
    struct points points;
    if (read_points(text, &points))
        strbuf_format(out, "      %+.1f  %s (%s)", points.points,
                      php_feature_meaning(points.feature), php_feature_name(points.feature));
}

static void add_escaped(struct strbuf *out, const char *before, struct span text)
{
    strbuf_add_text(out, before);
    text_escape(out, text);
}

static void line_text(const struct account_line *line, struct strbuf *out)
{
    switch (line->kind) {
    case ACCOUNT_SCORE: score_text(line->text, out); break;
    case ACCOUNT_POINTS: points_text(line->text, out); break;
    case ACCOUNT_FLOW: add_escaped(out, "    ", line->text); break;
    case ACCOUNT_STEP: add_escaped(out, "      line ", line->text); break;
    case ACCOUNT_LAYER: add_escaped(out, "    unpacked by ", line->text); break;
    case ACCOUNT_TEXT: add_escaped(out, "      ", line->text); break;
    }
}

void scan_account_text(const struct account *account, char end, struct strbuf *out)
{
    struct account_line line;
    for (size_t at = 0; account_next(account, &at, &line);) {
        size_t before = out->len;
        line_text(&line, out);
        if (out->len > before)
            strbuf_add_char(out, end);
    }
}

/* ---- JSON ---- */

/* Lines that follow another one of its kind belong to it: steps to a flow, a text to a layer. */
struct group {
    enum account_kind head, items;
    const char *key, *name, *list;
};

static void score_members(const struct account *account, struct json *json)
{
    struct account_line line;
    double score, from;
    for (size_t at = 0; account_next(account, &at, &line);)
        if (line.kind == ACCOUNT_SCORE && read_score(line.text, &score, &from)) {
            json_real(json, "score", score);
            json_real(json, "malicious_from", from);
            return;
        }
}

static void contributions_member(const struct account *account, struct json *json)
{
    struct account_line line;
    struct points points;
    json_open(json, "contributions", '[');
    for (size_t at = 0; account_next(account, &at, &line);) {
        if (line.kind != ACCOUNT_POINTS || !read_points(line.text, &points))
            continue;
        json_open(json, NULL, '{');
        json_word(json, "feature", php_feature_name(points.feature));
        json_real(json, "points", points.points);
        json_word(json, "meaning", php_feature_meaning(points.feature));
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void group_member(const struct account *account, const struct group *group,
                         struct json *json)
{
    struct account_line line;
    bool open = false;
    json_open(json, group->key, '[');
    for (size_t at = 0; account_next(account, &at, &line);) {
        if (line.kind == group->head) {
            if (open)
                json_close(json, ']'), json_close(json, '}');
            json_open(json, NULL, '{');
            json_text(json, group->name, line.text);
            json_open(json, group->list, '[');
            open = true;
        } else if (line.kind == group->items && open)
            json_text(json, NULL, line.text);
    }
    if (open)
        json_close(json, ']'), json_close(json, '}');
    json_close(json, ']');
}

void scan_account_json(const struct account *account, struct json *json)
{
    static const struct group groups[] = {
        {ACCOUNT_FLOW, ACCOUNT_STEP, "flows", "what", "steps"},
        {ACCOUNT_LAYER, ACCOUNT_TEXT, "layers", "how", "text"},
    };
    if (account->len == 0)
        return;
    score_members(account, json);
    contributions_member(account, json);
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        group_member(account, &groups[i], json);
}
