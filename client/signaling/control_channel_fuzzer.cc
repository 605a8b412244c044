// Whatever a gateway says, over and over: each line of the input is one message; an empty line is a
// new connection. What waits for an answer is bounded, what is written is whole JSON and no request
// twice on a connection, every sixteenth message is acknowledged, and the round trip was one.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "client/signaling/control_channel.h"
#include "core/base/testing/check.h"
#include "net/connection.h"

namespace {

using namespace ferry;
using namespace ferry::client;

// Of one input, so that it ends soon: each new connection repeats what waits.
constexpr size_t kMaxWritten = 10'000;

class Fuzzed {
 public:
  Fuzzed() {
    Note(channel_.Join({}));
    Connect();
  }

  void Line(std::string_view line) {
    const int64_t before = channel_.last_seq();
    if (line.empty()) {
      channel_.OnDisconnected();
      Connect();
    } else {
      Receive(line);
      Note(channel_.Subscribe("s1", nullptr));
    }
    now_ += Duration::Millis(500);
    channel_.Tick(now_);
    Write();
    Check(channel_.last_seq() == before || channel_.last_seq() == before + 1);
    if (channel_.last_seq() > before) {
      Check(channel_.last_seq() - acknowledged_ < ControlChannel::kAckInterval);
    }
    Check(waiting_.size() <= ControlChannel::kMaxPending);
    Check(channel_.round_trip().value_or(Duration::Zero()) >= Duration::Zero());
  }
  bool spent() const { return total_ > kMaxWritten; }

 private:
  void Connect() {
    channel_.OnConnected(now_);
    written_.clear();
    Write();
  }
  void Note(const Result<int64_t>& id) {
    Check(id ? waiting_.insert(*id).second : id.error().code == ErrorCode::kLimitExceeded);
  }
  void Receive(std::string_view line) {
    const auto event = channel_.Receive(line, now_);
    if (!event) {
      Check(!event.error().message.empty());
      // It may have been the answer to a request, and not a possible one.
      const auto message = nlohmann::json::parse(line, nullptr, false);
      if (message.is_object() && message.contains("id") && message["id"].is_number()) {
        std::erase_if(waiting_, [&](int64_t id) { return message["id"] == id; });
      }
      return;
    }
    if (const auto* answered = std::get_if<Answered>(&*event)) {
      Check(answered->id == answered->answer.id);
      waiting_.erase(answered->id);
    }
  }
  void Write() {
    while (const auto text = channel_.NextMessage()) {
      ++total_;
      Check(text->size() <= net::kMaxControlBytes);
      const auto message = nlohmann::json::parse(*text, nullptr, false);
      Check(message.is_object() && message.contains("type"));
      // Each request once on a connection.
      if (message.contains("id")) Check(written_.insert(message["id"].get<int64_t>()).second);
      const char* ack = message["type"] == "ack" ? "seq" : "ack";
      if (!message.contains(ack)) continue;
      const auto seq = message[ack].get<int64_t>();
      Check(seq <= channel_.last_seq());
      acknowledged_ = std::max(acknowledged_, seq);
    }
    Check(!channel_.has_message());
  }

  ControlChannel channel_;
  Timestamp now_ = Timestamp::Millis(1'000'000);
  std::set<int64_t> waiting_;
  std::set<int64_t> written_;
  int64_t acknowledged_ = 0;
  size_t total_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Fuzzed fuzzed;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty() && !fuzzed.spent()) {
    const size_t end = rest.find('\n');
    fuzzed.Line(rest.substr(0, end));
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  }
  return 0;
}
