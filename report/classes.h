/*
 * Which C++ class the objects of a site are of: from the first words of its
 * blocks, as major snapshots have counted them, and the names of vtables.
 *
 * A site is of a class if, in the newest major snapshot in which it is
 * alive, the first words of at least half of its blocks are the start of
 * vtables, and nine in ten of these are of that class. Where a class has
 * virtual bases its vtable starts elsewhere; it is not known then.
 */
#ifndef TENURE_REPORT_CLASSES_H
#define TENURE_REPORT_CLASSES_H

#include "report/series.h"

/* By call of a site: a class's name, "" = none known. In the arena. */
const char **tenure_classes_find(const struct tenure_series *series,
                                 struct tenure_arena *arena);

/* Has any snapshot looked for types? */
bool tenure_classes_known(const struct tenure_series *series);

#endif
