// What one might take for a log instead: records under rising 8-byte keys. Each is set up as its
// own documentation advises for that.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace eventlog::bench {

// What a commit survives; what a store cannot do is the nearest that is less.
enum class Commits {
  kProcess,  // SIGKILL
  kDisk,     // power loss
};

class Store {
 public:
  virtual ~Store() = default;
  // Appends `count` values under the next keys, in one transaction.
  virtual void Append(int64_t count, std::string_view value) = 0;
};

using OpenStore = std::unique_ptr<Store> (*)(const std::string& directory, Commits commits);

// kProcess is MDB_WRITEMAP with MDB_NOSYNC, see lmdb_store.h.
std::unique_ptr<Store> OpenLmdb(const std::string& directory, Commits commits);
// The write-ahead log on, its buffers written at each commit.
std::unique_ptr<Store> OpenRocksDb(const std::string& directory, Commits commits);
// The same of its forebear.
std::unique_ptr<Store> OpenLevelDb(const std::string& directory, Commits commits);
// Write-ahead logging; kDisk: synchronous=FULL, kProcess: NORMAL, which syncs at checkpoints.
std::unique_ptr<Store> OpenSqlite(const std::string& directory, Commits commits);

}  // namespace eventlog::bench
