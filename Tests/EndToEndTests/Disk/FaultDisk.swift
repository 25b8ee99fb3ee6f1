import Foundation
import Testing

/// Lets calls of a host under test fail on files whose names nobody knows before; see Tests/FaultDisk/faults.c.
struct FaultDisk: Sendable {
    private let folder: String
    private var plan: String { "\(folder)/plan" }

    /// Builds what is loaded into the host, in a folder that everybody can reach.
    init(in folder: String) async throws {
        self.folder = folder
        let source = Release.checkout.appending(path: "Tests/FaultDisk/faults.c").path
        let built = try await run(
            "/usr/bin/env",
            ["cc", "-shared", "-fPIC", "-O1", "-o", "\(folder)/faults.so", source]
        )
        try #require(built.status == 0, "\(built)")
    }

    /// What the host is started with.
    var environment: [String: String] { ["LD_PRELOAD": "\(folder)/faults.so", "FAULT_DISK": plan] }

    /// Lets a call fail on all paths with this part while the body runs.
    func failing(_ call: String, _ error: Int32, _ part: String, _ body: () async throws -> Void) async throws {
        try? FileManager.default.removeItem(atPath: "\(plan).hits")
        // In one step: the host may be reading it.
        try "\(call) \(error) \(part)".write(toFile: plan, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: plan) }
        try await body()
    }

    /// How many calls have failed since the last body began.
    var hits: Int { FileManager.default.contents(atPath: "\(plan).hits")?.count ?? 0 }
}
