/* run_parts - what the parts of the walk share; no module outside of core/php includes it.
 *
 * Everything that lives as long as a file's walk (names' meanings, cells, functions, classes,
 * objects) comes from the run's heap and is forgotten with it. When the heap is spent the makers
 * give NULL or the run's dump (a cell that nobody reads), so nothing here has to stop.
 */
#ifndef RUN_PARTS_H
#define RUN_PARTS_H

#include "spamgear/php/pure.h"
#include "spamgear/php/run.h"

#define RUN_LEVELS      1200 /* of C calls that evaluate or walk; bounds the stack */
#define RUN_PATH        6    /* keys in a place; deeper ones are taken together */
#define RUN_ARGUMENTS   8    /* of a call on the stack; more come from the heap */
#define RUN_MEMOS       4    /* calls of a function with arguments of different marks */
#define RUN_IMPURE_TURN 16   /* turns of a loop that does more than compute */
#define RUN_STEPS       4096 /* of trails */

/* ---- texts that are walked ---- */

struct unit {
    struct span text;
    struct php_tokens tokens;
    struct php_tree tree;
    uint32_t *names;     /* by node: 1 + the name it stands for; 0: not asked yet */
    uint8_t *seen;       /* by node: walked before */
    size_t cap;          /* of both */
    bool busy;           /* in use for this file */
    VEC(uint32_t) lines; /* where each line starts; made when first asked */
    uint32_t layer;
};

/* ---- names ---- */

struct cell;
struct function;
struct class_;
struct special;

/* What a name means where functions, classes and constants are looked up; one for all cases. */
struct meaning {
    struct span lower; /* in lower case, without namespace */
    struct span full;  /* in lower case, with it; without a leading backslash */
    struct function *function;
    struct function *methods; /* of that name in any class; chained by `alike` */
    struct class_ *class_;
    struct php_value *constant;
    const struct php_role *role;
    const struct php_pure *pure;
    const struct special *special;
    bool looked_up; /* the three before */
    bool no_constant;
    uint8_t gates; /* that asking it makes */
};

struct name {
    struct span text;
    uint32_t hash;
    uint32_t label;      /* 1 + the first label of that name */
    bool assigned;       /* something in the file gives a variable of that name a value */
    struct cell *global; /* the global variable */
    struct meaning *meaning;
};

/* A label, known by the list it stands in. */
struct label {
    const struct unit *unit;
    uint32_t list, node, next;
};

struct names {
    VEC(struct name) list; /* [0] is none */
    uint32_t *slots;
    size_t slot_count;
};

/* ---- variables ---- */

struct place;

struct cell {
    struct php_value value;
    struct place *alias; /* NULL, or the element that it is a reference to */
    struct cell *next;   /* of those that are free */
    bool kept;           /* more than one scope knows it */
    bool is_set;
    bool weak; /* stands for many (a property of all objects): what was there is merged */
};

struct scope {
    uint32_t *names; /* of the variables, by number */
    struct cell **cells;
    uint32_t len, cap;
    uint32_t *slots; /* open addressing, when there are many */
    uint32_t slot_count;
};

/* A variable, or an element of one: the cell and the keys that lead there. */
struct key {
    bool known, append;
    bool given_up; /* it is not known, for that reason */
    struct php_entry entry;
};
struct place {
    struct cell *cell;
    uint32_t depth;
    struct key path[RUN_PATH];
    struct cell own; /* of a value that is no variable's; cell points at it */
};

/* ---- functions and classes ---- */

struct memo {
    uint64_t signature;
    struct php_value result;
};

struct function {
    struct unit *unit;
    uint32_t node;
    struct span name;
    struct class_ *class_; /* NULL: none */
    struct function *alike;
    struct memo memos[RUN_MEMOS];
    uint32_t memo_count;
    uint32_t useless; /* calls with known arguments that came to nothing known */
    uint32_t active;  /* how deep in itself */
    unsigned asks;    /* gates that its conditions made */
    struct scope statics;
    bool called;
};

struct class_ {
    struct span name;
    struct meaning *parent;
    struct class_ *root; /* of its family, which shares properties; asked when first needed */
    struct unit *unit;
    uint32_t node;
    struct scope methods;    /* meaning's name to a cell whose value is the function */
    struct scope properties; /* of the root only */
    struct scope constants;
};

struct php_object {
    struct class_ *class_;  /* NULL: a file handle, or of a class that is not in the file */
    struct span name;       /* of that class, in lower case */
    struct php_value first; /* what it was made of: the file's name, the first argument */
};

struct php_closure {
    struct function *function;
    struct class_ *class_;
    struct scope bound;
    struct php_object *this_;
    bool sees_global; /* fn() => that was made among the global variables */
};

/* A function at work. */
struct frame {
    struct frame *outer;
    struct scope *scope; /* NULL: the global one */
    struct function *function;
    struct class_ *class_;
    struct php_object *this_;
    const struct php_value *args; /* as they were given */
    uint32_t count;
    struct php_value returned;
    uint32_t brought; /* what variables carry whose names are not known: extract($_POST) */
    bool has_returned;
    bool sees_global;
};

/* ---- calls ---- */

struct call {
    uint32_t node; /* of the call */
    struct span name;
    uint32_t count;
    struct php_value *args;
    uint32_t *nodes; /* of the arguments; NULL: they come from a callback */
    struct php_value room[RUN_ARGUMENTS];
    uint32_t node_room[RUN_ARGUMENTS];
    const struct php_value *callee; /* where its name came from; NULL: it is spelt out */
    bool called;                    /* by way of a callback */
    bool spread;
};

struct special {
    const char *name;
    struct php_value (*compute)(struct php_run *run, struct call *call);
};

/* ---- the run ---- */

struct walked {
    uint64_t hash;
    struct php_value result;
    uint32_t at; /* the place in the file that it came from */
};

struct top {
    uint32_t at, end;
};

enum flow { FLOW_NEXT, FLOW_BREAK, FLOW_CONTINUE, FLOW_RETURN, FLOW_GOTO, FLOW_STOP };

struct php_run {
    struct php_limits limits;
    struct php_heap heap;
    struct php_sightings seen;
    struct names names;
    VEC(struct unit *) units; /* [0] is the file's */
    VEC(struct function *) functions;
    VEC(struct class_ *) classes;
    VEC(struct php_closure *) closures;
    VEC(struct label) labels;
    VEC(struct php_value) strings; /* constants whose escapes were resolved, by a node's name */
    struct scope *locals;          /* by depth of calls */
    struct cell *free_cells;
    uint64_t effects;         /* counts writes to what outlives a function */
    uint64_t writes;          /* counts all writes into variables */
    uint64_t news;            /* counts what a stranger brought into properties */
    VEC(struct walked) texts; /* by layer, from 1; [0] is the file */
    size_t layer_bytes;       /* of all layers */
    VEC(struct top) tops;     /* the file's statements; made when first asked */

    struct unit *unit;
    struct frame *frame;
    struct frame global;
    struct cell dump;
    unsigned level, depth, calls; /* C calls, layers in layers, functions in functions */
    unsigned unsure, dead;        /* branches that may be, that cannot be taken */
    unsigned allowed;             /* depth of allowances */
    uint64_t computing;           /* steps that computing may take */
    uint64_t walk_limit;          /* steps beyond which nothing is walked */
    unsigned giving_up;           /* loops at work that are walked instead of computed */
    unsigned loops, free_loops;   /* all; those whose condition is not known */
    unsigned silenced;
    unsigned gates;
    unsigned noticed; /* gates that the expression at work would make */
    unsigned asked;   /* those that the conditions of the function at work made */
    uint64_t impure;  /* counts what made a loop's turn more than computing */
    unsigned left;    /* counts exits from loops that may have been taken */
    unsigned break_levels;
    uint32_t label;
    bool included;          /* something may have been defined elsewhere */
    uint32_t thrown;        /* taint of all exceptions so far */
    bool masked;            /* a 404 header was sent */
    struct span checked[8]; /* expressions that were compared with constants */
    unsigned checked_count, checked_base;
    uint32_t line_node; /* of the statement at work */
};

/* The limits outside of a loop or call that only computes. */
struct allowance {
    uint64_t steps, walk;
    size_t bytes;
};

/* run.c */
/* A loop or call that is computed gets a part of what is left, so that something is left for what
 * follows it. When that is spent nothing in it is walked any more: who asked for it walks it once
 * more without computing (run_gives_up). */
void run_allow(struct php_run *run, struct allowance *outer);
void run_allow_end(struct php_run *run, const struct allowance *outer);
static inline bool run_is_used_up(const struct php_run *run)
{
    return run->allowed > 0 && run->heap.steps >= run->walk_limit;
}
/* Something was not looked at. */
void run_spend(struct php_run *run, const char *what);
/* What the walk itself needs (cells, names, functions) has a reserve that values cannot use up. */
void *run_get(struct php_run *run, size_t size);
/* One C call deeper, for a step; false: no more. */
bool run_too_deep(struct php_run *run);
struct php_value run_given_up(void); /* unknown */
static inline bool run_deeper(struct php_run *run)
{
    if (run->level >= RUN_LEVELS || run->heap.steps >= run->walk_limit)
        return run_too_deep(run);
    run->heap.steps++;
    run->level++;
    return true;
}
static inline void run_back(struct php_run *run)
{
    run->level--;
}
static inline const struct php_node *run_node(const struct php_run *run, uint32_t node)
{
    return &run->unit->tree.nodes.at[node];
}
static inline void run_count(struct php_run *run, enum php_count what)
{
    run->seen.counts[what] += run->seen.counts[what] != UINT32_MAX;
}
struct span run_token(const struct php_run *run, uint32_t token);
/* Bytes of a node, from its first token to its last. */
struct span run_source(const struct php_run *run, uint32_t node);

/* run_name.c */
void run_names_reset(struct php_run *run);
uint32_t run_name(struct php_run *run, struct span text);
/* Of a VARIABLE, NAME, LABEL, ...: by its token, without $; kept by node. */
uint32_t run_node_name(struct php_run *run, uint32_t node);
struct meaning *run_meaning(struct php_run *run, struct span text); /* NULL: heap spent */
void run_look_up(struct meaning *meaning);

/* run_scope.c */
struct cell *run_scope_find(const struct scope *scope, uint32_t name);
struct cell *run_scope_get(struct php_run *run, struct scope *scope, uint32_t name);
void run_scope_bind(struct php_run *run, struct scope *scope, uint32_t name, struct cell *cell);
void run_scope_leave(struct php_run *run, struct scope *scope);
struct cell *run_variable(struct php_run *run, uint32_t name); /* in the frame at work */
struct cell *run_global(struct php_run *run, uint32_t name);
struct cell *run_cell_new(struct php_run *run);
struct php_value run_cell_read(struct php_run *run, struct cell *cell);
void run_forget(struct php_value *value);
void run_cell_write(struct php_run *run, struct cell *cell, struct php_value value);

/* run_place.c */
void run_place_of(struct php_run *run, uint32_t node, struct place *place);
bool run_is_place(const struct php_run *run, uint32_t node);
struct php_value run_place_read(struct php_run *run, const struct place *place);
void run_place_write(struct php_run *run, struct place *place, struct php_value value);
/* A stranger named a variable and gave it this value: any that nothing sets may have it. */
void run_bring(struct php_run *run, const struct php_value *value);
void run_place_unset(struct php_run *run, struct place *place);
struct cell *run_place_cell(struct php_run *run, struct place *place); /* for a reference */
struct php_value run_index(struct php_run *run, const struct php_value *base,
                           const struct php_value *key);
/* Assigns to a variable, an element, list(...). */
void run_assign(struct php_run *run, uint32_t target, struct php_value value);
struct cell *run_property(struct php_run *run, struct class_ *class_, struct span name);
struct span run_property_name(struct php_run *run, uint32_t node, struct php_value *unknown);
void run_reference(struct php_run *run, uint32_t target, struct cell *cell);

/* run_expression.c */
struct php_value run_value(struct php_run *run, uint32_t node);
void run_each(struct php_run *run, uint32_t list);
struct php_value run_parts(struct php_run *run, uint32_t list);

/* run_statement.c */
enum flow run_list(struct php_run *run, uint32_t first);
enum flow run_statement(struct php_run *run, uint32_t node);
unsigned run_condition(struct php_run *run, uint32_t node, int *truth);
void run_checks(struct php_run *run, uint32_t condition, bool negated);

/* run_loop.c */
enum flow run_while(struct php_run *run, uint32_t node);
enum flow run_do(struct php_run *run, uint32_t node);
enum flow run_for(struct php_run *run, uint32_t node);
enum flow run_foreach(struct php_run *run, uint32_t node);

/* run_call.c */
struct php_value run_call(struct php_run *run, uint32_t node);
struct php_value run_method_call(struct php_run *run, uint32_t node);
struct php_value run_static_call(struct php_run *run, uint32_t node);
struct php_value run_new(struct php_run *run, uint32_t node);
void run_arguments(struct php_run *run, uint32_t list, struct call *call);
struct php_value run_call_named(struct php_run *run, struct span name, struct call *call);
/* Calls what a value names. */
struct php_value run_call_value(struct php_run *run, const struct php_value *callee,
                                struct call *call);
/* What the role of the function's name says of its result. */
struct php_value run_result_of_role(struct php_run *run, struct call *call);
struct php_value run_joined(const struct call *call); /* unknown, with all arguments' marks */
/* Gives the argument's variable a value, when it is one. */
void run_fill(struct php_run *run, struct call *call, uint32_t argument, struct php_value value);

/* run_special.c */
const struct special *run_special_of(struct span name);

/* run_function.c */
void run_declare(struct php_run *run, struct unit *unit);
struct php_value run_function(struct php_run *run, struct function *function,
                              struct php_object *this_, struct call *call);
struct php_value run_closure(struct php_run *run, struct php_closure *closure, struct call *call);
struct function *run_function_new(struct php_run *run, struct unit *unit, uint32_t node);
struct php_value run_closure_value(struct php_run *run, uint32_t node);
void run_uncalled(struct php_run *run);

/* run_class.c */
struct class_ *run_class_declare(struct php_run *run, struct unit *unit, uint32_t node);
struct class_ *run_class_named(struct php_run *run, uint32_t node, struct php_value *unknown);
struct class_ *run_class_of(struct php_run *run, struct span name);
struct class_ *run_class_root(struct class_ *class_);
struct function *run_method_of(struct php_run *run, struct class_ *class_, struct span name);
struct php_value run_class_constant(struct php_run *run, uint32_t node);
struct php_value run_object(struct php_run *run, struct class_ *class_);
struct class_ *run_class_of_node(struct php_run *run, uint32_t node);
void run_class_begin(struct php_run *run, struct class_ *class_);

/* run_layer.c */
/* A decoded text that is neither run nor written, as far as anybody sees. */
void run_decoded(struct php_run *run, const struct php_value *text, struct span through,
                 uint32_t node);
struct unit *run_unit_new(struct php_run *run, struct span text, unsigned how);
/* Swaps the tokens for others that are not needed any more. */
struct unit *run_unit_lexed(struct php_run *run, struct span text, struct php_tokens *tokens);
void run_unit_free(struct unit *unit);
/* The place in the file that a node of the unit at work came from. */
uint32_t run_place_in_file(const struct php_run *run, uint32_t node);
/* Walks a known text that is run as code; what it returns. */
struct php_value run_code(struct php_run *run, const struct php_value *text, struct span through,
                          uint32_t node);
/* A text with an open tag that was written or is long: walked as a file of its own. */
void run_written(struct php_run *run, const struct php_value *text, struct span through,
                 uint32_t node);
/* eval's argument that is not known as a whole: known parts with variables between them. */
void run_code_parts(struct php_run *run, uint32_t argument, struct span through, uint32_t node);

/* Marks beside those of php_taint, which nobody outside of the walk sees. */
#define RUN_IS_WHOLE    (1u << 28) /* all that a request brings, not one element of it */
#define RUN_IS_AGENT    (1u << 29) /* says who asks: conditions on it are PHP_GATE_AGENT */
#define RUN_IS_CARD     (1u << 30)
#define RUN_IS_PASSWORD (1u << 31)
#define RUN_LOOT        (RUN_IS_WHOLE | RUN_IS_CARD | RUN_IS_PASSWORD)
#define RUN_MARKS       (RUN_LOOT | RUN_IS_AGENT)

/* run_loot.c */
uint32_t run_loot_of(struct span name); /* of an element, a getter, a parameter */
void run_loot_sent(struct php_run *run, enum php_sink sink, const struct call *call,
                   const struct php_value *value);

/* run_sight.c */
void run_sight(struct php_run *run, enum php_sink sink, struct call *call, uint32_t argument,
               const struct php_value *value, const struct php_value *other);
uint32_t run_line(struct php_run *run, uint32_t at);
void run_step(struct php_run *run, struct php_value *value, uint32_t node);

#define RUN_CODE_SINKS                                                                             \
    (1u << PHP_SINK_EVAL | 1u << PHP_SINK_ASSERT | 1u << PHP_SINK_CREATE_FUNCTION |                \
     1u << PHP_SINK_REGEX | 1u << PHP_SINK_INCLUDE | 1u << PHP_SINK_COMMAND)

static inline bool run_is_known(const struct php_value *value)
{
    return value->type != PHP_UNKNOWN;
}

#endif
