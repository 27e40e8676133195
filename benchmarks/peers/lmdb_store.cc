#include "peers/lmdb_store.h"

#include "harness/measure.h"

namespace eventlog::bench {

void LmdbStore::Must(int error) { Check(error == 0, mdb_strerror(error)); }

LmdbStore::LmdbStore(const std::string& directory, Commits commits) {
  Must(mdb_env_create(&env_));
  Must(mdb_env_set_mapsize(env_, std::size_t{4} << 30));
  const unsigned flags = commits == Commits::kDisk ? 0U : unsigned{MDB_WRITEMAP | MDB_NOSYNC};
  Must(mdb_env_open(env_, directory.c_str(), flags, 0644));
  MDB_txn* transaction = nullptr;
  Must(mdb_txn_begin(env_, nullptr, 0, &transaction));
  Must(mdb_dbi_open(transaction, nullptr, MDB_INTEGERKEY, &dbi_));
  Must(mdb_txn_commit(transaction));
}

LmdbStore::~LmdbStore() { mdb_env_close(env_); }

void LmdbStore::Append(int64_t count, std::string_view value) {
  MDB_txn* transaction = nullptr;
  Must(mdb_txn_begin(env_, nullptr, 0, &transaction));
  for (int64_t i = 0; i < count; ++i) {
    MDB_val key = {sizeof next_, &next_};
    MDB_val data = {value.size(), const_cast<char*>(value.data())};
    Must(mdb_put(transaction, dbi_, &key, &data, MDB_APPEND));
    ++next_;
  }
  Must(mdb_txn_commit(transaction));
}

std::unique_ptr<Store> OpenLmdb(const std::string& directory, Commits commits) {
  return std::make_unique<LmdbStore>(directory, commits);
}

}  // namespace eventlog::bench
