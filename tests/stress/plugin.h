/* What a plugin offers: to call back from `depth` frames of its own. */
#ifndef STRESS_PLUGIN_H
#define STRESS_PLUGIN_H

typedef int plugin_callback(void);
typedef int plugin_entry(plugin_callback *callback, int depth);
plugin_entry plugin_run;

#endif
