/*
 * The positive control: a leak that is there on purpose.
 *
 * With the option self-test the helper thread leaks a known trickle from a
 * known site, tenure_self_test_leak in libtenure.so, through the same tables
 * as the service's own blocks. A verdict that does not find it has not
 * looked. Helper thread only.
 */
#ifndef TENURE_AGENT_SELF_TEST_H
#define TENURE_AGENT_SELF_TEST_H

#define TENURE_SELF_TEST_BLOCKS 16u /* in each generation */
#define TENURE_SELF_TEST_BYTES 64u  /* each */

/* Leaks one generation's worth; before the generation is closed. */
void tenure__self_test(void);

/* The site's function. Named for reports, not for anybody to call. */
void tenure_self_test_leak(void);

#endif
