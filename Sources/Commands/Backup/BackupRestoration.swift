import BackupArchive
import CentralStore
import Core
import GRDB
import Glibc
import Host
import LinuxIO
import Sandbox

/// `backup restore`: a whole home, or nothing.
struct BackupRestoration {
    let home: String
    let file: Descriptor
    /// What a restore moves into the home, in this order: the database at last, for it is what makes a home one.
    private static let parts = ["config.yaml", "groups", "data"]

    /// Reads all of the backup, then writes it into the home's directory, which is absent or empty, beside its place,
    /// and moves it there at last.
    func run() throws -> BackupContents {
        let contents = try BackupContents.read(try ArchiveReader(file))
        guard contents.faults.isEmpty else {
            throw CommandFailure(.failed, "\(contents.faults.joined(separator: "\n")): nothing was restored")
        }
        let isNew = try prepare()
        do {
            try fill(try Directory(path: home))
        } catch {
            if isNew { rmdir(home) }
            throw error
        }
        return contents
    }

    private func failure(_ reason: String) -> CommandFailure {
        CommandFailure(.failed, "\(home): \(reason); nothing was restored")
    }

    /// Makes the directory, or looks at what is in it; says whether it was made.
    private func prepare() throws -> Bool {
        if mkdir(home, 0o700) == 0 { return true }
        guard errno == EEXIST else { throw failure("\(Errno.last("mkdir"))") }
        let names: [String]
        do { names = try Directory(path: home).names() } catch { throw failure("\(error)") }
        if names == [HomeFolder.restore] { return false }
        // Empty it was left behind the last move: this is a home.
        if names.contains(HomeFolder.restore), rmdir("\(home)/\(HomeFolder.restore)") != 0 {
            let made = [HomeFolder.restore] + Self.parts.filter(names.contains)
            let words = made.map { ShellText.quoted("\(home)/\($0)") }.joined(separator: " ")
            throw failure("an earlier restore was killed at its end: run `rm -rf \(words)`, then the restore again")
        }
        guard names.isEmpty else { throw failure("it is not empty: choose a new or empty directory with --home") }
        return false
    }

    private func fill(_ target: Directory) throws {
        let owners = try owners(target)
        let name = HomeFolder.restore
        try target.makeDirectory(name)
        let staging = try target.directory(name)
        guard flock(staging.descriptor.number, LOCK_EX | LOCK_NB) == 0 else {
            throw failure("another restore is at work there")
        }
        var moved: [String] = []
        do {
            // What one that was killed has left.
            for old in try staging.names() { try TreeMirror().remove(old, staging) }
            var extraction = HomeExtraction(into: staging, owners: owners)
            try ArchiveReader(file).read(into: &extraction)
            try grantOwners(in: "\(home)/\(name)", owners)
            try extraction.close()
            for part in Self.parts where try staging.status(part) != nil {
                guard renameat(staging.descriptor.number, part, target.descriptor.number, part) == 0 else {
                    throw Errno.last("rename \(part)")
                }
                moved.append(part)
            }
        } catch {
            for part in moved + [name] { try? TreeMirror().remove(part, target) }
            throw error is Errno ? failure("\(error)") : error
        }
        unlinkat(target.descriptor.number, name, AT_REMOVEDIR)
        try target.descriptor.synchronize()
    }

    private func owners(_ target: Directory) throws -> HomeOwners {
        guard geteuid() == 0 else { return HomeOwners(home: nil, service: nil) }
        let status = try target.descriptor.status()
        let home = FileOwner(uid: status.st_uid, gid: status.st_gid)
        return HomeOwners(home: home, service: try SandboxConfiguration.serviceOwner(home: self.home))
    }

    /// Whoever owns the home on this machine may decide and write to its agents, whatever uid they had on the other.
    private func grantOwners(in place: String, _ owners: HomeOwners) throws {
        let path = CentralStore.path(home: place)
        let database = try DatabaseQueue(path: path)
        try database.write { db in
            for owner in NewHome.owners(of: home) { try UserRole.grant(.owner, to: owner, now: SystemTime().now, db) }
            // The copy of the head may be older than that of the entries.
            try AuditHead.of(db)?.write(beside: db)
        }
        try database.close()
        if let owner = owners.home {
            for file in [path, "\(place)/data/\(AuditHead.file)"] { chown(file, owner.uid, owner.gid) }
        }
    }
}
