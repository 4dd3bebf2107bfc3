/* php_verdict - judges, and points at the place that an administrator should look at first.
 */
#include "spamgear/scan/php_verdict.h"

#include "spamgear/scan/php_account.h"

#define DEPTH_MAX 1024 /* layers in layers: more is no chain */

uint32_t php_layer_line(const struct php_sightings *seen, uint32_t layer)
{
    uint32_t line = 1;
    for (unsigned i = 0; layer != 0 && layer < seen->layers.len && i < DEPTH_MAX; i++) {
        line = seen->layers.at[layer].line;
        layer = seen->layers.at[layer].parent;
    }
    return line;
}

/* ---- the place ---- */

static const struct php_sighting *most_telling(const struct php_sightings *seen)
{
    const struct php_sighting *best = NULL;
    for (size_t i = 0; i < seen->list.len; i++)
        if (best == NULL || php_sighting_weight(&seen->list.at[i]) > php_sighting_weight(best))
            best = &seen->list.at[i];
    return best;
}

/* A place in a layer is told by the line that unpacked it, with the layer's text to see. */
static void place(struct finding *finding, const struct php_sightings *seen,
                  const struct view *view)
{
    const struct php_sighting *s = most_telling(seen);
    struct span text = view->text;
    size_t at = s == NULL ? 0 : s->at, len = s == NULL ? 0 : s->len;
    bool inside = s != NULL && s->layer > 0 && s->layer < seen->layers.len;
    if (inside)
        text = seen->layers.at[s->layer].text;
    if (at > text.len)
        at = text.len;
    if (len > text.len - at)
        len = text.len - at;
    finding_place(finding, text, view->base, view->lines_before, at, len);
    if (!inside)
        return;
    finding->offset = view->base;
    finding->len = 0;
    finding->line = (uint32_t)view->lines_before + php_layer_line(seen, s->layer);
}

/* ---- what it comes to ---- */

static void add(const struct php_look *look, const struct rules *rules, uint32_t rule,
                const struct view *view, struct verdict *verdict)
{
    struct finding *finding = verdict_add(verdict, rules, rule, (struct span){NULL, 0});
    if (finding != NULL)
        place(finding, php_look_sightings(look), view);
}

void php_verdict(const struct php_look *look, const struct rules *rules, const struct view *view,
                 struct verdict *verdict)
{
    const char *spent = php_look_sightings(look)->spent;
    enum known_bad_kind known = known_bad_of(&rules->bad, php_look_form(look));
    struct php_judgement judgement = {.severity = -1};
    if (rules->php != NULL)
        php_judge(rules->php, php_look_features(look), &judgement);
    if (judgement.severity >= 0) {
        add(look, rules, php_judgement_rule(rules, &judgement), view, verdict);
        php_account(look, rules->php, &judgement, &verdict->account);
    }
    if (known != KNOWN_BAD_KINDS)
        add(look, rules, rules->bad.rules[known], view, verdict);
    if (spent != NULL)
        verdict_unknown(verdict, "its PHP was not analysed to the end: %s was spent", spent);
}

void php_verdict_part(const struct php_look *look, const struct rules *rules,
                      const struct view *view, size_t at, size_t len, struct verdict *verdict)
{
    struct php_judgement judgement;
    php_judge(rules->php, php_look_features(look), &judgement);
    if (judgement.severity != RULE_MALICIOUS)
        return;
    uint32_t rule = php_judgement_rule(rules, &judgement);
    struct finding *finding = verdict_add(verdict, rules, rule, (struct span){NULL, 0});
    if (finding != NULL)
        finding_place(finding, view->text, view->base, view->lines_before, at, len);
    verdict->account.len = 0;
    php_account(look, rules->php, &judgement, &verdict->account);
}
