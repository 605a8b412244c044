// ferry-cli play: docs/ferry-cli.md.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace ferry::client {

// Adds the command; parsing leaves in `run` what it does, which returns the exit status.
void AddPlayCommand(CLI::App& app, std::function<int()>& run);

}  // namespace ferry::client
