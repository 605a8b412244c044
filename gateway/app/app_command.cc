#include "gateway/app/app_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ostream>

namespace ferry::gateway {
namespace {

using Action = AppCommand::Action;

CLI::App* Declare(CLI::App& parent, AppCommand& command, Action action, const std::string& name,
                  const std::string& help) {
  CLI::App* declared = parent.add_subcommand(name, help)->fallthrough();
  declared->callback([&command, action] { command.action = action; });
  return declared;
}

void Show(const Application& application, std::ostream& out) {
  const ApplicationQuota& quota = application.quota;
  out << fmt::format("{}\t{}\t{}\t{}\t{}\t{}\n", application.sdk_app_id, Name(application.status),
                     application.permission_control ? "on" : "off", quota.max_users,
                     quota.max_rooms, application.name);
}

void ShowSecret(const Application& application, std::ostream& out) {
  out << fmt::format("sdkAppId {}\nsecret {}\n", application.sdk_app_id, application.secret);
}

}  // namespace

CLI::App* DeclareAppCommand(CLI::App& program, AppCommand& command) {
  CLI::App* app = program.add_subcommand("app", "list, add, change or remove applications");
  app->fallthrough()->require_subcommand(1);
  Declare(*app, command, Action::kList, "list", "show them all, without their secrets");
  CLI::App* add = Declare(*app, command, Action::kAdd, "add", "add one; prints its secret");
  add->add_option("--name", command.name, "what it is called")->required();
  add->add_option("--app", command.sdk_app_id, "sdkAppId; default: the next free one");
  CLI::App* set = Declare(*app, command, Action::kSet, "set", "change one");
  set->add_option("--app", command.sdk_app_id, "sdkAppId")->required();
  set->add_option("--name", command.change.name, "what it is called");
  set->add_option_function<std::string>(
         "--status",
         [&command](const std::string& word) {
           command.change.status = ParseApplicationStatus(word);
         },
         "suspended: nobody enters, who is in a room stays; active")
      ->check(CLI::IsMember({"active", "suspended"}));
  set->add_option_function<std::string>(
         "--permission-control",
         [&command](const std::string& word) { command.change.permission_control = word == "on"; },
         "on: only who has a permission ticket enters a room; off")
      ->check(CLI::IsMember({"on", "off"}));
  set->add_option("--max-users", command.change.max_users,
                  "users at a time, in whatever rooms; 0: as many as the gateway has room for");
  set->add_option("--max-rooms", command.change.max_rooms, "rooms at a time; 0 likewise");
  set->add_flag("--new-secret", command.change.new_secret,
                "another secret, printed; userSigs of the old one are worth nothing from then on");
  CLI::App* remove = Declare(*app, command, Action::kRemove, "remove", "forget one");
  remove->add_option("--app", command.sdk_app_id, "sdkAppId")->required();
  return app;
}

Result<void> RunAppCommand(const AppCommand& command, AppStore& store, std::ostream& out) {
  switch (command.action) {
    case Action::kList: {
      out << "sdkAppId\tstatus\tpermission-control\tmax-users\tmax-rooms\tname\n";
      const auto all = store.applications();
      for (const auto& [id, application] : *all) Show(application, out);
      return {};
    }
    case Action::kAdd: {
      const auto added = store.Add(command.sdk_app_id, command.name);
      if (!added) return std::unexpected(added.error());
      ShowSecret(*added, out);
      return {};
    }
    case Action::kSet: {
      const auto changed = store.Set(command.sdk_app_id, command.change);
      if (!changed) return std::unexpected(changed.error());
      if (command.change.new_secret) ShowSecret(*changed, out);
      return {};
    }
    case Action::kRemove:
      return store.Remove(command.sdk_app_id);
  }
  return {};
}

}  // namespace ferry::gateway
