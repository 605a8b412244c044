// `ferry-gateway app list|add|set|remove`: the applications of a gateway's database, changed while
// it runs or not.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "core/base/error.h"
#include "gateway/app/app_store.h"

namespace CLI {
class App;
}

namespace ferry::gateway {

struct AppCommand {
  enum class Action { kList, kAdd, kSet, kRemove };
  Action action = Action::kList;
  uint32_t sdk_app_id = 0;
  std::string name;          // of a new one
  ApplicationChange change;  // of one that is there
};

// Declares the subcommand; `command` outlives the parsing.
CLI::App* DeclareAppCommand(CLI::App& program, AppCommand& command);

// What there is to say goes to `out`.
Result<void> RunAppCommand(const AppCommand& command, AppStore& store, std::ostream& out);

}  // namespace ferry::gateway
