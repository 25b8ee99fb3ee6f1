import CentralStore
import Glibc
import LinuxIO

/// What keeps a host from starting on a home, or has kept it: an upgrade or a restore that was interrupted, a service that
/// systemd has given up.
struct DoctorStart: Sendable {
    let home: String
    /// Before `/etc` and `/run`; empty: this machine.
    var machineRoot = ""
    /// How systemd sees a unit: its properties by name.
    var state: @Sendable (_ systemd: Systemd, _ unit: String) throws -> [String: String] = { try $0.state($1) }

    /// Nothing of a home that a host may start on.
    func examine() -> [Finding] {
        [upgrade(), restore()].compactMap(\.self) + service()
    }

    private func upgrade() -> Finding? {
        do {
            try UpgradeMark.check(home: home)
            return nil
        } catch {
            return Finding(.bad, "upgrade", "\(error)", fix: .resume(after: "\(error)", home))
        }
    }

    private func restore() -> Finding? {
        let place = "\(home)/\(HomeFolder.restore)"
        let left = try? Directory(path: place)
        // Empty it is what the next host takes away.
        guard access(place, F_OK) == 0, (try? left?.names())?.isEmpty != true else { return nil }
        if let left, flock(left.descriptor.number, LOCK_SH | LOCK_NB) != 0 {
            return Finding(.skipped, "restore", "a backup is being restored to \(home)")
        }
        let moved = ["\(home)/config.yaml", "\(home)/groups"].filter { (path: String) in access(path, F_OK) == 0 }
        let fix: Fix =
            // The database is moved at last: with it all is in place.
            if CentralStore.exists(home: home) {
                .remove([place])
            } else {
                .restore(home, over: moved.isEmpty ? [] : [place] + moved)
            }
        return Finding(
            .bad,
            "restore",
            "the restore of a backup to \(home) was killed: no host starts beside what it left",
            fix: fix
        )
    }

    private func service() -> [Finding] {
        guard access("\(machineRoot)/run/systemd/system", F_OK) == 0 else { return [] }
        if DoctorSettings.isServed(home: home, machineRoot: machineRoot) {
            return ServiceUnits.names(isUser: false).compactMap { look(at: $0, of: .system) }
        }
        guard DoctorSettings.isServedByUser(home: home) else { return [] }
        return ServiceUnits.names(isUser: true).compactMap { look(at: $0, of: .user) }
    }

    private func look(at unit: String, of systemd: Systemd) -> Finding? {
        do {
            let properties = try state(systemd, unit)
            guard properties["ActiveState"] == "failed" else { return nil }
            let option = systemd.isUser ? "--user " : ""
            return Finding(
                .bad,
                unit,
                "systemd has given it up (\(properties["Result"] ?? "failed")): `journalctl \(option)-u \(unit) -n 50` says "
                    + "why; once that is mended",
                fix: .startAgain(unit, of: systemd)
            )
        } catch {
            return Finding(.skipped, unit, "\(error)")
        }
    }
}
