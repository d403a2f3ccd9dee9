// SPDX-License-Identifier: Apache-2.0
// Answers about replays of recorded envelopes.
#pragma once

#include "api_answers.hpp"

namespace godwit::control {

// Begins one: the body is a draft of the main file; empty: the files as they are.
Answer start_replay_answer(Backend& backend, Arguments arguments);
// How far the last one that began has come, or what came of it.
Answer replay_answer(Backend& backend, Arguments arguments);

}  // namespace godwit::control
