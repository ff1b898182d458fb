/* SPDX-License-Identifier: MIT */
#include "output.h"
#include <stdio.h>

int cmd_init(struct cli *cli, const struct cli_args *args) {
    const char *where = vidstore_location(cli->store), *id = vidstore_instance_id(cli->store);
    if (cli->json) {
        cli_auto(json_t) *value = json_pack("{s:s, s:s}", "location", where, "instance_id", id);
        cli_autofree char *text = json_dumps(value, 0);
        if (!text)
            return cli_complain(CLI_FAILURE, "out of memory (NOMEM)");
        cli_put_json(text);
        return CLI_OK;
    }
    cli_put_safe(where);
    printf(" is ready\n");
    return CLI_OK;
}
