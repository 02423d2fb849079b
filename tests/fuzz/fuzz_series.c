/*
 * Whatever bytes a file has, reading it is safe: libFuzzer on the loader and
 * the join. The input is used as it is; and once more with a right magic,
 * size and checksum, so that what stands behind them is reached.
 */
#include <stdlib.h>
#include <string.h>

#include "report/series.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* Joins the image with itself as the next snapshot, and alone. */
static void use(char *image, size_t bytes)
{
    struct tenure_snapshot *snapshots = calloc(2, sizeof *snapshots);
    struct tenure_series series;
    struct tenure_why why;
    if (!snapshots ||
        tenure_snapshot_use(&snapshots[0], "a", image, bytes, &why) < 0) {
        free(snapshots);
        return;
    }
    struct tenure_process next = *snapshots[0].process;
    uint32_t count = 1;
    if (next.seq < UINT32_MAX && next.generation < UINT32_MAX) {
        next.seq++;
        next.generation++;
        snapshots[1] = snapshots[0];
        snapshots[1].process = &next;
        count = 2;
    }
    if (tenure_series_join(&series, snapshots, count, &why) == 0)
        tenure_series_close(&series);
}

static void make_right(char *image, size_t bytes)
{
    struct tenure_header *header = (void *)image;
    struct tenure_checksum sum;
    memcpy(header->magic, TENURE_FORMAT_MAGIC, sizeof header->magic);
    header->version = TENURE_FORMAT_VERSION;
    header->byte_order = TENURE_FORMAT_BYTE_ORDER;
    header->file_bytes = bytes;
    header->checksum = 0;
    tenure_checksum_start(&sum);
    tenure_checksum_add(&sum, image, bytes);
    header->checksum = tenure_checksum_end(&sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *image = malloc(bytes + 1); /* aligned, as the loader promises */
    if (!image)
        return 0;
    memcpy(image, data, bytes);
    use(image, bytes);
    if (bytes >= sizeof(struct tenure_header)) {
        make_right(image, bytes);
        use(image, bytes);
    }
    free(image);
    return 0;
}
