/* SPDX-License-Identifier: Apache-2.0
 *
 * The process-wide parts that flows use.
 */
#include "flow/call.h"

struct flow_config flow_config;
