/* Resident memory: what only the start needed does not stay. */
#ifndef DAEMON_RESIDENT_H
#define DAEMON_RESIDENT_H

/* Gives back free memory of the heap and the pages of code and constants that
 * the start looked at: most of them nobody needs again, the others are in the
 * system's cache. */
void resident_forget_start(void);

#endif
