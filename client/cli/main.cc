#include <csignal>

#include "client/cli/cli.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return ferry::client::RunCli(argc, argv);
}
