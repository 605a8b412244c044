// The program ferry-cli, all but its main (docs/ferry-cli.md).
#pragma once

namespace ferry::client {

// Returns the exit status.
int RunCli(int argc, const char* const* argv);

}  // namespace ferry::client
