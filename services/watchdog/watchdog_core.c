#include "watchdog_core.h"
