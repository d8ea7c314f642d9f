#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "store/connection.hpp"

namespace keyshift::driver {

/// Where WAIT counted too few: do all replicas have everything that was written before, but for those that an operator
/// has excluded or declared gone (keyshift nodes)? WAIT itself does not say whom it counts. False, too, when it could
/// not be asked, or when nobody is excluded.
boost::asio::awaitable<bool> all_but_excluded_have_it(boost::asio::any_io_executor executor, store::Url url,
                                                      store::ConnectOptions options);

}  // namespace keyshift::driver
