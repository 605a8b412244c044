// ferry-cli load: docs/ferry-cli.md.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>

namespace ferry::client {

// Adds the command; parsing leaves in `run` what it does, which returns the exit status.
void AddLoadCommand(CLI::App& app, std::function<int()>& run);

}  // namespace ferry::client
