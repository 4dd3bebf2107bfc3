/* run_loop - loops.
 *
 * While a loop's condition is known it is run as often as it says: that is how decoders come to
 * their text. Loops of which a turn does more than compute (or may have been left) are cut short:
 * their turns are alike. Loops that are not known to turn are walked twice, so that what the first
 * turn left in a variable meets the second; only once within another such loop.
 */
#include "run_parts.h"

struct loop {
    struct php_run *run;
    uint64_t impure, writes, refused;
    struct allowance outer;
    unsigned left, turns;
    unsigned gates, checked;
    bool is_free;  /* its condition is not known any more */
    bool given_up; /* because it was computed for too long */
};

static void begin(struct php_run *run, struct loop *loop)
{
    *loop = (struct loop){.run = run,
                          .impure = run->impure,
                          .refused = run->heap.refused,
                          .left = run->left,
                          .gates = run->gates,
                          .checked = run->checked_count};
    run_allow(run, &loop->outer);
    run->loops++;
}

static void become_free(struct loop *loop)
{
    if (loop->is_free)
        return;
    loop->is_free = true;
    loop->turns = 0;
    loop->run->unsure++;
    loop->run->free_loops++;
}

static void end(struct loop *loop)
{
    struct php_run *run = loop->run;
    if (loop->is_free) {
        run->unsure--;
        run->free_loops--;
    }
    run->loops--;
    if (loop->given_up)
        run->giving_up--;
    else
        run_allow_end(run, &loop->outer);
    run->gates = loop->gates;
    run->checked_count = loop->checked;
}

static bool must_give_up(const struct loop *loop)
{
    const struct php_run *run = loop->run;
    return !loop->given_up && (run->giving_up > 0 || run_is_used_up(run) ||
                               (!loop->is_free && run->heap.refused != loop->refused &&
                                loop->turns > RUN_IMPURE_TURN));
}

/* From here on the body is only walked, outside of the allowance. */
static void give_up(struct loop *loop)
{
    become_free(loop);
    loop->turns = 1;
    loop->given_up = true;
    run_allow_end(loop->run, &loop->outer);
    loop->run->giving_up++;
}

static bool is_over(struct loop *loop)
{
    struct php_run *run = loop->run;
    loop->turns++;
    run->heap.steps += run->heap.steps < run->walk_limit;
    if (must_give_up(loop))
        give_up(loop);
    if (loop->is_free)
        return loop->turns > (run->free_loops > 1 ? 1 : 2);
    if (loop->turns == 1) {
        loop->writes = run->writes;
        return false;
    }
    if (run->dead > 0)
        return true;
    if (run->writes == loop->writes) /* a turn that changed nothing is like the next */
        return true;
    loop->writes = run->writes;
    if (run->left != loop->left)
        return loop->turns > 2;
    return run->impure != loop->impure && loop->turns > RUN_IMPURE_TURN;
}

/* After a turn: does the loop go on? *flow gets what it ends with. */
static bool goes_on(struct loop *loop, enum flow *flow)
{
    struct php_run *run = loop->run;
    bool jumps = *flow == FLOW_BREAK || *flow == FLOW_CONTINUE;
    if (jumps && run->break_levels > 1) {
        run->break_levels--;
        return false;
    }
    if (!loop->given_up && run_is_used_up(run)) { /* is_over sees to it */
        *flow = FLOW_NEXT;
        return true;
    }
    if (loop->is_free && *flow != FLOW_STOP) {
        *flow = FLOW_NEXT;
        return true;
    }
    if (*flow == FLOW_NEXT || *flow == FLOW_CONTINUE) {
        *flow = FLOW_NEXT;
        return true;
    }
    if (*flow == FLOW_BREAK)
        *flow = FLOW_NEXT;
    return false;
}

/* Asks the condition (0: none, always true). False: the loop is over; its body is walked once
 * all the same when it never was. */
static bool holds(struct loop *loop, uint32_t condition, uint32_t body)
{
    struct php_run *run = loop->run;
    int truth = 1;
    if (condition != 0)
        run->gates = loop->gates | run_condition(run, condition, &truth);
    if (truth < 0)
        become_free(loop);
    if (truth != 0 || loop->is_free)
        return true;
    if (loop->turns == 1 && run->unit->seen[body] == 0) {
        run->dead++;
        run_statement(run, body);
        run->dead--;
    }
    return false;
}

/* Conditions of a for: all are evaluated, the last one counts. */
static uint32_t last_of(struct php_run *run, uint32_t list)
{
    while (list != 0 && run_node(run, list)->next != 0) {
        run_value(run, list);
        list = run_node(run, list)->next;
    }
    return list;
}

static enum flow turn(struct php_run *run, uint32_t conditions, uint32_t steps, uint32_t body)
{
    struct loop loop;
    enum flow flow = FLOW_NEXT;
    begin(run, &loop);
    while (!is_over(&loop) && holds(&loop, last_of(run, conditions), body)) {
        flow = run_statement(run, body);
        if (!goes_on(&loop, &flow))
            break;
        run_each(run, steps);
    }
    end(&loop);
    return flow;
}

enum flow run_while(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    return turn(run, at->a, 0, at->b);
}

enum flow run_for(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    run_each(run, at->a);
    return turn(run, at->b, at->c, at->d);
}

enum flow run_do(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    struct loop loop;
    enum flow flow = FLOW_NEXT;
    begin(run, &loop);
    while (!is_over(&loop)) {
        flow = run_statement(run, at->a);
        if (!goes_on(&loop, &flow) || at->b == 0 || !holds(&loop, at->b, at->a))
            break;
    }
    end(&loop);
    return flow;
}

/* ---- foreach ---- */

static void give(struct php_run *run, const struct php_node *at, struct php_value key,
                 struct php_value value)
{
    if (at->b != 0) {
        if (key.taint != 0)
            run_step(run, &key, at->b);
        run_assign(run, at->b, key);
    }
    if (value.taint != 0)
        run_step(run, &value, at->c);
    run_assign(run, at->c, value);
}

static struct php_value key_of(const struct php_entry *entry)
{
    return entry->has_name ? php_text_value(entry->name) : php_int(entry->number);
}

/* By reference: what the variable holds after a turn is the element. */
static void give_back(struct php_run *run, const struct php_node *at, uint32_t number)
{
    struct place place, element;
    if ((at->flags & PHP_NODE_BY_REFERENCE) == 0 || !run_is_place(run, at->a))
        return;
    run_place_of(run, at->a, &place);
    struct php_value subject = run_place_read(run, &place);
    if (subject.type != PHP_ARRAY || number >= subject.array->len || place.depth >= RUN_PATH)
        return;
    run_place_of(run, at->c, &element);
    struct key *key = &place.path[place.depth++];
    *key = (struct key){.known = true, .entry = subject.array->at[number]};
    run_place_write(run, &place, run_place_read(run, &element));
}

static void give_any(struct php_run *run, const struct php_node *at, struct php_array *array)
{
    struct php_value value = php_array_summary(&run->heap, array), key = run_given_up();
    value.type = PHP_UNKNOWN;
    value.given_up = 1;
    give(run, at, key, value);
}

static enum flow each_known(struct php_run *run, const struct php_node *at, struct php_array *array)
{
    struct loop loop;
    enum flow flow = FLOW_NEXT;
    begin(run, &loop);
    array->shared = true; /* the body may write into the variable that holds it */
    for (uint32_t i = 0; (i < array->len || loop.is_free) && !is_over(&loop); i++) {
        if (loop.given_up)
            give_any(run, at, array);
        else
            give(run, at, key_of(&array->at[i]), array->at[i].value);
        flow = run_statement(run, at->d);
        if (!loop.given_up)
            give_back(run, at, i);
        if (!goes_on(&loop, &flow))
            break;
    }
    end(&loop);
    return flow;
}

static enum flow each_unknown(struct php_run *run, const struct php_node *at,
                              struct php_value subject)
{
    struct loop loop;
    enum flow flow = FLOW_NEXT;
    struct php_value value = php_unknown(), key;
    php_value_mark(&value, &subject);
    key = value;
    key.traits |= PHP_IS_KEY;
    begin(run, &loop);
    become_free(&loop);
    while (!is_over(&loop)) {
        give(run, at, key, value);
        flow = run_statement(run, at->d);
        if (!goes_on(&loop, &flow))
            break;
    }
    end(&loop);
    return flow;
}

enum flow run_foreach(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    struct php_value subject = run_value(run, at->a);
    if (subject.type == PHP_ARRAY && !subject.array->open && subject.array->len > 0)
        return each_known(run, at, subject.array);
    if (subject.type == PHP_ARRAY && !subject.array->open) {
        if (run->unit->seen[at->d] != 0)
            return FLOW_NEXT;
        run->dead++;
        enum flow flow = each_unknown(run, at, php_unknown());
        run->dead--;
        return flow;
    }
    return each_unknown(run, at, subject);
}
