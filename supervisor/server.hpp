#pragma once
// The control socket of the supervisor: who may connect, how much they may send, and how long they
// may take. What is answered is in answers.hpp, the protocol in core/control/methods.hpp.
//
// There is the stack's own socket, in a folder that is ours alone, where the peer must be our user
// or root; and the one that the stack file may share with a group, to look or to change. Nobody
// keeps anybody waiting but himself: every client has a coroutine of its own; a line, the number of
// clients, the time to take an answer are bounded; and the next request of a client is read when it
// has taken the answer to the last. When all places are taken, the client that has been silent
// longest makes room, and only when all are busy the next is turned away. The events for a
// subscriber are read from the ring of the supervisor when it has taken those before, so a slow one
// costs a page and then has a gap.
//
// Thread: loop. Lifetime: the Supervisor outlives it; co_await close() before it is destroyed.

#include <list>
#include <memory>
#include <vector>

#include "supervisor/answers.hpp"

namespace exai {

struct ControlClient;

class ControlServer final {
 public:
  // Listens, as listen.hpp says; on the stack's own socket with what an earlier program of this
  // process listened with, if there is one.
  static Result<std::unique_ptr<ControlServer>> open(Loop& loop, Clock& clock,
                                                     service::Supervisor& supervisor,
                                                     const Workspace& workspace, Log log,
                                                     Fd inherited = {});
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  // Answers what was asked, lets followers of events see the last of them, then ends.
  Task<> close();
  // The socket that it listens on, for a successor; after close().
  Fd release();

 private:
  using Client = std::shared_ptr<ControlClient>;
  struct Listener;

  ControlServer(Loop& loop, Clock& clock, service::Supervisor& supervisor, Log log);

  Task<> accept(Listener& listener);
  Task<> serve(Client client);
  Task<bool> begin_tls(Client client);
  Task<> converse(Client client);
  Task<> turn_away(Client client);
  Task<> push(Client client);
  Task<bool> send(Client client, std::string text, Duration limit);
  bool make_room();
  bool is_follower_behind() const;

  Clock& clock_;
  service::Supervisor& supervisor_;
  Log log_;
  ControlAnswers answers_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::list<Client> clients_;  // that have a place
  int turned_away_ = 0;        // that have none, and are about to be told
  int answering_ = 0;          // requests whose answer is not yet written
  bool closing_ = false;
  TaskGroup tasks_;
};

}  // namespace exai
