/* run_name - names as numbers, and what they mean.
 *
 * Variables are told apart by their case, functions, classes and (here) constants are not. A name
 * gets its number when it is first seen; the number stands in the node from then on. What a name
 * means (a function of the file, one of PHP's, a class) is looked up once.
 */
#include "run_parts.h"

#include "spamgear/base/map.h"
#include <string.h>

void run_names_reset(struct php_run *run)
{
    struct names *names = &run->names;
    names->list.len = 0;
    *vec_add(&names->list) = (struct name){0};
    if (names->slot_count > 4096) { /* after a file with very many */
        free(names->slots);
        names->slots = NULL;
        names->slot_count = 0;
    }
    if (names->slots != NULL)
        memset(names->slots, 0, names->slot_count * sizeof *names->slots);
}

static void place_name(struct names *names, uint32_t number)
{
    size_t mask = names->slot_count - 1, slot = names->list.at[number].hash & mask;
    while (names->slots[slot] != 0)
        slot = (slot + 1) & mask;
    names->slots[slot] = number;
}

static void grow(struct names *names)
{
    free(names->slots);
    names->slot_count = names->slot_count == 0 ? 512 : names->slot_count * 2;
    names->slots = mem_zero(names->slot_count, sizeof *names->slots);
    for (size_t i = 1; i < names->list.len; i++)
        place_name(names, (uint32_t)i);
}

uint32_t run_name(struct php_run *run, struct span text)
{
    struct names *names = &run->names;
    if (names->slot_count < names->list.len * 2)
        grow(names);
    uint32_t hash = (uint32_t)map_hash(text.at, text.len);
    size_t mask = names->slot_count - 1, slot = hash & mask;
    for (; names->slots[slot] != 0; slot = (slot + 1) & mask) {
        const struct name *name = &names->list.at[names->slots[slot]];
        if (name->hash == hash && span_is(name->text, text))
            return names->slots[slot];
    }
    uint32_t number = (uint32_t)names->list.len;
    *vec_add(&names->list) = (struct name){.text = text, .hash = hash};
    names->slots[slot] = number;
    return number;
}

uint32_t run_node_name(struct php_run *run, uint32_t node)
{
    uint32_t *kept = &run->unit->names[node];
    if (*kept == 0) {
        struct span text = run_token(run, run_node(run, node)->token);
        if (text.len > 0 && text.at[0] == '$')
            text = span_skip(text, 1);
        *kept = 1 + run_name(run, text);
    }
    return *kept - 1;
}

/* A copy in lower case, or the text itself when it is. */
static struct span lower_of(struct php_run *run, struct span text)
{
    size_t i = 0;
    while (i < text.len && !(text.at[i] >= 'A' && text.at[i] <= 'Z'))
        i++;
    if (i == text.len)
        return text;
    char *at = run_get(run, text.len);
    if (at == NULL)
        return text;
    for (i = 0; i < text.len; i++)
        at[i] = (char)(text.at[i] >= 'A' && text.at[i] <= 'Z' ? text.at[i] + 32 : text.at[i]);
    return (struct span){at, text.len};
}

static struct meaning *meaning_of(struct php_run *run, uint32_t number)
{
    struct name *name = &run->names.list.at[number];
    if (name->meaning == NULL) {
        name->meaning = run_get(run, sizeof *name->meaning);
        if (name->meaning != NULL)
            name->meaning->lower = name->text;
    }
    return name->meaning;
}

/* Functions and classes of the file are known by the last part of their names: namespaces are few,
 * and two of them in one file fewer. */
struct meaning *run_meaning(struct php_run *run, struct span text)
{
    uint32_t number = run_name(run, text);
    struct meaning *known = run->names.list.at[number].meaning;
    if (known != NULL)
        return known;
    struct span full = text;
    if (full.len > 0 && full.at[0] == '\\')
        full = span_skip(full, 1);
    full = lower_of(run, full);
    const char *last = full.len == 0 ? NULL : memrchr(full.at, '\\', full.len);
    struct span lower = last == NULL ? full : span_of(last + 1, full.at + full.len);
    known = meaning_of(run, run_name(run, lower));
    if (known != NULL && last == NULL)
        known->full = full;
    run->names.list.at[number].meaning = known;
    return known;
}

/* Functions by which a program asks who is there. */
static unsigned gates_of(struct span name)
{
    static const struct {
        const char *name;
        unsigned gate;
    } rows[] = {
        {"is_admin", PHP_GATE_LOGIN},          {"current_user_can", PHP_GATE_LOGIN},
        {"is_user_logged_in", PHP_GATE_LOGIN}, {"check_admin_referer", PHP_GATE_LOGIN},
        {"wp_verify_nonce", PHP_GATE_LOGIN},   {"check_ajax_referer", PHP_GATE_LOGIN},
        {"user_access", PHP_GATE_LOGIN},       {"php_sapi_name", PHP_GATE_COMMAND_LINE},
        {"defined", PHP_GATE_GUARD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (span_is(name, span_text(rows[i].name)))
            return rows[i].gate;
    return 0;
}

void run_look_up(struct meaning *meaning)
{
    if (meaning->looked_up)
        return;
    meaning->looked_up = true;
    meaning->role = php_role_of(meaning->lower);
    meaning->pure = php_pure_find(meaning->lower);
    meaning->special = run_special_of(meaning->lower);
    meaning->gates = (uint8_t)gates_of(meaning->lower);
}
