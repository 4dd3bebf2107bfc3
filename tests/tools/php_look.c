/* php_look - what the PHP analysis sees in files: sightings with their trails, layers, counts.
 *
 *   php_look [-q] FILE...      or - : paths on stdin, one a line
 *
 * For people who judge hits. -q: one line a file (its sightings counted by sink). Nothing of a
 * file is run.
 */
#include "spamgear/base/mem.h"
#include "spamgear/base/strbuf.h"
#include "spamgear/base/text.h"
#include "spamgear/php/run.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static bool quiet;

static const char *const count_names[PHP_COUNTS] = {
    "functions",    "classes",        "statements",
    "calls",        "variable-calls", "hidden-calls",
    "hidden-sinks", "built-names",    "unknown-calls",
    "silenced",     "gotos",          "evals",
    "decoded",      "hash-gates",     "self-delete",
    "forged-times", "errors-off",     "no-time-limit",
    "masks",        "mail-loops",     "variable-variables",
    "superglobals", "guards",         "namespaces",
    "broken",       "cards-taken",    "passwords-sent",
    "admins-made",  "doorways",       "requests-sent",
    "programs",
};

static const struct {
    unsigned bit;
    const char *name;
} taints[] =
    {
        {PHP_FROM_REQUEST, "request"},     {PHP_FROM_SERVER, "server"},
        {PHP_FROM_FILES, "files"},         {PHP_FROM_REMOTE, "remote"},
        {PHP_FROM_ENVIRONMENT, "env"},     {PHP_FROM_IMAGE, "image"},
        {PHP_FROM_DATABASE, "database"},   {PHP_FROM_FILE, "file"},
        {PHP_FROM_UNDEFINED, "undefined"}, {PHP_FROM_PARAMETER, "parameter"},
        {PHP_FROM_SESSION, "session"},     {PHP_FROM_SELF, "self"},
        {PHP_FROM_NAME, "name"},           {PHP_FROM_INCLUDE, "include"},
        {PHP_FROM_OUTPUT, "output"},
},
  traits[] =
      {
          {PHP_IS_DECODED, "decoded"},
          {PHP_HAS_PHP, "php"},
          {PHP_HAS_PREFIX, "prefix"},
          {PHP_HAS_CODE_NAME, "code-name"},
          {PHP_HAS_SAFE_NAME, "safe-name"},
          {PHP_IS_NUMBER, "number"},
          {PHP_IS_HASH, "hash"},
          {PHP_IS_SHELL_QUOTED, "shell-quoted"},
          {PHP_IS_HTML_QUOTED, "html-quoted"},
          {PHP_IS_BASENAME, "basename"},
          {PHP_IS_CHECKED, "checked"},
          {PHP_IS_TEMPORARY, "temporary"},
          {PHP_IS_KEY, "key"},
          {PHP_IS_HIDDEN, "hidden"},
          {PHP_IS_URL, "url"},
          {PHP_IS_ALTERED, "altered"},
},
  gates[] = {
      {PHP_GATE_HASH, "hash"},   {PHP_GATE_SECRET, "secret"}, {PHP_GATE_ISSET, "isset"},
      {PHP_GATE_AGENT, "agent"}, {PHP_GATE_LOGIN, "login"},   {PHP_GATE_COMMAND_LINE, "cli"},
      {PHP_GATE_GUARD, "guard"},
};

#define ADD_BITS(out, table, bits)                                                                 \
    for (size_t i_ = 0; i_ < sizeof table / sizeof table[0]; i_++)                                 \
        if (((bits)&table[i_].bit) != 0)                                                           \
    strbuf_format(out, " %s", table[i_].name)

static void add_value(struct strbuf *out, const char *what, const struct php_value *value)
{
    strbuf_format(out, "    %s: type=%u made=%u hops=%u calls=%u from:", what, value->type,
                  value->made, value->hops, value->calls);
    ADD_BITS(out, taints, value->taint);
    strbuf_add_text(out, "; traits:");
    ADD_BITS(out, traits, value->traits);
    if (value->type == PHP_TEXT) {
        strbuf_format(out, "; %u bytes: ", value->text.len);
        text_escape(out,
                    (struct span){value->text.at, value->text.len > 100 ? 100 : value->text.len});
    }
    strbuf_add_char(out, '\n');
}

static void add_sighting(struct strbuf *out, const struct php_run *run,
                         const struct php_sightings *seen, const struct php_sighting *s)
{
    strbuf_format(out, "  line %u layer %u: %s, argument %u of ", s->line, s->layer,
                  php_sink_name(s->sink), s->argument);
    text_escape(out, s->name);
    strbuf_format(out, "%s%s%s%s%s%s; name made %u; gates:", s->hidden_name ? " HIDDEN" : "",
                  s->called ? " called" : "", s->silenced ? " @" : "",
                  s->in_function ? " in-function" : "", s->in_class ? " in-class" : "",
                  s->in_loop ? " in-loop" : "", s->name_made);
    ADD_BITS(out, gates, s->gates);
    strbuf_add_text(out, "\n    ");
    struct span text = seen->layers.at[s->layer].text;
    text_escape(out, (struct span){text.at + s->at, s->len > 150 ? 150 : s->len});
    strbuf_add_char(out, '\n');
    add_value(out, "value", &s->value);
    if (s->other.type != PHP_UNKNOWN || s->other.taint != 0)
        add_value(out, "other", &s->other);
    php_trail_show(run, s->value.trail, 8, out);
}

static void add_layer(struct strbuf *out, const struct php_sightings *seen, size_t number)
{
    const struct php_layer *layer = &seen->layers.at[number];
    strbuf_format(out, "  layer %zu (of %u, line %u, %s, made %u, %zu bytes) ", number,
                  layer->parent, layer->line, layer->run ? "run" : "not run", layer->made,
                  layer->text.len);
    text_escape(out, layer->through);
    strbuf_add_text(out, ": ");
    text_escape(out, (struct span){layer->text.at, layer->text.len > 200 ? 200 : layer->text.len});
    strbuf_add_char(out, '\n');
}

static void show(struct strbuf *out, const struct php_run *run, const struct php_sightings *seen)
{
    for (size_t i = 0; i < seen->list.len; i++)
        add_sighting(out, run, seen, &seen->list.at[i]);
    for (size_t i = 1; i < seen->layers.len; i++)
        add_layer(out, seen, i);
    strbuf_add_text(out, "  counts:");
    for (size_t i = 0; i < PHP_COUNTS; i++)
        if (seen->counts[i] > 0)
            strbuf_format(out, " %s=%u", count_names[i], seen->counts[i]);
    strbuf_add_char(out, '\n');
}

static void add_totals(struct strbuf *out, const struct php_sightings *seen)
{
    unsigned totals[PHP_SINKS] = {0};
    for (size_t i = 0; i < seen->list.len; i++)
        totals[seen->list.at[i].sink]++;
    for (unsigned sink = 0; sink < PHP_SINKS; sink++)
        if (totals[sink] > 0)
            strbuf_format(out, "\t%s=%u", php_sink_name(sink), totals[sink]);
}

static bool read_file(const char *path, struct strbuf *text)
{
    char block[65536];
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    for (size_t got; (got = fread(block, 1, sizeof block, file)) > 0;)
        strbuf_add(text, block, got);
    fclose(file);
    return true;
}

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void look(struct php_run *run, const char *path)
{
    struct strbuf text = {0}, out = {0};
    if (!read_file(path, &text)) {
        fprintf(stderr, "php_look: %s: cannot be read\n", path);
        return;
    }
    double began = now_ms();
    const struct php_sightings *seen = php_run_file(run, strbuf_span(&text));
    double took = now_ms() - began;
    printf("%s\t%zu\t%.1f ms\tspent=%s", path, text.len, took,
           seen->spent == NULL ? "-" : seen->spent);
    if (quiet)
        add_totals(&out, seen);
    else
        strbuf_add_char(&out, '\n');
    if (!quiet)
        show(&out, run, seen);
    puts(strbuf_text(&out));
    strbuf_clear(&text);
    strbuf_clear(&out);
}

static void look_at_list(struct php_run *run)
{
    char path[4096];
    while (fgets(path, sizeof path, stdin) != NULL) {
        path[strcspn(path, "\n")] = '\0';
        look(run, path);
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    struct php_run *run = php_run_new(NULL);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-q") == 0)
            quiet = true;
        else if (strcmp(argv[i], "-") == 0)
            look_at_list(run);
        else
            look(run, argv[i]);
    }
    php_run_free(run);
    return 0;
}
