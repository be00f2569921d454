/*
 * In which form the archive is stored, by numbers: of the whole (table archive, column schema), of
 * an event (event.h), of the bytes of a row (dispatch_store_more.h, watchdog_store.h).  Whoever
 * meets another number than it reads says which and stops: bytes of another form are never guessed
 * at.
 */
#ifndef REDRESS_ARCHIVE_FORM_H
#define REDRESS_ARCHIVE_FORM_H

/* Of the tables, columns and grants; it grows with every change of them, or of the bytes in them,
 * that the version before would misread, or that this one cannot work without.  deploy/schema
 * writes it into the archive it makes. */
enum { ARCHIVE_SCHEMA = 9 };

/* What helps. */
#define ARCHIVE_FORM_REMEDY                                                                        \
    "run the version that wrote it, or make another archive: redress archive create"

#endif
