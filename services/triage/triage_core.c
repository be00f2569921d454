#include "triage_core.h"
