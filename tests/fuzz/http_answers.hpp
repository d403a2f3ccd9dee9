// SPDX-License-Identifier: Apache-2.0
// What a client of HTTP makes of the bytes that it gets.
#pragma once

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/json/parse.hpp>

#include "fuzz/fuzz.hpp"

namespace godwit::fuzz {

// One answer behind the other, each of them whole; JSON where they say so.
inline void check_answers(std::string_view answers) {
  namespace http = boost::beast::http;
  while (!answers.empty()) {
    http::response_parser<http::string_body> parser;
    parser.eager(true);
    parser.body_limit(boost::none);
    boost::system::error_code error;
    answers.remove_prefix(parser.put(boost::asio::buffer(answers), error));
    require(!error && parser.is_done());
    const auto& answer = parser.get();
    if (answer[http::field::content_type] == "application/json") (void)boost::json::parse(answer.body(), error);
    require(!error);
  }
}

}  // namespace godwit::fuzz
