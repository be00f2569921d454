/*
 * Forced into all other code with -include: calls whose correct use cannot be seen at the call.
 */
#ifndef REDRESS_BANNED_H
#define REDRESS_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat strncpy strncat strtok sprintf vsprintf atoi atol atof gets
#pragma GCC poison localtime gmtime ctime asctime rand srand tmpnam mktemp

#endif
