#include "intake_core.h"
