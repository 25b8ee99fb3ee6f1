import Glibc
import LinuxIO

/// Runs the body with a fresh directory below /tmp and removes it afterwards, whatever happened.
package func withTemporaryDirectory<Result>(
    _ body: (_ path: String) async throws -> Result
) async throws -> Result {
    var template = Array("/tmp/nanoclaw-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Errno.last("mkdtemp") }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
        if let parent = try? Directory(path: "/tmp") {
            try? parent.remove(String(path.dropFirst("/tmp/".count)))
        }
    }
    return try await body(path)
}
