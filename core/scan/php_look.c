/* php_look - the order in which a text is looked at.
 */
#include "spamgear/scan/php_look.h"

#include "spamgear/php/gate.h"

struct php_look {
    struct php_run *run;
    struct php_lexicon *lexicon;
    struct php_tokens tokens, all; /* all: with blanks and comments */
    struct php_form form;
    const struct php_sightings *sightings;
    struct php_features features;
};

struct php_look *php_look_new(const struct php_limits *limits)
{
    struct php_look *look = mem_zero(1, sizeof *look);
    look->run = php_run_new(limits);
    look->lexicon = php_lexicon_new();
    return look;
}

void php_look_free(struct php_look *look)
{
    if (look == NULL)
        return;
    php_run_free(look->run);
    php_lexicon_free(look->lexicon);
    php_tokens_clear(&look->tokens);
    php_tokens_clear(&look->all);
    free(look);
}

bool php_look_at(struct php_look *look, struct span text)
{
    php_lex(text, 0, &look->tokens);
    if (!php_gate(text, &look->tokens))
        return false;
    php_lex(text, PHP_LEX_ALL, &look->all);
    php_form_of(text, &look->all, &look->form);
    look->sightings = php_run_lexed(look->run, text, &look->tokens);
    const struct php_seen seen = {text, &look->form, look->sightings, php_run_tokens(look->run)};
    php_features_of(look->lexicon, &seen, &look->features);
    return true;
}

const struct php_form *php_look_form(const struct php_look *look)
{
    return &look->form;
}

const struct php_sightings *php_look_sightings(const struct php_look *look)
{
    return look->sightings;
}

const struct php_features *php_look_features(const struct php_look *look)
{
    return &look->features;
}

const struct php_run *php_look_run(const struct php_look *look)
{
    return look->run;
}
