import Glibc
import LinuxIO
import Testing

struct ProgramPagesTests {
    /// Bytes of mapped files that are in memory, from `/proc/self/smaps_rollup`.
    private func mapped() throws -> Int {
        let file = try #require(fopen("/proc/self/smaps_rollup", "r"))
        defer { fclose(file) }
        var values: [String: Int] = [:]
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, 256, file) != nil {
            let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                .split { $0 == " " || $0 == "\n" }
            if words.count == 3 { values[String(words[0])] = Int(words[1]) }
        }
        return (try #require(values["Rss:"]) - (try #require(values["Anonymous:"]))) * 1024
    }

    @Test func `pages of the program go and come back when they are needed`() async throws {
        let before = try mapped()
        await ProgramPages.release()
        let after = try mapped()
        #expect(after < before - 1 << 20, "\(before) bytes of files before, \(after) after")
        #expect((1...1_000).map { "\($0)" }.sorted().first == "1")
    }
}
