/* php_run_fuzz - any bytes can be walked: within the budgets, and all places that are told lie
 * within the texts that they are told of.
 */
#include "spamgear/base/strbuf.h"
#include "spamgear/php/run.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool ok)
{
    if (!ok)
        abort();
}

static void check_sighting(const struct php_run *run, const struct php_sightings *seen,
                           const struct php_sighting *sighting, struct strbuf *out)
{
    need(sighting->layer < seen->layers.len);
    const struct span text = seen->layers.at[sighting->layer].text;
    need((size_t)sighting->at + sighting->len <= text.len);
    need((size_t)sighting->statement_at + sighting->statement_len <= seen->layers.at[0].text.len);
    need(sighting->sink < PHP_SINKS && sighting->value.trail < seen->steps.len);
    strbuf_reset(out);
    php_trail_show(run, sighting->value.trail, 10, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct php_run *run;
    static const struct php_limits limits = {.steps = 20000,
                                             .bytes = 1 << 20,
                                             .layers = 12,
                                             .layer_bytes = 4096,
                                             .depth = 6,
                                             .calls = 5};
    static struct strbuf out;
    if (run == NULL)
        run = php_run_new(&limits);
    const struct php_sightings *seen = php_run_file(run, (struct span){(const char *)data, size});
    /* sixteen times as many that are written as they are spelt out */
    need(seen->list.len <= PHP_SIGHTINGS && seen->layers.len <= limits.layers * 16 + 1);
    for (size_t i = 0; i < seen->list.len; i++)
        check_sighting(run, seen, &seen->list.at[i], &out);
    for (size_t i = 1; i < seen->layers.len; i++)
        need(seen->layers.at[i].parent < i);
    return 0;
}
