#include "core/fec/fec_decoder.h"

#include <algorithm>
#include <utility>

#include "core/fec/gf256.h"

namespace ferry::fec {

void FecDecoder::OnPacket(uint16_t number, ByteSpan packet, size_t number_offset) {
  if (number_offset == 0) return;
  const int64_t unwrapped = unwrapper_.Unwrap(number);
  if (!started_) Start(unwrapped);
  newest_ = std::max(newest_, unwrapped);
  if (!last_repair_) return;
  if (unwrapped - *last_repair_ > kIdleAfter) {
    last_repair_.reset();
    symbols_.clear();
    equations_.clear();
    return;
  }
  if (unwrapped <= newest_ - kKept || symbols_.contains(unwrapped)) return;
  Keep(unwrapped, MakeSymbol(packet, number_offset));
  Forget();
}

Result<void> FecDecoder::OnRepair(ByteSpan bytes) {
  auto payload = ParseRepairPayload(bytes);
  if (!payload) return std::unexpected(payload.error());
  // What it protects from before the first packet that came was lost.
  if (!started_) Start(unwrapper_.Unwrap(payload->numbers.front()) - 1);
  if (!last_repair_) first_kept_ = newest_ + 1;
  last_repair_ = unwrapper_.Peek(payload->numbers.back());
  Equation equation{.unknowns = {}, .sum = {payload->sum.begin(), payload->sum.end()}};
  for (const uint16_t number : payload->numbers) {
    const int64_t unwrapped = unwrapper_.Peek(number);
    const uint8_t factor = Coefficient(payload->key, number);
    // One that was not kept cannot be told from one that was lost: it would be given back again.
    if (unwrapped < first_kept_ || unwrapped <= newest_ - kKept) return {};
    const auto known = symbols_.find(unwrapped);
    if (known == symbols_.end()) {
      equation.unknowns.emplace(unwrapped, factor);
    } else {
      Subtract(equation, factor, known->second);
    }
  }
  Insert(std::move(equation));
  GiveBackSolved();
  return {};
}

void FecDecoder::Start(int64_t number) {
  started_ = true;
  newest_ = number;
  last_repair_ = number;
}

std::optional<std::vector<uint8_t>> FecDecoder::TakeRecovered() {
  if (recovered_.empty()) return std::nullopt;
  std::vector<uint8_t> packet = std::move(recovered_.front());
  recovered_.pop_front();
  return packet;
}

void FecDecoder::Keep(int64_t number, std::vector<uint8_t> symbol) {
  symbols_.emplace(number, std::move(symbol));
  Substitute(number);
  GiveBackSolved();
}

void FecDecoder::Forget() {
  symbols_.erase(symbols_.begin(), symbols_.upper_bound(newest_ - kKept));
  std::erase_if(equations_, [this](const Equation& equation) {
    return equation.unknowns.begin()->first <= newest_ - kKept;
  });
}

void FecDecoder::Subtract(Equation& equation, uint8_t factor, ByteSpan symbol) {
  if (equation.sum.size() < symbol.size()) equation.sum.resize(symbol.size());
  MultiplyAdd(factor, symbol, equation.sum);
}

void FecDecoder::Subtract(Equation& equation, uint8_t factor, const Equation& other) {
  Subtract(equation, factor, other.sum);
  for (const auto& [number, coefficient] : other.unknowns) {
    const uint8_t product = Multiply(factor, coefficient);
    const auto [it, fresh] = equation.unknowns.emplace(number, product);
    if (fresh) continue;
    it->second ^= product;
    if (it->second == 0) equation.unknowns.erase(it);
  }
}

void FecDecoder::Insert(Equation equation) {
  for (const Equation& other : equations_) {
    const auto it = equation.unknowns.find(other.unknowns.begin()->first);
    if (it != equation.unknowns.end()) Subtract(equation, it->second, other);
  }
  if (equation.unknowns.empty()) return;  // it tells nothing new
  // With one as the coefficient of its first unknown, which no other equation keeps.
  const auto [pivot, coefficient] = *equation.unknowns.begin();
  const uint8_t inverse = Inverse(coefficient);
  Scale(inverse, equation.sum);
  for (auto& [number, factor] : equation.unknowns) factor = Multiply(factor, inverse);
  for (Equation& other : equations_) {
    const auto it = other.unknowns.find(pivot);
    if (it != other.unknowns.end()) Subtract(other, it->second, equation);
  }
  if (equations_.size() >= kMaxEquations) equations_.pop_front();
  equations_.push_back(std::move(equation));
}

void FecDecoder::Substitute(int64_t number) {
  std::vector<Equation> without_pivot;
  for (auto equation = equations_.begin(); equation != equations_.end();) {
    const auto it = equation->unknowns.find(number);
    if (it == equation->unknowns.end()) {
      ++equation;
      continue;
    }
    const bool pivot = it == equation->unknowns.begin();
    Subtract(*equation, it->second, symbols_.find(number)->second);
    equation->unknowns.erase(it);
    if (pivot) {
      without_pivot.push_back(std::move(*equation));
      equation = equations_.erase(equation);
    } else {
      ++equation;
    }
  }
  for (Equation& equation : without_pivot) Insert(std::move(equation));
}

void FecDecoder::GiveBackSolved() {
  const auto solved = [](const Equation& equation) { return equation.unknowns.size() == 1; };
  for (auto it = std::ranges::find_if(equations_, solved); it != equations_.end();
       it = std::ranges::find_if(equations_, solved)) {
    const int64_t number = it->unknowns.begin()->first;
    std::vector<uint8_t> symbol = std::move(it->sum);
    equations_.erase(it);
    const ByteSpan packet = PacketOf(symbol);
    // What is no packet comes of a sender that breaks the rules: it is lost, as it was.
    if (!packet.empty()) {
      recovered_.emplace_back(packet.begin(), packet.end());
      ++recovered_count_;
    }
    symbols_.emplace(number, std::move(symbol));
    Substitute(number);
  }
}

}  // namespace ferry::fec
