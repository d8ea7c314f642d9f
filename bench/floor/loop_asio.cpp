#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include "loops.hpp"

namespace keyshift::bench {
namespace {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// Asio as it comes: each socket waits for readability by async_wait, the flush is a posted handler.
class AsioLoop final : public Loop {
 public:
  explicit AsioLoop(const Settings& settings)
      : context_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),
        settings_(settings),
        listener_(context_, tcp::v4(), settings.listener),
        relay_(*this, settings.upstream, settings.buffer_bytes) {
    adopt(relay_.upstream());
    wait_upstream();
    wait_accept();
  }

  void run() { context_.run(); }

  void want_write(Peer& peer) override {
    socket(peer).async_wait(tcp::socket::wait_write, [this, &peer](error_code error) {
      if (!error) relay_.writable(peer);
    });
  }

  void forget(Peer& peer) override {
    socket(peer).release();
    delete &socket(peer);
    forgotten_ = true;
  }

 private:
  static tcp::socket& socket(Peer& peer) { return *static_cast<tcp::socket*>(peer.handle); }
  void adopt(Peer& peer) { peer.handle = new tcp::socket(context_, tcp::v4(), peer.fd); }

  void wait_accept() {
    listener_.async_wait(tcp::acceptor::wait_read, [this](error_code) {
      for (int fd; (fd = next_client(settings_.listener)) >= 0;) {
        Peer& client = relay_.add_client(fd);
        adopt(client);
        wait_client(client);
      }
      wait_accept();
    });
  }

  void wait_client(Peer& client) {
    socket(client).async_wait(tcp::socket::wait_read, [this, &client](error_code error) {
      if (error) return;
      forgotten_ = false;
      relay_.client_readable(client);
      if (!forgotten_) wait_client(client);
      post_flush();
    });
  }

  void wait_upstream() {
    socket(relay_.upstream()).async_wait(tcp::socket::wait_read, [this](error_code) {
      relay_.upstream_readable();
      wait_upstream();
    });
  }

  void post_flush() {
    if (posted_ || !relay_.needs_flush()) return;
    posted_ = true;
    asio::post(context_, [this] {
      posted_ = false;
      ++relay_.counters.wakeups;
      relay_.flush();
    });
  }

  asio::io_context context_;
  const Settings& settings_;
  tcp::acceptor listener_;
  Relay relay_;
  bool posted_ = false;
  bool forgotten_ = false;  ///< the client just read is gone
};

}  // namespace

void run_asio(const Settings& settings) { AsioLoop(settings).run(); }

}  // namespace keyshift::bench
