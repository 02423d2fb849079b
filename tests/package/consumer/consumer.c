/* Says how many snapshots it could take: 1 with the agent, 0 without it. */
#include <stdio.h>
#include <stdlib.h>
#include <tenure.h>

int main(void)
{
    char *kept = malloc(100);
    if (!kept)
        return 1;
    printf("%d\n", tenure_take_snapshot("consumer"));
    free(kept);
    return 0;
}
