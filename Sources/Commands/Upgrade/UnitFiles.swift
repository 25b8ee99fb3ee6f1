import Foundation
import Glibc
import LinuxIO

/// The units of a service, which a release may want changed, kept in `.upgrade/units` to return to.
struct UnitFiles: Sendable {
    private let isUser: Bool
    /// systemd's folder.
    private let folder: String
    private let names: [String]

    /// Nil for a host without a service.
    init?(_ manager: HostRun.Manager) throws {
        switch manager {
        case .process: return nil
        case .system:
            (isUser, folder) = (false, SystemService.units)
        case .user:
            (isUser, folder) = (true, try UserService.folder(environment: ProcessInfo.processInfo.environment))
        }
        names = ServiceUnits.names(isUser: isUser)
    }

    func keep(_ work: Directory) throws {
        try work.makeDirectory("units")
        try mirror(Directory(path: folder), work.directory("units"))
    }

    /// Lets the programs that are in place write the units that they want.
    func renew(_ programs: ProgramFolder, home: String) throws {
        let words = ["service", "install", "--no-start", "--home", home] + (isUser ? ["--user"] : [])
        try Program.must("\(programs.path)/nanoclaw", words)
    }

    func putBack(_ work: Directory) throws {
        guard try work.status("units") != nil else { return }
        try mirror(work.directory("units"), Directory(path: folder))
    }

    private func mirror(_ source: Directory, _ target: Directory) throws {
        for name in names { try TreeMirror().mirror(name, source, target) }
    }
}
