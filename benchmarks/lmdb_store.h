// LMDB as somebody would use it for a log: one database, rising 8-byte integer keys, appended.
#pragma once

#include <lmdb.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace eventlog::bench {

class LmdbStore {
 public:
  enum class Commits {
    kDisk,    // each commit is synced
    kNoSync,  // MDB_WRITEMAP and MDB_NOSYNC: the kernel writes when it likes
  };
  LmdbStore(const std::string& directory, Commits commits);
  ~LmdbStore();
  LmdbStore(const LmdbStore&) = delete;
  LmdbStore& operator=(const LmdbStore&) = delete;

  // Appends `count` values under the next keys, in one transaction.
  void Append(int count, std::string_view value);
  // Calls `record` for every key and value, in order, with views into the map.
  template <typename Function>
  void Scan(Function record);

 private:
  static void Must(int error);

  MDB_env* env_ = nullptr;
  MDB_dbi dbi_ = 0;
  std::size_t next_ = 0;
};

template <typename Function>
void LmdbStore::Scan(Function record) {
  MDB_txn* transaction = nullptr;
  Must(mdb_txn_begin(env_, nullptr, MDB_RDONLY, &transaction));
  MDB_cursor* cursor = nullptr;
  Must(mdb_cursor_open(transaction, dbi_, &cursor));
  MDB_val key = {};
  MDB_val value = {};
  int error = 0;
  while ((error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
    record(std::string_view(static_cast<const char*>(key.mv_data), key.mv_size),
           std::string_view(static_cast<const char*>(value.mv_data), value.mv_size));
  }
  if (error != MDB_NOTFOUND) Must(error);
  mdb_cursor_close(cursor);
  mdb_txn_abort(transaction);
}

}  // namespace eventlog::bench
