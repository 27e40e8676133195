#include <leveldb/db.h>
#include <leveldb/write_batch.h>

#include "harness/measure.h"
#include "peers/big_endian.h"
#include "peers/store.h"

namespace eventlog::bench {
namespace {

void Must(const leveldb::Status& status) { Check(status.ok(), status.ToString().c_str()); }

class LevelDbStore final : public Store {
 public:
  LevelDbStore(const std::string& directory, Commits commits) {
    leveldb::Options options;
    options.create_if_missing = true;
    leveldb::DB* db = nullptr;
    Must(leveldb::DB::Open(options, directory, &db));
    db_.reset(db);
    write_.sync = commits == Commits::kDisk;
  }

  void Append(int64_t count, std::string_view value) override {
    leveldb::WriteBatch batch;
    for (int64_t i = 0; i < count; ++i) {
      const BigEndian key(next_++);
      batch.Put({key.data(), key.size()}, {value.data(), value.size()});
    }
    Must(db_->Write(write_, &batch));
  }

 private:
  std::unique_ptr<leveldb::DB> db_;
  leveldb::WriteOptions write_;
  uint64_t next_ = 0;
};

}  // namespace

std::unique_ptr<Store> OpenLevelDb(const std::string& directory, Commits commits) {
  return std::make_unique<LevelDbStore>(directory, commits);
}

}  // namespace eventlog::bench
