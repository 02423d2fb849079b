/*
 * From the marks to rows: unreached, lost, indirect, possible.
 *
 * In come the flags of all blocks and the set of the mark before. A first
 * pass over the blocks makes the rows and counts those that were not reached;
 * a second one gathers these. Then their groups are found, and summed up by
 * site.
 */
#include "agent/mark_lost.h"

#include <errno.h>

#include "agent/mark_groups.h"
#include "agent/os.h"

/* What becomes the loss of a site. Direct blocks come sorted by site, so what
 * hangs below those of one site comes together. */
struct summing {
    struct tenure_loss loss;
    uint32_t leader;      /* the site counted last, */
    uint64_t below, most; /* what hangs below its blocks; the most of any */
};

struct losing {
    struct tenure__mark *mark;
    const struct tenure__unreached *before;
    struct tenure__unreached *now;
    struct tenure__losses *losses;
    struct tenure__orphan *orphan; /* by address */
    uint32_t orphans;
    uint32_t *list;      /* as the groups have it */
    uint32_t *number;    /* of each site in `sum`, from 1 */
    struct summing *sum; /* a site each */
    uint32_t sums, site_max;
    uint32_t generation; /* the last one that counts */
    enum tenure__lost_after after;
    int error;
};

/* ---- gathering --------------------------------------------------------- */

static struct tenure_mark *row_of(const struct losing *losing,
                                  const struct tenure__mark_block *block)
{
    const struct tenure__mark_rows *rows = &losing->losses->rows;
    return &rows->row[tenure__mark_rows_find(rows, block->site,
                                             block->generation)];
}

static void make_row(const struct tenure__mark_block *block, void *with)
{
    struct losing *losing = with;
    uint32_t flags = tenure__mark_flags(losing->mark, block->number);
    bool reached = flags & TENURE__BLOCK_REACHED;
    if (block->generation > losing->generation ||
        (reached && (flags & TENURE__BLOCK_POSSIBLE) == 0))
        return;
    if (!tenure__mark_rows_add(&losing->losses->rows, block->site,
                               block->generation)) {
        losing->error = -ENOMEM;
        return;
    }
    struct tenure_mark *row = row_of(losing, block);
    struct tenure__weight weight = tenure__weigh(block->bytes);
    if (reached) {
        row->possible_blocks += weight.blocks;
        row->possible_bytes += weight.bytes;
        return;
    }
    row->unreached_blocks += weight.blocks;
    row->unreached_bytes += weight.bytes;
    losing->orphans++;
    if (block->site > losing->site_max)
        losing->site_max = block->site;
}

static void add_lost(struct losing *losing,
                     const struct tenure__mark_block *block)
{
    struct tenure_mark *row = row_of(losing, block);
    struct tenure__weight weight = tenure__weigh(block->bytes);
    losing->mark->index.block[block->number].word |= TENURE__BLOCK_LOST;
    row->lost_blocks += weight.blocks;
    row->lost_bytes += weight.bytes;
    losing->losses->lost_blocks += weight.blocks;
    losing->losses->lost_bytes += weight.bytes;
}

/* Rows no longer move: now each unreached block can know its own. */
static void note_orphan(const struct tenure__mark_block *block, void *with)
{
    struct losing *losing = with;
    bool first = losing->before->key == NULL;
    if (block->generation > losing->generation ||
        tenure__mark_flags(losing->mark, block->number) & TENURE__BLOCK_REACHED)
        return;
    tenure__unreached_add(losing->now, block->address, block->generation);
    bool lost = losing->after == TENURE__ONE_MARK ||
                (losing->after == TENURE__TWO_MARKS &&
                 tenure__unreached_has(losing->before, block->address,
                                       block->generation));
    if (lost)
        add_lost(losing, block);
    if (!lost && !first)
        return;
    losing->orphan[losing->orphans++] = (struct tenure__orphan){
        .bytes = block->bytes,
        .block = block->number,
        .row = (uint32_t)(row_of(losing, block) - losing->losses->rows.row),
    };
}

/* ---- summing up -------------------------------------------------------- */

static uint32_t site_of(const struct losing *losing, uint32_t orphan)
{
    return losing->mark->index.block[losing->orphan[orphan].block].site;
}

static struct summing *sum_of(struct losing *losing, uint32_t site)
{
    if (losing->number[site] == 0) {
        losing->number[site] = ++losing->sums;
        losing->sum[losing->sums].loss.site = site;
    }
    return &losing->sum[losing->number[site]];
}

/* The site that most hangs below is known once the next one comes. */
static void choose_leader(struct summing *sum)
{
    if (sum->below > sum->most) {
        sum->most = sum->below;
        sum->loss.leader = sum->leader;
    }
    sum->below = 0;
}

static void add_indirect(struct losing *losing, uint32_t orphan,
                         const struct tenure__weight *weight)
{
    uint32_t leader = losing->orphan[orphan].leader;
    uint32_t leading = site_of(losing, leader);
    struct summing *sum = sum_of(losing, site_of(losing, orphan));
    struct tenure_loss *above = &sum_of(losing, leading)->loss;
    struct tenure_mark *row = losing->losses->rows.row;
    sum->loss.indirect_blocks += weight->blocks;
    sum->loss.indirect_bytes += weight->bytes;
    above->below_blocks += weight->blocks;
    above->below_bytes += weight->bytes;
    row[losing->orphan[orphan].row].indirect_blocks += weight->blocks;
    row[losing->orphan[orphan].row].indirect_bytes += weight->bytes;
    row[losing->orphan[leader].row].retained_bytes += weight->bytes;
    if (sum->leader != leading)
        choose_leader(sum);
    sum->leader = leading;
    sum->below += weight->bytes + 1;
}

static void add_orphan(struct losing *losing, uint32_t orphan)
{
    const struct tenure__orphan *at = &losing->orphan[orphan];
    struct tenure__weight weight = tenure__weigh(at->bytes);
    struct tenure_loss *loss = &sum_of(losing, site_of(losing, orphan))->loss;
    loss->blocks_variance += weight.blocks_variance;
    loss->bytes_variance += weight.bytes_variance;
    if (at->leader != orphan) {
        add_indirect(losing, orphan, &weight);
        return;
    }
    loss->direct_blocks += weight.blocks;
    loss->direct_bytes += weight.bytes;
    losing->losses->rows.row[at->row].retained_bytes += weight.bytes;
}

static struct tenure_loss finished(struct summing *sum)
{
    struct tenure_loss loss = sum->loss;
    choose_leader(sum);
    loss.leader = loss.direct_blocks > 0 ? loss.site : sum->loss.leader;
    loss.direct_blocks = tenure__whole(loss.direct_blocks);
    loss.direct_bytes = tenure__whole(loss.direct_bytes);
    loss.indirect_blocks = tenure__whole(loss.indirect_blocks);
    loss.indirect_bytes = tenure__whole(loss.indirect_bytes);
    loss.below_blocks = tenure__whole(loss.below_blocks);
    loss.below_bytes = tenure__whole(loss.below_bytes);
    return loss;
}

/* Numbers of sites rise, so going through them sorts. */
static void list_losses(struct losing *losing)
{
    struct tenure__losses *losses = losing->losses;
    for (uint32_t site = 0; site <= losing->site_max; site++)
        if (losing->number[site] != 0)
            losses->loss[losses->loss_count++] =
                finished(&losing->sum[losing->number[site]]);
}

/* As many sites as rows, at the most. */
static int sum_up(struct losing *losing)
{
    struct tenure__losses *losses = losing->losses;
    size_t number_bytes = (losing->site_max + 1ul) * sizeof *losing->number;
    size_t sum_bytes = (losses->rows.count + 1ul) * sizeof *losing->sum;
    losses->loss_room = losses->rows.count;
    losses->loss = tenure__os_map(losses->loss_room * sizeof *losses->loss);
    losing->number = tenure__os_map(number_bytes);
    losing->sum = tenure__os_map(sum_bytes);
    int error =
        losses->loss == NULL || losing->number == NULL || losing->sum == NULL
            ? -ENOMEM
            : 0;
    if (error == 0) {
        for (uint32_t i = 0; i < losing->orphans; i++)
            add_orphan(losing, losing->list[i]);
        list_losses(losing);
    }
    if (losing->number != NULL)
        tenure__os_unmap(losing->number, number_bytes);
    if (losing->sum != NULL)
        tenure__os_unmap(losing->sum, sum_bytes);
    return error;
}

static int group(struct losing *losing)
{
    size_t bytes = (losing->orphans + 1ul) * sizeof *losing->list;
    losing->list = tenure__os_map(bytes);
    if (losing->list == NULL)
        return -ENOMEM;
    int error = tenure__mark_groups(&losing->mark->index, losing->orphan,
                                    losing->orphans, losing->list);
    if (error == 0)
        error = sum_up(losing);
    tenure__os_unmap(losing->list, bytes);
    return error;
}

static void gather(struct losing *losing,
                   const struct tenure__mark_source *source)
{
    size_t bytes = (losing->orphans + 1ul) * sizeof *losing->orphan;
    losing->orphan = tenure__os_map(bytes);
    losing->orphans = 0;
    if (losing->orphan == NULL) {
        losing->error = -ENOMEM;
        return;
    }
    source->each(source->self, note_orphan, losing);
    if (losing->orphans > 0)
        losing->error = group(losing);
    tenure__os_unmap(losing->orphan, bytes);
}

int tenure__mark_losses(struct tenure__mark *mark, uint32_t generation,
                        enum tenure__lost_after after,
                        const struct tenure__unreached *before,
                        struct tenure__unreached *now,
                        struct tenure__losses *losses)
{
    struct losing losing = {
        .mark = mark,
        .before = before,
        .now = now,
        .losses = losses,
        .generation = generation,
        .after = after,
    };
    struct tenure__mark_source source = tenure__index_source(&mark->index);
    *losses = (struct tenure__losses){0};
    source.each(source.self, make_row, &losing);
    if (losing.error == 0 && losses->rows.count > 0)
        gather(&losing, &source);
    if (losing.error != 0) {
        tenure__losses_close(losses);
        return losing.error;
    }
    tenure__mark_rows_sort(&losses->rows);
    losses->lost_blocks = tenure__whole(losses->lost_blocks);
    losses->lost_bytes = tenure__whole(losses->lost_bytes);
    return 0;
}

void tenure__losses_close(struct tenure__losses *losses)
{
    tenure__mark_rows_drop(&losses->rows);
    if (losses->loss != NULL)
        tenure__os_unmap(losses->loss,
                         losses->loss_room * sizeof *losses->loss);
    *losses = (struct tenure__losses){0};
}
