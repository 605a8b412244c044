#include "client/cli/options.h"

#include <unistd.h>

#include <charconv>

#include "client/signaling/names.h"

namespace ferry::client {

void GatewayOptions::AddTo(CLI::App& app) {
  app.add_option("gateway", gateway, "The gateway, as https://HOST[:PORT][/PATH]")->required();
  app.add_option("--transport", transport, "websocket, webtransport, or (load) both in turn")
      ->check(CLI::IsMember({"websocket", "webtransport", "both"}))
      ->capture_default_str();
  app.add_option("--ca", ca_file, "PEM file of authorities to trust instead of the system's")
      ->check(CLI::ExistingFile);
  app.add_flag("--insecure", insecure,
               "Take any certificate, as of a gateway that signed its own: for trying out only");
}

net::TlsOptions GatewayOptions::Tls() const {
  return {.pinned = {}, .ca_file = ca_file, .insecure = insecure};
}

std::vector<net::TransportKind> GatewayOptions::Transports() const {
  using enum net::TransportKind;
  if (transport == "websocket") return {kWebSocket};
  if (transport == "webtransport") return {kWebTransport};
  return {kWebTransport, kWebSocket};
}

void UserSigOptions::AddTo(CLI::App& app) {
  app.add_option("--sdk-app-id", sdk_app_id, "The application")->envname("FERRY_SDK_APP_ID");
  app.add_option("--secret", secret,
                 "Its secret, to sign userSigs here; better given as FERRY_SECRET, which the list "
                 "of processes does not show")
      ->envname("FERRY_SECRET");
  app.add_option("--usersig", user_sig, "A userSig made before")->envname("FERRY_USERSIG");
  app.add_option("--usersig-command", command,
                 "A program that prints a userSig; the user's name is its last argument");
}

void RoomOptions::AddTo(CLI::App& app) {
  app.add_option("--room", room, "The room's number")->capture_default_str();
  app.add_flag("--string-room", string_room, "Take --room as a room of that name");
  app.add_option("--user", user, "Who one is; by default a name of this process");
  app.add_flag("--live", live, "The room is a live one (scene live)");
}

Result<RoomId> RoomOptions::Id() const {
  if (string_room) {
    if (auto checked = CheckRoomName(room); !checked) return std::unexpected(checked.error());
    return RoomId{room};
  }
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(room.data(), room.data() + room.size(), number);
  if (error != std::errc{} || end != room.data() + room.size() || number == 0) {
    return Fail(ErrorCode::kInvalidArgument,
                "--room " + room + " is no number; --string-room takes it as a name");
  }
  return RoomId{number};
}

}  // namespace ferry::client
