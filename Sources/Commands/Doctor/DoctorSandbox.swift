import Foundation
import Glibc
import HostConfiguration
import LinuxIO
import Sandbox

/// Builds a sandbox to look at, without touching the home.
struct DoctorSandbox: Sendable {
    let home: String

    /// What the kernel says of a sandbox that was built as the home's settings want it.
    ///
    /// In a directory of its own, except by a broker, which serves the home alone and is asked there.
    func probe() async throws -> IsolationReport {
        let settings = try DoctorSettings.load(home: home)
        guard settings.sandbox.broker == nil else {
            return try await SandboxScratch.with(home: home, settings: settings) { spawner, _ in
                try await spawner.probe()
            }
        }
        var template = Array("\(FileManager.default.temporaryDirectory.path)/nanoclaw-doctor-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno.last("mkdtemp") }
        let place = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        defer { try? FileManager.default.removeItem(atPath: place) }
        if let owner = try SandboxConfiguration.serviceOwner(home: home) {
            guard chown(place, owner.uid, owner.gid) == 0 else { throw Errno.last("chown \(place)") }
        }
        return try await SandboxScratch.with(home: place, settings: settings) { spawner, _ in try await spawner.probe()
        }
    }
}
