#include "client/cli/cli.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <functional>

#include "client/cli/load_command.h"
#include "client/cli/play_command.h"
#include "client/cli/publish_command.h"

namespace ferry::client {

int RunCli(int argc, const char* const* argv) {
  CLI::App app("A client of a Ferry gateway for the command line.", "ferry-cli");
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  std::function<int()> run;
  AddPublishCommand(app, run);
  AddPlayCommand(app, run);
  AddLoadCommand(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  try {
    return run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ferry-cli: %s\n", error.what());
    return 1;
  }
}

}  // namespace ferry::client
