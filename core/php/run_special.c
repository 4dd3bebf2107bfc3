/* run_special - functions that the walk knows by itself: those that run texts, name variables or
 * functions, or tell something about the file by being called.
 *
 * To add one: a row in the table at the end, in its place.
 */
#include "run_parts.h"

#include "spamgear/base/strbuf.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct php_value *argument(const struct call *call, uint32_t number)
{
    return number < call->count ? &call->args[number] : NULL;
}

static bool is_int(const struct php_value *value, int64_t number)
{
    int64_t got;
    return value != NULL && run_is_known(value) && php_to_int(value, &got) && got == number;
}

static bool text_argument(struct php_run *run, const struct call *call, uint32_t number,
                          struct span *text)
{
    struct php_text got;
    if (number >= call->count || !run_is_known(&call->args[number]) ||
        !php_to_text(&run->heap, &call->args[number], &got))
        return false;
    *text = php_text_span(got);
    return true;
}

/* ---- what runs texts ---- */

static struct php_value do_assert(struct php_run *run, struct call *call)
{
    if (call->count == 0)
        return php_unknown();
    if (call->args[0].type == PHP_TEXT) {
        struct php_value code = call->args[0];
        struct php_text text, end = {";", 1, 0};
        if (php_text_copy(&run->heap, php_text_span(code.text), &text) &&
            php_text_join(&run->heap, text, end, &code.text))
            run_code(run, &code, SPAN("assert"), call->node);
    } else if (call->nodes != NULL && call->nodes[0] != 0) {
        run_code_parts(run, call->nodes[0], SPAN("assert"), call->node);
    }
    return run_result_of_role(run, call);
}

static struct php_value function_of_text(struct php_run *run, struct call *call, struct span head,
                                         struct span body)
{
    struct strbuf code = {0};
    struct php_value text = run_joined(call);
    strbuf_add_text(&code, "return function(");
    strbuf_add_span(&code, head);
    strbuf_add_text(&code, "){");
    strbuf_add_span(&code, body);
    strbuf_add_text(&code, "\n};");
    bool ok = php_text_copy(&run->heap, strbuf_span(&code), &text.text);
    strbuf_clear(&code);
    if (!ok)
        return php_unknown();
    text.type = PHP_TEXT;
    return run_code(run, &text, SPAN("create_function"), call->node);
}

static struct php_value do_create_function(struct php_run *run, struct call *call)
{
    struct span head = SPAN(""), body;
    text_argument(run, call, 0, &head);
    if (text_argument(run, call, 1, &body))
        return function_of_text(run, call, head, body);
    if (call->count > 1 && call->nodes != NULL && call->nodes[1] != 0)
        run_code_parts(run, call->nodes[1], SPAN("create_function"), call->node);
    return run_joined(call);
}

/* Is the pattern's flag e set? */
static bool runs_replacement(struct span pattern)
{
    while (pattern.len > 0 && (*pattern.at == ' ' || *pattern.at == '\n' || *pattern.at == '\t'))
        pattern = span_skip(pattern, 1);
    if (pattern.len < 3)
        return false;
    char first = pattern.at[0];
    char last = first == '('   ? ')'
                : first == '{' ? '}'
                : first == '[' ? ']'
                : first == '<' ? '>'
                               : first;
    for (size_t i = pattern.len; i > 1; i--) {
        if (pattern.at[i - 1] == last)
            return false;
        if (pattern.at[i - 1] == 'e')
            return memrchr(pattern.at + 1, last, pattern.len - 1) != NULL &&
                   (const char *)memrchr(pattern.at + 1, last, pattern.len - 1) <
                       pattern.at + i - 1;
        if (pattern.at[i - 1] < 'A')
            return false;
    }
    return false;
}

static bool pattern_runs(struct php_run *run, const struct php_value *pattern)
{
    struct php_text text;
    if (pattern->type == PHP_ARRAY) {
        for (uint32_t i = 0; i < pattern->array->len && i < 64; i++)
            if (pattern_runs(run, &pattern->array->at[i].value))
                return true;
        return false;
    }
    return run_is_known(pattern) && php_to_text(&run->heap, pattern, &text) &&
           runs_replacement(php_text_span(text));
}

static struct php_value replaced(struct php_run *run, struct call *call)
{
    const struct php_pure *pure = php_pure_find(call->name);
    if (pure != NULL)
        return php_pure_call(&run->heap, pure, call->args, call->count);
    run->impure++;
    return run_joined(call);
}

static struct php_value do_preg_replace(struct php_run *run, struct call *call)
{
    if (call->count < 3)
        return run_joined(call);
    struct php_value pattern = call->args[0], code = call->args[1];
    /* who chooses all of a pattern chooses its flags; what is put between delimiters cannot */
    bool stranger = (pattern.taint & PHP_FROM_STRANGER) != 0 && !run_is_known(&pattern) &&
                    (pattern.made == 0 || (pattern.traits & PHP_IS_DECODED) != 0);
    if (!stranger && !pattern_runs(run, &pattern))
        return replaced(run, call);
    if (code.type == PHP_ARRAY && code.array->len > 0)
        code = code.array->at[0].value;
    struct php_value all = run_joined(call);
    bool hidden = code.type == PHP_TEXT;
    run_sight(run, PHP_SINK_REGEX, call, 1, hidden && all.taint != 0 ? &all : &code, &pattern);
    if (stranger)
        run_sight(run, PHP_SINK_REGEX, call, 0, &pattern, &code);
    if (code.type == PHP_TEXT)
        run_code(run, &code, SPAN("preg_replace"), call->node);
    return all;
}

static struct php_value do_file_put_contents(struct php_run *run, struct call *call)
{
    if (call->count > 1 && call->args[1].type == PHP_TEXT) {
        struct php_value text = call->args[1];
        php_value_look(&text);
        if ((text.traits & PHP_HAS_PHP) != 0)
            run_written(run, &text, call->name, call->node);
    }
    return run_result_of_role(run, call);
}

/* ---- what calls ---- */

static struct php_value call_with(struct php_run *run, struct call *call,
                                  const struct php_value *args, uint32_t count)
{
    struct call inner = {.node = call->node, .called = true};
    inner.args = inner.room;
    for (uint32_t i = 0; i < count && i < RUN_ARGUMENTS; i++)
        inner.room[inner.count++] = args[i];
    return run_call_value(run, &call->args[0], &inner);
}

static struct php_value do_call_user_func(struct php_run *run, struct call *call)
{
    if (call->count == 0)
        return php_unknown();
    return call_with(run, call, call->args + 1, call->count - 1);
}

static struct php_value do_call_user_func_array(struct php_run *run, struct call *call)
{
    struct php_value args[RUN_ARGUMENTS];
    uint32_t count = 0;
    if (call->count < 2)
        return run_joined(call);
    const struct php_value *list = &call->args[1];
    if (list->type != PHP_ARRAY || list->array->open)
        return call_with(run, call, list, 1);
    for (; count < RUN_ARGUMENTS && count < list->array->len; count++)
        args[count] = list->array->at[count].value;
    return call_with(run, call, args, count);
}

#define MAPPED 65536 /* elements that array_map goes through */

static struct php_value do_array_map(struct php_run *run, struct call *call)
{
    if (call->count < 2)
        return run_joined(call);
    struct php_value list = call->args[1], result = php_null();
    bool is_one = call->count == 2 && list.type == PHP_ARRAY && !list.array->open;
    if (!is_one || list.array->len > MAPPED) {
        struct php_value any[RUN_ARGUMENTS], key = php_unknown();
        uint32_t count = 0;
        for (; count + 1 < call->count && count < RUN_ARGUMENTS; count++)
            any[count] = call->args[count + 1].type == PHP_ARRAY
                             ? run_index(run, &call->args[count + 1], &key)
                             : call->args[count + 1];
        result = call_with(run, call, any, count);
        result.type = PHP_UNKNOWN;
        return result;
    }
    result.array = php_array_new(&run->heap);
    if (result.array == NULL)
        return php_unknown();
    result.type = PHP_ARRAY;
    for (uint32_t i = 0; i < list.array->len && php_heap_step(&run->heap, 1); i++) {
        struct php_value value = call_with(run, call, &list.array->at[i].value, 1);
        if (value.type == PHP_ARRAY)
            value.array->shared = true;
        php_value_mark(&result, &value);
        php_array_set(&run->heap, result.array, &list.array->at[i], &value);
    }
    return result;
}

static struct php_value do_func_get_args(struct php_run *run, struct call *call)
{
    struct php_value value = php_null();
    (void)call;
    value.array = php_array_new(&run->heap);
    if (value.array == NULL)
        return php_unknown();
    value.type = PHP_ARRAY;
    for (uint32_t i = 0; i < run->frame->count; i++) {
        php_value_mark(&value, &run->frame->args[i]);
        php_array_set(&run->heap, value.array, NULL, &run->frame->args[i]);
    }
    return value;
}

static struct php_value do_func_get_arg(struct php_run *run, struct call *call)
{
    struct php_value all = do_func_get_args(run, call);
    return call->count > 0 ? run_index(run, &all, &call->args[0]) : all;
}

/* filter_var($x, FILTER_CALLBACK, array('options' => 'f')) */
static void call_option(struct php_run *run, struct call *call, const struct php_value *options,
                        int depth)
{
    if (options->type != PHP_ARRAY || depth > 3)
        return;
    for (uint32_t i = 0; i < options->array->len && i < 64; i++) {
        const struct php_entry *entry = &options->array->at[i];
        struct call inner = {.node = call->node, .called = true, .count = 1};
        inner.args = inner.room;
        inner.room[0] = run_joined(call);
        if (entry->has_name && span_is(php_text_span(entry->name), SPAN("options")) &&
            (entry->value.type == PHP_TEXT || entry->value.type == PHP_CLOSURE))
            run_call_value(run, &entry->value, &inner);
        else
            call_option(run, call, &entry->value, depth + 1);
    }
}

static struct php_value do_filter_var(struct php_run *run, struct call *call)
{
    if (call->count > 1)
        call_option(run, call, &call->args[call->count - 1], 0);
    return run_result_of_role(run, call);
}

/* ---- what names ---- */

static struct php_value do_define(struct php_run *run, struct call *call)
{
    struct span name;
    struct php_value *kept = run_get(run, sizeof *kept);
    if (call->count < 2 || kept == NULL || !text_argument(run, call, 0, &name))
        return php_unknown();
    struct meaning *meaning = run_meaning(run, name);
    *kept = call->args[1];
    if (meaning != NULL)
        meaning->constant = kept;
    return php_bool(true);
}

static struct php_value do_constant(struct php_run *run, struct call *call)
{
    struct span name;
    if (!text_argument(run, call, 0, &name))
        return run_joined(call);
    struct meaning *meaning = run_meaning(run, name);
    return meaning != NULL && meaning->constant != NULL ? *meaning->constant : php_unknown();
}

static void set_variable(struct php_run *run, struct span name, struct php_value value)
{
    if (span_is(name, SPAN("this")) || span_is(name, SPAN("GLOBALS")))
        return;
    value.hops += value.hops < UINT8_MAX;
    run_cell_write(run, run_variable(run, run_name(run, name)), value);
}

/* Names that are not known: every variable may be theirs. */
static void set_any(struct php_run *run, const struct php_value *from)
{
    if (from != NULL)
        run_bring(run, from);
    run->included = true;
}

static struct php_value do_extract(struct php_run *run, struct call *call)
{
    const struct php_value *from = argument(call, 0);
    if (from == NULL || from->type != PHP_ARRAY) {
        set_any(run, from);
        return php_unknown();
    }
    if (from->array->open)
        run_bring(run, &from->array->rest);
    for (uint32_t i = 0; i < from->array->len && php_heap_step(&run->heap, 1); i++)
        if (from->array->at[i].has_name)
            set_variable(run, php_text_span(from->array->at[i].name), from->array->at[i].value);
    return php_int(from->array->len);
}

static void compact_one(struct php_run *run, struct php_value *into, const struct php_value *name)
{
    struct php_text text;
    struct php_entry key;
    if (name->type == PHP_ARRAY || !run_is_known(name) || !php_to_text(&run->heap, name, &text) ||
        !php_array_key(&run->heap, name, &key))
        return;
    struct cell *cell = run_variable(run, run_name(run, php_text_span(text)));
    struct php_value value = run_cell_read(run, cell);
    if (value.type == PHP_ARRAY)
        value.array->shared = true;
    php_value_mark(into, &value);
    php_array_set(&run->heap, into->array, &key, &value);
}

static struct php_value do_compact(struct php_run *run, struct call *call)
{
    struct php_value value = php_null();
    value.array = php_array_new(&run->heap);
    if (value.array == NULL)
        return php_unknown();
    value.type = PHP_ARRAY;
    for (uint32_t i = 0; i < call->count; i++) {
        compact_one(run, &value, &call->args[i]);
        for (uint32_t n = 0; call->args[i].type == PHP_ARRAY && n < call->args[i].array->len; n++)
            compact_one(run, &value, &call->args[i].array->at[n].value);
    }
    return value;
}

static struct php_value do_parse_str(struct php_run *run, struct call *call)
{
    struct span text;
    if (call->count >= 2) {
        struct php_value parsed = run_joined(call);
        run_fill(run, call, 1, parsed);
        return php_null();
    }
    if (!text_argument(run, call, 0, &text)) {
        set_any(run, argument(call, 0));
        return php_null();
    }
    while (text.len > 0) {
        const char *end = memchr(text.at, '&', text.len);
        struct span pair = end == NULL ? text : span_of(text.at, end);
        const char *equals = memchr(pair.at, '=', pair.len);
        text = span_skip(text, end == NULL ? text.len : pair.len + 1);
        if (equals == NULL || !php_heap_step(&run->heap, pair.len))
            continue;
        struct span bytes = span_of(equals + 1, pair.at + pair.len);
        struct php_value value =
            php_text_value((struct php_text){bytes.at, (uint32_t)bytes.len, 0});
        php_value_mark(&value, &call->args[0]);
        value.made += value.made < UINT8_MAX;
        set_variable(run, span_of(pair.at, equals), value);
    }
    return php_null();
}

static struct php_value do_function_exists(struct php_run *run, struct call *call)
{
    (void)run;
    (void)call;
    return php_unknown();
}

/* ---- arrays in place ---- */

static bool own_array(struct php_run *run, struct call *call, struct place *place,
                      struct php_value *value)
{
    if (call->count == 0 || call->nodes == NULL || !run_is_place(run, call->nodes[0]))
        return false;
    run_place_of(run, call->nodes[0], place);
    *value = run_place_read(run, place);
    return value->type == PHP_ARRAY;
}

static struct php_value do_array_push(struct php_run *run, struct call *call)
{
    struct place place;
    if (call->count < 2 || call->nodes == NULL || !run_is_place(run, call->nodes[0]))
        return php_unknown();
    for (uint32_t i = 1; i < call->count; i++) {
        run_place_of(run, call->nodes[0], &place);
        if (place.depth < RUN_PATH) {
            place.path[place.depth++] = (struct key){.append = true};
            run_place_write(run, &place, call->args[i]);
        }
    }
    return php_unknown();
}

static struct php_value take_end(struct php_run *run, struct call *call, bool last)
{
    struct place place;
    struct php_value value;
    if (!own_array(run, call, &place, &value) || value.array->open || run->unsure + run->dead > 0)
        return run_result_of_role(run, call);
    if (value.array->len == 0)
        return php_null();
    struct php_entry entry = value.array->at[last ? value.array->len - 1 : 0];
    if (place.depth < RUN_PATH) {
        place.path[place.depth++] = (struct key){.known = true, .entry = entry};
        run_place_unset(run, &place);
    }
    return entry.value;
}

static struct php_value do_array_pop(struct php_run *run, struct call *call)
{
    return take_end(run, call, true);
}

static struct php_value do_array_shift(struct php_run *run, struct call *call)
{
    return take_end(run, call, false);
}

static struct php_value first_of(struct php_run *run, struct call *call, bool last)
{
    if (call->count == 0)
        return php_unknown();
    const struct php_value *list = &call->args[0];
    if (list->type != PHP_ARRAY || list->array->open)
        return run_result_of_role(run, call);
    if (list->array->len == 0)
        return php_bool(false);
    return list->array->at[last ? list->array->len - 1 : 0].value;
}

static struct php_value do_reset(struct php_run *run, struct call *call)
{
    return first_of(run, call, false);
}

static struct php_value do_end(struct php_run *run, struct call *call)
{
    return first_of(run, call, true);
}

/* What the server puts there of a request. */
static struct php_value do_getenv(struct php_run *run, struct call *call)
{
    struct php_value result = run_result_of_role(run, call);
    struct span name;
    if (!text_argument(run, call, 0, &name))
        return result;
    if ((span_has_prefix(name, SPAN("HTTP_")) || span_has_prefix(name, SPAN("QUERY_STRING")) ||
         span_has_prefix(name, SPAN("REQUEST_URI")) || span_has_prefix(name, SPAN("PATH_INFO"))))
        result.taint |= PHP_FROM_SERVER;
    if (span_is(name, SPAN("HTTP_USER_AGENT")) || span_is(name, SPAN("HTTP_REFERER"))) {
        result.taint |= RUN_IS_AGENT;
        run->noticed |= PHP_GATE_AGENT;
    }
    return result;
}

/* ---- what is counted ---- */

static bool first_time(struct php_run *run, const struct call *call)
{
    return (run->unit->seen[call->node] & 4) == 0 && (run->unit->seen[call->node] |= 4) != 0;
}

static struct php_value do_error_reporting(struct php_run *run, struct call *call)
{
    if (is_int(argument(call, 0), 0) && first_time(run, call))
        run_count(run, PHP_COUNT_ERRORS_OFF);
    return php_unknown();
}

static struct php_value do_no_time_limit(struct php_run *run, struct call *call)
{
    if (!is_int(argument(call, 0), 0) && !span_is(call->name, SPAN("ignore_user_abort")))
        return php_unknown();
    if (first_time(run, call))
        run_count(run, PHP_COUNT_NO_TIME_LIMIT);
    return php_unknown();
}

static struct php_value do_ini_set(struct php_run *run, struct call *call)
{
    struct span name;
    if (text_argument(run, call, 0, &name) && is_int(argument(call, 1), 0) &&
        first_time(run, call)) {
        if (span_is(name, SPAN("display_errors")) || span_is(name, SPAN("error_reporting")) ||
            span_is(name, SPAN("log_errors")))
            run_count(run, PHP_COUNT_ERRORS_OFF);
        else if (span_is(name, SPAN("max_execution_time")))
            run_count(run, PHP_COUNT_NO_TIME_LIMIT);
    }
    return run_result_of_role(run, call);
}

/* Elsewhere, and only for some browsers or for those who come from somewhere. */
static bool leads_away(const struct php_run *run, struct span text)
{
    return (run->gates & PHP_GATE_AGENT) != 0 && text.len > 16 &&
           strncasecmp(text.at, "location:", 9) == 0 &&
           memmem(text.at + 9, text.len - 9 < 8 ? text.len - 9 : 8, "http", 4) != NULL;
}

static struct php_value do_header(struct php_run *run, struct call *call)
{
    struct span text;
    if (text_argument(run, call, 0, &text)) {
        run->masked |= memmem(text.at, text.len, "404", 3) != NULL;
        if (leads_away(run, text) && first_time(run, call))
            run_count(run, PHP_COUNT_DOORWAYS);
    }
    run->impure++;
    return php_null();
}

/* WordPress's function that makes a user, of an array. */
static struct php_value do_wp_insert_user(struct php_run *run, struct call *call)
{
    const struct php_value *user = argument(call, 0);
    for (uint32_t i = 0; user != NULL && user->type == PHP_ARRAY && i < user->array->len; i++) {
        const struct php_entry *entry = &user->array->at[i];
        if (entry->has_name && span_is(php_text_span(entry->name), SPAN("role")) &&
            entry->value.type == PHP_TEXT &&
            span_is(php_text_span(entry->value.text), SPAN("administrator")) &&
            first_time(run, call))
            run_count(run, PHP_COUNT_ADMINS_MADE);
    }
    return run_result_of_role(run, call);
}

static struct php_value do_touch(struct php_run *run, struct call *call)
{
    if (call->count > 1 && first_time(run, call))
        run_count(run, PHP_COUNT_FORGED_TIMES);
    return run_result_of_role(run, call);
}

static struct php_value do_fopen(struct php_run *run, struct call *call)
{
    struct php_value result = run_result_of_role(run, call);
    struct php_object *file = run_get(run, sizeof *file);
    if (file == NULL || call->count == 0)
        return result;
    file->name = SPAN("");
    file->first = call->args[0];
    result.type = PHP_OBJECT;
    result.object = file;
    return result;
}

static struct php_value do_fwrite(struct php_run *run, struct call *call)
{
    if (call->count > 1 && call->args[1].type == PHP_TEXT) {
        struct php_value text = call->args[1];
        php_value_look(&text);
        if ((text.traits & PHP_HAS_PHP) != 0)
            run_written(run, &text, call->name, call->node);
    }
    return run_result_of_role(run, call);
}

/* ---- the table, by name ---- */

static const struct special specials[] = {
    {"apache_getenv", do_getenv},
    {"array_map", do_array_map},
    {"array_pop", do_array_pop},
    {"array_push", do_array_push},
    {"array_shift", do_array_shift},
    {"assert", do_assert},
    {"call_user_func", do_call_user_func},
    {"call_user_func_array", do_call_user_func_array},
    {"compact", do_compact},
    {"constant", do_constant},
    {"create_function", do_create_function},
    {"current", do_reset},
    {"define", do_define},
    {"end", do_end},
    {"error_reporting", do_error_reporting},
    {"extract", do_extract},
    {"file_put_contents", do_file_put_contents},
    {"filter_input", do_filter_var},
    {"filter_input_array", do_filter_var},
    {"filter_var", do_filter_var},
    {"filter_var_array", do_filter_var},
    {"fopen", do_fopen},
    {"forward_static_call", do_call_user_func},
    {"forward_static_call_array", do_call_user_func_array},
    {"fputs", do_fwrite},
    {"func_get_arg", do_func_get_arg},
    {"func_get_args", do_func_get_args},
    {"function_exists", do_function_exists},
    {"fwrite", do_fwrite},
    {"getenv", do_getenv},
    {"header", do_header},
    {"ignore_user_abort", do_no_time_limit},
    {"ini_set", do_ini_set},
    {"parse_str", do_parse_str},
    {"preg_replace", do_preg_replace},
    {"reset", do_reset},
    {"set_time_limit", do_no_time_limit},
    {"touch", do_touch},
    {"wp_insert_user", do_wp_insert_user},
};

static int by_name(const void *name, const void *row)
{
    const struct span *text = name;
    return span_order(*text, span_text(((const struct special *)row)->name));
}

const struct special *run_special_of(struct span name)
{
    return bsearch(&name, specials, sizeof specials / sizeof specials[0], sizeof specials[0],
                   by_name);
}
