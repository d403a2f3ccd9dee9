// SPDX-License-Identifier: Apache-2.0
// POST /v1/messages.
#include "api_answers.hpp"
#include "godwit/control/submission_desk.hpp"

namespace godwit::control {

Answer submit_message(Backend& backend, Arguments arguments) {
  auto* desk = backend.submissions();
  if (desk == nullptr) co_return error_response(503, "no messages are taken now");
  auto order = std::move(arguments.submission);
  order.body = std::move(arguments.body);
  auto taking = desk->take(std::move(order));
  co_return co_await std::move(taking);
}

}  // namespace godwit::control
