#include "analytics_core.h"
