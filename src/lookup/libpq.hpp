// SPDX-License-Identifier: Apache-2.0
// What is called of libpq.  Any thread.
#pragma once

#include <libpq-fe.h>

#include "shared_library.hpp"

namespace godwit::lookup {

class Libpq : public SharedLibrary {
 public:
  Libpq() : SharedLibrary(GODWIT_LIBPQ) {}

  decltype(&::PQclear) clear = symbol("PQclear");
  decltype(&::PQconnectPoll) connect_poll = symbol("PQconnectPoll");
  decltype(&::PQconnectStart) connect_start = symbol("PQconnectStart");
  decltype(&::PQconsumeInput) consume_input = symbol("PQconsumeInput");
  decltype(&::PQerrorMessage) error_message = symbol("PQerrorMessage");
  decltype(&::PQfinish) finish = symbol("PQfinish");
  decltype(&::PQflush) flush = symbol("PQflush");
  decltype(&::PQfname) fname = symbol("PQfname");
  decltype(&::PQgetResult) get_result = symbol("PQgetResult");
  decltype(&::PQgetisnull) get_isnull = symbol("PQgetisnull");
  decltype(&::PQgetlength) get_length = symbol("PQgetlength");
  decltype(&::PQgetvalue) get_value = symbol("PQgetvalue");
  decltype(&::PQisBusy) is_busy = symbol("PQisBusy");
  decltype(&::PQnfields) nfields = symbol("PQnfields");
  decltype(&::PQntuples) ntuples = symbol("PQntuples");
  decltype(&::PQresultStatus) result_status = symbol("PQresultStatus");
  decltype(&::PQsendQueryParams) send_query_params = symbol("PQsendQueryParams");
  decltype(&::PQsetNoticeProcessor) set_notice_processor = symbol("PQsetNoticeProcessor");
  decltype(&::PQsetnonblocking) set_nonblocking = symbol("PQsetnonblocking");
  decltype(&::PQsocket) socket = symbol("PQsocket");
  decltype(&::PQstatus) status = symbol("PQstatus");
};

inline const Libpq& libpq() {
  static const Libpq library;
  return library;
}

}  // namespace godwit::lookup
