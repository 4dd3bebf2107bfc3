/* php_account - chooses what is worth being told of a look: FLOWS ways, LAYERS texts.
 */
#include "spamgear/scan/php_account.h"

#define FLOWS  4
#define STEPS  8 /* lines of one way */
#define LAYERS 4

static void add_format(struct account *account, enum account_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add_format(struct account *account, enum account_kind kind, const char *format, ...)
{
    struct strbuf text = {0};
    va_list args;
    va_start(args, format);
    strbuf_vformat(&text, format, args);
    va_end(args);
    account_add(account, kind, strbuf_span(&text));
    strbuf_clear(&text);
}

/* ---- ways ---- */

unsigned php_sighting_weight(const struct php_sighting *s)
{
    static const uint8_t sinks[PHP_SINKS] = {
        [PHP_SINK_EVAL] = 4,       [PHP_SINK_ASSERT] = 4,      [PHP_SINK_CREATE_FUNCTION] = 4,
        [PHP_SINK_REGEX] = 4,      [PHP_SINK_COMMAND] = 4,     [PHP_SINK_CALL] = 4,
        [PHP_SINK_INCLUDE] = 4,    [PHP_SINK_UPLOAD] = 3,      [PHP_SINK_WRITE] = 3,
        [PHP_SINK_WRITE_NAME] = 3, [PHP_SINK_UNSERIALIZE] = 2, [PHP_SINK_MAIL] = 2};
    const uint16_t bound = PHP_HAS_PREFIX | PHP_IS_NUMBER | PHP_IS_CHECKED | PHP_IS_SHELL_QUOTED;
    unsigned weight = s->sink < PHP_SINKS ? sinks[s->sink] : 0;
    weight += s->hidden_name ? 2 : 0;
    if ((s->value.taint & (PHP_FROM_STRANGER | PHP_FROM_REMOTE)) != 0 &&
        (s->value.traits & bound) == 0)
        return weight * 4;
    return s->value.traits & PHP_IS_DECODED ? weight * 2 : weight;
}

static void add_flow(const struct php_look *look, const struct php_sighting *s,
                     struct account *account)
{
    struct strbuf trail = {0};
    struct span rest, line;
    if (s->value.taint != 0)
        add_format(account, ACCOUNT_FLOW, "%s reaches %s", php_taint_name(s->value.taint),
                   php_sink_name(s->sink));
    else
        add_format(account, ACCOUNT_FLOW, "%s", php_sink_name(s->sink));
    php_trail_show(php_look_run(look), s->value.trail, STEPS, &trail);
    for (rest = strbuf_span(&trail); span_take_line(&rest, &line);) {
        while (line.len > 0 && line.at[0] == ' ')
            line = span_skip(line, 1);
        account_add(account, ACCOUNT_STEP, line);
    }
    strbuf_clear(&trail);
}

/* The heaviest ones, each place once; the first of equals is told first. */
static void add_flows(const struct php_look *look, struct account *account)
{
    const struct php_sightings *seen = php_look_sightings(look);
    unsigned below = UINT32_MAX;
    size_t behind = 0;
    for (unsigned told = 0; told < FLOWS; told++) {
        size_t best = seen->list.len;
        unsigned most = 0;
        for (size_t i = 0; i < seen->list.len; i++) {
            unsigned weight = php_sighting_weight(&seen->list.at[i]);
            if ((weight < below || (weight == below && i > behind)) && weight > most) {
                best = i;
                most = weight;
            }
        }
        if (best == seen->list.len)
            return;
        add_flow(look, &seen->list.at[best], account);
        below = most;
        behind = best;
    }
}

/* ---- layers ---- */

static void add_layers(const struct php_sightings *seen, struct account *account)
{
    for (size_t i = 1; i < seen->layers.len && i <= LAYERS; i++) {
        const struct php_layer *layer = &seen->layers.at[i];
        add_format(account, ACCOUNT_LAYER, "%.*s in line %u, %zu bytes",
                   (int)(layer->through.len < 40 ? layer->through.len : 40),
                   layer->through.len > 0 ? layer->through.at : "", layer->line, layer->text.len);
        account_add(account, ACCOUNT_TEXT, layer->text);
    }
}

void php_account(const struct php_look *look, const struct php_weights *weights,
                 const struct php_judgement *judgement, struct account *account)
{
    add_format(account, ACCOUNT_SCORE, "%.2f %.2f", (double)judgement->score,
               (double)weights->malicious);
    for (uint32_t i = 0; i < judgement->top_len; i++)
        add_format(account, ACCOUNT_POINTS, "%+.2f %s", (double)judgement->top[i].points,
                   php_feature_name(judgement->top[i].feature));
    add_flows(look, account);
    add_layers(php_look_sightings(look), account);
}
