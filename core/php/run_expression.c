/* run_expression - what an expression comes to.
 *
 * A handler a kind of node. Where a condition decides which part is evaluated and is not known,
 * both are; on the way the gates that a comparison makes are noted for whoever asked.
 */
#include "run_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- constants ---- */

static struct php_value text_of(struct span text)
{
    return php_text_value((struct php_text){text.at, (uint32_t)text.len, 0});
}

static struct span inside(struct span quoted)
{
    if (quoted.len > 0 && (quoted.at[0] == 'b' || quoted.at[0] == 'B'))
        quoted = span_skip(quoted, 1);
    if (quoted.len < 2)
        return (struct span){quoted.at, 0};
    return (struct span){quoted.at + 1, quoted.len - 2};
}

/* Letters and digits written as \x41 or \101, more than a few: nobody means them to be read. */
static bool is_spelt_oddly(struct span text)
{
    size_t odd = 0;
    if (text.len == 0 || text.at[0] == '\'')
        return false;
    for (size_t i = 0; i + 3 < text.len && odd < 3; i++) {
        if (text.at[i] != '\\')
            continue;
        bool hex = (text.at[i + 1] | 32) == 'x', octal = text.at[i + 1] == '1';
        odd += (hex && text.at[i + 2] >= '4' && text.at[i + 2] <= '7') || octal;
        i++;
    }
    return odd >= 3;
}

/* Texts that have escapes are resolved into the heap, once. */
static struct php_value resolve(struct php_run *run, uint32_t node, const struct php_token *token)
{
    struct strbuf out = {0};
    uint32_t *kept = &run->unit->names[node];
    if (*kept != 0)
        return run->strings.at[*kept - 1];
    if (!php_heap_step(&run->heap, token->len / 16))
        return php_unknown();
    php_unquote(run->unit->text, token, &out);
    struct php_text text;
    bool ok = php_text_copy(&run->heap, strbuf_span(&out), &text);
    strbuf_clear(&out);
    if (!ok)
        return php_unknown();
    struct php_value value = php_text_value(text);
    if (is_spelt_oddly(php_token_text(run->unit->text, token)))
        value.traits |= PHP_IS_HIDDEN;
    *vec_add(&run->strings) = value;
    *kept = (uint32_t)run->strings.len;
    return value;
}

static struct php_value eval_string(struct php_run *run, uint32_t node)
{
    const struct php_token *token = &run->unit->tokens.list.at[run_node(run, node)->token];
    struct span text = php_token_text(run->unit->text, token);
    struct php_value value;
    if (run->unit->names[node] != 0 || (token->flags & PHP_TOKEN_UNCLOSED) != 0 ||
        memchr(text.at, '\\', text.len) != NULL)
        value = resolve(run, node, token);
    else
        value = text_of(token->kind == PHP_STRING ? inside(text) : text);
    if (run->unit->seen[node] == 0) {
        run->unit->seen[node] = 1;
        if (value.type == PHP_TEXT && value.text.len >= 64) {
            php_value_look(&value);
            if ((value.traits & PHP_HAS_PHP) != 0)
                run_written(run, &value, SPAN(""), node);
        }
    }
    return value;
}

static struct php_value eval_number(struct php_run *run, uint32_t node)
{
    struct span text = run_token(run, run_node(run, node)->token);
    char digits[64];
    size_t len = 0;
    for (size_t i = 0; i < text.len && len < sizeof digits - 1; i++)
        if (text.at[i] != '_')
            digits[len++] = text.at[i];
    digits[len] = '\0';
    bool prefixed = len > 1 && digits[0] == '0';
    char mark = prefixed ? (char)(digits[1] | 32) : 0;
    if (mark == 'x' || mark == 'b' || mark == 'o')
        return php_int((int64_t)strtoull(digits + (mark == 'x' ? 0 : 2), NULL,
                                         mark == 'x'   ? 16
                                         : mark == 'b' ? 2
                                                       : 8));
    if (strpbrk(digits, ".eE") != NULL || len > 18)
        return php_float(strtod(digits, NULL));
    return php_int(strtoll(digits, NULL, prefixed ? 8 : 10));
}

static struct php_value self_name(void)
{
    struct php_value value = php_unknown();
    value.taint = PHP_FROM_SELF;
    return value;
}

/* __LINE__ and its like; false when the name is none of them. */
static bool magic_constant(struct php_run *run, uint32_t node, struct span name,
                           struct php_value *value)
{
    if (name.len < 7 || name.at[0] != '_' || name.at[1] != '_')
        return false;
    if (span_is(name, SPAN("__file__")) || span_is(name, SPAN("__dir__"))) {
        *value = self_name();
    } else if (span_is(name, SPAN("__line__"))) {
        struct span at = run_source(run, node);
        *value = php_int(run_line(run, (uint32_t)(at.at - run->unit->text.at)));
    } else if (span_is(name, SPAN("__function__")) || span_is(name, SPAN("__method__"))) {
        const struct function *function = run->frame->function;
        *value = text_of(function == NULL ? SPAN("") : function->name);
    } else if (span_is(name, SPAN("__class__"))) {
        *value = text_of(run->frame->class_ == NULL ? SPAN("") : run->frame->class_->name);
    } else if (span_is(name, SPAN("__namespace__"))) {
        *value = text_of(SPAN(""));
    } else {
        return false;
    }
    return true;
}

static const struct constant {
    const char *name;
    const char *text; /* NULL: number */
    int64_t number;
} constants[] = {
    {"true", NULL, -1},
    {"false", NULL, -2},
    {"null", NULL, -3},
    {"php_eol", "\n", 0},
    {"directory_separator", "/", 0},
    {"path_separator", ":", 0},
    {"php_os", "Linux", 0},
    {"php_os_family", "Linux", 0},
    {"php_int_max", NULL, INT64_MAX},
    {"php_int_size", NULL, 8},
    {"ent_quotes", NULL, 3},
    {"lock_ex", NULL, 2},
    {"file_append", NULL, 8},
    {"str_pad_left", NULL, 0},
    {"str_pad_right", NULL, 1},
    {"str_pad_both", NULL, 2},
    {"preg_split_no_empty", NULL, 1},
    {"array_filter_use_key", NULL, 2},
    {"array_filter_use_both", NULL, 1},
    {"count_recursive", NULL, 1},
    {"sort_regular", NULL, 0},
    {"extr_overwrite", NULL, 0},
};

static bool known_constant(struct span name, struct php_value *value)
{
    for (size_t i = 0; i < sizeof constants / sizeof constants[0]; i++) {
        const struct constant *row = &constants[i];
        if (!span_is(name, span_text(row->name)))
            continue;
        *value = row->text != NULL   ? text_of(span_text(row->text))
                 : row->number == -1 ? php_bool(true)
                 : row->number == -2 ? php_bool(false)
                 : row->number == -3 ? php_null()
                                     : php_int(row->number);
        return true;
    }
    return false;
}

static void find_constant(struct php_run *run, struct meaning *meaning)
{
    struct php_value value;
    meaning->no_constant = !known_constant(meaning->lower, &value);
    if (meaning->no_constant)
        return;
    meaning->constant = run_get(run, sizeof value);
    if (meaning->constant != NULL)
        *meaning->constant = value;
}

/* Before PHP 8 a name that is no constant was its own text; that is how it is meant when it has
 * small letters. */
static bool is_bare_word(struct span name)
{
    bool small = false;
    for (size_t i = 0; i < name.len; i++) {
        small |= name.at[i] >= 'a' && name.at[i] <= 'z';
        if (name.at[i] == '\\')
            return false;
    }
    return small || name.len == 1;
}

static struct php_value eval_name(struct php_run *run, uint32_t node)
{
    struct span name = run_token(run, run_node(run, node)->token);
    struct meaning *meaning = run_meaning(run, name);
    struct php_value value = php_unknown();
    if (meaning == NULL)
        return value;
    if (meaning->constant == NULL && !meaning->no_constant)
        find_constant(run, meaning);
    if (meaning->constant != NULL)
        return *meaning->constant;
    if (magic_constant(run, node, meaning->lower, &value))
        return value;
    if (span_is(meaning->lower, SPAN("php_sapi")))
        run->noticed |= PHP_GATE_COMMAND_LINE;
    return is_bare_word(name) ? text_of(name) : value;
}

/* ---- variables ---- */

static struct php_value undefined(struct php_run *run, uint32_t name)
{
    struct php_value value = php_null();
    bool given = run->frame->scope != NULL || run->names.list.at[name].assigned;
    if (given && run->frame->brought == 0)
        return value;
    value = php_unknown();
    value.taint = run->frame->brought;
    if (!given)
        value.taint |= PHP_FROM_UNDEFINED | (run->included ? PHP_FROM_INCLUDE : 0u);
    return value;
}

/* What was compared with constants before is checked where it stands as it was written there. */
static void check(struct php_run *run, uint32_t node, struct php_value *value)
{
    if (run->checked_count == 0 || value->taint == 0)
        return;
    struct span source = run_source(run, node);
    for (unsigned i = run->checked_base; i < run->checked_count; i++)
        if (span_is(run->checked[i], source))
            value->traits |= PHP_IS_CHECKED;
}

static void notice_taint(struct php_run *run, const struct php_value *value)
{
    if ((value->taint & PHP_FROM_SESSION) != 0)
        run->noticed |= PHP_GATE_LOGIN;
    if ((value->taint & RUN_IS_AGENT) != 0)
        run->noticed |= PHP_GATE_AGENT;
}

static struct php_value eval_variable(struct php_run *run, uint32_t node)
{
    uint32_t name = run_node_name(run, node);
    struct span text = run->names.list.at[name].text;
    if (text.len == 4 && memcmp(text.at, "this", 4) == 0 && run->frame->this_ != NULL) {
        struct place place;
        run_place_of(run, node, &place);
        return run_place_read(run, &place);
    }
    struct cell *cell = run_variable(run, name);
    struct php_value value = cell->is_set ? run_cell_read(run, cell) : undefined(run, name);
    if (text.len > 4 && text.at[0] == '_' && run->unit->seen[node] == 0 &&
        (value.taint & PHP_FROM_STRANGER) != 0 && php_superglobal(text) != 0) {
        run->unit->seen[node] = 1;
        run_count(run, PHP_COUNT_SUPERGLOBALS);
    }
    if (span_is(text, SPAN("_POST")) || span_is(text, SPAN("_REQUEST")))
        value.taint |= RUN_IS_WHOLE;
    notice_taint(run, &value);
    check(run, node, &value);
    return value;
}

static struct php_value eval_place(struct php_run *run, uint32_t node)
{
    struct place place;
    run_place_of(run, node, &place);
    struct php_value value = run_place_read(run, &place);
    if (place.depth == 0 && !place.cell->is_set && place.cell->alias == NULL)
        value = php_unknown();
    check(run, node, &value);
    return value;
}

/* What a key of $_SERVER tells: what a client says, or the server's own. */
static const struct server_key {
    const char *name;
    uint32_t taint;
    unsigned gate;
} server_keys[] = {
    {"SCRIPT_FILENAME", PHP_FROM_SELF, 0},
    {"SCRIPT_NAME", PHP_FROM_SELF, 0},
    {"PHP_SELF", PHP_FROM_SELF, 0},
    {"DOCUMENT_ROOT", 0, 0},
    {"SERVER_ADDR", 0, 0},
    {"SERVER_PORT", 0, 0},
    {"SERVER_SOFTWARE", 0, 0},
    {"SERVER_PROTOCOL", 0, 0},
    {"SERVER_ADMIN", 0, 0},
    {"REQUEST_TIME", 0, 0},
    {"REQUEST_TIME_FLOAT", 0, 0},
    {"GATEWAY_INTERFACE", 0, 0},
    {"HTTPS", 0, 0},
    {"argv", 0, PHP_GATE_COMMAND_LINE},
    {"argc", 0, PHP_GATE_COMMAND_LINE},
    {"REMOTE_ADDR", 0, PHP_GATE_AGENT},
    {"HTTP_USER_AGENT", PHP_FROM_SERVER | RUN_IS_AGENT, PHP_GATE_AGENT},
    {"HTTP_REFERER", PHP_FROM_SERVER | RUN_IS_AGENT, PHP_GATE_AGENT},
};

static void server_key(struct php_run *run, struct span key, struct php_value *value)
{
    for (size_t i = 0; i < sizeof server_keys / sizeof server_keys[0]; i++) {
        if (!span_is(key, span_text(server_keys[i].name)))
            continue;
        value->taint = server_keys[i].taint;
        run->noticed |= server_keys[i].gate;
    }
}

/* What a key of something unknown says of its element. */
static void name_element(struct php_run *run, const struct php_value *key, struct php_value *value)
{
    if (value->type != PHP_UNKNOWN || key->type != PHP_TEXT)
        return;
    struct span name = php_text_span(key->text);
    value->taint |= run_loot_of(name);
    if (value->taint == PHP_FROM_SERVER)
        server_key(run, name, value);
    if ((value->taint & PHP_FROM_FILES) == 0)
        return;
    if (span_is(name, SPAN("tmp_name")))
        value->traits |= PHP_IS_TEMPORARY;
    else if (span_is(name, SPAN("size")) || span_is(name, SPAN("error")))
        value->traits |= PHP_IS_NUMBER;
}

static bool is_globals(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    if (at->kind == PHP_NODE_VARIABLE_OF)
        return true; /* may be: the place finds out */
    uint32_t name = at->kind == PHP_NODE_VARIABLE ? run_node_name(run, node) : 0;
    return span_is(run->names.list.at[name].text, SPAN("GLOBALS"));
}

static struct php_value eval_index(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    if (is_globals(run, at->a) || at->b == 0)
        return eval_place(run, node);
    struct php_value base = run_value(run, at->a);
    struct php_value key = run_value(run, at->b);
    struct php_value value = run_index(run, &base, &key);
    if (run_is_known(&key))
        value.taint &= ~RUN_IS_WHOLE;
    name_element(run, &key, &value);
    check(run, node, &value);
    return value;
}

/* ---- arrays ---- */

static void spread(struct php_run *run, struct php_value *into, uint32_t node)
{
    struct php_value value = run_value(run, node);
    php_value_mark(into, &value);
    if (value.type != PHP_ARRAY) {
        into->array->open = true;
        php_value_mark(&into->array->rest, &value);
        return;
    }
    for (uint32_t i = 0; i < value.array->len; i++) {
        const struct php_entry *entry = &value.array->at[i];
        php_array_set(&run->heap, into->array, entry->has_name ? entry : NULL, &entry->value);
    }
}

static void add_item(struct php_run *run, struct php_value *into, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    if (at->kind != PHP_NODE_ITEM || at->b == 0)
        return;
    if ((at->flags & PHP_NODE_SPREAD) != 0) {
        spread(run, into, at->b);
        return;
    }
    struct php_value key = at->a != 0 ? run_value(run, at->a) : php_null();
    struct php_value value = run_value(run, at->b);
    php_value_mark(into, &value);
    if (value.type == PHP_ARRAY)
        value.array->shared = true;
    struct php_entry entry;
    if (at->a == 0) {
        php_array_set(&run->heap, into->array, NULL, &value);
    } else if (run_is_known(&key) && php_array_key(&run->heap, &key, &entry)) {
        php_array_set(&run->heap, into->array, &entry, &value);
    } else {
        key.traits |= PHP_IS_KEY; /* uksort() and its like pass it on */
        php_value_mark(&value, &key);
        php_value_mark(into, &value);
        if (into->array->open)
            php_value_merge(&run->heap, &into->array->rest, &value);
        else
            into->array->rest = value;
        into->array->open = true;
    }
}

static struct php_value eval_array(struct php_run *run, uint32_t node)
{
    struct php_value value = php_null();
    value.array = php_array_new(&run->heap);
    if (value.array == NULL)
        return php_unknown();
    value.type = PHP_ARRAY;
    for (uint32_t item = run_node(run, node)->a; item != 0; item = run_node(run, item)->next)
        add_item(run, &value, item);
    return value;
}

/* ---- operators ---- */

static struct php_value eval_unary(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    struct php_value a = run_value(run, at->a);
    return php_unary(&run->heap, at->op, &a);
}

/* A password that is the text of a hash itself: an infection that many sites share. */
static bool looks_hashed(const struct php_value *constant)
{
    struct span text = php_text_span(constant->text);
    bool hex = constant->type == PHP_TEXT && (text.len == 32 || text.len == 40 || text.len == 64);
    for (size_t i = 0; hex && i < text.len; i++)
        hex = isxdigit((unsigned char)text.at[i]) != 0;
    return hex;
}

/* A comparison of what a stranger says with what stands here. */
static void notice_comparison(struct php_run *run, int op, const struct php_value *a,
                              const struct php_value *b)
{
    if (op != PHP_OP_IS_EQUAL && op != PHP_OP_IS_SAME && op != PHP_OP_NOT_EQUAL &&
        op != PHP_OP_NOT_SAME)
        return;
    const struct php_value *told = (a->taint & PHP_FROM_STRANGER) != 0 ? a : b;
    const struct php_value *constant = told == a ? b : a;
    if ((told->taint & PHP_FROM_STRANGER) == 0 || (constant->taint & PHP_FROM_STRANGER) != 0)
        return;
    if (((told->traits & PHP_IS_HASH) != 0 || looks_hashed(constant)) &&
        (told->traits & PHP_IS_NUMBER) == 0) {
        run->noticed |= PHP_GATE_HASH;
        if (run->dead + run->free_loops == 0)
            run_count(run, PHP_COUNT_HASH_GATES);
    } else if (constant->type == PHP_TEXT && constant->text.len > 0) {
        run->noticed |= PHP_GATE_SECRET;
    }
}

/* Not known, but no text either. */
static struct php_value yes_or_no(void)
{
    struct php_value value = php_unknown();
    value.traits = PHP_IS_NUMBER;
    return value;
}

static struct php_value instance_of(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    run_value(run, at->a);
    if (run_node(run, at->b)->kind != PHP_NODE_NAME)
        run_value(run, at->b);
    return yes_or_no();
}

/* The right side of && and ||, of which the left one's truth is `left`; needs: what it must be
 * for the right side to matter. */
static struct php_value eval_right(struct php_run *run, uint32_t node, int left, bool needs,
                                   unsigned gates)
{
    unsigned before = run->gates;
    bool ends = run_node(run, node)->kind == PHP_NODE_EXIT;
    if (ends && (gates & PHP_GATE_GUARD) != 0 && run->unit->seen[node] == 0)
        run_count(run, PHP_COUNT_GUARDS);
    run->unit->seen[node] |= 1;
    unsigned *branch = left < 0 ? &run->unsure : left != (int)needs ? &run->dead : NULL;
    if (needs)
        run->gates |= gates;
    if (branch != NULL)
        ++*branch;
    struct php_value value = run_value(run, node);
    if (branch != NULL)
        --*branch;
    run->gates = before | (ends ? gates : 0); /* what follows `x or die` is guarded by x */
    return value;
}

static struct php_value eval_logic(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    bool needs = at->op == PHP_OP_AND, truth;
    unsigned before = run->noticed, checked = run->checked_count;
    run->noticed = 0;
    struct php_value a = run_value(run, at->a);
    int left = run_is_known(&a) && php_to_bool(&a, &truth) ? truth : -1;
    unsigned gates = run->noticed;
    run_checks(run, at->a, !needs);
    struct php_value b = eval_right(run, at->b, left, needs, gates);
    run->noticed |= before | gates;
    run->checked_count = checked;
    if (left >= 0 && left != (int)needs)
        return php_bool(!needs);
    if (left < 0 || !run_is_known(&b) || !php_to_bool(&b, &truth))
        return yes_or_no();
    return php_bool(truth);
}

static struct php_value either(struct php_run *run, struct php_value a, const struct php_value *b)
{
    php_value_merge(&run->heap, &a, b);
    return a;
}

static struct php_value eval_coalesce(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    struct php_value a = run_value(run, at->a);
    if (run_is_known(&a) && a.type != PHP_NULL)
        return a;
    if (a.type == PHP_NULL || a.taint == PHP_FROM_UNDEFINED)
        return run_value(run, at->b);
    run->unsure++;
    struct php_value b = run_value(run, at->b);
    run->unsure--;
    a = either(run, a, &b);
    if (b.type != PHP_TEXT || b.text.len == 0)
        a.type = PHP_UNKNOWN;
    return a;
}

/* A capital name that nothing in the file defines, in an operation with a text: its letters are
 * meant. */
static void be_bare_word(struct php_run *run, uint32_t node, struct php_value *value,
                         const struct php_value *other)
{
    if (run_node(run, node)->kind == PHP_NODE_NAME && value->type == PHP_UNKNOWN &&
        value->taint == 0 && other->type == PHP_TEXT)
        *value = text_of(run_token(run, run_node(run, node)->token));
}

static struct php_value eval_binary(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    if (at->op == PHP_OP_AND || at->op == PHP_OP_OR)
        return eval_logic(run, node);
    if (at->op == PHP_OP_COALESCE)
        return eval_coalesce(run, node);
    if (at->op == 'i')
        return instance_of(run, node);
    struct php_value a = run_value(run, at->a);
    struct php_value b = run_value(run, at->b);
    notice_comparison(run, at->op, &a, &b);
    if (at->op == '^') {
        be_bare_word(run, at->a, &a, &b);
        be_bare_word(run, at->b, &b, &a);
    }
    return php_binary(&run->heap, at->op, &a, &b);
}

struct php_value run_parts(struct php_run *run, uint32_t list)
{
    struct php_value value = text_of(SPAN(""));
    bool first = true;
    for (uint32_t part = list; part != 0; part = run_node(run, part)->next, first = false) {
        struct php_value next = run_value(run, part);
        if (first && next.type == PHP_TEXT)
            value = next;
        else
            value = php_concat(&run->heap, &value, &next);
    }
    return value;
}

static struct php_value eval_concat(struct php_run *run, uint32_t node)
{
    return run_parts(run, run_node(run, node)->a);
}

static struct php_value eval_interpolated(struct php_run *run, uint32_t node)
{
    struct php_value value = run_parts(run, run_node(run, node)->a);
    if (value.type == PHP_TEXT && value.text.len >= 64 && run->unit->seen[node] == 0) {
        run->unit->seen[node] = 1;
        php_value_look(&value);
        if ((value.traits & PHP_HAS_PHP) != 0)
            run_written(run, &value, SPAN(""), node);
    }
    return value;
}

/* ---- assignments ---- */

static const uint8_t operator_of[256] = {
    [PHP_OP_PLUS_IS] = '+',
    [PHP_OP_MINUS_IS] = '-',
    [PHP_OP_TIMES_IS] = '*',
    [PHP_OP_DIVIDE_IS] = '/',
    [PHP_OP_MODULO_IS] = '%',
    [PHP_OP_AND_IS] = '&',
    [PHP_OP_OR_IS] = '|',
    [PHP_OP_XOR_IS] = '^',
    [PHP_OP_LEFT_IS] = PHP_OP_SHIFT_LEFT,
    [PHP_OP_RIGHT_IS] = PHP_OP_SHIFT_RIGHT,
    [PHP_OP_POWER_IS] = PHP_OP_POWER,
};

static struct php_value assign_reference(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    if (!run_is_place(run, at->b)) {
        struct php_value value = run_value(run, at->b);
        run_assign(run, at->a, value);
        return value;
    }
    struct place place;
    run_place_of(run, at->b, &place);
    struct cell *cell = run_place_cell(run, &place);
    run_reference(run, at->a, cell);
    return run_cell_read(run, cell);
}

static struct php_value assign_compound(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    struct place place;
    run_place_of(run, at->a, &place);
    struct php_value old = run_place_read(run, &place), value;
    if (!place.cell->is_set && run_node(run, at->a)->kind == PHP_NODE_VARIABLE)
        old = undefined(run, run_node_name(run, at->a));
    if (at->op == PHP_OP_COALESCE_IS) {
        if (run_is_known(&old) && old.type != PHP_NULL)
            return old;
        value = run_value(run, at->b);
        if (old.type == PHP_UNKNOWN && old.taint != PHP_FROM_UNDEFINED)
            value = either(run, value, &old);
    } else {
        struct php_value right = run_value(run, at->b);
        value = at->op == PHP_OP_CONCAT_IS
                    ? php_concat(&run->heap, &old, &right)
                    : php_binary(&run->heap, operator_of[at->op], &old, &right);
    }
    if (value.taint != 0)
        run_step(run, &value, node);
    value.hops += value.hops < UINT8_MAX && value.taint != old.taint;
    run_place_write(run, &place, value);
    return value;
}

static struct php_value eval_assign(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    if ((at->flags & PHP_NODE_BY_REFERENCE) != 0)
        return assign_reference(run, node);
    if (at->op != '=')
        return assign_compound(run, node);
    struct php_value value = run_value(run, at->b);
    if (value.taint != 0)
        run_step(run, &value, node);
    run_assign(run, at->a, value);
    return value;
}

static struct php_value eval_count_up(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    struct place place;
    run_place_of(run, at->a, &place);
    struct php_value old = run_place_read(run, &place);
    struct php_value value = php_unary(&run->heap, at->op, &old);
    run_place_write(run, &place, value);
    return (at->flags & PHP_NODE_POSTFIX) != 0 ? old : value;
}

/* ---- choices ---- */

static struct php_value eval_branch(struct php_run *run, uint32_t node, unsigned *branch)
{
    ++*branch;
    struct php_value value = run_value(run, node);
    --*branch;
    return value;
}

static struct php_value eval_ternary(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    unsigned before = run->noticed, outer = run->gates, checked = run->checked_count;
    bool truth;
    run->noticed = 0;
    struct php_value condition = run_value(run, at->a), a = condition, b;
    int known = run_is_known(&condition) && php_to_bool(&condition, &truth) ? truth : -1;
    run->gates |= run->noticed;
    run_checks(run, at->a, false);
    unsigned *branch = known < 0 ? &run->unsure : &run->dead;
    if (at->b != 0)
        a = known == 1 ? run_value(run, at->b) : eval_branch(run, at->b, branch);
    run->checked_count = checked;
    b = known == 0 ? run_value(run, at->c) : eval_branch(run, at->c, branch);
    run->gates = outer;
    run->noticed |= before;
    return known == 1 ? a : known == 0 ? b : either(run, a, &b);
}

static struct php_value match_arms(struct php_run *run, uint32_t cases,
                                   const struct php_value *subject)
{
    struct php_value result = php_unknown();
    bool any = false;
    for (uint32_t c = cases; c != 0; c = run_node(run, c)->next) {
        int fits = run_node(run, c)->a == 0 ? 1 : 0;
        for (uint32_t v = run_node(run, c)->a; v != 0; v = run_node(run, v)->next) {
            struct php_value label = run_value(run, v);
            int same = php_same(&run->heap, subject, &label);
            fits = same == 0 && fits == 0 ? 0 : same == 1 ? 1 : -1;
        }
        if (fits == 0)
            continue;
        struct php_value arm = eval_branch(run, run_node(run, c)->b, &run->unsure);
        if (fits == 1 && !any)
            return arm;
        result = any ? either(run, result, &arm) : arm;
        any = true;
    }
    return result;
}

static struct php_value eval_match(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    struct php_value subject = run_value(run, at->a);
    return match_arms(run, at->b, &subject);
}

static struct php_value eval_cast(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    struct php_value a = run_value(run, at->a);
    return php_cast(&run->heap, at->op, &a);
}

static struct php_value eval_silence(struct php_run *run, uint32_t node)
{
    if (run->unit->seen[node] == 0)
        run_count(run, PHP_COUNT_SILENCED);
    run->unit->seen[node] = 1;
    run->silenced++;
    struct php_value value = run_value(run, run_node(run, node)->a);
    run->silenced--;
    return value;
}

static bool is_asked(const struct php_value *value)
{
    return (value->taint & (PHP_FROM_STRANGER | PHP_FROM_UNDEFINED)) != 0;
}

static struct php_value eval_isset(struct php_run *run, uint32_t node)
{
    bool known = true;
    for (uint32_t part = run_node(run, node)->a; part != 0; part = run_node(run, part)->next) {
        struct php_value value = run_value(run, part);
        if (is_asked(&value))
            run->noticed |= PHP_GATE_ISSET;
        if (value.type == PHP_NULL)
            return php_bool(false);
        known &= run_is_known(&value);
    }
    return known ? php_bool(true) : yes_or_no();
}

static struct php_value eval_empty(struct php_run *run, uint32_t node)
{
    struct php_value value = run_value(run, run_node(run, node)->a);
    bool truth;
    if (is_asked(&value))
        run->noticed |= PHP_GATE_ISSET;
    if (run_is_known(&value) && php_to_bool(&value, &truth) && value.type != PHP_NULL)
        return php_bool(!truth);
    return yes_or_no();
}

/* ---- what acts ---- */

static void construct(struct php_run *run, enum php_sink sink, struct span name, uint32_t node,
                      const struct php_value *value)
{
    struct call call = {.node = node, .name = name, .args = call.room, .nodes = call.node_room};
    call.count = 1;
    call.room[0] = *value;
    run_sight(run, sink, &call, 0, value, NULL);
}

static struct php_value eval_exit(struct php_run *run, uint32_t node)
{
    uint32_t a = run_node(run, node)->a;
    if (a != 0) {
        struct php_value value = run_value(run, a);
        construct(run, PHP_SINK_OUTPUT, SPAN("exit"), node, &value);
    }
    run->left++;
    return php_unknown();
}

static struct php_value eval_print(struct php_run *run, uint32_t node)
{
    struct php_value value = run_value(run, run_node(run, node)->a);
    construct(run, PHP_SINK_OUTPUT, SPAN("print"), node, &value);
    return php_int(1);
}

static struct php_value eval_eval(struct php_run *run, uint32_t node)
{
    uint32_t argument = run_node(run, node)->a;
    struct php_value value = run_value(run, argument);
    if (run->unit->seen[node] == 0)
        run_count(run, PHP_COUNT_EVALS);
    run->unit->seen[node] = 1;
    construct(run, PHP_SINK_EVAL, SPAN("eval"), node, &value);
    if (value.type == PHP_TEXT)
        return run_code(run, &value, SPAN("eval"), node);
    if (value.type == PHP_UNKNOWN)
        run_code_parts(run, argument, SPAN("eval"), node);
    struct php_value result = php_unknown();
    php_value_mark(&result, &value);
    return result;
}

/* include 'php://input', 'http://...', 'data:...': what the name says by itself. */
static void name_included(struct php_run *run, struct php_value *value, uint32_t node)
{
    if (value->type != PHP_TEXT)
        return;
    php_value_look(value);
    struct span name = php_text_span(value->text);
    if (name.len >= 11 && strncasecmp(name.at, "php://input", 11) == 0)
        value->taint |= PHP_FROM_REQUEST;
    else if ((value->traits & PHP_IS_URL) != 0)
        value->taint |= PHP_FROM_REMOTE;
    const char *comma = memchr(name.at, ',', name.len);
    if (name.len < 8 || strncasecmp(name.at, "data:", 5) != 0 || comma == NULL)
        return;
    struct span data = span_of(comma + 1, name.at + name.len);
    struct php_value text = *value;
    text.text = (struct php_text){data.at, (uint32_t)data.len, 0};
    if (memmem(name.at, name.len - data.len, ";base64", 7) != NULL)
        text = php_pure_call(&run->heap, php_pure_find(SPAN("base64_decode")), &text, 1);
    run_written(run, &text, SPAN("include"), node);
}

static struct php_value eval_include(struct php_run *run, uint32_t node)
{
    struct php_value value = run_value(run, run_node(run, node)->a);
    name_included(run, &value, node);
    construct(run, PHP_SINK_INCLUDE, SPAN("include"), node, &value);
    run->included = true;
    run->impure++;
    struct php_value result = php_unknown();
    result.taint = PHP_FROM_INCLUDE;
    return result;
}

static struct php_value eval_shell(struct php_run *run, uint32_t node)
{
    struct php_value value = run_parts(run, run_node(run, node)->a);
    construct(run, PHP_SINK_COMMAND, SPAN("`"), node, &value);
    value.type = PHP_UNKNOWN;
    value.taint |= PHP_FROM_OUTPUT;
    run->impure++;
    return value;
}

static struct php_value eval_inner(struct php_run *run, uint32_t node)
{
    return run_value(run, run_node(run, node)->a);
}

static struct php_value eval_throw(struct php_run *run, uint32_t node)
{
    struct php_value value = run_value(run, run_node(run, node)->a);
    run->thrown |= value.taint & (PHP_FROM_STRANGER | PHP_FROM_REMOTE);
    run->left++;
    return php_unknown();
}

static struct php_value eval_yield(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    struct php_value value = run_value(run, at->a);
    run_value(run, at->b);
    struct frame *frame = run->frame;
    if (frame->has_returned)
        php_value_mark(&frame->returned, &value);
    else
        frame->returned = value;
    frame->returned.type = PHP_UNKNOWN;
    frame->has_returned = true;
    return php_unknown();
}

static struct php_value (*const evaluators[PHP_NODE_KINDS])(struct php_run *, uint32_t) = {
    [PHP_NODE_STRING] = eval_string,
    [PHP_NODE_PIECE] = eval_string,
    [PHP_NODE_NUMBER] = eval_number,
    [PHP_NODE_NAME] = eval_name,
    [PHP_NODE_VARIABLE] = eval_variable,
    [PHP_NODE_VARIABLE_OF] = eval_place,
    [PHP_NODE_ARRAY] = eval_array,
    [PHP_NODE_INDEX] = eval_index,
    [PHP_NODE_PROPERTY] = eval_place,
    [PHP_NODE_STATIC_PROPERTY] = eval_place,
    [PHP_NODE_CLASS_CONSTANT] = run_class_constant,
    [PHP_NODE_CALL] = run_call,
    [PHP_NODE_METHOD_CALL] = run_method_call,
    [PHP_NODE_STATIC_CALL] = run_static_call,
    [PHP_NODE_NEW] = run_new,
    [PHP_NODE_ARGUMENT] = eval_inner,
    [PHP_NODE_UNARY] = eval_unary,
    [PHP_NODE_BINARY] = eval_binary,
    [PHP_NODE_CONCAT] = eval_concat,
    [PHP_NODE_ASSIGN] = eval_assign,
    [PHP_NODE_COUNT_UP] = eval_count_up,
    [PHP_NODE_TERNARY] = eval_ternary,
    [PHP_NODE_CAST] = eval_cast,
    [PHP_NODE_SILENCE] = eval_silence,
    [PHP_NODE_ISSET] = eval_isset,
    [PHP_NODE_EMPTY] = eval_empty,
    [PHP_NODE_EXIT] = eval_exit,
    [PHP_NODE_PRINT] = eval_print,
    [PHP_NODE_EVAL] = eval_eval,
    [PHP_NODE_INCLUDE] = eval_include,
    [PHP_NODE_INTERPOLATED] = eval_interpolated,
    [PHP_NODE_SHELL] = eval_shell,
    [PHP_NODE_CLOSURE] = run_closure_value,
    [PHP_NODE_MATCH] = eval_match,
    [PHP_NODE_CLONE] = eval_inner,
    [PHP_NODE_THROW] = eval_throw,
    [PHP_NODE_YIELD] = eval_yield,
};

struct php_value run_value(struct php_run *run, uint32_t node)
{
    if (node == 0)
        return php_unknown();
    if (!run_deeper(run))
        return run_given_up();
    struct php_value (*evaluate)(struct php_run *, uint32_t) =
        evaluators[run_node(run, node)->kind];
    uint64_t refused = run->heap.refused;
    struct php_value value = evaluate == NULL ? php_unknown() : evaluate(run, node);
    value.given_up |= run->heap.refused != refused;
    run_back(run);
    return value;
}

void run_each(struct php_run *run, uint32_t list)
{
    for (uint32_t node = list; node != 0; node = run_node(run, node)->next)
        run_value(run, node);
}
