import Foundation
import TestSupport

extension Judge {
    /// Runs the model server that behaves as told.
    static func withFakeModel<Result>(
        recordingTo directory: String? = nil,
        _ body: (_ port: Int) async throws -> Result
    ) async throws -> Result {
        let script = Self.directory.appending(path: "fake_model.py").path
        let arguments = [script] + (directory.map { ["--record", $0] } ?? [])
        return try await withServer("/usr/bin/env", ["python3"] + arguments, body)
    }
}
