// ferry-cli: the native client as a program (docs/ferry-cli.md).
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>

#include "client/cli/load_command.h"
#include "client/cli/play_command.h"
#include "client/cli/publish_command.h"

int main(int argc, char** argv) {
  CLI::App app("A client of a Ferry gateway for the command line.", "ferry-cli");
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  std::function<int()> run;
  ferry::client::AddPublishCommand(app, run);
  ferry::client::AddPlayCommand(app, run);
  ferry::client::AddLoadCommand(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ferry-cli: %s\n", error.what());
    return 1;
  }
}
