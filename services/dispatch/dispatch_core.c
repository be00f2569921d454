#include "dispatch_core.h"
