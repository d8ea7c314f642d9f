#pragma once
#include <memory>
#include <string>

#include "base/result.hpp"
#include "control/backup_manifest.hpp"
#include "driver/backup_run.hpp"
#include "driver/backup_sink.hpp"
#include "store/url.hpp"
#include "transforms/rule_set.hpp"

namespace keyshift::driver {

/// Who works on a backup, for manifests and for names of connections.
struct BackupActor {
  std::string name;     ///< of this process, fit for CLIENT SETNAME
  std::string by;       ///< user@host
  std::string version;  ///< of keyshift
};

struct BackupOptions {
  store::Url upstream;    ///< a primary: the stamp is written there
  std::string directory;  ///< is there already
  std::string run = "manual";
  control::BackupProvider provider = control::BackupProvider::rdb;
  std::shared_ptr<const transforms::RuleSet> rules;  ///< records are counted by rule; null: they are not
  BackupActor actor;
};

/// Takes a backup: writes the stamp, copies, writes the manifest. Blocks; `watch` is called about ten times a second.
/// Errors are those of control/backup_fault.hpp; behind any of them there is nothing in the directory that looks whole.
/// Killed, it leaves at most <name>.<...>.part; a logical one leaves that also behind an error, and the next one of the
/// same run goes on where it was.
Result<control::BackupManifest> create_backup(const BackupOptions& options, const BackupWatch& watch);

struct BackupProofOptions {
  std::string directory;
  std::string name;   ///< empty: the youngest one
  std::string run;    ///< that it must have been taken for; empty: the one in the manifest
  std::string store;  ///< id of the store that it must be of; empty: the one in the manifest
  std::shared_ptr<const transforms::RuleSet> rules;  ///< null: records are not counted by rule
  BackupActor actor;
};

/// Proves a backup: size and checksum, loads it into a scratch redis-server, looks for exactly its stamp, counts. The
/// result is written into the manifest, good or bad, unless it says nothing of the backup: a scratch server that does
/// not start, an interruption. Blocks.
/// Gives the manifest with its proof (which may be a failed one); errors only where there is none.
Result<control::BackupManifest> prove_backup(const BackupProofOptions& options, const BackupWatch& watch);

struct RestoreOptions {
  store::Url target;  ///< a primary
  std::string directory;
  std::string name;           ///< empty: the youngest one
  bool force = false;         ///< also when the target has keys; those stay as they are
  bool replace = false;       ///< with force: those that are in the backup are replaced
  bool control_keys = false;  ///< keys of Keyshift's own, too
  BackupActor actor;
};

/// Puts a backup back: an RDB by way of a scratch redis-server, a logical one from its file. Blocks. Nothing is touched
/// before size and checksum were compared; behind an error part of it may be in the target.
Result<RestoreCounts> restore_backup(const RestoreOptions& options, const BackupWatch& watch);

}  // namespace keyshift::driver
