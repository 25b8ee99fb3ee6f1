import Foundation
import Glibc
import HostConfiguration

/// A home's settings as its host has them: those of the system's service stand in its unit, not in the home.
enum DoctorSettings {
    /// Throws as `HostConfiguration.load` does.
    ///
    /// `machineRoot` stands before `/etc`.
    static func load(
        home: String,
        machineRoot: String = "",
        isRoot: Bool = geteuid() == 0,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> HostConfiguration {
        // Root needs no broker to look at what a sandbox is.
        let service = serviceVariables(home: home, machineRoot: machineRoot)
            .filter { !isRoot || $0.key != "NANOCLAW_SANDBOX_BROKER" }
        return try HostConfiguration.load(home: home, environment: service.merging(environment) { _, own in own })
    }

    /// The variables of the system's unit, when it serves this home.
    static func serviceVariables(home: String, machineRoot: String) -> [String: String] {
        guard isServed(home: home, machineRoot: machineRoot) else { return [:] }
        return [
            "NANOCLAW_CONTROL_GROUP": ServiceUnits.user, "NANOCLAW_SANDBOX_BROKER": ServiceUnits.brokerSocket,
        ]
    }

    /// Whether the system's service is installed for this home.
    static func isServed(home: String, machineRoot: String) -> Bool {
        let path = "\(machineRoot)/etc/systemd/system/\(ServiceUnits.host)"
        guard let bytes = FileManager.default.contents(atPath: path) else { return false }
        let line = "ReadWritePaths=\(UnitFile.path(home))"
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").contains { $0 == line }
    }

    /// Whether the caller's own service is installed for this home; root has none.
    static func isServedByUser(
        home: String,
        isRoot: Bool = geteuid() == 0,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> Bool {
        guard !isRoot, let folder = try? UserService.folder(environment: environment),
            let text = try? String(contentsOfFile: "\(folder)/\(ServiceUnits.host)", encoding: .utf8)
        else { return false }
        return text.contains(" up --home \(UnitFile.word(home))\n")
    }
}
